"""The force law (Sec. 5 and 6, Eqs. 2-4) as pure functions on NumPy arrays or torch tensors.

Two distinct pairs (i, j) and (k, l) act on each other's sums x_ij, x_kl; with r = x_ij - x_kl the
sum x_ij feels

    clustering  repulsion  +g_r r/‖r‖²   if the residues differ                       (Eq. 2)
                attraction -g_a r/‖r‖    if they are the same                         (Eq. 3)
    alignment   ±f_a x_kl/‖x_kl‖         if x_ij·x_kl > 0; + if the same, - if not    (Eq. 4)

Open in the paper: coincident sums (r = 0) and sums at the origin have no direction; they exert no
such force here.
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from modadd.task import incidence, pair_sums, pairs

# A NumPy array or a torch tensor; what goes in comes out.
Array = Any

WEIGHTINGS = ("class-mean", "none")


def pair_force(
    x_ij: Array,
    x_kl: Array,
    same_residue: Array,
    *,
    repulsion: float = 1.0,
    attraction: float = 1.0,
    alignment: float = 1.0,
    softening: float = 0.0,
) -> Array:
    """The unweighted force on the pair sum x_ij from the pair sum x_kl (Eqs. 2-4).

    Args:
        x_ij, x_kl: pair sums (..., dim), broadcast against each other.
        same_residue: bool or (...) bools, whether i + j ≡ k + l (mod N).
        repulsion, attraction, alignment: g_r, g_a, f_a.
        softening: ε ≥ 0; distances become √(‖r‖² + ε²).

    Returns:
        (..., dim) the force, in units of the coefficients.
    """
    xp = array_namespace(x_ij, x_kl)
    same = xp.asarray(same_residue)[..., None]
    r = x_ij - x_kl
    inverse = _inverse(xp.sum(r * r, axis=-1, keepdims=True) + softening**2)
    clustering = r * xp.where(same, -attraction * xp.sqrt(inverse), repulsion * inverse)
    facing = xp.sum(x_ij * x_kl, axis=-1, keepdims=True) > 0
    sign = xp.where(same, alignment, -alignment) * facing
    return clustering + sign * _directions(x_kl)


def pair_sum_forces(
    positions: Array,
    *,
    repulsion: float | Array = 1.0,
    attraction: float | Array = 1.0,
    alignment: float | Array = 1.0,
    weighting: str = "class-mean",
    softening: float | Array = 0.0,
) -> Array:
    """The total force on every pair sum, (run, pair, dim), for positions (run, token, dim).

    Pairs are those of `modadd.task.pairs`. Coefficients and softening are numbers or (run,)
    arrays. weighting: `class-mean` averages over each pair's same-residue partners and over its
    different-residue partners, so that both have the same total (Sec. 6); `none` sums.

    Equal to summing `pair_force` over all partners, but every distance and every weight is found
    once. Sums, not matrix products: those round by how many runs share the batch.
    """
    x = pair_sums(positions)
    same_weight, different_weight = (
        _like(weights, x) for weights in _weight_matrices(positions.shape[1], weighting)
    )
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
    aligning = xp.astype(facing, x.dtype) * (f_a * (same_weight - different_weight))
    direction = _directions(x)
    forces = [
        xp.sum(clustering * gaps[axis] + aligning * direction[:, None, :, axis], axis=2)
        for axis in axes
    ]
    return xp.stack(forces, axis=-1)


def particle_forces(
    positions: Array,
    *,
    repulsion: float | Array = 1.0,
    attraction: float | Array = 1.0,
    alignment: float | Array = 1.0,
    weighting: str = "class-mean",
    softening: float | Array = 0.0,
) -> Array:
    """The force on every particle, (run, token, dim): that of all pairs it stands in (Sec. 6).

    F_i = F_j = the force on x_ij; the pair (i, i) counts twice. Arguments as `pair_sum_forces`.
    """
    on_pairs = pair_sum_forces(
        positions,
        repulsion=repulsion,
        attraction=attraction,
        alignment=alignment,
        weighting=weighting,
        softening=softening,
    )
    membership = _like(incidence(positions.shape[1]).T, positions)
    return array_namespace(positions).sum(membership[:, :, None] * on_pairs[:, None], axis=2)


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


def _like(constant: Array, reference: Array) -> Array:
    """A NumPy constant as an array of the reference's library, type and device."""
    xp = array_namespace(reference)
    return xp.asarray(constant, dtype=reference.dtype, device=reference.device)


def _per_run(value: float | Array, reference: Array) -> Array:
    """A coefficient to multiply (run, pair, pair) arrays with."""
    array = _like(value, reference)
    return array if array.ndim == 0 else array.reshape(-1, 1, 1)
