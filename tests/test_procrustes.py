import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import procrustes as scipy_procrustes
from scipy.stats import ortho_group

from modadd.procrustes import fits, overlay, relabellings

EXACT = 1e-7  # √(1 − (…)²) of a perfect fit in float64
shapes = st.tuples(st.sampled_from([3, 5, 8, 17]), st.sampled_from([1, 2, 3]))


def arrangements(runs, tokens=17, dim=2, seed=0):
    return np.random.default_rng(seed).normal(size=(runs, tokens, dim))


def turned(arrangement, seed, *, reflect=False):
    dim = arrangement.shape[1]
    turn = ortho_group.rvs(dim, random_state=seed) if dim > 1 else np.eye(1)
    if (np.linalg.det(turn) < 0) != reflect:
        turn[:, 0] *= -1
    return arrangement @ turn


def circle(tokens, step=1):
    angle = 2 * math.pi * step * np.arange(tokens) / tokens
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def by_brute_force(one, other):
    """The least residual over all relabellings, by scipy's Procrustes."""
    tokens = len(one)
    units = [u for u in range(tokens) if math.gcd(u, tokens) == 1]
    return math.sqrt(
        min(
            scipy_procrustes(one, other[[(u * i + t) % tokens for i in range(tokens)]])[2]
            for u, t in itertools.product(units, range(tokens))
        )
    )


@given(shapes, st.integers(0, 999), st.floats(0.01, 100), st.booleans())
def test_a_copy_turned_scaled_shifted_and_relabelled_leaves_no_residual(
    shape, seed, factor, reflect
):
    one = arrangements(1, *shape, seed)[0]
    labels = relabellings(len(one))
    chosen = labels[seed % len(labels)]
    copy = factor * turned(one, seed, reflect=reflect)[chosen] + 7
    assert fits(one, copy[None]).residual[0] < EXACT
    assert overlay(one, copy).residual < 1e-12


@pytest.mark.parametrize(("tokens", "dim"), [(5, 1), (7, 2), (8, 2), (7, 3), (8, 4)])
def test_the_best_relabelling_is_that_of_a_search_by_scipy(tokens, dim):
    one, *others = arrangements(6, tokens, dim)
    expected = [by_brute_force(one, other) for other in others]
    np.testing.assert_allclose(fits(one, np.array(others)).residual, expected, atol=1e-12)


@given(shapes, st.integers(0, 99))
def test_the_residual_is_symmetric(shape, seed):
    one, other = arrangements(2, *shape, seed)
    there, back = fits(one, other[None]).residual, fits(other, one[None]).residual
    np.testing.assert_allclose(there, back, atol=1e-9)


@given(shapes, st.integers(0, 99))
def test_the_overlay_has_the_residual_and_the_relabelling_of_the_fit(shape, seed):
    one, other = arrangements(2, *shape, seed)
    fit, laid = fits(one, other[None]), overlay(one, other)
    assert laid.residual == pytest.approx(fit.residual[0], abs=EXACT)
    assert (laid.unit, laid.shift) == (fit.unit[0], fit.shift[0])
    assert sorted(laid.tokens) == list(range(len(one)))


def test_the_relabelling_that_was_done_is_found():
    one = arrangements(1)[0]
    labels = relabellings(17)
    copies = np.empty((len(labels), 17, 2))
    for copy, label in zip(copies, labels, strict=True):
        copy[label] = one  # token u·i + t lies where the one's token i does
    found = fits(one, copies)
    assert np.array_equal(found.unit, (labels[:, 1] - labels[:, 0]) % 17)
    assert np.array_equal(found.shift, labels[:, 0])


def test_a_circle_in_any_order_of_steps_is_the_same_circle():
    others = np.stack([circle(17, step) for step in range(1, 17)])
    assert fits(circle(17), others).residual.max() < EXACT
    assert fits(circle(17), others, relabel=False).residual[2] > 0.9


def test_of_relabellings_that_fit_alike_the_first_is_taken():
    # A turn of the circle is a relabelling too: all of them fit, the identity is named.
    found = fits(circle(17), turned(circle(17), 3)[None])
    assert (found.unit[0], found.shift[0]) == (1, 0)


def test_a_known_residual():
    # Of three points on a line against an equilateral triangle, both of mean 0 and norm 1, the best
    # match explains half of the variance.
    line = np.array([[-1.0, 0], [0, 0], [1, 0]])
    assert fits(circle(3), line[None]).residual[0] == pytest.approx(math.sqrt(1 / 2))


def test_relabelling_never_makes_a_fit_worse():
    one, *others = arrangements(50)
    own = fits(one, np.array(others), relabel=False).residual
    best = fits(one, np.array(others))
    assert (best.residual <= own + 1e-12).all()
    np.testing.assert_allclose(best.unlabelled, own, atol=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_a_batch_is_as_one_at_a_time(dim):
    one, *others = arrangements(700, dim=dim)
    together = fits(one, np.array(others))
    alone = [fits(one, other[None]) for other in others[::50]]
    np.testing.assert_allclose(together.residual[::50], [fit.residual[0] for fit in alone], 1e-12)
    assert [fit.unit[0] for fit in alone] == together.unit[::50].tolist()


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_arrangements_without_extent_or_not_finite_are_undefined_and_disturb_no_others(dim):
    one, good = arrangements(2, dim=dim)
    broken = np.full_like(one, np.nan)
    residual = fits(one, np.array([np.ones_like(one), broken, good, broken * np.inf])).residual
    assert np.isnan(residual).tolist() == [True, True, False, True]
    assert residual[2] == pytest.approx(fits(one, good[None]).residual[0])
    with pytest.raises(ValueError, match="tokens that differ in place"):
        overlay(one, broken)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_huge_and_tiny_arrangements_are_no_trouble(factor):
    one = arrangements(1)[0]
    assert fits(one, factor * one[None]).residual[0] < EXACT


def test_one_token_has_no_extent():
    assert np.isnan(fits(np.ones((1, 2)), np.ones((1, 1, 2))).residual[0])


@pytest.mark.parametrize("modulus", [1, 2, 8, 17])
def test_relabellings_are_distinct_and_keep_equal_pair_sums_equal(modulus):
    labels = relabellings(modulus)
    units = sum(math.gcd(unit, modulus) == 1 for unit in range(modulus))
    assert len(np.unique(labels, axis=0)) == len(labels) == modulus * units
    assert labels[0].tolist() == list(range(modulus))
    sums = (labels[:, :, None] + labels[:, None, :]) % modulus
    for i, j, k in itertools.product(range(modulus), repeat=3):
        if modulus <= 8:
            assert np.array_equal(sums[:, i, j], sums[:, (i + k) % modulus, (j - k) % modulus])


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"others must be \(run, \*\(17, 2\)\)"):
        fits(arrangements(1)[0], arrangements(3, tokens=16))
