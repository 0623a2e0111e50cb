"""How well scores tell two groups apart: contingency tables, odds ratios, areas under the curve."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from modadd.statistics import CONFIDENCE, Estimate, Z, fisher_interval


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
    """The difference of two predictors over the same cases, and p of the test that it is 0."""

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


def compare_predictors(first: ArrayLike, second: ArrayLike, outcome: ArrayLike) -> Difference:
    """How much more one predictor correlates (Pearson) with an outcome than another, (n,) each.

    Zou's interval from Fisher's two (2007, Psychological Methods 12:399, overlapping correlations),
    p by Williams' t (1959). Cases with a NaN do not count; undefined below four of them, where
    one does not vary, or where two are the same.
    """
    cases = np.stack([np.asarray(part, dtype=np.float64) for part in (first, second, outcome)])
    cases = cases[:, ~np.isnan(cases).any(axis=0)]
    n = cases.shape[1]
    if n < 4 or (np.ptp(cases, axis=1) == 0).any():
        return Difference(Estimate(math.nan, math.nan, math.nan, n), math.nan)
    between = np.asarray(np.corrcoef(cases))
    both, r, s = float(between[0, 1]), float(between[0, 2]), float(between[1, 2])
    if max(abs(both), abs(r), abs(s)) > 1 - 1e-12:
        return Difference(Estimate(r - s, math.nan, math.nan, n), math.nan)
    unique = 1 - r**2 - s**2 - both**2
    shared = ((both - r * s / 2) * unique + both**3) / ((1 - r**2) * (1 - s**2))
    (low, high), (other_low, other_high) = fisher_interval(r, n), fisher_interval(s, n)
    down, up = (
        math.sqrt(max(a**2 + b**2 - 2 * shared * a * b, 0))
        for a, b in ((r - low, other_high - s), (high - r, s - other_low))
    )
    error = 2 * (n - 1) / (n - 3) * (unique + 2 * r * s * both)
    error += ((r + s) / 2) ** 2 * (1 - both) ** 3
    t = (r - s) * math.sqrt((n - 1) * (1 + both) / error)
    p = float(2 * special.stdtr(n - 3, -abs(t)))
    return Difference(Estimate(r - s, r - s - down, r - s + up, n), p)


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
    here, there = _beaten(inside, outside), _beaten(outside, inside)
    return here / max(len(outside), 1), 1 - there / max(len(inside), 1)


def _beaten(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """(some,) how many of the others each is above, ties half; NaN if one of all is."""
    if np.isnan(some).any() or np.isnan(others).any():
        return np.full(len(some), np.nan)
    ordered = np.sort(others)
    ends = [np.searchsorted(ordered, some, side) for side in ("left", "right")]
    return np.asarray((ends[0] + ends[1]) / 2)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
