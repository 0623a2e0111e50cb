"""The particle kernel for processors: one simulation inside the first-level cache, by Numba.

The formulae are those of `modadd.forces` and `modadd.particles`. As the law is written, each of N
particles adds up the forces on its N pair sums from all P = N(N+1)/2 of them: N² P evaluations of
the law, O(N⁴). Here the force on a pair sum is found once and handed to both of its particles,
which halves them to P², and a partner's direction (Eq. 4) is found once a step.

All that the kernel needs is in this file: see `modadd.kernels.cpu_training`.
"""

from typing import Any

import numpy as np

from modadd.kernels.kept import kept

VECTOR = 16  # pairs are padded to a multiple of this

_HOW: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}
compiled = kept(**_HOW)
part = kept(forceinline=True, **_HOW)  # see `modadd.kernels.cpu_training`


@compiled
def simulate_runs(positions, steps, coefficients, pairs, weights, options, work):
    """Take steps with one simulation after the other.

    In place: positions (run, N, D). coefficients (run, 6): g_r, g_a, f_a within residues, f_a
    between them, ε², η. pairs (3, pair): both particles and the residue, the padding with residue
    -1. weights (2, pair): of each same-residue and each different-residue partner of a pair.
    options: whether the force is divided by its mean norm, whether the variance is kept per axis,
    whether alignment is answered by its reaction, and what it draws along: 0 for the partner's
    direction, else this factor times the partner. work (2 D + 2, pair).
    """
    normalised, per_axis, reacts, pull = options
    _, particles, dim = positions.shape
    x, direction, clustering, aligning = work[:dim], work[dim : 2 * dim], work[-2], work[-1]
    force = np.empty((particles, dim), positions.dtype)
    for run in range(len(positions)):
        for _ in range(steps):
            _add_pairs(positions[run], pairs, x, direction, pull)
            numbers = coefficients[run]
            if dim == 2:
                _forces_in_the_plane(x, direction, pairs, weights, numbers, reacts, force)
            else:
                _forces(x, direction, clustering, aligning, pairs, weights, numbers, reacts, force)
            if normalised:
                _divide_by_mean_norm(force)
            _move(positions[run], force, coefficients[run, 5])
            _restore_moments(positions[run], per_axis)


@part
def _add_pairs(positions, pairs, x, direction, pull):
    """x_ij = x_i + x_j, and x_ij / ‖x_ij‖: 0 for a sum at the origin and for the padding.

    With a pull other than 0, that times x_ij takes the direction's place.
    """
    dim, padded = x.shape
    zero = x.dtype.type(0)
    for p in range(padded):
        squared = zero
        for d in range(dim):
            x[d, p] = positions[pairs[0, p], d] + positions[pairs[1, p], d]
            squared += x[d, p] * x[d, p]
        inverse = x.dtype.type(1) / np.sqrt(squared) if squared > 0 else zero
        inverse = pull if pull > 0 else inverse
        for d in range(dim):
            direction[d, p] = x[d, p] * inverse if pairs[2, p] >= 0 else zero


@part
def _law(squared, facing, residue, own, strengths):
    """What a partner's r and its direction are multiplied with (Eqs. 2-4)."""
    repulsion, attraction, together, apart, one = strengths
    zero = one - one
    inverse = one / squared if squared > 0 else zero
    clustering = attraction * np.sqrt(inverse) if residue == own else repulsion * inverse
    clustering = clustering if residue >= 0 else zero  # the padding exerts no force
    aligning = together if residue == own else apart
    return clustering, aligning if facing > 0 else zero


@part
def _strengths(coefficients, same, different):
    """±g_r, g_a, f_a, weighted for the partners of one pair; and a 1 of their type."""
    g_r, g_a, f_same, f_different, _, _ = coefficients
    one = coefficients.dtype.type(1)
    return g_r * different, -g_a * same, f_same * same, -f_different * different, one


@part
def _leaning(x, residue, own, strengths):
    """What the pair `own` is aligned with in all: its reaction is that times its own direction."""
    total = x.dtype.type(0)
    for q in range(x.shape[1]):
        facing = total - total
        for d in range(x.shape[0]):
            facing += x[d, own] * x[d, q]
        _, aligning = _law(facing, facing, residue[q], residue[own], strengths)
        total += aligning if q != own and residue[q] >= 0 else total - total
    return total


