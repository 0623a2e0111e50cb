"""How far a law is from a gradient: known fields, and networks' own."""

import sqlite3

import numpy as np
import pandas as pd
import pytest
from test_jobs import QUICK, contents, sql

from modadd.curl import (
    FIELDS,
    curl_share,
    fitted_field,
    jacobian,
    law,
    learnt_field,
    true_field,
)
from modadd.law_tables import curl_means
from modadd.learned_law import HATS
from modadd.network import unpack_classifier
from modadd.particles import ParticleConfig
from modadd.training import TrainingConfig, train
from modadd.true_forces import pair_sum_forces, training_pairs


def places(seed=0, modulus=7, dim=2):
    return np.random.default_rng(seed).normal(size=(modulus, dim))


def linear(matrix):
    return lambda x: (x.reshape(len(x), -1) @ matrix.T).reshape(x.shape)


def test_the_jacobian_of_a_linear_field_is_its_matrix():
    matrix = np.random.default_rng(1).normal(size=(14, 14))
    # rounding, 1e-16 of coordinates of some 10, over steps of 1e-8
    np.testing.assert_allclose(jacobian(linear(matrix), places()), matrix, atol=1e-6)


def test_a_rotation_is_all_curl_and_a_gradient_none():
    matrix = np.random.default_rng(1).normal(size=(14, 14))
    assert curl_share(linear(matrix + matrix.T), places()) < 1e-6
    assert curl_share(linear(matrix - matrix.T), places()) == pytest.approx(1)


def test_a_force_that_never_changes_has_no_share():
    assert np.isnan(curl_share(np.zeros_like, places()))


def test_independent_entries_are_half_curl():
    matrix = np.random.default_rng(1).normal(size=(200, 200))
    assert curl_share(linear(matrix), places(modulus=100)) == pytest.approx(0.5**0.5, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("changes", "is_gradient"),
    [
        ({"alignment": 0.0}, True), ({"alignment_form": "potential"}, True), ({}, False),
        ({"alignment_form": "reciprocal"}, False), ({"alignment_form": "same-only"}, False),
    ],
)  # fmt: skip
def test_only_clustering_and_the_potential_form_are_gradients(seed, changes, is_gradient):
    share = curl_share(law(ParticleConfig(**changes)), places(seed))
    assert (share < 1e-6) == is_gradient
    assert is_gradient or share > 0.01


@pytest.fixture(scope="module")
def network():
    """A config, its embedding (token, dim) and classifier after 30 epochs."""
    config = TrainingConfig(epochs=30)
    *_, last = train([config], [30])
    return config, last.embedding[0].astype(np.float64), last.classifier[0]


def test_the_true_force_is_a_gradient_and_a_fitted_alignment_is_not(network):
    config, places, classifier = network
    trained = training_pairs(config)
    assert curl_share(true_field(config, classifier), places) < 1e-6
    clustering = fitted_field(np.array([2.0, 1.0, 0.0, 0.0]), trained)
    assert curl_share(clustering, places) > 0.001  # means over partners: some have more than others
    turned = fitted_field(np.array([0.0, 0.0, 3.0, 2.5]), trained)
    assert curl_share(turned, places) > 0.2


def test_the_true_field_falls_along_the_loss(network):
    config, places, classifier = network
    trained = training_pairs(config)
    sums = (trained.membership @ places)[None]
    forces = pair_sum_forces(sums, trained.residue, unpack_classifier(classifier[None], config))
    np.testing.assert_allclose(
        true_field(config, classifier)(places[None]), trained.membership.T @ forces
    )


def test_a_learnt_constant_is_the_fitted_one(network):
    config, places, _ = network
    trained = training_pairs(config)
    values = np.array([-1.0 if name == "push_same" else 0.0 for name, _ in HATS])
    fitted = fitted_field(np.array([0.0, 1.0, 0.0, 0.0]), trained)
    learnt = learnt_field(values, trained, extent=2.0)
    np.testing.assert_allclose(learnt(places[None]), fitted(places[None]), atol=1e-9)


def test_means_leave_out_what_is_undefined():
    rows = pd.DataFrame(
        [(1.0, 0, "learnt", 0.2), (1.0, 0, "learnt", 0.4), (1.0, 0, "learnt", np.nan)],
        columns=["weight_decay", "epoch", "law", "curl_share"],
    )
    (row,) = curl_means(rows).to_dict("records")
    assert row["n"] == 2
    assert row["value"] == pytest.approx(0.3)
    assert row["low"] < 0.2


def test_the_command_stores_curls_once_and_prints_their_means(modadd):
    modadd("train", *QUICK, "--seeds", "0:2", "--experiment", "mine")
    words = ("curl", "--experiment", "mine", "--epochs", 20)
    status, _, errors = modadd(*words)
    assert status == 2
    assert "run `modadd audit`" in errors
    modadd("audit", "mine", "--epochs", 0)
    status, printed, errors = modadd(*words)
    assert status == 0, errors
    assert sql("SELECT count(*) FROM law_curls") == [(2 * len(FIELDS),)]
    (share,) = sql("SELECT avg(curl_share) FROM law_curls WHERE law = 'paper'")[0]
    assert f"{share:.3f} [" in printed
    assert sql("SELECT max(curl_share) < 1e-6 FROM law_curls WHERE law = 'true force'") == [(1,)]
    before = contents()
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("DELETE FROM law_curls WHERE run_id = 1")
    modadd(*words)
    assert contents() == before
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE law_curls SET curl_share = 0.5")
        connection.execute(
            "UPDATE law_curls SET curl_share = NULL WHERE law = 'learnt' AND run_id = 1"
        )
    printed = modadd(*words)[1]
    assert "0.500 [0.500, 0.500]" in printed  # what is stored is not found again
    assert "0.500 n=1" in printed


def test_no_curl_depends_on_who_is_asked_for_along_with_it(modadd):
    modadd("train", *QUICK, "--seeds", "0:4", "--experiment", "mine")
    modadd("audit", "mine", "--epochs", 0)
    words = ("curl", "--experiment", "mine", "--epochs", 20)
    modadd(*words, "--seeds", 0)
    modadd(*words)
    in_two_steps = contents()
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("DELETE FROM law_curls")
    modadd(*words)
    assert contents() == in_two_steps
