"""When a network's end is settled: what its snapshot at an epoch foretells, and how much the
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
from modadd.statistics import BOOTSTRAP_RESAMPLES, CONFIDENCE, Estimate, correlation, mean

ALL = "all four"
# Circles are thought to come of embeddings with a low ratio and few imperfections.
_SIGNS = {name: -1 if name in ("log radius ratio", "imperfections") else 1 for name in FEATURES}
#: What a snapshot has beside its embedding: metric → heading, and the sign with which more of it
#: might speak for a circle.
MEASURED = {"validation_accuracy": ("validation accuracy", 1), "train_loss": ("training loss", -1)}
# Of either kind, circles and others: below, resampling repeats a handful of networks and no more.
FEWEST = 5
Numbers = NDArray[np.float64]
Outcomes = Mapping[str, Numbers]
Measured = Mapping[str, tuple[Numbers, int]]


def foreshadowed(
    embedding: Floats, ends: Floats, outcomes: Outcomes, measured: Measured | None = None
) -> pd.DataFrame:
    """What four features of embeddings (run, token, dim) foretell of the ends (run, token, dim).

    outcomes: name → (run,) numbers at the end, such as accuracies, to be correlated with.
    measured: name → (run,) numbers of the same snapshot that are not of the embedding, such as its
    loss, and the sign with which more of it speaks for a circle; none where no classifier is.
    A row a question and feature: question, feature, value, low, high, n, and circles, how many of
    the n end as one. Of `circle`, the AUC with
    DeLong's interval; of an outcome, Pearson's correlation with Fisher's. The feature `all four` is
    a cross-validated regression on the embedding's, undefined for too few networks of either side.
    """
    given = features(embedding)
    circle = structures.is_circle(ends)
    many = min(circle.sum(), (~circle).sum()) >= FOLDS
    blank = np.full(len(circle), np.nan)
    odds = out_of_fold(logistic, given, circle.astype(np.float64)) if many else blank
    plain = dict(zip(FEATURES, given.T, strict=True))
    others = measured or {}
    scores = {name: _SIGNS[name] * values for name, values in plain.items()}
    scores |= {ALL: odds, **{name: sign * values for name, (values, sign) in others.items()}}
    rows = [("circle", name, *area_under_curve(values, circle)) for name, values in scores.items()]
    for outcome, target in outcomes.items():
        fitted = out_of_fold(linear, given, target) if len(target) >= 2 * FOLDS else blank
        known = {**plain, ALL: fitted, **{name: values for name, (values, _) in others.items()}}
        rows += [(outcome, name, *correlation(values, target)) for name, values in known.items()]
    found = pd.DataFrame(rows, columns=["question", "feature", *Estimate._fields])
    return found.assign(circles=int(circle.sum()))


def settled(outcome: Numbers) -> Estimate:
    """The share of an outcome's variance that lies between networks, for (network, branch) numbers.

    The intraclass correlation ICC(1) of a one-way analysis of variance with the interval of Shrout
    & Fleiss (1979), its n that of networks: 1 if branches of a network end alike, 0 if they are as
    unlike as those of different networks; an estimate may fall below 0. Undefined without variance.
    The interval supposes normal outcomes: for circles, `settled_circles`.
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


def settled_circles(circle: Numbers) -> Estimate:
    """As `settled`, of (network, branch) zeros and ones, with a percentile bootstrap over networks.

    The F interval takes networks' outcomes for normal, and three networks with all the circles for
    as much evidence as if half had them. In trials of 50 networks with an ICC of 0.9, and a circle
    from every fifth branch, it holds the ICC in 55 %, the bootstrap in 98 %. Resamples show how
    much hangs on which few networks there are, but know no others: of too few they are too narrow
    as well. So no interval below `FEWEST` networks with a circle, or with a branch that is none;
    nor where no network is split.
    """
    value, _, _, networks = settled(circle)
    counts = circle.sum(axis=1).astype(int)
    branches = circle.shape[1]
    either = min(np.count_nonzero(counts), np.count_nonzero(counts < branches))
    if math.isnan(value) or value == 1 or either < FEWEST:
        return Estimate(value, math.nan, math.nan, networks)
    # Networks with equally many circles are alike, so that a resample is how many of each it has.
    shares = np.bincount(counts, minlength=branches + 1) / networks
    drawn = np.random.default_rng(0).multinomial(networks, shares, size=BOOTSTRAP_RESAMPLES)
    means = np.arange(branches + 1) / branches  # of a network's branches, by its count
    within = drawn @ (means * (1 - means)) * branches / (branches - 1) / networks
    spread = drawn @ means**2 - (drawn @ means) ** 2 / networks
    between = branches * np.maximum(spread, 0) / (networks - 1)
    total = between + (branches - 1) * within
    known = total > 1e-12  # not all circles, nor all others, but for rounding
    tails = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
    low, high = np.quantile((between - within)[known] / total[known], tails)
    return Estimate(value, float(low), float(high), networks)


def circles_among(circle: Numbers) -> tuple[int, int]:
    """How many networks have a circle among their branches (network, branch), and how many of
    these are split: have a branch that is none, too."""
    some, every = circle.any(axis=1), circle.all(axis=1)
    return int(some.sum()), int((some & ~every).sum())


def scatter(ends: Floats) -> Estimate:
    """The mean Procrustes distance between two branches of a network, for ends (network, branch,
    token, dim), labels held fixed; n counts networks, each with the mean over its couples."""
    branches = ends.shape[1]
    couples = [(a, b) for a in range(branches) for b in range(a)]
    apart = np.mean([distances(ends[:, a], ends[:, b]) for a, b in couples], axis=0)
    return mean(apart[np.isfinite(apart)])