@part
def _forces_in_the_plane(x, direction, pairs, weights, coefficients, reacts, force):
    """`_forces` for D = 2, in one loop that puts nothing into memory."""
    x_0, x_1, direction_0, direction_1, residue = x[0], x[1], direction[0], direction[1], pairs[2]
    softening = coefficients[4]
    force[:] = 0
    for p in range(len(weights[0])):
        strengths = _strengths(coefficients, weights[0, p], weights[1, p])
        at_0, at_1, toward_0, toward_1 = x_0[p], x_1[p], direction_0[p], direction_1[p]
        direction_0[p], direction_1[p] = 0, 0  # no pair aligns itself
        total_0, total_1 = x.dtype.type(0), x.dtype.type(0)
        for q in range(len(x_0)):
            gap_0, gap_1 = at_0 - x_0[q], at_1 - x_1[q]
            squared = gap_0 * gap_0 + gap_1 * gap_1 + softening
            facing = at_0 * x_0[q] + at_1 * x_1[q]
            clustering, aligning = _law(squared, facing, residue[q], residue[p], strengths)
            total_0 += clustering * gap_0 + aligning * direction_0[q]
            total_1 += clustering * gap_1 + aligning * direction_1[q]
        direction_0[p], direction_1[p] = toward_0, toward_1
        if reacts:
            leaning = _leaning(x, residue, p, strengths)
            total_0 -= leaning * toward_0
            total_1 -= leaning * toward_1
        for i in (pairs[0, p], pairs[1, p]):
            force[i, 0] += total_0
            force[i, 1] += total_1


@part
def _forces(x, direction, clustering, aligning, pairs, weights, coefficients, reacts, force):
    """The force on every particle: that of all pairs it stands in, (i, i) twice (Sec. 6)."""
    dim, padded = x.shape
    residue = pairs[2]
    force[:] = 0
    for p in range(len(weights[0])):
        strengths = _strengths(coefficients, weights[0, p], weights[1, p])
        # Of every partner q: its squared distance, and whether it faces the same way.
        clustering[:] = coefficients[4]
        aligning[:] = 0
        for d in range(dim):
            for q in range(padded):
                gap = x[d, p] - x[d, q]
                clustering[q] += gap * gap
                aligning[q] += x[d, p] * x[d, q]
        for q in range(padded):
            clustering[q], aligning[q] = _law(
                clustering[q], aligning[q], residue[q], residue[p], strengths
            )
        aligning[p] = 0  # no pair aligns itself
        leaning = _leaning(x, residue, p, strengths) if reacts else x.dtype.type(0)
        for d in range(dim):
            total = -leaning * direction[d, p]
            for q in range(padded):
                total += clustering[q] * (x[d, p] - x[d, q]) + aligning[q] * direction[d, q]
            force[pairs[0, p], d] += total
            force[pairs[1, p], d] += total


@part
def _divide_by_mean_norm(force):
    """F / mean_i ‖F_i‖; a force that is 0 stays 0."""
    particles, dim = force.shape
    total = force.dtype.type(0)
    for i in range(particles):
        squared = force.dtype.type(0)
        for d in range(dim):
            squared += force[i, d] * force[i, d]
        total += np.sqrt(squared)
    if not total <= 0:
        force *= particles / total


@part
def _move(positions, force, step_size):
    for i in range(positions.shape[0]):
        for d in range(positions.shape[1]):
            positions[i, d] += step_size * force[i, d]


@part
def _restore_moments(positions, per_axis):
    """Mean 0 and variance 1, per axis or averaged over the axes; an axis without extent stays."""
    particles, dim = positions.shape
    overall = positions.dtype.type(0)
    for d in range(dim):
        mean = positions[:, d].sum() / particles
        squares = positions.dtype.type(0)
        for i in range(particles):
            positions[i, d] -= mean
            squares += positions[i, d] * positions[i, d]
        squares /= particles
        overall += squares / dim
        if per_axis and not squares <= 0:
            positions[:, d] /= np.sqrt(squares)
    if not per_axis and not overall <= 0:
        positions /= np.sqrt(overall)
