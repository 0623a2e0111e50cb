import numpy as np
import pytest

from modadd.task import incidence, pair_count, pairs, split, training_pair_count


def test_the_paper_has_153_pairs_122_of_them_for_training():
    assert pair_count(17) == 153
    assert training_pair_count(17, 0.8) == 122


@pytest.mark.parametrize("modulus", [2, 3, 17, 18])
def test_pairs_are_unordered_and_in_the_order_of_algorithm_2(modulus):
    listed = pairs(modulus)
    expected = [(i, j) for i in range(modulus) for j in range(i, modulus)]
    assert list(zip(listed.first.tolist(), listed.second.tolist(), strict=True)) == expected
    assert listed.residue.tolist() == [(i + j) % modulus for i, j in expected]


def test_a_split_is_a_partition():
    found = split(4, 17, 0.8)
    assert (len(found.training), len(found.validation)) == (122, 31)
    assert sorted([*found.training, *found.validation]) == list(range(153))


def test_every_pair_is_as_likely_to_be_trained_on():
    counts = np.zeros(153)
    for seed in range(500):
        counts[split(seed, 17, 0.8).training] += 1
    expected = 500 * 122 / 153
    spread = np.sqrt(expected * (1 - 122 / 153))
    assert np.abs(counts - expected).max() < 4.5 * spread


@pytest.mark.parametrize(
    ("fraction", "count"), [(0.41, 123), (0.57, 171), (0.8, 240), (0.999, 299)]
)
def test_the_floor_forgives_rounding(fraction, count):
    # Of 300 pairs; 0.41 * 300 is 122.99999999999999 in floating point.
    assert training_pair_count(24, fraction) == count


def test_incidence_counts_a_token_twice_in_its_pair_with_itself():
    counts = incidence(5)
    listed = pairs(5)
    assert counts.sum(axis=1).tolist() == [2.0] * 15
    assert counts[(listed.first == 3) & (listed.second == 3), 3] == 2


def test_shared_arrays_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        pairs(17).residue[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        split(0, 17, 0.8).training[0] = 1
