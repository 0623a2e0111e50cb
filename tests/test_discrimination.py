import numpy as np
import pytest
from scipy import stats

from modadd.discrimination import (
    area_under_curve,
    chance_corrected,
    compare_areas,
    compare_predictors,
    contingency,
)


def draws(n=400, shift=1.0, seed=0):
    generator = np.random.default_rng(seed)
    actual = generator.random(n) < 0.3
    return generator.normal(size=n) + shift * actual, actual


def test_a_contingency_table_counts_what_was_foretold_and_what_came():
    found = contingency([1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 0])
    assert found[:4] == (2, 1, 1, 3)
    table = [[2, 1], [1, 3]]
    assert found.p == pytest.approx(stats.fisher_exact(table).pvalue)
    assert found.odds_ratio.value == pytest.approx(4.45, abs=0.01)  # R's fisher.test
    assert found.odds_ratio.low < 1 < found.odds_ratio.high


def test_a_table_without_circles_has_no_odds_ratio():
    found = contingency(np.zeros(5), np.ones(5))
    assert np.isnan(found.odds_ratio.value)
    assert found.p == 1


def test_the_area_is_the_share_of_couples_in_the_right_order():
    scores, actual = draws()
    inside, outside = scores[actual][:, None], scores[~actual][None, :]
    expected = ((inside > outside) + 0.5 * (inside == outside)).mean()
    assert area_under_curve(scores, actual).value == pytest.approx(expected)
    assert area_under_curve(np.round(scores), actual).value == pytest.approx(
        stats.mannwhitneyu(np.round(inside.ravel()), np.round(outside.ravel())).statistic
        / (inside.size * outside.size)
    )


def test_the_area_ignores_monotone_changes_of_the_score_and_takes_infinity():
    scores, actual = draws()
    scores[0] = np.inf
    assert area_under_curve(scores, actual) == area_under_curve(np.arctan(scores), actual)


def test_reversed_scores_have_the_rest_of_the_area():
    scores, actual = draws()
    there, back = area_under_curve(scores, actual), area_under_curve(-scores, actual)
    assert back.value == pytest.approx(1 - there.value)
    assert back.low == pytest.approx(1 - there.high)


def test_delongs_interval_holds_the_true_area_19_times_in_20():
    truth = stats.norm.cdf(1 / 2**0.5)  # of two normals a standard deviation apart
    found = [area_under_curve(*draws(120, seed=seed)) for seed in range(200)]
    held = sum(area.low <= truth <= area.high for area in found)
    assert 0.92 <= held / 200 <= 0.98


def test_scores_that_know_nothing_are_told_from_chance_one_time_in_20():
    null = [compare_areas(*_two_nulls(seed)).p < 0.05 for seed in range(200)]
    assert 0.02 <= np.mean(null) <= 0.08


def _two_nulls(seed):
    generator = np.random.default_rng(seed)
    return generator.normal(size=100), generator.normal(size=100), generator.random(100) < 0.4


def test_equal_scores_do_not_differ():
    scores, actual = draws()
    assert compare_areas(scores, 3 * scores, actual) == ((0, 0, 0, 400), 1)


@pytest.mark.parametrize("actual", [np.zeros(6, bool), np.ones(6, bool)])
def test_one_group_alone_has_no_area(actual):
    assert np.isnan(area_under_curve(np.arange(6), actual).value)
    assert np.isnan(compare_areas(np.arange(6), np.ones(6), actual).p)


def test_kappa_is_1_for_copies_and_0_by_chance():
    generator = np.random.default_rng(0)
    some = generator.random((200, 150)) < 0.3
    assert chance_corrected(some, some) == pytest.approx(1)
    other = chance_corrected(some, generator.random((200, 150)) < 0.6)
    assert abs(other.mean()) < 3 * other.std() / 200**0.5
    assert np.isnan(chance_corrected(np.ones((1, 5), bool), np.ones((1, 5), bool)))


def correlated(r, s, both, n, seed=0):
    """(n,) first, second, outcome with exactly these correlations in the sample."""
    draws = np.random.default_rng(seed).normal(size=(3, n))
    draws -= draws.mean(axis=1, keepdims=True)
    white = np.linalg.solve(np.linalg.cholesky(draws @ draws.T), draws)
    wanted = np.linalg.cholesky(np.array([[1, both, r], [both, 1, s], [r, s, 1]]))
    return wanted @ white


def test_correlations_with_one_outcome_are_compared_as_zou_does():
    # Zou (2007), the example of overlapping correlations.
    found, p = compare_predictors(*correlated(0.396, 0.179, 0.088, 66))
    assert found == pytest.approx((0.217, -0.093, 0.517, 66), abs=5e-4)
    assert 0.1 < p < 0.25
    swapped, same = compare_predictors(*correlated(0.179, 0.396, 0.088, 66))
    assert (swapped.low, swapped.high, same) == pytest.approx((-found.high, -found.low, p))


def test_of_predictors_as_good_as_each_other_one_in_twenty_seems_better():
    draw, n = np.random.default_rng(3), 60
    true = np.array([[1, 0.7, 0.5], [0.7, 1, 0.5], [0.5, 0.5, 1]])
    runs = draw.multivariate_normal(np.zeros(3), true, size=(1000, n))
    found = [compare_predictors(*run.T) for run in runs]
    missed = sum(not each.estimate.low < 0 < each.estimate.high for each in found)
    refused = sum(each.p < 0.05 for each in found)
    # 50 expected; four standard deviations of a binomial are 28
    assert abs(missed - 50) < 28
    assert abs(refused - 50) < 28


def test_what_does_not_vary_or_is_the_same_cannot_be_compared():
    first, second, outcome = correlated(0.3, 0.2, 0.1, 20)
    for some in ((first, np.ones(20), outcome), (first, 2 * first, outcome)):
        found = compare_predictors(*some)
        assert np.isnan([found.estimate.low, found.estimate.high, found.p]).all()
    first[:17] = np.nan
    assert compare_predictors(first, second, outcome).estimate.n == 3
