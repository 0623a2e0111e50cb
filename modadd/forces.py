"""The force law (Sec. 5 and 6, Eqs. 2-4) as pure functions on NumPy arrays or torch tensors.

Two distinct pairs (i, j) and (k, l) act on each other's sums x_ij, x_kl; with r = x_ij - x_kl the
sum x_ij feels

    clustering  repulsion  +g_r r/‖r‖²   if the residues differ                       (Eq. 2)
                attraction -g_a r/‖r‖    if they are the same                         (Eq. 3)
    alignment   ±f_a x_kl/‖x_kl‖         if x_ij·x_kl > 0; + if the same, - if not    (Eq. 4)

Eq. 4 is neither reciprocal nor a gradient. What that matters can be tried with the other forms of
alignment, s being +1 for the same residue and -1 for another:

    paper           s f_a x_kl/‖x_kl‖, Eq. 4
    reciprocal      s f_a (x_kl/‖x_kl‖ - x_ij/‖x_ij‖): every force is answered by its reaction
    potential       s f_a x_kl/√(2D), minus the gradient of -s f_a (x_ij·x_kl)₊/√(2D): Eq. 4's
                    direction and half-plane; √(2D) is a pair sum's root mean square length at
                    variance 1, so that it is as strong as Eq. 4 on average
    same-only       Eq. 4 between sums of the same residue alone
    different-only  Eq. 4 between sums of different residues alone

Open in the paper: coincident sums (r = 0) and sums at the origin have no direction; they exert no
such force here.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from modadd.task import incidence, pairs

# A NumPy array or a torch tensor; what goes in comes out.
Array = Any

WEIGHTINGS = ("class-mean", "none")
ALIGNMENT_FORMS = ("paper", "reciprocal", "potential", "same-only", "different-only")


def pair_force(
    x_ij: Array,
    x_kl: Array,
    same_residue: Array,
    *,
    repulsion: float = 1.0,
    attraction: float = 1.0,
    alignment: float = 1.0,
    softening: float = 0.0,
    alignment_form: str = "paper",
) -> Array:
    """The unweighted force on the pair sum x_ij from the pair sum x_kl (Eqs. 2-4).

    Args:
        x_ij, x_kl: pair sums (..., dim), broadcast against each other.
        same_residue: bool or (...) bools, whether i + j ≡ k + l (mod N).
        repulsion, attraction, alignment: g_r, g_a, f_a.
        softening: ε ≥ 0; distances become √(‖r‖² + ε²).
        alignment_form: one of `ALIGNMENT_FORMS`.

    Returns:
        (..., dim) the force, in units of the coefficients.
    """
    xp = array_namespace(x_ij, x_kl)
    same = xp.asarray(same_residue)[..., None]
    r = x_ij - x_kl
    inverse = _inverse(xp.sum(r * r, axis=-1, keepdims=True) + softening**2)
    clustering = r * xp.where(same, -attraction * xp.sqrt(inverse), repulsion * inverse)
    facing = xp.sum(x_ij * x_kl, axis=-1, keepdims=True) > 0
    together, apart = alignment_strengths(alignment, alignment_form)
    sign = xp.where(same, together, -apart) * facing
    pull = _pulls(x_kl, alignment_form)
    if alignment_form == "reciprocal":
        pull = pull - _pulls(x_ij, alignment_form)
    return clustering + sign * pull


class Partners(NamedTuple):
    """What the force law knows of all pairs, as arrays of one library, type and device.

    first, second: (pair,) tokens. same, different: (pair, pair) the weights of same-residue and of
    different-residue partners. membership: (token, pair) how often a token stands in a pair.
    """

    first: Array
    second: Array
    same: Array
    different: Array
    membership: Array


def partners(modulus: int, weighting: str, reference: Array) -> Partners:
    """Those of a modulus and weighting, for positions like `reference`.

    Raises:
        ValueError: for a weighting that is none of `WEIGHTINGS`.
    """
    listed, xp = pairs(modulus), array_namespace(reference)
    # Copies, because torch warns of arrays that cannot be written.
    first, second = (
        xp.asarray(tokens.copy(), device=reference.device)
        for tokens in (listed.first, listed.second)
    )
    same, different = (_like(matrix, reference) for matrix in _weight_matrices(modulus, weighting))
    return Partners(first, second, same, different, _like(incidence(modulus).T, reference))


def pair_sum_forces(
    positions: Array,
    *,
    repulsion: float | Array = 1.0,
    attraction: float | Array = 1.0,
    alignment: float | Array = 1.0,
    weighting: str | Partners = "class-mean",
    softening: float | Array = 0.0,
    alignment_form: str = "paper",
) -> Array:
    """The total force on every pair sum, (run, pair, dim), for positions (run, token, dim).

    Pairs are those of `modadd.task.pairs`. Coefficients and softening are numbers or (run,)
    arrays. weighting: `class-mean` averages over each pair's same-residue partners and over its
    different-residue partners, so that both have the same total (Sec. 6); `none` sums; who asks
    often passes the `partners` of one of these. alignment_form: one of `ALIGNMENT_FORMS`.

    Equal to summing `pair_force` over all partners, but every distance and every weight is found
    once. Sums, not matrix products: those round by how many runs share the batch.
    """
    first, second, same_weight, different_weight, _ = _known(weighting, positions)
    x = positions[:, first] + positions[:, second]
    g_r, g_a, f_a, epsilon = (
        _per_run(value, x) for value in (repulsion, attraction, alignment, softening)
    )
    xp = array_namespace(x)
    axes = range(x.shape[2])

    # (run, pair, pair), one dimension at a time: x_ij down, x_kl across.
    gaps = [x[:, :, None, axis] - x[:, None, :, axis] for axis in axes]
    inverse = _inverse(sum(gap * gap for gap in gaps) + epsilon**2)
    clustering = g_r * different_weight * inverse - g_a * same_weight * xp.sqrt(inverse)

    facing = sum(x[:, :, None, axis] * x[:, None, :, axis] for axis in axes) > 0
    together, apart = alignment_strengths(f_a, alignment_form)
    strength = together * same_weight - apart * different_weight
    aligning = xp.astype(facing, x.dtype) * strength
    pull = _pulls(x, alignment_form)
    forces = [
        xp.sum(clustering * gaps[axis] + aligning * pull[:, None, :, axis], axis=2) for axis in axes
    ]
    total = xp.stack(forces, axis=-1)
    if alignment_form == "reciprocal":
        total = total - pull * xp.sum(aligning, axis=2)[..., None]
    return total


def particle_forces(
    positions: Array,
    *,
    repulsion: float | Array = 1.0,
    attraction: float | Array = 1.0,
    alignment: float | Array = 1.0,
    weighting: str | Partners = "class-mean",
    softening: float | Array = 0.0,
    alignment_form: str = "paper",
) -> Array:
    """The force on every particle, (run, token, dim): that of all pairs it stands in (Sec. 6).

    F_i = F_j = the force on x_ij; the pair (i, i) counts twice. Arguments as `pair_sum_forces`.
    """
    known = _known(weighting, positions)
    on_pairs = pair_sum_forces(
        positions,
        repulsion=repulsion,
        attraction=attraction,
        alignment=alignment,
        weighting=known,
        softening=softening,
        alignment_form=alignment_form,
    )
    return array_namespace(positions).sum(known.membership[:, :, None] * on_pairs[:, None], axis=2)


def _known(weighting: str | Partners, positions: Array) -> Partners:
    if isinstance(weighting, Partners):
        return weighting
    return partners(positions.shape[1], weighting, positions)


def alignment_strengths(alignment: Array, form: str) -> tuple[Array, Array]:
    """f_a between sums of the same residue and between others, in a form of `ALIGNMENT_FORMS`.

    Raises:
        ValueError: for another form.
    """
    if form not in ALIGNMENT_FORMS:
        raise ValueError(f"alignment_form must be one of {', '.join(ALIGNMENT_FORMS)}, got {form}")
    return alignment * (form != "different-only"), alignment * (form != "same-only")


def typical_length(dim: int) -> float:
    """√(2D), a pair sum's root mean square length when each axis of the tokens has variance 1."""
    return math.sqrt(2 * dim)


