"""The training kernel for processors: one run, its whole step inside the cache, compiled by Numba.

The formulae are those of `modadd.kernels.torch_training`, arranged for vectors. Pairs are the
contiguous axis and pass through the network a block at a time, from pair sums to slopes, so that
what lies between never leaves the cache. Nine tenths of the arithmetic is three matrix products.

A run is computed alone and in one order: the same numbers in any batch, on any number of threads.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from modadd.kernels.kept import kept
from modadd.kernels.tiles import VECTORS, affine, affine_relu, contraction, gated

# Numba keeps machine code on disk and looks only at the file of a function to tell whether it is
# stale: the digest makes a change of the tiles one of this file (a test compares it).
TILES = "e8e1ea6a583fee2d"

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # torch.optim.AdamW's defaults
BLOCK = 128  # pairs that pass through together: 16 KiB of hidden units at H = 32
# Numbers become subnormal, which take a processor up to a hundred times as long: moments and
# exponentials without weight decay, the parameters of dead units with much of it. Moments below
# SMALLEST move nothing beside ε = 1e-8, parameters below it no logit, and exp(x) of x below LOWEST
# adds nothing to the largest logit's 1: all are rounded to 0.
SMALLEST, LOWEST = 1e-30, -60.0
TAYLOR = tuple(1 / math.factorial(k) for k in range(13))  # the next is 2e-16 of e^r at most
LN_2, LN_2_COARSE = math.log(2), 0.693359375  # times a small whole number, the coarse one is exact

# Loops may contract and reassociate. NaN and inf keep their meaning: diverged runs must show them.
# What a kernel calls becomes a part of it. Otherwise there are two versions of it, one optimised
# alone and one inside the kernel, and the process that compiles would run the former, later ones,
# which load the kernel from disk, the latter: they round differently.
_HOW: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}
compiled = kept(**_HOW)
part = kept(forceinline=True, **_HOW)


@part
def _accumulate(out, left, right):
    """out[i, j] += Σ_p left[i, p] right[j, p]."""
    contraction(out, left, right, right)
    for j in range(out.shape[1] - out.shape[1] % VECTORS, out.shape[1]):
        for i in range(out.shape[0]):
            total = out[i, j]
            for p in range(left.shape[1]):
                total += left[i, p] * right[j, p]
            out[i, j] = total


@intrinsic
def _as_float(typing: Any, bits: Any) -> Any:
    """The number that has these bits."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        wide = signature.args[0].bitwidth == 64
        return builder.bitcast(values[0], ir.DoubleType() if wide else ir.FloatType())

    return (types.float64 if bits.bitwidth == 64 else types.float32)(bits), generate


def _exp(x):
    """exp(x) for x ≤ 0, and 0 below LOWEST: 2^n e^r with |r| ≤ ln 2 / 2, e^r by Taylor."""
    raise NotImplementedError


@overload(_exp)
def _exp_of_type(x):  # Numba compares signatures
    return _exp_of_float32 if x == types.float32 else _exp_of_float64


def _exp_of_float32(x):
    f = np.float32
    nothing = x < f(LOWEST)
    x = max(x, f(LOWEST))
    n = np.floor(x * f(1 / LN_2) + f(0.5))
    r = x - n * f(LN_2_COARSE) - n * f(LN_2 - LN_2_COARSE)
    y = f(0)
    for k in range(7, -1, -1):
        y = y * r + f(TAYLOR[k])
    y *= _as_float(np.int32((np.int32(n) + 127) << 23))  # type: ignore[call-arg]  # Numba passes `typing`
    return f(0) if nothing else y


def _exp_of_float64(x):
    y = joined(*parted(x))
    return 0.0 if x < LOWEST else y


@part
def parted(x):
    """n and r of x = n ln 2 + r, of float64; of LOWEST for any x below it."""
    x = max(x, LOWEST)
    n = np.floor(x * (1 / LN_2) + 0.5)
    return n, x - n * LN_2_COARSE - n * (LN_2 - LN_2_COARSE)


@part
def joined(n, r):
    """2^n e^r, of float64."""
    y = 0.0
    for k in range(12, -1, -1):
        y = y * r + TAYLOR[k]
    return y * _as_float((np.int64(n) + 1023) << 52)  # type: ignore[call-arg]  # likewise


@part
def _softmax_slope(o, residue, share, highest, total):
    """o[n, p] ← ∂L/∂o = share[p] (softmax(o)[n, p] - [n = residue[p]])."""
    _find_highest(o, highest)
    _exponentiate(o, highest, total)
    for p in range(len(share)):
        total[p] = share[p] / total[p]
    for n in range(o.shape[0]):
        for p in range(len(share)):
            o[n, p] *= total[p]
    for p in range(len(share)):
        o[residue[p], p] -= share[p]


@part
def _find_highest(o, highest):
    """highest[p] ← max_n o[n, p]."""
    highest[:] = o[0]
    for n in range(1, o.shape[0]):
        for p in range(o.shape[1]):
            highest[p] = max(highest[p], o[n, p])


