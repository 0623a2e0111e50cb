"""The law that the true forces themselves ask for: its functions learnt, not assumed.

The paper's law is four functions of a partner's place: a push along r/‖r‖ that depends on the
distance (g_r/‖r‖ from other residues, -g_a from the same one) and a pull along x_kl/‖x_kl‖ that
depends on the angle (±f_a on this side of the right angle, 0 beyond it). Here each of the four is
any piecewise linear function, fitted by least squares to the true forces of many networks.

Distances are in units of the embedding's scale (`modadd.structures.scale`), and the forces of every
snapshot are scaled to mean square 1, so that snapshots of different size and age may be pooled.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modadd.force_fits import Products, coefficients, products, squared_error
from modadd.kernels import compiled_kernels_work
from modadd.law_terms import LAW, law_terms
from modadd.network import unpack_classifier
from modadd.snapshots import Floats
from modadd.statistics import CONFIDENCE
from modadd.structures import scale
from modadd.training import TrainingConfig
from modadd.true_forces import Vectors, pair_sum_forces, training_pairs

#: Where the functions of the distance and of the angle's cosine have their knots. Beyond the last
#: distance they are constant. The paper's step lies between the middle cosines.
DISTANCES = np.array([0, 0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4])
COSINES = np.array([-1, -0.85, -0.5, -0.1, 0.1, 0.5, 0.85, 1])

#: The four functions, in the order of their hats, with the knots of each.
FUNCTIONS = {
    "push_different": DISTANCES,
    "push_same": DISTANCES,
    "align_same": COSINES,
    "align_different": COSINES,
}
HATS = tuple((name, float(at)) for name, knots in FUNCTIONS.items() for at in knots)
_TERMS = len(HATS) + len(LAW)

#: Phases of training, by epochs: from and to, both included.
PHASES = {
    "0-9": (0, 9),
    "10-49": (10, 49),
    "50-199": (50, 199),
    "200-999": (200, 999),
    "1000-": (1000, 2**31),
}


def phase_of(epoch: int) -> str:
    """The phase of `PHASES` that an epoch lies in."""
    return next(name for name, (first, last) in PHASES.items() if first <= epoch <= last)


#: Laws that are learnt: which of the hats, then of the law's own terms, each may use.
_PUSHES = np.array([name.startswith("push") for name, _ in HATS])
_ALL, _NONE = np.ones(len(HATS), dtype=bool), np.zeros(len(HATS), dtype=bool)
MODELS = {
    "law": np.concatenate([_NONE, [True, True, True, True]]),
    "distance learnt": np.concatenate([_PUSHES, [False, False, True, True]]),
    "angle learnt": np.concatenate([~_PUSHES, [True, True, False, False]]),
    "all learnt": np.concatenate([_ALL, [False, False, False, False]]),
}
RESAMPLES = 400

#: Goes up whenever the scores change: stored ones of another version do not count.
VERSION = 1


def hat_fields(sums: Vectors, residue: NDArray[np.int64]) -> Vectors:
    """(snapshot, hat, pair, dim) what each hat of `HATS` does to pair sums (snapshot, pair, dim).

    A hat is the piecewise linear function that is 1 at its knot and 0 at all others. Averaged over
    partners as in `modadd.law_terms`.
    """
    if compiled_kernels_work():
        from modadd.kernels import cpu_law_terms

        found = np.empty((len(sums), len(HATS), *sums.shape[1:]))
        own = np.ascontiguousarray(sums, np.float64)
        cpu_law_terms.hat_fields(own, residue, DISTANCES, COSINES, found)
        return found
    return hat_fields_readably(sums, residue)


def hat_fields_readably(sums: Vectors, residue: NDArray[np.int64]) -> Vectors:
    """`hat_fields` in NumPy, for tests and where Numba is missing."""
    r = sums[:, :, None] - sums[:, None]
    distance = np.linalg.norm(r, axis=3)
    norms = np.linalg.norm(sums, axis=2, keepdims=True)
    toward = sums / np.where(norms > 0, norms, np.inf)
    cosine = (toward[:, :, None] * toward[:, None]).sum(axis=3)
    away = r / np.where(distance > 0, distance, np.inf)[..., None]
    others = ~np.eye(len(residue), dtype=bool)
    alike = np.equal.outer(residue, residue)
    found = []
    for name, at in HATS:
        knots = FUNCTIONS[name]
        hat = np.interp(distance if name.startswith("push") else cosine, knots, knots == at)
        partners = others & (alike if name.endswith("same") else ~alike)
        weights = hat * partners / np.maximum(partners.sum(axis=1, keepdims=True), 1)
        along = away if name.startswith("push") else toward[:, None]
        found.append((weights[..., None] * along).sum(axis=2))
    return np.stack(found, axis=1)


def tabulated_forces(
    sums: Vectors, residue: NDArray[np.int64], values: NDArray[np.float64]
) -> Vectors:
    """(snapshot, pair, dim) the force of the law with these values at the knots of `HATS`, on pair
    sums (snapshot, pair, dim) over the embedding's scale."""
    if not compiled_kernels_work():
        return np.asarray(np.tensordot(values, hat_fields(sums, residue), axes=(0, 1)))
    from modadd.kernels import cpu_law_terms

    found = np.empty(sums.shape)
    own = np.ascontiguousarray(sums, np.float64)
    cpu_law_terms.tabulated_forces(own, residue, DISTANCES, COSINES, values, found)
    return found


