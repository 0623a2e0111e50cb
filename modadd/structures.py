"""Structures in an arrangement of tokens (Sec. 4, App. A), in the paper's words:

*circle*: Algorithm 1; *grid*: whatever is no circle; *imperfect grid*: a grid with imperfections,
counted by Algorithm 2. All functions take (run, token, dim) arrays and work in float64.
"""

import dataclasses
import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modadd.kernels import compiled_kernels_work
from modadd.snapshots import Floats
from modadd.task import pair_sums, pairs

CIRCLE_THRESHOLD = 1.2  # Algorithm 1
PROSE_TOLERANCE = 0.1

# Of tokens at infinity, at NaN or in one place: what is undefined is NaN or inf, without a warning.
_may_be_undefined = np.errstate(divide="ignore", invalid="ignore", over="ignore")


@_may_be_undefined
def radius_ratio(embedding: Floats) -> NDArray[np.float64]:
    """(run,) max_i ‖E_i‖ / min_i ‖E_i‖, ≥ 1 (Algorithm 1).

    Distances to the origin, not to the centroid. With a token at the origin the ratio is inf, and
    NaN if all of them lie there.
    """
    radii = np.sqrt(np.sum(np.square(np.asarray(embedding, dtype=np.float64)), axis=2))
    return np.asarray(radii.max(axis=1) / radii.min(axis=1))


def is_circle(embedding: Floats, threshold: float = CIRCLE_THRESHOLD) -> NDArray[np.bool_]:
    """(run,) whether the radius ratio is below the threshold (Algorithm 1)."""
    return radius_ratio(embedding) < threshold


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """What lies near each pair sum, pairs being indexed as in `modadd.task.pairs`.

    nearest: (run, pair) the nearest other pair (Algorithm 2). Among exact ties the first in that
    order wins, as Algorithm 2's strict `<` has it; the pair itself, if no other is at a finite
    distance. alone: (run, pair) whether no other pair sum of the residue is within `tolerance`
    times the embedding's `scale`. realised: (run,) the share of couples of pairs of one residue
    that are within.
    """

    nearest: NDArray[np.int64]
    alone: NDArray[np.bool_]
    realised: NDArray[np.float64]

    @property
    def imperfect(self) -> NDArray[np.bool_]:
        """(run, pair) whether the nearest other pair sum belongs to another residue.

        A pair without a nearest other is imperfect, since Algorithm 2's `match` stays false.
        """
        tokens = math.isqrt(2 * self.nearest.shape[1])  # of N(N+1)/2 pairs
        residue = pairs(tokens).residue
        itself = self.nearest == np.arange(len(residue))
        return (residue[self.nearest] != residue) | itself


def neighbours(embedding: Floats, tolerance: float = PROSE_TOLERANCE) -> Neighbours:
    """Find the neighbours of all pair sums of each embedding."""
    positions = np.asarray(embedding, dtype=np.float64)
    reach = np.square(tolerance * scale(positions))
    partners = _partners(positions.shape[1])
    if compiled_kernels_work():
        from modadd.kernels import cpu_structures

        first, second, _ = pairs(positions.shape[1])
        members = _members(positions.shape[1])
        nearest, alone, within = cpu_structures.neighbours(
            np.ascontiguousarray(positions), first, second, members, reach
        )
    else:
        sums = pair_sums(positions).swapaxes(1, 2)
        nearest = np.array([_nearest(points) for points in sums])
        gaps = _squared_distances(sums[:, :, :, None], sums[:, :, partners], axis=1)
        near = (gaps <= reach[:, None, None]) & _are_others(partners)
        alone, within = ~near.any(axis=2), near.sum(axis=(1, 2))
    return Neighbours(nearest, alone, within / max(_are_others(partners).sum(), 1))


