"""The force law (Eqs. 2-4) taken apart: what its terms, and its rivals', would do to a pair sum.

A term is a field: a vector on every training pair's sum, averaged over the partners that exert it.
With r = x_ij - x_kl and u = x_kl/‖x_kl‖, and `facing` for x_ij·x_kl > 0:

    repulsion                  r/‖r‖²      mean over sums of other residues         (Eq. 2)
    attraction                -r/‖r‖       mean over other sums of the residue      (Eq. 3)
    alignment_same             u, facing   mean over other sums of the residue      (Eq. 4)
    alignment_different       -u, facing   mean over sums of other residues         (Eq. 4)

and of the rivals: `far_repulsion` r and `far_attraction` -r (proportional to the distance),
`near_repulsion` r/‖r‖³, `nearest_repulsion` and `nearest_attraction` (Eqs. 2-3 from the nearest sum
of another and of the same residue alone).

Partners are training pairs: no other pair has a loss (Sec. 5.1).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modadd.kernels import compiled_kernels_work

Vectors = NDArray[np.float64]

LAW = ("repulsion", "attraction", "alignment_same", "alignment_different")
TERMS = (
    *LAW,
    "far_repulsion",
    "far_attraction",
    "near_repulsion",
    "nearest_repulsion",
    "nearest_attraction",
)


def law_terms(sums: Vectors, residue: NDArray[np.int64]) -> Vectors:
    """(snapshot, term, pair, dim) the fields of `TERMS` on pair sums (snapshot, pair, dim).

    residue: (pair,). A pair without partners of a kind feels 0 from them, and so does one from a
    sum that it coincides with.
    """
    if compiled_kernels_work():
        from modadd.kernels import cpu_law_terms

        found = np.empty((len(sums), len(TERMS), *sums.shape[1:]))
        cpu_law_terms.law_terms(np.ascontiguousarray(sums, np.float64), residue, found)
        return found
    return law_terms_readably(sums, residue)


def law_terms_readably(sums: Vectors, residue: NDArray[np.int64]) -> Vectors:
    """`law_terms` in NumPy, for tests and where Numba is missing."""
    r = sums[:, :, None] - sums[:, None, :]  # (snapshot, pair, partner, dim)
    squared = np.square(r).sum(axis=3, keepdims=True)
    inverse = 1 / np.where(squared > 0, squared, np.inf)
    facing = (sums[:, :, None] * sums[:, None, :]).sum(axis=3, keepdims=True) > 0
    toward = facing * _directions(sums)[:, None]

    others = ~np.eye(len(residue), dtype=bool)
    same = np.equal.outer(residue, residue) & others
    different = np.not_equal.outer(residue, residue)

    def mean(of: Any, field: Vectors) -> Any:
        weights = of / np.maximum(of.sum(axis=1, keepdims=True), 1)
        return np.einsum("pq,spqd->spd", weights, field)

    def nearest(of: Any, field: Vectors) -> Any:
        gaps = np.where(of, squared[..., 0], np.inf)
        chosen = np.take_along_axis(field, gaps.argmin(axis=2)[..., None, None], axis=2)[:, :, 0]
        return chosen * of.any(axis=1)[:, None]

    fields = (
        mean(different, r * inverse),
        -mean(same, r * np.sqrt(inverse)),
        mean(same, toward),
        -mean(different, toward),
        mean(different, r),
        -mean(same, r),
        mean(different, r * inverse**1.5),
        nearest(different, r * inverse),
        -nearest(same, r * np.sqrt(inverse)),
    )
    return np.stack(fields, axis=1)


def parallelograms(
    embedding: Vectors, membership: Vectors, residue: NDArray[np.int64], attraction: Vectors
) -> Vectors:
    """(snapshot, pair, dim) the pull of Liu et al.'s (2022) effective loss on the pair sums.

    L = l/Z, l = the mean of ‖x_ij - x_kl‖² over all couples of training pairs of one residue,
    Z = Σ_k ‖E_k‖². attraction: the term `far_attraction`. membership: (pair, token), how often a
    token stands in a training pair.

    l is a function of pair sums, Z of tokens; of the fields on pair sums that move the tokens as
    1/Z does, the smallest is taken, so that on tokens the field is -∂L/∂E exactly.
    """
    partners = np.bincount(residue)[residue] - 1
    couples = max(partners.sum() / 2, 1)
    # Σ over partners of -(x_ij - x_kl), which is what a couple's squared gap is diminished by
    pull = partners[:, None] * attraction
    sums = membership @ embedding
    gap = -(sums * pull).sum(axis=(1, 2), keepdims=True) / couples  # l
    extent = np.square(embedding).sum(axis=(1, 2), keepdims=True)  # Z
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 2 * gap / extent**2 * (np.linalg.pinv(membership).T @ embedding)
        return np.nan_to_num(2 * pull / couples / extent + spread)


def _directions(x: Vectors) -> Vectors:
    norms = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(norms > 0, norms, np.inf)
