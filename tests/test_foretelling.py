import numpy as np
import pytest

from modadd.foretelling import BOTH, FEATURES, RANDOM, STILL, TWIN, Ends, foretold, others
from modadd.particles import ParticleConfig, simulate


@pytest.fixture(scope="module")
def arrangements():
    """Starts, middles and ends of 60 simulations, half of which become circles."""
    configs = [ParticleConfig(seed=seed, alignment=2.0) for seed in range(60)]
    return [snapshot.embedding for snapshot in simulate(configs, (0, 20, 100))]


def value(found, predictor, measure):
    chosen = found[(found["predictor"] == predictor) & (found["measure"] == measure)]
    return chosen.iloc[0]


def test_a_twin_that_ends_as_its_network_foretells_everything(arrangements):
    start, _, end = arrangements
    found = foretold(Ends(start, end, end))
    assert value(found, TWIN, "AUC")["value"] == 1
    assert value(found, TWIN, "odds ratio")["value"] == np.inf
    assert value(found, TWIN, "odds ratio")["p"] < 1e-10
    assert value(found, TWIN, "correlation")["value"] == pytest.approx(1)
    assert value(found, TWIN, "distance")["value"] == pytest.approx(0, abs=1e-6)
    assert value(found, TWIN, "pairs' kappa")["value"] == 1
    assert value(found, TWIN, "nearer")["value"] == 1


def test_anothers_twin_foretells_what_chance_does(arrangements):
    start, _, end = arrangements
    found = foretold(Ends(start, others(end), end))
    for predictor in (TWIN, RANDOM):
        area, alike = value(found, predictor, "AUC"), value(found, predictor, "correlation")
        # What chance alone goes beyond once in a thousand: a 95 % interval would miss once in
        # twenty, and which draw it is depends on the engine at hand.
        assert area["p"] > 0.001
        assert abs(np.arctanh(alike["value"])) < 3.3 / np.sqrt(60 - 3)
        assert value(found, predictor, "odds ratio")["p"] > 0.001
        assert abs(value(found, predictor, "pairs' kappa")["value"]) < 0.1
        apart = value(found, predictor, "distance")["value"]
        assert apart > 0.9
        # Distances scatter little there: their mean square is hardly more than their mean's.
        assert apart**2 < value(found, predictor, "distance squared")["value"] < 1.05 * apart**2


def test_nothing_moves_predicts_the_start_itself(arrangements):
    _, middle, end = arrangements
    found = foretold(Ends(end, middle, end))
    assert value(found, STILL, "AUC")["value"] == 1
    assert value(found, STILL, "distance")["value"] == pytest.approx(0, abs=1e-6)
    assert value(found, TWIN, "nearer")["value"] == 0


def test_the_twin_adds_to_features_that_know_nothing(arrangements):
    start, _, end = arrangements
    found = foretold(Ends(start, end, end))
    gained = found[(found["predictor"] == BOTH) & (found["measure"] == "AUC gained")].iloc[0]
    assert gained["value"] > 0.2
    assert gained["p"] < 1e-4
    assert value(found, FEATURES, "AUC")["low"] < 0.6


def test_every_number_has_its_n_and_lies_in_its_interval(arrangements):
    found = foretold(Ends(*arrangements))
    assert (found["n"] == 60).all()
    bounded = found.dropna(subset=["low", "high"])
    assert (bounded["low"] <= bounded["value"] + 1e-12).all()
    assert (bounded["value"] <= bounded["high"] + 1e-12).all()


def test_without_circles_there_is_nothing_to_foretell_of_them():
    configs = [ParticleConfig(seed=seed, alignment=0.5, steps=30) for seed in range(12)]
    start, end = (snapshot.embedding for snapshot in simulate(configs, (0, 30)))
    found = foretold(Ends(start, end, end))
    assert value(found, "network", "network circles")["value"] == 0
    assert np.isnan(value(found, TWIN, "AUC")["value"])
    assert np.isnan(value(found, TWIN, "odds ratio")["value"])
    assert FEATURES not in set(found[found["measure"] == "AUC"]["predictor"])
