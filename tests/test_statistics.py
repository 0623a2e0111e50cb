import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from modadd import paper, statistics


@pytest.mark.parametrize("row", paper.TABLE_1.values())
def test_fisher_z_is_the_interval_that_table_1_prints(row):
    cell = row["correlation"]
    low, high = statistics.fisher_interval(cell.value, cell.n)
    assert (round(low, 2), round(high, 2)) == (cell.low, cell.high)


def test_the_cited_formula_is_not():
    low, high = statistics.olivoto_interval(-0.92, 100)
    assert (round(low, 2), round(high, 2)) == (-1.03, -0.81)


@pytest.mark.parametrize(("count", "low", "high"), [(18, 11.7, 26.7), (17, 10.9, 25.5)])
def test_wilson_intervals_of_the_papers_circles(count, low, high):
    estimate = statistics.proportion(count, 100)
    assert (round(100 * estimate.low, 1), round(100 * estimate.high, 1)) == (low, high)


@given(st.integers(0, 60), st.integers(0, 60))
def test_wilson_intervals_are_scipys(count, others):
    n = max(count + others, 1)
    theirs = stats.binomtest(count, n).proportion_ci(0.95, method="wilson")
    ours = statistics.proportion(count, n)
    assert ours == pytest.approx((count / n, *theirs, n), abs=1e-12)
    assert ours.low <= ours.value <= ours.high


def sample(n, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    return x, 0.5 * x + generator.normal(size=n)


def test_mean_is_students_interval():
    x, _ = sample(30)
    ours = statistics.mean(x)
    theirs = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert ours.n == 30


def test_correlation_is_scipys():
    x, y = sample(40)
    theirs = stats.pearsonr(x, y)
    interval = theirs.confidence_interval(0.95)
    ours = statistics.correlation(x, y)
    assert ours == pytest.approx((theirs.statistic, interval.low, interval.high, 40))


def test_bca_interval_holds_the_truth_about_as_often_as_it_says():
    # 60 samples of n = 40 with true r = 1/√5: 95 % coverage leaves fewer than 10 outside.
    truth = 0.5 / math.sqrt(1.25)
    missed = 0
    for seed in range(60):
        estimate = statistics.correlation(*sample(40, seed), "bca")
        missed += not estimate.low <= truth <= estimate.high
    assert missed < 10


def test_bca_is_the_same_every_time():
    assert statistics.correlation(*sample(20), "bca") == statistics.correlation(*sample(20), "bca")


@pytest.mark.parametrize("interval", statistics.INTERVALS)
def test_a_correlation_over_constant_values_is_undefined_not_zero(interval):
    x, _ = sample(10)
    estimate = statistics.correlation(x, np.ones(10), interval)
    assert math.isnan(estimate.value)
    assert math.isnan(estimate.low)
    assert estimate.n == 10


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_values_have_no_interval(n):
    assert math.isnan(statistics.mean(np.ones(n)).low)
    assert math.isnan(statistics.correlation(np.ones(n), np.ones(n)).value)
    assert math.isnan(statistics.proportion(0, 0).value)


def test_three_points_have_a_correlation_but_no_interval():
    estimate = statistics.correlation([1, 2, 3], [1, 2, 4])
    assert estimate.value == pytest.approx(0.98198, abs=1e-5)
    assert math.isnan(estimate.low)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 100))
def test_comparing_counts_is_fishers_exact_test(count, more, other):
    n = count + more
    expected = stats.fisher_exact([[count, n - count], [other, 100 - other]]).pvalue
    assert statistics.compare_counts(count, n, other, 100) == pytest.approx(expected)


def test_comparing_with_a_printed_interval_uses_its_half_width():
    # Known standard errors 1 and 1.5: z = 3 / √3.25.
    n = 10_000
    ours = statistics.Estimate(10.0, 10 - statistics.Z, 10 + statistics.Z, n)
    p = statistics.compare_means(ours, 13.0, 1.5 * statistics.Z)
    assert p == pytest.approx(2 * stats.norm.sf(3 / math.sqrt(3.25)), rel=1e-3)


