import itertools

import numpy as np
import pytest

from modadd.horizon import best_clock, horizon, matched, path_distances
from modadd.procrustes import fits


def walk(length=12, seed=0):
    steps = np.random.default_rng(seed).normal(size=(length, 7, 2))
    return np.cumsum(np.concatenate([3 * steps[:1], 0.4 * steps[1:]]), axis=0)


def test_distances_of_paths_are_those_of_their_arrangements():
    one, other = walk(3), walk(4, seed=1)
    apart = path_distances(one, other)
    for epoch in range(3):
        np.testing.assert_allclose(apart[epoch], fits(one[epoch], other, relabel=False).residual)


@pytest.mark.parametrize("seed", range(5))
def test_the_clock_is_the_best_of_all_that_never_run_backward(seed):
    apart = np.random.default_rng(seed).random((5, 4))
    clocks = [(0, *c) for c in itertools.combinations_with_replacement(range(4), 4)]
    costs = [sum(apart[epoch, step] for epoch, step in enumerate(clock)) for clock in clocks]
    assert tuple(best_clock(apart)) == clocks[int(np.argmin(costs))]


def test_a_path_seen_at_other_times_is_the_same_path():
    path = walk(20)
    np.testing.assert_allclose(matched(path[[0, 1, 5, 6, 19]], path), 0, atol=1e-6)


def test_a_path_backward_is_not():
    path = walk(20)
    assert matched(path[::-1], path)[1:].mean() > 0.1


def test_a_clock_may_stand_still():
    path = walk(20)
    assert (matched(path, path[:1]) == path_distances(path, path[:1])[:, 0]).all()


def test_the_table_says_who_was_nearer():
    ours, rival = np.array([[0.0, 0.1], [0.0, 0.5]]), np.array([[0.0, 0.2], [0.0, 0.4]])
    found = horizon(np.array([0, 10]), ours, rival, rival).set_index(["epoch", "path"])
    assert found.loc[(10, "nearer"), "value"] == 0.5
    assert found.loc[(10, "twin"), "value"] == pytest.approx(0.3)
    assert (found["n"] == 2).all()
