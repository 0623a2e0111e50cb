"""The simulators by kind: a config goes in, a stream of snapshots comes out.

Whoever stores, measures or lists runs goes through this table, so that a new dynamics is one module
with a config, and one entry here.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from modadd.config import Config
from modadd.particles import ParticleConfig, simulate
from modadd.snapshots import Snapshot
from modadd.training import TrainingConfig, train


class Simulator(NamedTuple):
    """run(configs of equal shape, sorted epochs, device) yields a Snapshot for each epoch.

    batch: how many runs to hand over at once; measured, so that a batch at the default sizes stays
    in the processor's cache. schedule: the default for `modadd.snapshots.schedule`. title: what
    people call its runs.
    """

    config: type[Config]
    run: Callable[[Sequence[Any], Sequence[int], str], Iterator[Snapshot]]
    batch: int
    schedule: str
    title: str


SIMULATORS: dict[str, Simulator] = {
    TrainingConfig.kind: Simulator(TrainingConfig, train, 50, "default", "networks"),
    ParticleConfig.kind: Simulator(ParticleConfig, simulate, 25, "all", "particle simulations"),
}
