"""The task (Sec. 3): unordered pairs of tokens, their modular sums, and the split by seed."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modadd.randomness import Stream, permutation


class Pairs(NamedTuple):
    """All P = N(N+1)/2 unordered pairs (i ≤ j) in the order of Algorithm 2's list.

    first, second: (pair,) tokens i and j. residue: (pair,) the target (i + j) mod N.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    residue: NDArray[np.int64]


@lru_cache(maxsize=64)
def pairs(modulus: int) -> Pairs:
    """The pairs of a modulus N ≥ 1; the arrays are read-only, since they are shared."""
    first, second = np.triu_indices(modulus)
    found = Pairs(first, second, (first + second) % modulus)
    for array in found:
        array.setflags(write=False)
    return found


def pair_count(modulus: int) -> int:
    """P = N(N+1)/2, with (i, i) included."""
    return modulus * (modulus + 1) // 2


def training_pair_count(modulus: int, train_fraction: float) -> int:
    """floor(train_fraction · P), 122 of 153 for the paper's values.

    The floor forgives rounding below 1e-9, so that 0.29 of 100 pairs is 29.
    """
    return math.floor(train_fraction * pair_count(modulus) + 1e-9)


class Split(NamedTuple):
    """Indices into `pairs(modulus)`, each sorted: (training pair,) and (validation pair,)."""

    training: NDArray[np.int64]
    validation: NDArray[np.int64]


@lru_cache(maxsize=4096)
def split(seed: int, modulus: int, train_fraction: float) -> Split:
    """The seed's split: training pairs drawn uniformly without replacement, the rest validate.

    The arrays are read-only, since they are shared.
    """
    order = permutation(seed, Stream.SPLIT, pair_count(modulus))
    count = training_pair_count(modulus, train_fraction)
    found = Split(np.sort(order[:count]), np.sort(order[count:]))
    for array in found:
        array.setflags(write=False)
    return found


def pair_sums(arrangement: Any) -> Any:
    """(run, pair, dim) x_ij = E_i + E_j of all pairs, for an arrangement (run, token, dim).

    Of NumPy arrays and torch tensors alike.
    """
    first, second, _ = pairs(arrangement.shape[1])
    # Copies, because torch warns of arrays that cannot be written.
    return arrangement[:, first.copy()] + arrangement[:, second.copy()]


def incidence(modulus: int) -> NDArray[np.float64]:
    """(pair, token) how often a token stands in a pair: 0, 1, or 2 for (i, i).

    `incidence @ embedding` is the pair sums; the transpose hands a pair's force to its tokens.
    """
    listed = pairs(modulus)
    counts = np.zeros((pair_count(modulus), modulus))
    index = np.arange(len(counts))
    np.add.at(counts, (index, listed.first), 1.0)
    np.add.at(counts, (index, listed.second), 1.0)
    return counts
