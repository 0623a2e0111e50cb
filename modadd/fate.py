"""When a network's end is settled: what its embedding at an epoch foretells, and how much the
branches from there scatter."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from modadd import structures
from modadd.discrimination import area_under_curve
from modadd.procrustes import distances
from modadd.regression import FEATURES, FOLDS, features, linear, logistic, out_of_fold
from modadd.snapshots import Floats
from modadd.statistics import CONFIDENCE, Estimate, correlation, mean

ALL = "all four"
# Circles are thought to come of embeddings with a low ratio and few imperfections.
_SIGNS = {name: -1 if name in ("log radius ratio", "imperfections") else 1 for name in FEATURES}
Outcomes = Mapping[str, NDArray[np.float64]]


def foreshadowed(embedding: Floats, ends: Floats, outcomes: Outcomes) -> pd.DataFrame:
    """What four features of embeddings (run, token, dim) foretell of the ends (run, token, dim).

    outcomes: name → (run,) numbers at the end, such as accuracies, to be correlated with.
    A row a question and feature: question, feature, value, low, high, n, and circles, how many of
    the n end as one. Of `circle`, the AUC with
    DeLong's interval; of an outcome, Pearson's correlation with Fisher's. The feature `all four` is
    a cross-validated regression on all of them, undefined for too few networks of either side.
    """
    given = features(embedding)
    circle = structures.is_circle(ends)
    scores = {name: _SIGNS[name] * given[:, i] for i, name in enumerate(FEATURES)}
    rows = [("circle", name, *area_under_curve(values, circle)) for name, values in scores.items()]
    if min(circle.sum(), (~circle).sum()) >= FOLDS:
        odds = out_of_fold(logistic, given, circle.astype(np.float64))
        rows.append(("circle", ALL, *area_under_curve(odds, circle)))
    for outcome, target in outcomes.items():
        rows += [(outcome, n, *correlation(given[:, i], target)) for i, n in enumerate(FEATURES)]
        if len(target) >= 2 * FOLDS:
            rows.append((outcome, ALL, *correlation(out_of_fold(linear, given, target), target)))
    found = pd.DataFrame(rows, columns=["question", "feature", *Estimate._fields])
    return found.assign(circles=int(circle.sum()))


def settled(outcome: NDArray[np.float64]) -> Estimate:
    """The share of an outcome's variance that lies between networks, for (network, branch) numbers.

    The intraclass correlation ICC(1) of a one-way analysis of variance with the interval of Shrout
    & Fleiss (1979), its n that of networks: 1 if branches of a network end alike, 0 if they are as
    unlike as those of different networks; an estimate may fall below 0. Undefined without variance.
    """
    networks, branches = outcome.shape
    if min(networks, branches) < 2 or np.ptp(outcome) == 0:
        return Estimate(math.nan, math.nan, math.nan, networks)
    between = branches * outcome.mean(axis=1).var(ddof=1)
    within = outcome.var(axis=1, ddof=1).mean()
    if within == 0:  # all alike, of so few: how nearly so in general is not known
        return Estimate(1.0, math.nan, math.nan, networks)
    ratio, freedom = between / within, (networks - 1, networks * (branches - 1))
    side = (1 + CONFIDENCE) / 2
    low = ratio / float(stats.f.ppf(side, *freedom))
    high = ratio * float(stats.f.ppf(side, *freedom[::-1]))
    value, low, high = ((f - 1) / (f + branches - 1) for f in (ratio, low, high))
    return Estimate(float(value), float(low), float(high), networks)


def scatter(ends: Floats) -> Estimate:
    """The mean Procrustes distance between two branches of a network, for ends (network, branch,
    token, dim), labels held fixed; n counts networks, each with the mean over its couples."""
    branches = ends.shape[1]
    couples = [(a, b) for a in range(branches) for b in range(a)]
    apart = np.mean([distances(ends[:, a], ends[:, b]) for a, b in couples], axis=0)
    return mean(apart[np.isfinite(apart)])
