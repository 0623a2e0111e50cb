"""Differences between two sets of runs, each with its 95 % interval and p."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from modadd.statistics import compare_counts, proportion, t_quantile
from modadd.tables import THE_PAPERS, Definitions

COLUMNS = (
    "quantity", "difference", "low", "high", "n", "baseline_n", "p", "p_holm",
)  # fmt: skip


class Difference(NamedTuple):
    """First minus second, the p that there is none, and the n of both."""

    difference: float
    low: float
    high: float
    n: int
    baseline_n: int
    p: float


def of_shares(count: int, n: int, other_count: int, other_n: int) -> Difference:
    """Of two shares: Newcombe's interval from Wilson's two (1998), p by Fisher's exact test."""
    p = compare_counts(count, n, other_count, other_n)
    if min(n, other_n) == 0:
        return Difference(math.nan, math.nan, math.nan, n, other_n, p)
    ours, other = proportion(count, n), proportion(other_count, other_n)
    value = ours.value - other.value
    low = value - math.hypot(ours.value - ours.low, other.high - other.value)
    high = value + math.hypot(ours.high - ours.value, other.value - other.low)
    return Difference(value, low, high, n, other_n, p)


def of_means(values: ArrayLike, others: ArrayLike) -> Difference:
    """Of two means, by Welch's t; undefined below two values a side, and for means that differ
    between sides without any spread: two values a side are no certainty for being equal."""
    first, second = (_defined(numbers) for numbers in (values, others))
    n, other_n = len(first), len(second)
    if min(n, other_n) == 0:
        return Difference(math.nan, math.nan, math.nan, n, other_n, math.nan)
    value = float(first.mean() - second.mean())
    if min(n, other_n) < 2:
        return Difference(value, math.nan, math.nan, n, other_n, math.nan)
    errors = [float(numbers.var(ddof=1)) / len(numbers) for numbers in (first, second)]
    error = math.sqrt(sum(errors))
    if error == 0:  # no t
        return Difference(value, math.nan, math.nan, n, other_n, 1.0 if value == 0 else math.nan)
    shares = (errors[0] / error**2) ** 2 / (n - 1) + (errors[1] / error**2) ** 2 / (other_n - 1)
    half = float(t_quantile(1 / shares)) * error
    p = float(2 * special.stdtr(1 / shares, -abs(value) / error))
    return Difference(value, value - half, value + half, n, other_n, p)


def holm(values: ArrayLike) -> NDArray[np.float64]:
    """The p's of one family of tests, adjusted after Holm (1979): below α, the finding holds at α
    for the family as a whole. NaN stays, and counts for nothing."""
    p = np.asarray(values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def against(
    runs: pd.DataFrame,
    groups: Sequence[str],
    baseline: tuple[object, ...],
    means: Sequence[str] = (),
    definitions: Definitions = THE_PAPERS,
) -> pd.DataFrame:
    """Rows (group fields…, then `COLUMNS`): what each other group of runs differs in from one.

    Quantities: `circles`, a share; `grid_imperfections`, a mean over the grids; and the `means`,
    over all runs. Diverged runs are left out, but for `definitions`. p_holm: adjusted over all
    rows. Runs of one seed start alike in every group; the tests make no use of it, which makes them
    conservative.
    """
    counted = definitions.counted(runs)
    parts = dict(iter(counted.groupby(list(groups), sort=True)))
    base = parts.pop(baseline, counted[:0])
    rows = [
        (*values, quantity, *found)
        for values, members in parts.items()
        for quantity, found in _differences(members, base, means, definitions).items()
    ]
    table = pd.DataFrame(rows, columns=[*groups, *COLUMNS[:-1]])
    return table.assign(p_holm=holm(table["p"].to_numpy(dtype=np.float64)))


def _differences(
    runs: pd.DataFrame, base: pd.DataFrame, means: Sequence[str], definitions: Definitions
) -> dict[str, Difference]:
    circle, other = (some["radius_ratio"] < definitions.threshold for some in (runs, base))
    counts = definitions.imperfections
    found = {
        "circles": of_shares(int(circle.sum()), len(runs), int(other.sum()), len(base)),
        "grid_imperfections": of_means(runs[~circle][counts], base[~other][counts]),
    }
    return found | {name: of_means(runs[name], base[name]) for name in means}


def _defined(values: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[np.isfinite(numbers)]
