"""The simulators by kind: a config goes in, a stream of snapshots comes out.

Whoever stores, measures or lists runs goes through this table, so that a new dynamics is one module
with a config, and one entry here.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from modadd import particles, training
from modadd.config import Config
from modadd.particles import ParticleConfig, simulate
from modadd.snapshots import Snapshot
from modadd.training import TrainingConfig, train


class Simulator(NamedTuple):
    """run(configs of equal shape, sorted epochs, device) yields a Snapshot for each epoch.

    numbers: how many numbers one run of a config works on in a step, and stores in a snapshot;
    from these the jobs choose how many runs share a batch. has_classifier: whether its snapshots
    have parameters behind the arrangement. schedule: the default for
    `modadd.snapshots.schedule`. title: what people call its runs.
    """

    config: type[Config]
    run: Callable[[Sequence[Any], Sequence[int], str], Iterator[Snapshot]]
    numbers: Callable[[Any], tuple[int, int]]
    has_classifier: bool
    schedule: str
    title: str


SIMULATORS: dict[str, Simulator] = {
    TrainingConfig.kind: Simulator(
        config=TrainingConfig,
        run=train,
        numbers=training.numbers,
        has_classifier=True,
        schedule="default",
        title="networks",
    ),
    ParticleConfig.kind: Simulator(
        config=ParticleConfig,
        run=simulate,
        numbers=particles.numbers,
        has_classifier=False,
        schedule="all",
        title="particle simulations",
    ),
}
