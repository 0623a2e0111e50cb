from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from modadd.randomness import Stream, normal, permutation, uniform


def test_draws_are_frozen_for_ever():
    # Stored runs can be recomputed only as long as these numbers stand.
    drawn = uniform(17, Stream.ARRANGEMENT, 3)
    assert drawn.tolist() == [0.5916075407464512, 0.6064914962347832, 0.7824192485711772]


def test_a_longer_draw_begins_with_the_shorter_one():
    assert np.array_equal(normal(5, Stream.SPLIT, 3), normal(5, Stream.SPLIT, 100)[:3])


@pytest.mark.parametrize("other", [(1, Stream.HIDDEN_WEIGHT), (2, Stream.ARRANGEMENT)])
def test_seeds_and_streams_do_not_share_numbers(other):
    ours, theirs = uniform(1, Stream.ARRANGEMENT, 1000), uniform(*other, 1000)
    assert not np.intersect1d(ours, theirs).size
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.1


def test_draws_have_their_distributions():
    assert stats.kstest(uniform(3, Stream.SPLIT, 20_000), "uniform").pvalue > 0.01
    assert stats.kstest(normal(3, Stream.SPLIT, 20_000), "norm").pvalue > 0.01


def test_first_draws_of_consecutive_seeds_are_independent():
    first = np.array([uniform(seed, Stream.SPLIT, 1)[0] for seed in range(2000)])
    assert stats.kstest(first, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.05


def test_the_largest_seed_draws_too():
    assert 0 < uniform(2**53, Stream.SPLIT, 1)[0] < 1


def test_a_permutation_holds_every_index_once():
    assert sorted(permutation(9, Stream.SPLIT, 153)) == list(range(153))


def test_draws_are_those_of_a_generator_of_their_own_on_any_thread():
    def drawn_anew(seed):
        key = np.array([seed, Stream.NULLS + 256 * 3], dtype=np.uint64)
        bits = np.random.Philox(key=key).random_raw(1000) >> np.uint64(11)
        return (bits.astype(np.float64) + 0.5) * 2.0**-53

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: uniform(seed, Stream.NULLS, 1000, 3), range(400)))
    assert all(np.array_equal(one, drawn_anew(seed)) for seed, one in enumerate(found))