def test_comparing_without_a_printed_interval_borrows_our_spread():
    x, _ = sample(50)
    p = statistics.compare_mean_without_interval(statistics.mean(x), 0.4, 12)
    error = x.std(ddof=1) * math.sqrt(1 / 50 + 1 / 12)
    assert p == pytest.approx(2 * stats.t.sf(abs(x.mean() - 0.4) / error, 49))


def test_comparing_correlations_is_a_z_test_on_artanh():
    p = statistics.compare_correlations(-0.71, 81, -0.64, 82)
    z = (math.atanh(-0.71) - math.atanh(-0.64)) / math.sqrt(1 / 78 + 1 / 79)
    assert p == pytest.approx(2 * stats.norm.sf(abs(z)))


def test_what_cannot_be_compared_has_no_p():
    nothing = statistics.mean([])
    assert math.isnan(statistics.compare_mean_without_interval(nothing, 1.0, 10))
    assert math.isnan(statistics.compare_counts(0, 0, 1, 10))
    assert math.isnan(statistics.compare_correlations(math.nan, 10, 0.5, 10))
    assert math.isnan(statistics.compare_correlations(1.0, 10, 0.5, 10))


def test_many_means_and_proportions_at_once_have_the_intervals_of_each():
    samples = [sample(n, seed=n)[0] for n in (1, 2, 3, 30, 500)]
    one_by_one = [statistics.mean(values) for values in samples]
    n = np.array([len(values) for values in samples])
    deviations = np.array([values.std(ddof=1) if len(values) > 1 else np.nan for values in samples])
    low, high = statistics.means(n, np.array([e.value for e in one_by_one]), deviations)
    np.testing.assert_allclose(low, [e.low for e in one_by_one])
    np.testing.assert_allclose(high, [e.high for e in one_by_one])

    counts, totals = np.array([0, 0, 1, 17, 100, 3]), np.array([0, 5, 1, 100, 100, 10_000])
    shares = [statistics.proportion(*each) for each in zip(counts, totals, strict=True)]
    low, high = statistics.proportions(counts, totals)
    np.testing.assert_allclose(low, [e.low for e in shares], atol=1e-12)
    np.testing.assert_allclose(high, [e.high for e in shares], atol=1e-12)


def test_a_distribution_is_its_distinct_values_with_the_share_at_or_below_each():
    values, shares, half = statistics.distribution([3, 1, 1, 2])
    assert values.tolist() == [1, 2, 3]
    assert shares.tolist() == [0.5, 0.75, 1]
    assert half == pytest.approx(math.sqrt(math.log(40) / 8))
    assert math.isnan(statistics.distribution([])[2])


def test_the_band_of_a_distribution_holds_the_true_one_nineteen_times_in_twenty():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        values, shares, half = statistics.distribution(generator.random(50))
        held += bool(np.abs(shares - values).max() <= half)
    assert held / 400 > 0.93


def test_distributions_that_differ_in_spread_alone_differ():
    x, _ = sample(500)
    assert statistics.compare_distributions(x, 2 * sample(500, seed=1)[0]) < 1e-4
    assert statistics.compare_distributions(x, x) == 1
    assert math.isnan(statistics.compare_distributions(x, []))
    # The two most distant of the 6 orders of two and two values that are equally likely: 2/6.
    assert statistics.compare_distributions([1, 2], [3, 4]) == pytest.approx(1 / 3)
    assert statistics.compare_distributions([1], [2]) == 1


def test_spearman_is_scipys_and_ignores_monotonous_maps():
    x, y = sample(40)
    ours = statistics.correlation(x, y, kind="spearman")
    assert ours.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert statistics.correlation(np.exp(x), y**3, kind="spearman") == pytest.approx(ours)


def test_spearmans_interval_is_bonett_and_wrights():
    x, y = sample(40)
    ours = statistics.correlation(x, y, kind="spearman")
    half = statistics.Z * math.sqrt((1 + ours.value**2 / 2) / 37)
    assert math.atanh(ours.high) - math.atanh(ours.value) == pytest.approx(half)


