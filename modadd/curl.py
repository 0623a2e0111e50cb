"""How far a law of force is from being the gradient of a potential.

At a fixed classifier the real force on an embedding, -∂L/∂E, is a gradient: its Jacobian, minus the
loss's Hessian, is symmetric. A law whose Jacobian is not cannot equal it everywhere.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modadd.forces import particle_forces
from modadd.particles import ParticleConfig

Field = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_STEP = 1e-6


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


def jacobian(field: Field, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(coordinate, coordinate) ∂F_a/∂x_b at positions (token, dim), by central differences.

    The steps are a millionth of a unit: at one of the law's edges (x_ij·x_kl = 0) between the two
    sides of a step, which is rare, a difference stands for no slope.
    """
    size = positions.size
    shifts = (_STEP * np.eye(size)).reshape(size, *positions.shape)
    ahead, behind = field(positions + shifts), field(positions - shifts)
    return ((ahead - behind) / (2 * _STEP)).reshape(size, size).T


def curl_share(field: Field, positions: NDArray[np.float64]) -> float:
    """‖(J - Jᵀ)/2‖ / ‖J‖ (Frobenius) at positions (token, dim), in [0, 1].

    0 for a gradient, 1 for a pure rotation; about 0.71 for a matrix of independent entries.
    """
    slopes = jacobian(field, positions)
    return float(np.linalg.norm((slopes - slopes.T) / 2) / np.linalg.norm(slopes))