@part
def _exponentiate(o, highest, total):
    """o[n, p] ← exp(o[n, p] - highest[p]), and total[p] ← its sum over n."""
    total[:] = 0
    for n in range(o.shape[0]):
        for p in range(o.shape[1]):
            e = _exp(o[n, p] - highest[p])
            o[n, p] = e
            total[p] += e


@part
def _add_rows(out, rows):
    """out[0, i] += Σ_p rows[i, p]."""
    for i in range(rows.shape[0]):
        total = out[0, i]
        for p in range(rows.shape[1]):
            total += rows[i, p]
        out[0, i] = total


@part
def _adamw(theta, slope, first_moment, second_moment, shrink, rate, correction):
    """AdamW (Loshchilov & Hutter 2019): decay decoupled from the slope, then Adam's step.

    shrink: 1 - λγ of each parameter. correction: what makes the moments unbiased at this step.
    """
    number = theta.dtype.type
    keep, smallest, epsilon = number(BETA_2), number(SMALLEST), number(EPSILON)
    new_1, new_2 = number(1 - BETA_1), number(1 - BETA_2)
    rate = rate * correction[0]
    for q in range(len(theta)):
        g = slope[q]
        m = first_moment[q] + new_1 * (g - first_moment[q])
        v = keep * second_moment[q] + new_2 * g * g
        m = number(0) if abs(m) < smallest else m
        v = number(0) if v < smallest else v
        first_moment[q] = m
        second_moment[q] = v
        t = theta[q] * shrink[q] - rate * m / (np.sqrt(v) * correction[1] + epsilon)
        theta[q] = number(0) if abs(t) < smallest else t


@compiled
def train_runs(
    parameters, moments, shrink, rates, corrections, stops, kept, pairs, share, sizes, work
):
    """Take the steps of the corrections with one run after the other, and keep what comes of some.

    In place: parameters (run, count) and moments (run, 2, count). shrink (run, count), rates
    (run,). corrections (step, 2). stops (stop,): after how many steps kept (run, stop, count) is to
    show the parameters. pairs (run, 3, pair): both tokens and the residue; share (pair,): each
    pair's in the mean loss. sizes: N, D, H. work: x (D, block), h (H, block), o (N, block) and two
    rows (block,), the pairs' number being a multiple of the block's.
    """
    for run in range(len(parameters)):
        theta, moved = parameters[run], moments[run]
        taken = 0
        for place in range(len(stops)):
            some = corrections[taken : stops[place]]
            _train_run(theta, moved, shrink[run], rates[run], some, pairs[run], share, sizes, work)
            taken = stops[place]
            kept[run, place] = theta


@part
def _train_run(theta, moments, shrink, rate, corrections, pairs, share, sizes, work):
    slope = np.empty_like(theta)
    E, W_h, b_h, W_o, b_o = groups(theta, sizes)
    dE, dW_h, db_h, dW_o, db_o = groups(slope, sizes)
    nothing = np.zeros((1, max(len(W_h), E.shape[1])), theta.dtype)
    x, h, o, highest, total = work
    block = x.shape[1]
    for step in range(len(corrections)):
        slope[:] = 0
        for start in range(0, len(share), block):
            stop = start + block
            i, j, residue = pairs[0, start:stop], pairs[1, start:stop], pairs[2, start:stop]
            add_pairs(x, E, i, j)
            affine_relu(h, W_h, x, b_h)
            affine(o, W_o, h, b_o)
            _softmax_slope(o, residue, share[start:stop], highest, total)
            _accumulate(dW_o, o, h)
            _add_rows(db_o, o)
            gated(h, W_o.T, o, nothing)  # from here on, h is the slope of h
            _accumulate(dW_h, h, x)
            _add_rows(db_h, h)
            affine(x, W_h.T, h, nothing)  # and x that of x
            _scatter(dE, x, i, j)
        _adamw(theta, slope, moments[0], moments[1], shrink, rate, corrections[step])


@part
def _scatter(dE, x, i, j):
    """dE[i, d] += x[d, p] and dE[j, d] += x[d, p]: a pair sum's slope is that of both tokens."""
    for d in range(x.shape[0]):
        token, total = i[0], x.dtype.type(0)
        for p in range(x.shape[1]):
            if i[p] != token:  # pairs are sorted by i, so that its sum can wait in a register
                dE[token, d] += total
                token, total = i[p], x.dtype.type(0)
            total += x[d, p]
            dE[j[p], d] += x[d, p]
        dE[token, d] += total


@part
def groups(flat, sizes):
    """Views of a flat array as E, W_h, b_h, W_o, b_o; the biases as one row each."""
    tokens, dim, hidden = sizes
    w = tokens * dim
    b = w + hidden * dim
    u = b + hidden
    v = u + tokens * hidden
    return (
        flat[:w].reshape(tokens, dim),
        flat[w:b].reshape(hidden, dim),
        flat[b:u].reshape(1, hidden),
        flat[u:v].reshape(tokens, hidden),
        flat[v:].reshape(1, tokens),
    )


@part
def add_pairs(x, E, i, j):
    """x[d, p] ← E[i, d] + E[j, d]: the pair sums."""
    for d in range(x.shape[0]):
        for p in range(x.shape[1]):
            x[d, p] = E[i[p], d] + E[j[p], d]
