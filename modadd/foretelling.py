"""What a twin foretells of its network's end, beside what rivals foretell without the force law.

The rivals: *nothing moves* predicts the embedding that the twin began at; *random pairing* gives
each network the twin of another one, which is chance; *features* is a cross-validated regression on
four numbers of the embedding that the twin began at; *features and twin* adds the same numbers of
the twin's end, and so says whether the twin knows something that they do not.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modadd import structures
from modadd.discrimination import area_under_curve, chance_corrected, compare_areas, contingency
from modadd.procrustes import distances
from modadd.regression import FOLDS, features, linear, logistic, out_of_fold
from modadd.snapshots import Floats
from modadd.statistics import Estimate, correlation, mean, proportion

TWIN, STILL, RANDOM = "twin", "nothing moves", "random pairing"
FEATURES, BOTH = "features", "features and twin"

# measure → what its values mean.
MEASURES = {
    "circles": "share that the predictor calls circles",
    "network circles": "share of the networks that end as circles",
    "odds ratio": "of ending as a circle, of those called so to the others; exact interval",
    "AUC": "area under the curve for circle or not, by the radius ratio or the regression's odds",
    "AUC gained": "AUC minus that of the predictor named in the note",
    "correlation": "of the final counts of imperfections; Fisher's interval",
    "distance": "mean Procrustes distance of the final arrangements, labels held fixed",
    "distance squared": "its mean square, the share of the arrangement that is not foretold",
    "nearer": "share of networks whose end the twin is nearer to than the note's predictor",
    "pairs' kappa": "mean agreement on which pairs are imperfect; 0 by chance, 1 if on all",
}


class Ends(NamedTuple):
    """Of n networks, in the same order, arrangements (run, token, dim).

    start: the network at the epoch that its twin began at. twin: the twin's end. network: the
    network's end.
    """

    start: Floats
    twin: Floats
    network: Floats


def foretold(ends: Ends) -> pd.DataFrame:
    """A row a predictor and measure: predictor, measure, value, low, high, n, p, note.

    p: of the test that the value is what chance makes, where there is one. NaN means undefined.
    """
    rows = [*_circles(ends), *_imperfections(ends), *_arrangements(ends)]
    return pd.DataFrame(rows, columns=["predictor", "measure", *Estimate._fields, "p", "note"])


Row = tuple[str, str, float, float, float, int, float, str]


def _row(predictor: str, measure: str, found: Estimate, p: float = math.nan, note: str = "") -> Row:
    return (predictor, measure, *found, p, note)


def others(arrangements: Floats) -> Floats:
    """The same arrangements, each handed to the next run: no run keeps its own."""
    return np.roll(arrangements, 1, axis=0)


def _predicted(ends: Ends) -> dict[str, Floats]:
    """The arrangement that each predictor foretells for each network."""
    return {TWIN: ends.twin, STILL: ends.start, RANDOM: others(ends.twin)}


def _regressed(ends: Ends) -> dict[str, NDArray[np.float64]]:
    """(run, feature) what each regression is given."""
    given = features(ends.start)
    return {FEATURES: given, BOTH: np.hstack([given, features(ends.twin)])}


def _circles(ends: Ends) -> Iterator[Row]:
    actual = structures.is_circle(ends.network)
    n = len(actual)
    yield _row("network", "network circles", proportion(int(actual.sum()), n))
    scores = {}
    for predictor, arrangement in _predicted(ends).items():
        ratio = structures.radius_ratio(arrangement)
        table = contingency(ratio < structures.CIRCLE_THRESHOLD, actual)
        called = table.both + table.only_predicted
        note = f"both {table.both}, only predicted {table.only_predicted}, only the network "
        note += f"{table.only_actual}, neither {table.neither}"
        yield _row(predictor, "circles", proportion(called, n))
        yield _row(predictor, "odds ratio", table.odds_ratio, table.p, note)
        scores[predictor] = -np.nan_to_num(ratio, nan=math.inf)
    if min(actual.sum(), n - actual.sum()) >= FOLDS:  # fewer cases cannot be regressed on
        for predictor, given in _regressed(ends).items():
            scores[predictor] = out_of_fold(logistic, given, actual.astype(np.float64))
    yield from _areas(scores, actual)


def _areas(scores: Mapping[str, NDArray[np.float64]], actual: NDArray[np.bool_]) -> Iterator[Row]:
    for predictor, values in scores.items():
        against_chance = compare_areas(values, np.zeros(len(actual)), actual).p
        yield _row(predictor, "AUC", area_under_curve(values, actual), against_chance)
    for predictor, rival in ((TWIN, STILL), (TWIN, FEATURES), (BOTH, FEATURES)):
        if predictor in scores and rival in scores:
            gained = compare_areas(scores[predictor], scores[rival], actual)
            yield _row(predictor, "AUC gained", gained.estimate, gained.p, f"on {rival}")


def _imperfections(ends: Ends) -> Iterator[Row]:
    actual = structures.grid_imperfections(ends.network).astype(np.float64)
    for predictor, arrangement in _predicted(ends).items():
        counts = structures.grid_imperfections(arrangement)
        yield _row(predictor, "correlation", correlation(counts, actual))
    enough = len(actual) >= 2 * FOLDS
    for predictor, given in _regressed(ends).items() if enough else ():
        yield _row(
            predictor, "correlation", correlation(out_of_fold(linear, given, actual), actual)
        )


def _arrangements(ends: Ends) -> Iterator[Row]:
    wrong = structures.imperfect_pairs(ends.network)
    apart = {}
    for predictor, arrangement in _predicted(ends).items():
        apart[predictor] = distances(arrangement, ends.network)
        known = _finite(apart[predictor])
        yield _row(predictor, "distance", mean(known))
        yield _row(predictor, "distance squared", mean(np.square(known)))
        kappa = chance_corrected(structures.imperfect_pairs(arrangement), wrong)
        yield _row(predictor, "pairs' kappa", mean(_finite(kappa)))
    for rival in (STILL, RANDOM):
        nearer = int((apart[TWIN] < apart[rival]).sum())
        yield _row(TWIN, "nearer", proportion(nearer, len(wrong)), note=f"than {rival}")


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[np.isfinite(values)]
