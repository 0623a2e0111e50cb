"""How alike two arrangements are: the best shift, rotation, reflection, scale and relabelling.

None of these changes what an arrangement is. A classifier's first layer can undo the first four,
and relabelling tokens by i → u·i + t (mod N) with a unit u takes equal pair sums to equal pair
sums. What is left over after the best of them is the residual.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modadd.snapshots import Floats

# Relabellings that fit as well as the best one but for rounding: the first of them is meant.
_TIE = 1e-9
# Numbers of one block of cross products, so that it stays near the processor.
_BLOCK = 500_000


class Fits(NamedTuple):
    """The best fit of each of several arrangements to one.

    residual: (run,) in [0, 1], the root mean square distance of matched tokens in units of the
    one's scale (`modadd.structures.scale`), each arrangement in its best place and size; 0 for
    copies. NaN where an arrangement has no extent or is not finite. unit, shift: (run,) u and t:
    token i of the one is matched with token u·i + t (mod N). unlabelled: (run,) the residual where
    each token is matched with its namesake.
    """

    residual: NDArray[np.float64]
    unit: NDArray[np.int64]
    shift: NDArray[np.int64]
    unlabelled: NDArray[np.float64]


class Overlay(NamedTuple):
    """One arrangement laid over another.

    points: (token, dim) where the other's tokens come to lie, in the order of the one's tokens that
    they are matched with. tokens: (token,) which of its tokens these are. residual, unit, shift: as
    in `Fits`. factor: by which it was enlarged. is_reflected: whether it was turned over.
    """

    points: NDArray[np.float64]
    tokens: NDArray[np.int64]
    residual: float
    unit: int
    shift: int
    factor: float
    is_reflected: bool


def relabellings(modulus: int) -> NDArray[np.int64]:
    """(relabelling, token) u·i + t (mod N) for each unit u and each shift t, the identity first.

    There are N·φ(N): 272 for N = 17.
    """
    return _relabellings(modulus)[0]


def fits(one: Floats, others: Floats, *, relabel: bool = True) -> Fits:
    """Fit each of others (run, token, dim) to one (token, dim), by the best relabelling of all.

    With both centred and of norm 1 and M the cross product (dim, dim) of matched tokens, the
    residual is √(1 − (σ_1 + … + σ_dim)²), σ being M's singular values (orthogonal Procrustes,
    Schönemann 1966, with Gower's 1975 scale). relabel: False matches each token with its namesake.

    Raises:
        ValueError: if the arrangements differ in tokens or dimensions.
    """
    if others.ndim != 3 or one.shape != others.shape[1:]:
        raise ValueError(f"others must be (run, *{one.shape}), got {others.shape}")
    tokens, dim = one.shape
    labels, units, shifts = _relabellings(tokens)
    labels = labels if relabel else labels[:1]
    target = _normalised(np.asarray(one)[None])[0]
    # (token, dim · relabelling): token j of the other meets the one's token that is mapped to j.
    moved = target[np.argsort(labels, axis=1)].transpose(1, 2, 0).reshape(tokens, -1)
    best = np.zeros(len(others), dtype=np.int64)
    total, own = np.full((2, len(others)), np.nan)
    rows = max(1, _BLOCK // (dim * moved.shape[1]))
    for start in range(0, len(others), rows):
        some = _normalised(others[start : start + rows])
        flat = some.transpose(0, 2, 1).reshape(-1, tokens)
        cross = (flat @ moved).reshape(len(some), dim, dim, len(labels))
        block = slice(start, start + len(some))
        best[block], total[block] = _best(cross)
        own[block] = _best(cross[..., :1])[1]  # of the identity, which is the first
    return Fits(_residual(total), units[best], shifts[best], _residual(own))


def distances(some: Floats, others: Floats) -> NDArray[np.float64]:
    """(run,) the residual of each of some (run, token, dim) fitted to its own one of others, every
    token matched with its namesake; otherwise as `fits`.

    Raises:
        ValueError: if the arrangements differ in number, tokens or dimensions.
    """
    if some.ndim != 3 or some.shape != others.shape:
        raise ValueError(f"others must be {some.shape}, as some are, got {others.shape}")
    cross = _normalised(some).transpose(0, 2, 1) @ _normalised(others)
    _, total = _best(cross[:, :, :, None])
    return _residual(total)


def overlay(one: Floats, other: Floats, *, relabel: bool = True) -> Overlay:
    """Lay the other arrangement (token, dim) over the one (token, dim) as well as can be.

    Raises:
        ValueError: if they differ in tokens or dimensions, or either has no extent.
    """
    fit = fits(one, np.asarray(other)[None], relabel=relabel)
    if math.isnan(fit.residual[0]):
        raise ValueError("an arrangement must be finite, with tokens that differ in place")
    unit, shift = int(fit.unit[0]), int(fit.shift[0])
    tokens = (unit * np.arange(len(one)) + shift) % len(one)
    target = np.asarray(one, dtype=np.float64)
    matched = np.asarray(other, dtype=np.float64)[tokens]
    centre = target.mean(axis=0)
    target, matched = target - centre, matched - matched.mean(axis=0)
    left, singular, right = np.linalg.svd(matched.T @ target)
    turn = left @ right
    factor = singular.sum() / np.square(matched).sum()
    points = factor * matched @ turn
    # From the points themselves: 1 − (…)² would round a perfect fit to 1e-8.
    residual = math.sqrt(np.square(target - points).sum() / np.square(target).sum())
    return Overlay(
        points + centre, tokens, residual, unit, shift, float(factor), bool(np.linalg.det(turn) < 0)
    )


@lru_cache(maxsize=8)
def _relabellings(
    modulus: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(relabelling, token) labels, and the (relabelling,) units and shifts that make them."""
    listed = [unit for unit in range(modulus) if math.gcd(unit, modulus) == 1]
    units, shifts = np.repeat(listed, modulus), np.tile(np.arange(modulus), len(listed))
    labels = (units[:, None] * np.arange(modulus) + shifts[:, None]) % modulus
    for array in (labels, units, shifts):
        array.setflags(write=False)  # they are shared
    return labels, units, shifts


