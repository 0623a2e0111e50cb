"""Intervals and tests, thin over scipy. Confidence is 95 % throughout; undefined is NaN.

Quantiles and probabilities come from `scipy.special`; `scipy.stats`, which takes most of a second
to load, is imported by the few functions that need it, so that pages and commands start at once.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

CONFIDENCE = 0.95
Z = float(special.ndtri((1 + CONFIDENCE) / 2))
BOOTSTRAP_RESAMPLES = 2000
# Couples of values up to which a Kolmogorov-Smirnov test takes no time to be exact.
_EXACT = 10_000


Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]
_MOST_RESAMPLED = 4_000_000  # values at a time, which bounds the bootstrap's memory
CORRELATIONS = ("pearson", "spearman")


class Estimate(NamedTuple):
    """A value with its 95 % interval and the n behind it."""

    value: float
    low: float
    high: float
    n: int


def t_quantile(degrees: Any) -> Any:
    """The 97.5 % quantile of Student's t, for one number of degrees of freedom or an array."""
    return special.stdtrit(degrees, (1 + CONFIDENCE) / 2)


def mean(values: ArrayLike) -> Estimate:
    """The mean with Student's t interval; no interval below n = 2."""
    numbers = np.asarray(values, dtype=np.float64)
    n = len(numbers)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    value = float(numbers.mean())
    if n == 1:
        return Estimate(value, math.nan, math.nan, 1)
    half = float(t_quantile(n - 1) * numbers.std(ddof=1) / math.sqrt(n))
    return Estimate(value, value - half, value + half, n)


def median(values: ArrayLike) -> Estimate:
    """The median with the interval between two order statistics, which supposes no distribution.

    Below n = 6 no two of them enclose the median with 95 % confidence: no interval then.
    """
    numbers = np.sort(np.asarray(values, dtype=np.float64))
    n = len(numbers)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    k = median_rank(n)
    low, high = (numbers[k - 1], numbers[n - k]) if k > 0 else (math.nan, math.nan)
    return Estimate(float(np.median(numbers)), float(low), float(high), n)


MEDIAN_FEWEST = 6  # of fewer values the least and the greatest do not bound it so surely


def median_rank(n: int) -> int:
    """Which of n sorted values, from each end and counted from 1, bounds the median's interval.

    That is how many of the least values the median lies above with 97.5 % confidence; 0 for none.
    """
    return int((special.bdtr(np.arange(n), n, 0.5) <= (1 - CONFIDENCE) / 2).sum())


def proportion(count: int, n: int) -> Estimate:
    """count / n with Wilson's interval."""
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    low, high = proportions(np.array(count), np.array(n))
    return Estimate(count / n, float(low), float(high), n)


def means(n: NDArray[Any], value: NDArray[Any], deviation: NDArray[Any]) -> Bounds:
    """(low, high) of `mean` for many samples at once, from their n, means and deviations."""
    enough = n > 1
    degrees = np.where(enough, n - 1, np.nan)
    half = t_quantile(degrees) * deviation / np.sqrt(np.where(enough, n, 1))
    return value - half, value + half


def proportions(count: NDArray[Any], n: NDArray[Any]) -> Bounds:
    """(low, high) of `proportion` for many samples at once; undefined for n = 0."""
    total = np.where(n > 0, n, np.nan).astype(np.float64)
    centre = (count + Z**2 / 2) / (total + Z**2)
    half = Z / (total + Z**2) * np.sqrt(count * (total - count) / total + Z**2 / 4)
    # At the ends a bound is the end itself, which rounding misses by a hair.
    low = np.where(count == 0, 0 * total, centre - half)
    return low, np.where(count == n, total / total, centre + half)


