"""How long a twin keeps its network company: paths matched by the best monotone map of their times.

A simulation's step is no epoch. The paths are compared under the most favourable clock that never
runs backward: each of the network's epochs is matched with a step, steps do not decrease, and the
sum of the Procrustes distances (labels held fixed) is the least that dynamic programming can find.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modadd.particles import ParticleConfig, simulate
from modadd.procrustes import distances
from modadd.randomness import Stream, permutation
from modadd.snapshots import Floats, Snapshot
from modadd.statistics import mean, proportion


def path_distances(network: Floats, twin: Floats) -> NDArray[np.float64]:
    """(epoch, step) Procrustes distances between two paths, (epoch, token, dim) and (step, token,
    dim)."""
    epochs, steps = len(network), len(twin)
    apart = distances(np.repeat(network, steps, axis=0), np.tile(twin, (epochs, 1, 1)))
    return apart.reshape(epochs, steps)


def best_clock(apart: NDArray[np.float64]) -> NDArray[np.int64]:
    """(epoch,) the step that each epoch is matched with: non-decreasing, beginning at step 0, with
    the least sum of the distances (epoch, step)."""
    epochs, steps = apart.shape
    least = np.full((epochs, steps), np.inf)
    least[0, 0] = apart[0, 0]
    for epoch in range(1, epochs):
        least[epoch] = apart[epoch] + np.minimum.accumulate(least[epoch - 1])
    clock = np.empty(epochs, dtype=np.int64)
    reach = steps
    for epoch in range(epochs - 1, -1, -1):
        clock[epoch] = int(least[epoch, :reach].argmin())
        reach = clock[epoch] + 1
    return clock


def matched(network: Floats, twin: Floats) -> NDArray[np.float64]:
    """(epoch,) how far the twin is from its network at each epoch, by the best clock."""
    apart = path_distances(network, twin)
    return np.asarray(apart[np.arange(len(apart)), best_clock(apart)])


def company(
    epochs: NDArray[np.int64],
    courses: Sequence[Floats],
    own: Sequence[Floats],
    rivals: Sequence[Floats],
) -> pd.DataFrame:
    """As `horizon`, of networks' courses (epoch, token, dim), their twins' paths (step, token, dim)
    and those of rivals, from the same start each."""
    ours = [matched(course, path) for course, path in zip(courses, own, strict=True)]
    others = [matched(course, path) for course, path in zip(courses, rivals, strict=True)]
    still = [distances(course, np.repeat(course[:1], len(course), axis=0)) for course in courses]
    return horizon(epochs, np.array(ours), np.array(still), np.array(others))


def paths(configs: Sequence[ParticleConfig], start: Floats) -> list[Floats]:
    """(step, token, dim) every step of each simulation from `start` (run, token, dim)."""
    every = range(configs[0].length + 1)
    stream = simulate(configs, every, start=Snapshot(tuple(configs), 0, start))
    return list(np.stack([snapshot.embedding for snapshot in stream], axis=1))


def wrong_residues(configs: Sequence[ParticleConfig], start: Floats) -> list[Floats]:
    """The `paths` under the same law from the same start, had the tokens other residues."""
    order = [permutation(config.seed, Stream.NULLS, config.modulus) for config in configs]
    moved = np.stack([places[tokens] for places, tokens in zip(start, order, strict=True)])
    found = paths(configs, moved)
    return [path[:, np.argsort(tokens)] for path, tokens in zip(found, order, strict=True)]


def horizon(
    epochs: NDArray[np.int64],
    ours: NDArray[np.float64],
    still: NDArray[np.float64],
    rival: NDArray[np.float64],
) -> pd.DataFrame:
    """A row an epoch and path: epoch, path, value, low, high, n; distances are (run, epoch).

    ours: of the twins, rival: of paths with as free a clock that know nothing of the residues,
    each by `matched`; still: of the embedding that they begin at. The paths `nearer`, `tied` and
    `farther` are the shares of networks that the twin is so to, compared with the rival. They tie
    where both clocks still stand at step 0, which the two share: that says nothing of the law, so
    `nearer if not tied` is the share of the others, NaN where there are none.
    """
    rows = []
    for place, epoch in enumerate(epochs.tolist()):
        twin, other = ours[:, place], rival[:, place]
        named = {"twin": twin, "nothing moves": still[:, place], "wrong residues": other}
        for path, apart in named.items():
            rows.append((epoch, path, *mean(apart)))
        outcomes = {"nearer": twin < other, "tied": twin == other, "farther": twin > other}
        counts = {name: int(came.sum()) for name, came in outcomes.items()}
        for name, count in counts.items():
            rows.append((epoch, name, *proportion(count, len(twin))))
        untied = counts["nearer"] + counts["farther"]
        rows.append((epoch, "nearer if not tied", *proportion(counts["nearer"], untied)))
    return pd.DataFrame(rows, columns=["epoch", "path", "value", "low", "high", "n"])
