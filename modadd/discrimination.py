"""How well scores tell two groups apart: contingency tables, odds ratios, areas under the curve."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from modadd.statistics import CONFIDENCE, Estimate, Z


class Contingency(NamedTuple):
    """How often a yes-or-no prediction came with which outcome.

    odds_ratio: the conditional maximum likelihood estimate with its exact interval, n that of all;
    0, inf or NaN where the table is too empty for more. p: Fisher's exact test of no association.
    """

    both: int
    only_predicted: int
    only_actual: int
    neither: int
    odds_ratio: Estimate
    p: float


class Difference(NamedTuple):
    """The difference of two areas over the same cases, and p of the test that it is 0."""

    estimate: Estimate
    p: float


def contingency(predicted: ArrayLike, actual: ArrayLike) -> Contingency:
    """The 2 × 2 table of two (n,) arrays of bools."""
    foretold, came = np.asarray(predicted, dtype=bool), np.asarray(actual, dtype=bool)
    table = np.array(
        [[(foretold == one) & (came == other) for other in (True, False)] for one in (True, False)]
    ).sum(axis=2)
    n = int(table.sum())
    (both, only_predicted), (only_actual, neither) = table.tolist()
    if 0 in (*table.sum(axis=0), *table.sum(axis=1)):
        ratio = Estimate(math.nan, math.nan, math.nan, n)
    else:
        found = stats.contingency.odds_ratio(table)
        interval = found.confidence_interval(CONFIDENCE)
        ratio = Estimate(float(found.statistic), float(interval.low), float(interval.high), n)
    p = float(stats.fisher_exact(table).pvalue) if n else math.nan
    return Contingency(both, only_predicted, only_actual, neither, ratio, p)


def area_under_curve(scores: ArrayLike, actual: ArrayLike) -> Estimate:
    """The probability that a case of the group scores above one outside of it, ties half.

    The interval is DeLong's (1988), made on the logit scale so that it stays in [0, 1]; undefined
    where a group has fewer than two cases or the groups do not overlap. Scores may be infinite.
    """
    came = np.asarray(actual, dtype=bool)
    inside, outside = _placements(np.asarray(scores, dtype=np.float64), came)
    n = len(came)
    if min(len(inside), len(outside)) == 0:
        return Estimate(math.nan, math.nan, math.nan, n)
    area = float(inside.mean())
    if min(len(inside), len(outside)) < 2 or not 0 < area < 1:
        return Estimate(area, math.nan, math.nan, n)
    error = math.sqrt(inside.var(ddof=1) / len(inside) + outside.var(ddof=1) / len(outside))
    logit, half = math.log(area / (1 - area)), Z * error / (area * (1 - area))
    return Estimate(area, _expit(logit - half), _expit(logit + half), n)


def compare_areas(scores: ArrayLike, others: ArrayLike, actual: ArrayLike) -> Difference:
    """The first area minus the other one, over the same cases (DeLong, DeLong & Clarke-Pearson)."""
    came = np.asarray(actual, dtype=bool)
    pairs = [_placements(np.asarray(s, dtype=np.float64), came) for s in (scores, others)]
    inside, outside = (first - other for first, other in zip(*pairs, strict=True))
    n = len(came)
    if min(len(inside), len(outside)) < 2:
        return Difference(Estimate(math.nan, math.nan, math.nan, n), math.nan)
    value = float(inside.mean())
    error = math.sqrt(inside.var(ddof=1) / len(inside) + outside.var(ddof=1) / len(outside))
    p = float(2 * stats.norm.sf(abs(value) / error)) if error else 1.0 if value == 0 else 0.0
    return Difference(Estimate(value, value - Z * error, value + Z * error, n), p)


def chance_corrected(some: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(run,) Cohen's κ of two (run, case) arrays: 0 by chance, 1 if all agree; NaN if undefined."""
    agreed = (some == others).mean(axis=1)
    one, other = some.mean(axis=1), others.mean(axis=1)
    expected = one * other + (1 - one) * (1 - other)
    kappa = np.full(len(agreed), np.nan)
    np.divide(agreed - expected, 1 - expected, out=kappa, where=expected < 1)
    return kappa


def _placements(
    scores: NDArray[np.float64], actual: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(inside,) the share of outsiders that each insider beats, and (outside,) the share of
    insiders that each outsider is beaten by (Sun & Xu 2014)."""
    inside, outside = scores[actual], scores[~actual]
    ranks = stats.rankdata(np.concatenate([inside, outside]))
    here = ranks[: len(inside)] - stats.rankdata(inside)
    there = ranks[len(inside) :] - stats.rankdata(outside)
    return here / max(len(outside), 1), 1 - there / max(len(inside), 1)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
