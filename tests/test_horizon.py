import itertools

import numpy as np
import pytest

from modadd.horizon import best_clock, horizon, matched, path_distances
from modadd.procrustes import fits
from modadd.statistics import proportion


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


def comparison(ours, rival):
    """The rows of epoch 10, by path, from (run,) distances there."""
    ours, rival = (np.stack([np.zeros(len(apart)), apart], axis=1) for apart in (ours, rival))
    found = horizon(np.array([0, 10]), ours, rival, rival)
    return found[found["epoch"] == 10].set_index("path")


def test_the_table_says_who_was_nearer():
    found = comparison([0.1, 0.5], [0.2, 0.4])
    assert found.loc["nearer", "value"] == 0.5
    assert found.loc["twin", "value"] == pytest.approx(0.3)
    assert (found["n"] == 2).all()


def test_a_tie_is_neither_won_nor_lost():
    found = comparison([0.1, 0.3, 0.3, 0.3, 0.4], [0.2, 0.3, 0.3, 0.2, 0.5])
    assert found.loc[["nearer", "tied", "farther"], "value"].tolist() == [0.4, 0.4, 0.2]
    assert (found.loc[["nearer", "tied", "farther"], "n"] == 5).all()
    untied = found.loc["nearer if not tied"]
    assert tuple(untied[["value", "low", "high", "n"]]) == proportion(2, 3)


def test_ties_alone_have_no_interval():
    found = comparison([0.1, 0.3], [0.1, 0.3])
    assert found.loc["tied", "value"] == 1
    untied = found.loc["nearer if not tied"]
    assert untied["n"] == 0
    assert untied[["value", "low", "high"]].isna().all()


def test_where_no_clock_has_moved_the_twin_ties_with_wrong_residues():
    network, twin = walk(20)[:3], walk(20, seed=1)
    shuffled = twin[:, ::-1].copy()
    twin[0] = shuffled[0] = network[0]
    found = comparison(*([matched(network, path)[1]] for path in (twin, shuffled)))
    assert found.loc["tied", "value"] == 1