def distribution(values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """The distinct values in order, the share of values at or below each, and the half-width of
    the 95 % band around all of these shares at once, √(ln(2/0.05) / 2n) (Dvoretzky, Kiefer &
    Wolfowitz; Massart 1990)."""
    numbers = np.asarray(values, dtype=np.float64)
    distinct, counts = np.unique(numbers, return_counts=True)
    n = len(numbers)
    half = math.sqrt(math.log(2 / (1 - CONFIDENCE)) / (2 * n)) if n else math.nan
    return distinct, counts.cumsum() / max(n, 1), half


def compare_distributions(values: ArrayLike, others: ArrayLike) -> float:
    """p of the Kolmogorov-Smirnov test that two samples share one distribution; exact if they are
    small. Between values that repeat it is conservative: it calls fewer differences than there are.
    """
    first, second = np.asarray(values, dtype=np.float64), np.asarray(others, dtype=np.float64)
    if min(len(first), len(second)) == 0:
        return math.nan
    from scipy import stats

    method: Literal["exact", "asymp"] = "exact" if len(first) * len(second) <= _EXACT else "asymp"
    return float(stats.ks_2samp(first, second, method=method).pvalue)


def correlation(
    x: ArrayLike, y: ArrayLike, interval: str = "fisher-z", kind: str = "pearson"
) -> Estimate:
    """Pearson's r of two (n,) arrays, with one of the intervals of `INTERVALS`.

    kind: one of `CORRELATIONS`; Spearman's is Pearson's r of the ranks, whose Fisher interval is
    wider (`spearman_spread`) and whose bootstrap resamples the ranks. Undefined (NaN, not 0) over
    constant or undefined values, or fewer than three of them: two make 1 or -1, whatever they are.
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    n = len(first)
    # NaN is above nothing: one among the values leaves r undefined.
    if n < 3 or not (np.ptp(first) > 0 and np.ptp(second) > 0):
        return Estimate(math.nan, math.nan, math.nan, n)
    if kind == "spearman":
        from scipy import stats

        first, second = stats.rankdata(first), stats.rankdata(second)
    r = min(1.0, max(-1.0, float(np.corrcoef(first, second)[0, 1])))
    if kind == "spearman" and interval == "fisher-z":
        return Estimate(r, *fisher_interval(r, n, spearman_spread(r)), n)
    low, high = INTERVALS[interval](first, second, r)
    return Estimate(r, low, high, n)


def spearman_spread(r: float) -> float:
    """The variance of artanh r over 1/(n-3), for Spearman's r: 1 + r²/2 (Bonett & Wright 2000)."""
    return 1 + r * r / 2


def fisher_interval(r: float, n: int, spread: float = 1.0) -> tuple[float, float]:
    """tanh(artanh r ± z/√(n-3)): the interval that Table 1 prints; undefined below n = 4.

    spread: by which the variance of artanh r exceeds 1/(n-3), for other correlations.
    """
    if n < 4:
        return math.nan, math.nan
    if abs(r) == 1:
        return r, r
    half = Z * math.sqrt(spread / (n - 3))
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def olivoto_interval(r: float, n: int) -> tuple[float, float]:
    """r ± 0.45304^|r| · 2.25152 · n^-0.50089 (Olivoto et al. 2018).

    The paper cites this formula, but Table 1's intervals are Fisher's. It can leave [-1, 1].
    """
    half = 0.45304 ** abs(r) * 2.25152 * n**-0.50089
    return r - half, r + half


def _bca_interval(x: NDArray[Any], y: NDArray[Any], r: float) -> tuple[float, float]:
    if len(x) < 4:
        return math.nan, math.nan
    from scipy import stats

    method = stats.BootstrapMethod(
        n_resamples=BOOTSTRAP_RESAMPLES,
        method="BCa",
        batch=max(1, _MOST_RESAMPLED // len(x)),
        rng=np.random.default_rng(0),
    )
    with warnings.catch_warnings():
        # Of few values a resample may be constant: r is undefined there, and so is the interval.
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        interval = stats.pearsonr(x, y).confidence_interval(CONFIDENCE, method=method)
    return float(interval.low), float(interval.high)


INTERVALS: dict[str, Callable[[NDArray[Any], NDArray[Any], float], tuple[float, float]]] = {
    "fisher-z": lambda x, y, r: fisher_interval(r, len(x)),
    "olivoto": lambda x, y, r: olivoto_interval(r, len(x)),
    "bca": _bca_interval,
}


def compare_counts(count: int, n: int, other_count: int, other_n: int) -> float:
    """p of Fisher's exact test that count of n and other_count of other_n share one probability."""
    if n == 0 or other_n == 0:
        return math.nan
    total = count + other_count
    possible = np.arange(max(0, total - other_n), min(n, total) + 1)
    weights = _log_choose(n, possible) + _log_choose(other_n, total - possible)
    probabilities = special.softmax(weights)
    # Those as improbable as what was seen, or more; equal ones may differ by rounding.
    seen = probabilities[count - possible[0]] * (1 + 1e-7)
    return float(min(1.0, probabilities[probabilities <= seen].sum()))


def _log_choose(n: int, k: NDArray[Any]) -> NDArray[np.float64]:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def compare_means(ours: Estimate, other: float, other_half_width: float) -> float:
    """p of a z test that two means agree, the other known by its 95 % half-width alone."""
    our_error = (ours.high - ours.low) / 2 / float(t_quantile(ours.n - 1))
    error = math.hypot(our_error, other_half_width / Z)
    return _two_sided(ours.value - other, error)


def compare_mean_without_interval(ours: Estimate, other: float, other_n: int) -> float:
    """p of a t test that two means agree, the other's spread taken to be that of our values.

    For means that the paper prints without an interval; NaN below two values of ours, and where
    ours have no spread but another mean.
    """
    if ours.n < 2 or other_n < 1:
        return math.nan
    quantile = float(t_quantile(ours.n - 1))
    spread = (ours.high - ours.low) / 2 / quantile * math.sqrt(ours.n)
    error = spread * math.sqrt(1 / ours.n + 1 / other_n)
    if error == 0:
        return 1.0 if ours.value == other else math.nan
    return float(2 * special.stdtr(ours.n - 1, -abs(ours.value - other) / error))


def compare_correlations(r: float, n: int, other_r: float, other_n: int) -> float:
    """p of a z test on the difference of Fisher's artanh r; NaN below n = 4."""
    if min(n, other_n) < 4 or math.isnan(r) or max(abs(r), abs(other_r)) >= 1:
        return math.nan
    error = math.sqrt(1 / (n - 3) + 1 / (other_n - 3))
    return _two_sided(math.atanh(r) - math.atanh(other_r), error)


def _two_sided(difference: float, error: float) -> float:
    if math.isnan(difference) or math.isnan(error):
        return math.nan
    if error == 0:  # no spread, which is no certainty
        return 1.0 if difference == 0 else math.nan
    return float(2 * special.ndtr(-abs(difference) / error))
