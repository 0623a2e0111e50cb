"""The force law on particles as arrows, term by term (Sec. 5 and 6)."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.frames import coordinates
from modadd.forces import particle_forces
from modadd.particles import ParticleConfig
from modadd.snapshots import Floats
from modadd.task import pair_count

TERMS = ("repulsion", "attraction", "alignment")
MOST_PAIRS = 1000
# Distances that are held at once, and the longest arrow's share of the panel's half-width.
_MOST_DISTANCES = 1_000_000
_LONGEST = 0.3


def term_forces(places: Floats, config: ParticleConfig) -> dict[str, NDArray[np.float64]]:
    """Term → the force on each particle by it alone, (frame, token, dim), as the config weighs it.

    places: (frame, token, dim). The terms add up to the whole force, before it is normalised.
    """
    at_once = max(1, _MOST_DISTANCES // pair_count(places.shape[1]) ** 2)
    none = dict.fromkeys(TERMS, 0.0)
    same = ("weighting", "softening", "alignment_form")
    options: dict[str, Any] = {name: getattr(config, name) for name in same}
    found = {}
    for term in TERMS:
        alone = {**none, term: getattr(config, term)}
        parts = [
            particle_forces(places[start : start + at_once].astype(np.float64), **alone, **options)
            for start in range(0, len(places), at_once)
        ]
        found[term] = np.concatenate(parts)
    return found


def force_arrows(places: Floats, config: ParticleConfig, reach: float) -> pd.DataFrame | None:
    """A row a (token, term): token, term, x0, x1 (its tail) and to_x0, to_x1 (its head), texts as
    `dashboard.frames.coordinates` writes them. None if there are too many particles to show.

    All arrows of the run have one scale, at which the longest of them fill a fixed part of the
    panel; a force that explodes is cut off at its edge.
    """
    if pair_count(places.shape[1]) > MOST_PAIRS:
        return None
    forces = term_forces(places, config)
    norms = np.linalg.norm(np.concatenate(list(forces.values())), axis=2)
    longest = float(np.quantile(norms, 0.99)) or 1.0
    factor = _LONGEST * reach / longest
    tails = coordinates(places.astype(np.float64), reach)
    parts = []
    for term, force in forces.items():
        long = np.linalg.norm(force, axis=2, keepdims=True)
        shortened = force * np.minimum(1, longest / np.maximum(long, 1e-300))
        heads = coordinates(places + factor * shortened, reach)
        rows = {"token": range(places.shape[1]), "term": term, "x0": tails["x0"], "x1": tails["x1"]}
        parts.append(pd.DataFrame({**rows, "to_x0": heads["x0"], "to_x1": heads["x1"]}))
    return pd.concat(parts, ignore_index=True)
