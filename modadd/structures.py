"""Structures in an arrangement of tokens (Sec. 4, App. A), in the paper's words:

*circle*: Algorithm 1; *grid*: whatever is no circle; *imperfect grid*: a grid with imperfections,
counted by Algorithm 2. All functions take (run, token, dim) arrays and work in float64.
"""

import numpy as np
from numpy.typing import NDArray

from modadd.snapshots import Floats
from modadd.task import pair_sums, pairs

CIRCLE_THRESHOLD = 1.2  # Algorithm 1
PROSE_TOLERANCE = 0.1


def radius_ratio(embedding: Floats) -> NDArray[np.float64]:
    """(run,) max_i ‖E_i‖ / min_i ‖E_i‖, ≥ 1 (Algorithm 1).

    Distances to the origin, not to the centroid. With a token at the origin the ratio is inf, and
    NaN if all of them lie there.
    """
    radii = np.sqrt(np.sum(np.square(np.asarray(embedding, dtype=np.float64)), axis=2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(radii.max(axis=1) / radii.min(axis=1))


def is_circle(embedding: Floats, threshold: float = CIRCLE_THRESHOLD) -> NDArray[np.bool_]:
    """(run,) whether the radius ratio is below the threshold (Algorithm 1)."""
    return radius_ratio(embedding) < threshold


def nearest_pairs(embedding: Floats) -> NDArray[np.int64]:
    """(run, pair) the index of the other pair whose sum is nearest (Algorithm 2).

    Pairs are indexed as in `modadd.task.pairs`. Among exact ties the first in that order wins, as
    Algorithm 2's strict `<` has it.
    """
    sums = pair_sums(np.asarray(embedding, dtype=np.float64))
    # One run at a time: its distances stay in the processor's cache.
    found = [np.argmin(_distances(points), axis=1) for points in sums]
    return np.array(found, dtype=np.int64).reshape(sums.shape[:2])


def imperfect_pairs(embedding: Floats) -> NDArray[np.bool_]:
    """(run, pair) whether the nearest other pair sum belongs to another residue (Algorithm 2)."""
    residue = pairs(embedding.shape[1]).residue
    return residue[nearest_pairs(embedding)] != residue


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
    positions = np.asarray(embedding, dtype=np.float64)
    residue = pairs(positions.shape[1]).residue
    elsewhere = residue[:, None] != residue[None, :]
    nearest = [
        np.where(elsewhere, np.inf, _distances(points)).min(axis=1)
        for points in pair_sums(positions)
    ]
    return np.array(nearest) > tolerance * scale(positions)[:, None]


def scale(embedding: Floats) -> NDArray[np.float64]:
    """(run,) the root mean square distance of the tokens from their centroid."""
    centred = embedding - embedding.mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.square(centred).sum(axis=2).mean(axis=1)))


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


def representation_quality(
    embedding: Floats, tolerance: float = PROSE_TOLERANCE
) -> NDArray[np.float64]:
    """(run,) RQI: share of realised parallelograms among all possible ones, in [0, 1].

    A parallelogram is two pairs of one residue, i + j ≡ k + l (mod N); it is realised if their sums
    lie within `tolerance` times the embedding's `scale`. The mod-N version of the representation
    quality index of Liu et al. (2022), whose tolerance is 0.01 of a normalised embedding's scale.
    """
    positions = np.asarray(embedding, dtype=np.float64)
    residue = pairs(positions.shape[1]).residue
    first, second = np.nonzero(np.triu(residue[:, None] == residue[None, :], k=1))
    sums = pair_sums(positions)
    gaps = np.sqrt(np.square(sums[:, first] - sums[:, second]).sum(axis=2))
    return np.asarray((gaps <= tolerance * scale(positions)[:, None]).mean(axis=1))


def _distances(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(pair, pair) distances between one run's pair sums (pair, dim); inf to itself."""
    squared = np.zeros((len(points), len(points)))
    for coordinate in points.T:
        gap = coordinate[:, None] - coordinate[None, :]
        squared += gap * gap
    np.fill_diagonal(squared, np.inf)
    return np.sqrt(squared)