def test_spearmans_interval_holds_the_truth_about_as_often_as_it_says():
    # Of normal values with Pearson's r, Spearman's is 6/π · asin(r/2).
    truth = 6 / math.pi * math.asin(0.5 / math.sqrt(1.25) / 2)
    found = [statistics.correlation(*sample(40, seed), kind="spearman") for seed in range(400)]
    missed = sum(not estimate.low <= truth <= estimate.high for estimate in found)
    assert 8 <= missed <= 36  # 20 expected, standard deviation 4.4


def test_the_bootstraps_interval_does_not_hang_on_how_it_is_batched(monkeypatch):
    whole = statistics.correlation(*sample(50), "bca")
    monkeypatch.setattr(statistics, "_MOST_RESAMPLED", 1000)
    assert statistics.correlation(*sample(50), "bca") == pytest.approx(whole, abs=0.03)


def test_a_perfect_correlation_is_its_own_interval():
    assert statistics.fisher_interval(1.0, 10) == (1.0, 1.0)
    assert statistics.fisher_interval(-1.0, 10) == (-1.0, -1.0)


def test_olivotos_half_width_is_the_printed_formula():
    x, y = sample(1000)
    ours = statistics.correlation(x, y, "olivoto")
    half = 0.45304**ours.value * 2.25152 * 1000**-0.50089
    assert (ours.low, ours.high) == pytest.approx((ours.value - half, ours.value + half), rel=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("x", "y", "r"),
    [
        ([0, 0, 0, 0, 1], [1, 2, 3, 4, 9], 0.93),  # some of its resamples are constant
        ([1, 2, 3], [1, 2, 3], 1),
    ],
)
def test_a_bootstrap_of_few_values_is_undefined_without_a_warning(x, y, r):
    found = statistics.correlation(x, y, "bca")
    assert found.value == pytest.approx(r, abs=0.01)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("kind", statistics.CORRELATIONS)
@pytest.mark.parametrize("interval", statistics.INTERVALS)
def test_two_points_have_no_correlation(kind, interval):
    found = statistics.correlation([1, 5], [9, 1], interval, kind)
    assert np.isnan(found[:3]).all()
    assert found.n == 2


def test_the_bootstrap_is_scipys_bca():
    x, y = sample(25)
    resampled = stats.BootstrapMethod(
        n_resamples=statistics.BOOTSTRAP_RESAMPLES, method="BCa", rng=np.random.default_rng(0)
    )
    theirs = stats.pearsonr(x, y).confidence_interval(0.95, method=resampled)
    ours = statistics.correlation(x, y, "bca")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert math.isnan(statistics.correlation(x[:3], y[:3], "bca").low)


def test_either_side_may_be_constant_or_perfect_or_too_few():
    x, _ = sample(10)
    assert math.isnan(statistics.correlation(np.ones(10), x).value)
    assert math.isnan(statistics.compare_correlations(0.5, 10, 0.5, 3))
    assert math.isnan(statistics.compare_correlations(0.5, 10, 1.0, 10))


def test_what_does_not_vary_is_equal_or_cannot_be_tested():
    constant = statistics.mean([1.0, 1.0, 1.0])
    for other, p in ((1.0, 1.0), (2.0, math.nan)):
        found = (
            statistics.compare_means(constant, other, 0.0),
            statistics.compare_mean_without_interval(constant, other, 5),
        )
        assert found == pytest.approx((p, p), nan_ok=True)


@pytest.mark.parametrize(("n", "other_n"), [(7, 7), (20, 20), (2, 8), (2, 14), (6, 18)])
def test_equally_improbable_counts_belong_to_the_p_of_fishers_test(n, other_n):
    for count in range(n + 1):
        for other in range(other_n + 1):
            expected = stats.fisher_exact([[count, n - count], [other, other_n - other]]).pvalue
            found = statistics.compare_counts(count, n, other, other_n)
            assert found == pytest.approx(expected)