def _normalised(arrangements: Floats) -> NDArray[np.float64]:
    """(run, token, dim) with mean 0 and norm 1; NaN where there is no extent."""
    positions = np.asarray(arrangements, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        centred = positions - positions.mean(axis=1, keepdims=True)
        # First to a largest coordinate of 1: squares of huge or tiny ones would leave the range.
        centred = centred / np.abs(centred).max(axis=(1, 2), keepdims=True)
        return np.asarray(centred / np.sqrt(np.square(centred).sum(axis=(1, 2), keepdims=True)))


def _residual(total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of sums of singular values; rounding may lift those of copies above 1."""
    return np.asarray(np.sqrt(np.maximum(1 - np.square(total), 0)))


def _best(cross: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(run,) the relabelling with the largest sum of singular values, and that sum, of cross
    products (run, dim, dim, relabelling)."""
    squares = np.square(cross).sum(axis=(1, 2))
    if cross.shape[1] == 1:
        sums = np.sqrt(squares)
    elif cross.shape[1] == 2:  # (σ_1 + σ_2)² = ‖M‖² + 2 |det M|
        det = cross[:, 0, 0] * cross[:, 1, 1] - cross[:, 0, 1] * cross[:, 1, 0]
        sums = np.sqrt(squares + 2 * np.abs(det))
    else:
        sums = _pruned_sums(cross, squares)
    highest = sums.max(axis=1)
    first = (sums >= highest[:, None] - _TIE).argmax(axis=1)
    return first, highest


def _pruned_sums(cross: NDArray[np.float64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(run, relabelling) sums of singular values, 0 where they cannot be a run's largest.

    Σσ ≤ √dim ‖M‖: what cannot reach the sum of the run's largest ‖M‖ need not be decomposed.
    """
    runs = np.arange(len(squares))
    largest = cross[runs, :, :, squares.argmax(axis=1)]
    # SVD refuses what is not finite: these sums are NaN, as their squares are.
    finite = np.isfinite(squares).all(axis=1)
    reached = np.full(len(squares), np.inf)
    reached[finite] = _singular_sums(largest[finite])
    sums = np.where(np.isnan(squares), np.nan, 0.0)
    run, relabelling = np.nonzero(
        np.sqrt(cross.shape[1] * squares) >= reached[:, None] * (1 - _TIE)
    )
    sums[run, relabelling] = _singular_sums(cross[run, :, :, relabelling])
    return sums


def _singular_sums(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.svd(matrices, compute_uv=False).sum(axis=-1))
