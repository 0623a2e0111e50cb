"""Least squares of forces on a law's terms, through inner products alone.

Every fit of a snapshot, whatever terms it takes, needs only the inner products of the terms with
each other and with the force; so these are found once, and added up over pairs or over runs.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modadd.law_terms import LAW

Vectors = NDArray[np.float64]


class Fit(NamedTuple):
    """A law to be fitted: the field that plays each role of the paper's law.

    tied: one coefficient for all of them. free: coefficients may be negative.
    """

    name: str
    terms: Mapping[str, str]
    meaning: str
    tied: bool = False
    free: bool = False


def _of_law(*roles: str) -> dict[str, str]:
    return {role: role for role in roles}


FITS = {
    fit.name: fit
    for fit in (
        Fit("law", _of_law(*LAW), "the paper's law, four coefficients ≥ 0 (Eqs. 2-4)"),
        Fit("free", _of_law(*LAW), "the same, coefficients of any sign", free=True),
        Fit("paper", _of_law(*LAW), "g_r = g_a = f_a, as in the simulation (Sec. 6)", tied=True),
        Fit("clustering", _of_law(*LAW[:2]), "without alignment (Eqs. 2-3)"),
        Fit("alignment", _of_law(*LAW[2:]), "without clustering (Eq. 4)"),
        Fit(
            "distance",
            {"repulsion": "far_repulsion", "attraction": "far_attraction"},
            "both proportional to the distance",
        ),
        Fit(
            "spring",
            {"repulsion": "repulsion", "attraction": "far_attraction"},
            "repulsion 1/r, attraction proportional to the distance",
        ),
        Fit(
            "inverse-square",
            {"repulsion": "near_repulsion", "attraction": "attraction"},
            "repulsion 1/r², constant attraction",
        ),
        Fit(
            "nearest",
            {"repulsion": "nearest_repulsion", "attraction": "nearest_attraction"},
            "Eqs. 2-3 from the nearest sum of each kind alone",
        ),
        Fit(
            "parallelogram",
            {"attraction": "parallelogram"},
            "the effective loss of Liu et al. 2022, one coefficient",
        ),
    )
}


class Products(NamedTuple):
    """Inner products over pairs and dimensions, for a batch of snapshots.

    terms: (snapshot, term, term). force: (snapshot, term), of each term with the force. squares:
    (snapshot,), ‖force‖².
    """

    terms: Vectors
    force: Vectors
    squares: Vectors

    def plus(self, other: "Products") -> "Products":
        """The products over both sets of pairs."""
        return Products(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def of(self, groups: Vectors) -> "Products":
        """The products of fields that are sums of terms, given as (field, term) weights."""
        return Products(groups @ self.terms @ groups.T, self.force @ groups.T, self.squares)


def products(fields: Vectors, force: Vectors) -> Products:
    """From fields (snapshot, term, pair, dim) and forces (snapshot, pair, dim)."""
    flat = fields.reshape(*fields.shape[:2], -1)
    target = force.reshape(len(force), -1)
    along = (flat @ target[:, :, None])[..., 0]
    return Products(flat @ flat.swapaxes(1, 2), along, np.square(target).sum(axis=1))


def together(batches: Sequence[Products]) -> Products:
    """Several batches as one, one after the other."""
    return Products(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))


def groups_of(fit: Fit, terms: Sequence[str]) -> Vectors:
    """(field, term) which terms each coefficient of a fit multiplies: all of them if it is tied."""
    rows = [[float(term == chosen) for term in terms] for chosen in fit.terms.values()]
    weights = np.array(rows)
    return weights.sum(axis=0, keepdims=True) if fit.tied else weights


def coefficients(found: Products, *, free: bool = False) -> Vectors:
    """(snapshot, field) the least-squares coefficients, ≥ 0 unless free.

    The best of all choices of fields that yields no negative coefficient: with as few fields as
    these, that is quicker than an iteration. A field that is 0 gets 0.
    """
    count = found.force.shape[1]
    everything = tuple(range(count))
    if free:
        return _solve(found, everything)
    best = np.zeros_like(found.force)
    least = found.squares.copy()
    for size in range(1, count + 1):
        for chosen in itertools.combinations(everything, size):
            tried = _solve(found, chosen)
            error = np.where((tried >= 0).all(axis=1), squared_error(found, tried), np.inf)
            better = error < least
            best[better], least[better] = tried[better], error[better]
    return best


def _solve(found: Products, chosen: tuple[int, ...]) -> Vectors:
    """Least squares on some of the fields, 0 for the others."""
    index = np.array(chosen)
    square = found.terms[:, index[:, None], index]
    sizes = np.sqrt(np.diagonal(square, axis1=1, axis2=2))
    sizes = np.where(sizes > 0, sizes, 1)
    scaled = square / sizes[:, :, None] / sizes[:, None, :]
    # Where fields coincide, as at a handful of tokens, the smallest solution rather than none.
    scaled = scaled + 1e-12 * np.eye(len(chosen))
    solution = np.linalg.solve(scaled, (found.force[:, index] / sizes)[..., None])[..., 0]
    whole = np.zeros_like(found.force)
    whole[:, index] = solution / sizes
    return whole


def squared_error(found: Products, chosen: Vectors) -> Vectors:
    """(snapshot,) ‖force - Σ coefficient · field‖², for coefficients (snapshot, field)."""
    explained = 2 * (chosen * found.force).sum(axis=1)
    size = np.einsum("sf,sfg,sg->s", chosen, found.terms, chosen)
    return np.asarray(found.squares - explained + size)


def r_squared(found: Products, chosen: Vectors) -> Vectors:
    """(snapshot,) 1 - ‖force - fit‖²/‖force‖², ≤ 1, negative for worse than no force at all.

    About 0, not about the mean force: a law that says only that all sums drift alike explains
    something. NaN where there is no force.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - squared_error(found, chosen) / found.squares)


def cosine(found: Products, chosen: Vectors) -> Vectors:
    """(snapshot,) between the force and the fit over all pairs at once; √R² for least squares."""
    size = np.einsum("sf,sfg,sg->s", chosen, found.terms, chosen)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = (chosen * found.force).sum(axis=1)
        return np.asarray(along / np.sqrt(np.maximum(size, 0) * found.squares))


def held_out(first: Products, second: Products, of_first: Vectors, of_second: Vectors) -> Vectors:
    """(snapshot,) R² of pairs that the coefficients were not fitted to: two halves, each in turn.

    first, second: the products of the fields over each half of the pairs. of_first, of_second: the
    coefficients fitted to each.
    """
    missed = squared_error(second, of_first) + squared_error(first, of_second)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - missed / (first.squares + second.squares))


def mean_cosine(fit: Any, force: Any) -> Vectors:
    """(snapshot,) the mean of the cosines between vectors (snapshot, vector, dim) and their fits.

    Every pair counts alike here, whereas R² hears the few pairs with the largest forces. A vector
    without length counts as 0.
    """
    lengths = np.linalg.norm(fit, axis=2) * np.linalg.norm(force, axis=2)
    along = (fit * force).sum(axis=2)
    return np.asarray((along / np.where(lengths > 0, lengths, np.inf)).mean(axis=1))