def partner_weights(modulus: int, weighting: str) -> NDArray[np.float64]:
    """(2, pair): the weight of each same-residue and of each different-residue partner of a pair.

    A pair is no partner of itself. Every residue of an odd modulus has as many pairs as any other,
    so the weights are two constants there; with an even modulus they differ from pair to pair.

    Raises:
        ValueError: for a weighting that is none of `WEIGHTINGS`.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting must be one of {', '.join(WEIGHTINGS)}, got {weighting!r}")
    residue = pairs(modulus).residue
    if weighting == "none":
        return np.ones((2, len(residue)))
    alike = np.bincount(residue, minlength=modulus)[residue]
    return 1 / np.maximum([alike - 1, len(residue) - alike], 1)


def _weight_matrices(modulus: int, weighting: str) -> tuple[Array, Array]:
    """(pair, pair) the weights of same-residue and of different-residue partners."""
    same, different = partner_weights(modulus, weighting)
    residue = pairs(modulus).residue
    alike = residue[:, None] == residue[None, :]
    partners = ~np.eye(len(residue), dtype=bool)
    return same[:, None] * (alike & partners), different[:, None] * ~alike


def _inverse(squared: Array) -> Array:
    """1 / squared, and 0 where squared is 0: no distance, no direction, no force."""
    return 1 / array_namespace(squared).where(squared > 0, squared, np.inf)


def _directions(x: Array) -> Array:
    """x / ‖x‖ along the last axis, 0 for x = 0."""
    xp = array_namespace(x)
    return x * xp.sqrt(_inverse(xp.sum(x * x, axis=-1, keepdims=True)))


def _pulls(x: Array, form: str) -> Array:
    """What alignment draws along, of each pair sum (..., dim)."""
    return x / typical_length(x.shape[-1]) if form == "potential" else _directions(x)


def _like(constant: Array, reference: Array) -> Array:
    """A NumPy constant as an array of the reference's library, type and device."""
    xp = array_namespace(reference)
    return xp.asarray(constant, dtype=reference.dtype, device=reference.device)


def _per_run(value: float | Array, reference: Array) -> Array:
    """A coefficient to multiply (run, pair, pair) arrays with."""
    array = _like(value, reference)
    return array if array.ndim == 0 else array.reshape(-1, 1, 1)