def moments(
    config: TrainingConfig, epochs: Sequence[int], embedding: Floats, classifier: Floats
) -> dict[str, tuple[int, NDArray[np.float64]]]:
    """Phase → how many of a run's snapshots lie in it, and `packed` products over all of them.

    epochs, embedding (snapshot, token, dim), classifier (snapshot, count): as stored. A snapshot
    without force or extent is left out.
    """
    trained = training_pairs(config)
    tokens = embedding.astype(np.float64)
    parameters = unpack_classifier(classifier, config)
    force = pair_sum_forces(trained.membership @ tokens, trained.residue, parameters)
    size, extent = np.sqrt(np.square(force).mean(axis=(1, 2))), scale(tokens)
    usable = np.isfinite(size) & (size > 0) & (extent > 0)
    found = {}
    for phase, (first, last) in PHASES.items():
        at = np.flatnonzero((np.array(epochs) >= first) & (np.array(epochs) <= last) & usable)
        if not len(at):
            continue
        sums = trained.membership @ (tokens[at] / extent[at, None, None])
        fields = [hat_fields(sums, trained.residue), law_terms(sums, trained.residue)[:, :4]]
        scaled = force[at] / size[at, None, None]
        found[phase] = (len(at), packed(products(np.concatenate(fields, axis=1), scaled)))
    return found


def packed(found: Products) -> NDArray[np.float64]:
    """(count,) the sum of products over all snapshots, the symmetric half of `terms` first."""
    upper = np.triu_indices(_TERMS)
    whole = [part.sum(axis=0) for part in found]
    return np.concatenate([whole[0][upper], whole[1], np.atleast_1d(whole[2])])


def unpacked(flat: Sequence[NDArray[np.float64]]) -> Products:
    """The products of several runs, from what `packed` made of each."""
    rows = np.asarray(flat)
    upper = np.triu_indices(_TERMS)
    terms = np.zeros((len(rows), _TERMS, _TERMS))
    terms[:, *upper] = rows[:, : len(upper[0])]
    terms[:, upper[1], upper[0]] = rows[:, : len(upper[0])]
    return Products(terms, rows[:, -_TERMS - 1 : -1], rows[:, -1])


def learn(found: Products, model: str = "all learnt") -> NDArray[np.float64]:
    """(hat and term,) the coefficients of a model of `MODELS`, common to all runs.

    The paper's own law keeps its coefficients ≥ 0; learnt functions may have any sign. found: a
    batch of runs.
    """
    whole = Products(*(part.sum(axis=0, keepdims=True) for part in found))
    return _learn(whole, model)[0]


def _learn(found: Products, model: str) -> NDArray[np.float64]:
    chosen = np.flatnonzero(MODELS[model])
    some = Products(found.terms[:, chosen[:, None], chosen], found.force[:, chosen], found.squares)
    solved = np.zeros_like(found.force)
    solved[:, chosen] = coefficients(some, free=model != "law")
    return solved


def halves(n: int) -> NDArray[np.bool_]:
    """(run,) which of n runs make the first half: every other one."""
    return np.arange(n) % 2 == 0


def scores(found: Products, model: str) -> NDArray[np.float64]:
    """(run,) R² about zero force, ≤ 1, with coefficients common to the runs of the other half.

    found: a batch of at least 2 runs. model: of `MODELS`.
    """
    first = halves(len(found.squares))
    values = np.empty(len(first))
    for half in (first, ~first):
        common = learn(Products(*(part[~half] for part in found)), model)
        some = Products(*(part[half] for part in found))
        missed = squared_error(some, np.broadcast_to(common, some.force.shape))
        values[half] = 1 - missed / some.squares
    return values


def functions(found: Products, seed: int = 0) -> pd.DataFrame:
    """A row a knot: function, at, value, low, high, n, law.

    The functions that the runs' forces ask for, in units of the forces' rms, with 95 % intervals of
    a bootstrap over runs; beside them what the paper's law, fitted to the same runs, has there: its
    1/r (none at 0), constant and step. n: runs.
    """
    n = len(found.squares)
    values = learn(found)[: len(HATS)]
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    drawn = Products(*(np.tensordot(draws, part, axes=(1, 0)) for part in found))
    resampled = _learn(drawn, "all learnt")[:, : len(HATS)]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(resampled, [tail, 100 - tail], axis=0)
    law = law_at(learn(found, "law")[len(HATS) :])
    return pd.DataFrame(
        {
            "function": [name for name, _ in HATS],
            "at": [at for _, at in HATS],
            "value": values,
            "low": low,
            "high": high,
            "n": n,
            "law": [law[hat] for hat in HATS],
        }
    )


def law_at(strengths: NDArray[np.float64]) -> Mapping[tuple[str, float], float]:
    """The paper's law of these strengths (in the order of `LAW`) at the knots of `HATS`."""
    g_r, g_a, f_same, f_different = strengths.tolist()
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = {
            "push_different": np.where(DISTANCES > 0, g_r / DISTANCES, np.nan),
            "push_same": np.full(len(DISTANCES), -g_a),
            "align_same": f_same * (COSINES > 0),
            "align_different": -f_different * (COSINES > 0),
        }
    return {
        (name, float(at)): float(value)
        for name, curve in curves.items()
        for at, value in zip(FUNCTIONS[name], curve, strict=True)
    }
