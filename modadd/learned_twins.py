"""Particles under a learnt law: do they end as their networks do, more than under the paper's?

The simulation is that of `modadd.particles` at its defaults (each step along the force over its
mean norm, then mean and variances restored), with other forces on the pair sums.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modadd import structures
from modadd.discrimination import area_under_curve, compare_areas, compare_predictors
from modadd.force_fits import Products
from modadd.foretelling import STILL
from modadd.law_terms import LAW, law_terms
from modadd.learned_law import HATS, learn, tabulated_forces
from modadd.particles import ParticleConfig, divide_by_mean_norm, restore_moments
from modadd.procrustes import distances
from modadd.snapshots import Floats
from modadd.statistics import Estimate, correlation, mean, proportion
from modadd.structures import scale
from modadd.task import incidence, pair_sums, pairs
from modadd.true_forces import Vectors

# Positions (run, token, dim) → the force on each pair sum, (run, pair, dim).
Law = Callable[[Vectors], Vectors]

#: Goes up whenever the numbers change: stored outcomes of another version do not count.
VERSION = 1

#: What particles may follow. All but the paper's are learnt from other networks than those
#: foretold, in the phases of training from the start on: one law for all of these phases, or each
#: phase's law in turn, for equally many steps.
LAWS = ("paper", "fitted", "fitted in turn", "learnt", "learnt in turn")

#: Beside the laws: where the networks themselves end.
NETWORKS = "the networks"


def simulate_laws(start: Floats, laws: Sequence[Law], steps: int = 100) -> Vectors:
    """(run, token, dim) where particles at `start` end under laws in turn, each for its share of
    the steps. All pairs are partners, as in the paper's simulation."""
    settings = ParticleConfig()
    positions = start.astype(np.float64)
    membership = incidence(start.shape[1])
    for step in range(steps):
        law = laws[step * len(laws) // steps]
        force = divide_by_mean_norm(membership.T @ law(positions))
        moved = positions + settings.step_size * force
        positions = restore_moments(moved, settings.variance)
    return positions


def papers_law(positions: Vectors) -> Vectors:
    """g_r = g_a = f_a = 1 (Sec. 6)."""
    fields = law_terms(pair_sums(positions), pairs(positions.shape[1]).residue)
    return np.asarray(fields[:, : len(LAW)].sum(axis=1))


def fitted_law(strengths: NDArray[np.float64]) -> Law:
    """The paper's terms, of these strengths in the order of `LAW`, at distances over the scale."""

    def forces(positions: Vectors) -> Vectors:
        fields = law_terms(_scaled_sums(positions), pairs(positions.shape[1]).residue)
        return np.asarray(np.tensordot(strengths, fields[:, : len(LAW)], axes=(0, 1)))

    return forces


def tabulated_law(values: NDArray[np.float64]) -> Law:
    """The law whose functions have these values at the knots of `modadd.learned_law.HATS`."""

    def forces(positions: Vectors) -> Vectors:
        return tabulated_forces(_scaled_sums(positions), pairs(positions.shape[1]).residue, values)

    return forces


def _scaled_sums(positions: Vectors) -> Vectors:
    extent = scale(positions)[:, None, None]
    return np.ascontiguousarray(pair_sums(positions) / np.where(extent > 0, extent, 1))


def laws_of(name: str, learnt_from: Sequence[Products]) -> list[Law]:
    """The laws of a name of `LAWS`. learnt_from: a batch of networks a phase of training."""
    if name == "paper":
        return [papers_law]
    pooled = learnt_from[0]
    for later in learnt_from[1:]:
        pooled = pooled.plus(later)
    phases = learnt_from if name.endswith("in turn") else [pooled]
    if name.startswith("fitted"):
        return [fitted_law(learn(found, "law")[len(HATS) :]) for found in phases]
    return [tabulated_law(learn(found)[: len(HATS)]) for found in phases]


def ends(
    start: Floats,
    learnt_from: Sequence[Products],
    half: NDArray[np.bool_],
    spread: Callable[..., Iterable[object]] = map,
) -> dict[str, Vectors]:
    """Law → (run, token, dim) where the particles of each network end.

    start: (run, token, dim). learnt_from: products a phase, a row a run. half: (run,) which runs
    make one half: each half follows the laws learnt from the other. spread: as `map`, perhaps
    on several threads; no number depends on it.
    """
    found = {name: np.empty(start.shape) for name in LAWS}

    def simulate_half(task: tuple[str, NDArray[np.bool_]]) -> None:
        name, here = task
        others = [Products(*(part[~here] for part in phase)) for phase in learnt_from]
        found[name][here] = simulate_laws(start[here], laws_of(name, others))

    for _ in spread(simulate_half, [(name, here) for name in LAWS for here in (half, ~half)]):
        pass
    return found


def outcomes(start: Floats, network: Floats, twins: Mapping[str, Vectors]) -> pd.DataFrame:
    """Where each law leads each network: run (its place), law, radius_ratio, grid_imperfections,
    distance (Procrustes, to the network's end).

    start, network: (run, token, dim) where each network was and ends. twins: see `ends`. The law
    "nothing moves" leads to the start itself.
    """
    places = {STILL: start.astype(np.float64), **twins}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "run": np.arange(len(network)),
                    "law": name,
                    "radius_ratio": structures.radius_ratio(arrangement),
                    "grid_imperfections": structures.grid_imperfections(arrangement),
                    "distance": distances(arrangement, network),
                }
            )
            for name, arrangement in places.items()
        ],
        ignore_index=True,
    )