def _nearest(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """(pair,) the nearest other one of the points (dim, pair); itself if none is finitely near."""
    count = points.shape[1]
    rows = max(1, 60_000 // count)  # of squared distances: they stay in the processor's cache
    found = []
    for start in range(0, count, rows):
        some = points[:, start : start + rows]
        squared = _squared_distances(some[:, :, None], points[:, None], axis=0)
        own = np.arange(some.shape[1])
        squared[own, start + own] = np.inf
        squared[np.isnan(squared)] = np.inf
        nearest = np.argmin(squared, axis=1)
        alone = np.isinf(squared[own, nearest])
        found.append(np.where(alone, start + own, nearest))
    return np.concatenate(found)


@_may_be_undefined
def _squared_distances(
    some: NDArray[np.float64], others: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    """Σ (some - others)² over an axis, one coordinate at a time: the others stay in the cache."""
    squared: Any = 0.0
    for here, there in zip(np.moveaxis(some, axis, 0), np.moveaxis(others, axis, 0), strict=True):
        gap = here - there
        squared = squared + gap * gap
    return np.asarray(squared)


@lru_cache(maxsize=16)
def _partners(modulus: int) -> NDArray[np.int64]:
    """(pair, partner) the other pairs of each pair's residue; itself in place of missing ones."""
    residue = pairs(modulus).residue
    alike = (residue[:, None] == residue[None, :]) & ~np.eye(len(residue), dtype=bool)
    partners = np.argsort(~alike, axis=1, kind="stable")[:, : max(alike.sum(axis=1).max(), 1)]
    own = np.arange(len(residue))[:, None]
    return np.where(np.take_along_axis(alike, partners, axis=1), partners, own)


@lru_cache(maxsize=16)
def _members(modulus: int) -> NDArray[np.int64]:
    """(member, residue) the pairs of each residue; -1 in place of missing ones."""
    residue = pairs(modulus).residue
    most = int(np.bincount(residue).max())
    found = np.full((most, modulus), -1)
    for chosen in range(modulus):
        own = np.flatnonzero(residue == chosen)
        found[: len(own), chosen] = own
    return found


def _are_others(partners: NDArray[np.int64]) -> NDArray[np.bool_]:
    return partners != np.arange(len(partners))[:, None]


def nearest_pairs(embedding: Floats) -> NDArray[np.int64]:
    """(run, pair) the index of the other pair whose sum is nearest (Algorithm 2).

    As `neighbours` has it, without loading the compiled kernels: for few embeddings.
    """
    sums = pair_sums(np.asarray(embedding, dtype=np.float64)).swapaxes(1, 2)
    return np.array([_nearest(points) for points in sums])


def imperfect_pairs(embedding: Floats) -> NDArray[np.bool_]:
    """(run, pair) whether the nearest other pair sum belongs to another residue (Algorithm 2)."""
    return neighbours(embedding).imperfect


def grid_imperfections(embedding: Floats) -> NDArray[np.int64]:
    """(run,) how many of the P pairs are imperfect, 0 … P (Algorithm 2)."""
    return np.asarray(imperfect_pairs(embedding).sum(axis=1))


def imperfect_pairs_in_prose(
    embedding: Floats, tolerance: float = PROSE_TOLERANCE
) -> NDArray[np.bool_]:
    """(run, pair) whether no other pair sum of the same residue is "very close" (Sec. 4's prose).

    Section 4 describes another count than Algorithm 2 computes. Open in the paper: how close is
    very close; here, within `tolerance` times the `scale` of the embedding.
    """
    return neighbours(embedding, tolerance).alone


@_may_be_undefined
def gaps_in_residue(embedding: Floats) -> NDArray[np.float32]:
    """(run, pair) how far the nearest other pair sum of the residue is, over the `scale`.

    Whatever the tolerance, the imperfect pairs of Section 4's prose are those with a gap above it.
    inf for a pair alone in its residue; 0 or NaN where all tokens coincide.
    """
    positions = np.asarray(embedding, dtype=np.float64)
    partners = _partners(positions.shape[1])
    others = _are_others(partners)
    rows = max(1, 1_000_000 // partners.size)
    found = []
    for start in range(0, len(positions), rows):
        some = positions[start : start + rows]
        sums = pair_sums(some).swapaxes(1, 2)
        squared = _squared_distances(sums[:, :, :, None], sums[:, :, partners], axis=1)
        nearest = np.where(others, squared, np.inf).min(axis=2)
        found.append((np.sqrt(nearest) / scale(some)[:, None]).astype(np.float32))
    return np.concatenate(found) if found else np.empty((0, len(partners)), dtype=np.float32)


@_may_be_undefined
def scale(embedding: Floats) -> NDArray[np.float64]:
    """(run,) the root mean square distance of the tokens from their centroid."""
    centred = embedding - embedding.mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.square(centred).sum(axis=2).mean(axis=1)))


@_may_be_undefined
def circularity(embedding: Floats) -> NDArray[np.float64]:
    """(run,) share of the strongest Fourier frequency over tokens, in (0, 1]; 1 for a circle.

    The power |Σ_a E_a exp(-2πi k a/N)|² at k = 1 … ⌊N/2⌋, summed over dimensions. Unlike the radius
    ratio it asks for the tokens' order around the circle. NaN if all tokens coincide.
    """
    positions = np.asarray(embedding, dtype=np.float64)
    centred = positions - positions.mean(axis=1, keepdims=True)
    power = np.square(np.abs(np.fft.rfft(centred, axis=1)[:, 1:])).sum(axis=2)
    if positions.shape[1] % 2 == 0:
        power[:, -1] /= 2  # the highest frequency of an even N stands alone, the others twice
    total = power.sum(axis=1)
    share = np.full(len(power), np.nan)
    np.divide(power.max(axis=1), total, out=share, where=total > 0)
    return share


@_may_be_undefined
def line_alignment(embedding: Floats) -> NDArray[np.float64]:
    """(run,) how well the pair sums of a residue lie along a line through the origin (Sec. 5.2).

    The mean squared cosine between pair sums of one residue, weighted by their squared lengths,
    then averaged over residues: 1 if each residue has a line of its own, 1/D if the pair sums of
    a residue point everywhere alike. NaN if all tokens lie at the origin.
    """
    positions = np.asarray(embedding, dtype=np.float64)
    first, second, residue = pairs(positions.shape[1])
    if compiled_kernels_work():
        from modadd.kernels import cpu_structures

        return np.asarray(
            cpu_structures.line_alignment(np.ascontiguousarray(positions), first, second, residue)
        )
    sums = pair_sums(positions)
    shares = []
    for chosen in range(positions.shape[1]):
        own = sums[:, residue == chosen]
        moments = own.swapaxes(1, 2) @ own
        total = np.square(np.trace(moments, axis1=1, axis2=2))
        shares.append(np.square(moments).sum(axis=(1, 2)) / total)
    return np.asarray(np.mean(shares, axis=0))


def representation_quality(
    embedding: Floats, tolerance: float = PROSE_TOLERANCE
) -> NDArray[np.float64]:
    """(run,) RQI: share of realised parallelograms among all possible ones, in [0, 1].

    A parallelogram is two pairs of one residue, i + j ≡ k + l (mod N); it is realised if their sums
    lie within `tolerance` times the embedding's `scale`. The mod-N version of the representation
    quality index of Liu et al. (2022), whose tolerance is 0.01 of a normalised embedding's scale.
    """
    return neighbours(embedding, tolerance).realised
