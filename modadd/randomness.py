"""Random numbers from a run's own seed, by a counter-based generator.

Philox with the key (seed, stream): every draw is a function of the seed, the purpose and the
position alone, so it depends neither on the device nor on which runs share a batch. Only Philox's
raw 64-bit output is used, because NumPy promises that it never changes (NEP 19), whereas the
algorithms of `Generator.normal` and friends may.
"""

import threading
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


class Stream(IntEnum):
    """What a draw is for. One stream each, so that no choice shifts the numbers of another.

    ARRANGEMENT serves the network's embedding and the particles' positions alike, both N(0, 1):
    a network and a simulation of the same seed start from the same arrangement.
    """

    SPLIT = 0
    ARRANGEMENT = 1
    HIDDEN_WEIGHT = 2
    HIDDEN_BIAS = 3
    OUTPUT_WEIGHT = 4
    OUTPUT_BIAS = 5
    NULLS = 6
    PERTURBATION = 7


_MOST_STREAMS = 256  # a stream's further draws follow at this distance


class _Kept(threading.local):
    """A generator a thread. A new one would first seed itself from the system's entropy, only to be
    given a key: half of the time of the draws (measured)."""

    def __init__(self) -> None:
        self.generator = np.random.Philox(key=0)


_kept = _Kept()
_START, _EMPTY = np.zeros(4, np.uint64), np.zeros(4, np.uint64)


def _bits(key: NDArray[np.uint64], count: int) -> NDArray[np.uint64]:
    """(count,) the first 64-bit numbers of Philox with that key."""
    _kept.generator.state = {
        "bit_generator": "Philox",
        "state": {"counter": _START, "key": key},
        "buffer": _EMPTY,
        "buffer_pos": len(_EMPTY),  # all of it is used up
        "has_uint32": 0,
        "uinteger": 0,
    }
    return np.atleast_1d(_kept.generator.random_raw(count))


def uniform(seed: int, stream: Stream, count: int, index: int = 0) -> NDArray[np.float64]:
    """(count,) draws from the open interval (0, 1), each with 53 random bits.

    index: which of many independent draws for the same purpose.
    """
    # The full-width key needs a typed array: plain ints above 2**63 would be refused.
    key = np.array([seed, stream + _MOST_STREAMS * index], dtype=np.uint64)
    return ((_bits(key, count) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal(seed: int, stream: Stream, count: int, index: int = 0) -> NDArray[np.float64]:
    """(count,) draws from N(0, 1), by inversion; arguments as `uniform`."""
    return np.asarray(ndtri(uniform(seed, stream, count, index)), dtype=np.float64)


def permutation(seed: int, stream: Stream, count: int) -> NDArray[np.int64]:
    """(count,) a uniformly drawn order of 0 … count - 1."""
    return np.argsort(uniform(seed, stream, count), kind="stable")
