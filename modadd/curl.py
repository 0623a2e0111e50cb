"""How far a law of force is from being the gradient of a potential.

At a fixed classifier the real force on an embedding, -∂L/∂E, is a gradient: its Jacobian, minus the
loss's Hessian, is symmetric. A law whose Jacobian is not cannot equal it everywhere.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modadd.forces import ALIGNMENT_FORMS, particle_forces
from modadd.law_terms import LAW, law_terms
from modadd.learned_law import tabulated_forces
from modadd.network import unpack_classifier
from modadd.particles import ParticleConfig
from modadd.structures import scale
from modadd.training import TrainingConfig
from modadd.true_forces import TrainingPairs, pair_sum_forces, training_pairs

#: Goes up whenever the numbers change: stored curls of another version are found again.
VERSION = 2

#: Whose curl is found: the law's with each form of alignment and equal coefficients, all pairs as
#: partners; on the training pairs alone, the law with the coefficients that fit this network's
#: forces, the learnt law of its phase of training, and the true force itself, which has none.
FIELDS = (*ALIGNMENT_FORMS, "fitted", "learnt", "true force")

Field = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_STEP = 1e-8


def law(config: ParticleConfig) -> Field:
    """The force on every particle, (run, token, dim), as a config has it, before it is scaled."""

    def force(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(
            particle_forces(
                positions,
                repulsion=config.repulsion,
                attraction=config.attraction,
                alignment=config.alignment,
                weighting=config.weighting,
                softening=config.softening,
                alignment_form=config.alignment_form,
            )
        )

    return force


def fitted_field(strengths: NDArray[np.float64], trained: TrainingPairs) -> Field:
    """The law of these strengths, in the order of `LAW`, among training pairs (Eqs. 2-4)."""

    def forces(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        fields = law_terms(sums, trained.residue)[:, : len(LAW)]
        return np.asarray(np.tensordot(strengths, fields, axes=(0, 1)))

    return _on_tokens(forces, trained)


def learnt_field(values: NDArray[np.float64], trained: TrainingPairs, extent: float) -> Field:
    """The law with these values at the knots of `modadd.learned_law.HATS`, among training pairs.

    extent: the arrangement's scale, by which distances are measured; it does not move along.
    """

    def forces(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return tabulated_forces(sums / extent, trained.residue, values)

    return _on_tokens(forces, trained)


def true_field(config: TrainingConfig, classifier: NDArray[np.floating]) -> Field:
    """-P ∂L/∂E with the classifier, flat, held fixed."""
    trained = training_pairs(config)
    parameters = unpack_classifier(classifier[None], config)
    return _on_tokens(lambda sums: pair_sum_forces(sums, trained.residue, parameters), trained)


def _on_tokens(forces: Field, trained: TrainingPairs) -> Field:
    membership = trained.membership
    return lambda positions: np.asarray(membership.T @ forces(membership @ positions))


def curl_shares(
    config: TrainingConfig,
    embedding: NDArray[np.floating],
    classifier: NDArray[np.floating],
    strengths: NDArray[np.float64],
    values: NDArray[np.float64],
) -> dict[str, float]:
    """`curl_share` of each of `FIELDS` at a network's embedding (token, dim).

    classifier: flat. strengths: of `LAW`, fitted to the network's forces there. values: the learnt
    law's, at its knots.
    """
    places, trained = embedding.astype(np.float64), training_pairs(config)
    fields = {form: law(ParticleConfig(alignment_form=form)) for form in ALIGNMENT_FORMS} | {
        "fitted": fitted_field(strengths, trained),
        "learnt": learnt_field(values, trained, float(scale(places[None])[0])),
        "true force": true_field(config, classifier),
    }
    return {name: curl_share(field, places) for name, field in fields.items()}


def jacobian(field: Field, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(coordinate, coordinate) ∂F_a/∂x_b at positions (token, dim), by central differences.

    Between the two sides of a step there may be an edge of the law (x_ij·x_kl = 0) or of a ReLU,
    where a difference stands for no slope: with steps of 1e-6, five true forces in 800 seemed to
    have a curl. So the steps are as small as rounding allows (some 1e-8 of a slope is lost).
    """
    size = positions.size
    shifts = (_STEP * np.eye(size)).reshape(size, *positions.shape)
    ahead, behind = field(positions + shifts), field(positions - shifts)
    return ((ahead - behind) / (2 * _STEP)).reshape(size, size).T


def curl_share(field: Field, positions: NDArray[np.float64]) -> float:
    """‖(J - Jᵀ)/2‖ / ‖J‖ (Frobenius) at positions (token, dim), in [0, 1].

    0 for a gradient, 1 for a pure rotation; about 0.71 for a matrix of independent entries; NaN
    where no force changes, as with hidden units that are all dead.
    """
    slopes = jacobian(field, positions)
    extent = np.linalg.norm(slopes)
    return float(np.linalg.norm((slopes - slopes.T) / 2) / extent) if extent else np.nan
