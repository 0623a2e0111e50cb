import numpy as np
import pytest
from scipy import optimize

from modadd.regression import FEATURES, features, linear, logistic, out_of_fold
from modadd.statistics import correlation


def data(n=300, signal=1.0, seed=0):
    generator = np.random.default_rng(seed)
    given = generator.normal(size=(n, 3))
    odds = signal * (given @ [1.0, -2.0, 0.0]) - 1
    return given, odds, (generator.random(n) < 1 / (1 + np.exp(-odds))).astype(float)


def test_logistic_coefficients_are_the_penalised_maximum_of_the_likelihood():
    given, _, labels = data()
    design = np.column_stack([np.ones(len(given)), given])

    def loss(weights):
        odds = design @ weights
        return np.logaddexp(0, odds).sum() - labels @ odds + (weights[1:] ** 2).sum() / 2

    expected = optimize.minimize(loss, np.zeros(4), tol=1e-12).x
    assert logistic(design, labels) == pytest.approx(expected, abs=1e-4)


def test_a_perfect_separation_stays_finite():
    design = np.column_stack([np.ones(20), np.arange(20) - 9.5])
    assert np.isfinite(logistic(design, (np.arange(20) > 9).astype(float))).all()


def test_linear_coefficients_come_back():
    given, odds, _ = data(3000)
    design = np.column_stack([np.ones(len(given)), given])
    assert linear(design, odds) == pytest.approx([-1, 1, -2, 0], abs=1e-2)


def test_held_out_scores_do_not_see_their_own_target():
    given, odds, _ = data(50)
    before = out_of_fold(linear, given, odds)
    odds[7] += 100  # with fold 7: 7, 17, 27, …
    after = out_of_fold(linear, given, odds)
    same = np.isclose(before, after)
    assert same[7::10].all()
    assert not same[[0, 8]].any()


@pytest.mark.parametrize("fit", [linear, logistic])
def test_features_that_tell_nothing_score_as_chance_does(fit):
    found = []
    for seed in range(60):
        given, _, _ = data(200, seed=seed)
        _, _, labels = data(200, seed=seed + 1000)
        found.append(correlation(out_of_fold(fit, given, labels), labels).value)
    assert abs(np.mean(found)) < 3 * np.std(found) / 60**0.5


def test_a_real_signal_is_found_out_of_fold():
    given, odds, labels = data(400)
    assert correlation(out_of_fold(logistic, given, labels), odds).value > 0.98


def test_features_are_finite_even_for_tokens_in_one_place():
    places = np.zeros((2, 7, 2))
    places[0] = np.random.default_rng(0).normal(size=(7, 2))
    assert np.isfinite(features(places)).all()
    assert features(places).shape == (2, len(FEATURES))
