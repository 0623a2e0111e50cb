import numpy as np
import pytest

from modadd.curl import curl_share, jacobian, law
from modadd.particles import ParticleConfig


def places(seed=0, modulus=7, dim=2):
    return np.random.default_rng(seed).normal(size=(modulus, dim))


def linear(matrix):
    return lambda x: (x.reshape(len(x), -1) @ matrix.T).reshape(x.shape)


def test_the_jacobian_of_a_linear_field_is_its_matrix():
    matrix = np.random.default_rng(1).normal(size=(14, 14))
    np.testing.assert_allclose(jacobian(linear(matrix), places()), matrix, atol=1e-8)


def test_a_rotation_is_all_curl_and_a_gradient_none():
    matrix = np.random.default_rng(1).normal(size=(14, 14))
    assert curl_share(linear(matrix + matrix.T), places()) < 1e-8
    assert curl_share(linear(matrix - matrix.T), places()) == pytest.approx(1)


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