def foretold_by_laws(found: pd.DataFrame) -> pd.DataFrame:
    """A row a law and measure: law, measure, value, low, high (95 %), n.

    found: `outcomes`, with is_circle and imperfections of the network's own end beside them, and
    as many networks, in the same order, for each law. Gained is on the paper's law, over the same
    networks: an AUC above its AUC (DeLong), a correlation above its own (Zou), a Procrustes
    distance below its distance.
    """
    laws = dict(tuple(found.groupby("law")))
    papers = laws["paper"]
    circles = papers["is_circle"].to_numpy() == 1
    actual = papers["imperfections"].to_numpy(float)
    rows: list[dict[str, object]] = []

    def add(law: object, measure: str, estimate: Estimate) -> None:
        rows.append({"law": law, "measure": measure, **estimate._asdict()})

    for name in [law for law in (STILL, *LAWS) if law in laws]:
        some = laws[name]
        counts = some["grid_imperfections"].to_numpy(float)
        apart = some["distance"].to_numpy(float)
        add(name, "AUC of circles", area_under_curve(_likely(some), circles))
        add(name, "correlation of imperfections", correlation(counts, actual))
        add(name, "distance", mean(apart))
        if name != "paper":
            gained = compare_areas(_likely(some), _likely(papers), circles)
            add(name, "AUC gained", gained.estimate)
            closer = compare_predictors(
                counts, papers["grid_imperfections"].to_numpy(float), actual
            )
            add(name, "correlation gained", closer.estimate)
            add(name, "distance gained", mean(papers["distance"].to_numpy(float) - apart))
    return pd.DataFrame(rows)


def populations(found: pd.DataFrame) -> pd.DataFrame:
    """Where each law leads the networks as a population, beside the networks' own ends: a row a law
    (first `NETWORKS`) and measure (share of circles, imperfections: their mean): law, measure,
    value, low, high (Wilson's and t's 95 % interval), n.

    found: as of `foretold_by_laws`. Whether each network is led where it ends does not matter here.
    """
    laws = dict(tuple(found.groupby("law")))
    networks = laws["paper"]
    own = (networks["is_circle"] == 1, networks["imperfections"])
    ends = {NETWORKS: own} | {
        law: (
            laws[law]["radius_ratio"] < structures.CIRCLE_THRESHOLD,
            laws[law]["grid_imperfections"],
        )
        for law in (STILL, *LAWS)
        if law in laws
    }
    rows = []
    for law, (circles, counts) in ends.items():
        rows.append((law, "share of circles", *proportion(int(circles.sum()), len(circles))))
        rows.append((law, "imperfections", *mean(counts.dropna().to_numpy(float))))
    return pd.DataFrame(rows, columns=["law", "measure", *Estimate._fields])


def _likely(some: pd.DataFrame) -> NDArray[np.float64]:
    """(run,) how much like a circle where a law leads; an undefined ratio is no circle's."""
    return -some["radius_ratio"].fillna(np.inf).to_numpy(float)
