"""The simulators by kind: a config goes in, a stream of snapshots comes out.

Whoever stores, measures or lists runs goes through this table, so that a new dynamics is one module
with a config, and one entry here.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from modadd import particles, training
from modadd.branches import BranchConfig, train_branches
from modadd.config import Config
from modadd.particles import ParticleConfig, simulate
from modadd.snapshots import Snapshot
from modadd.training import TrainingConfig, train
from modadd.twins import TwinConfig


class Simulator(NamedTuple):
    """run(configs of equal shape, sorted epochs, device) yields a Snapshot for each epoch.

    numbers: how many numbers one run of a config works on in a step, and stores in a snapshot;
    step_seconds: about what a step takes one core. From these the jobs choose how many runs share
    a batch. kernel_serves: whether the compiled kernel computes a config on a device, a run at a
    time, or torch does. has_classifier: whether
    its snapshots have parameters behind the arrangement. schedule: the default for
    `modadd.snapshots.schedule`. title: what people call its runs. origin: for runs that begin
    where a stored run was, that run's identity and the epoch, by config; whoever has the store
    hands that snapshot to `run` as `start`. dynamics: the kind that such runs go on like.
    """

    config: type[Config]
    run: Callable[..., Iterator[Snapshot]]
    numbers: Callable[[Any], tuple[int, int]]
    step_seconds: Callable[[Any], float]
    kernel_serves: Callable[[Any, str], bool]
    has_classifier: bool
    schedule: str
    title: str
    origin: Callable[[Any], tuple[str, int]] | None = None
    dynamics: str | None = None


SIMULATORS: dict[str, Simulator] = {
    TrainingConfig.kind: Simulator(
        config=TrainingConfig,
        run=train,
        numbers=training.numbers,
        step_seconds=training.step_seconds,
        kernel_serves=training.kernel_serves,
        has_classifier=True,
        schedule="default",
        title="networks",
    ),
    ParticleConfig.kind: Simulator(
        config=ParticleConfig,
        run=simulate,
        numbers=particles.numbers,
        step_seconds=particles.step_seconds,
        kernel_serves=particles.kernel_serves,
        has_classifier=False,
        schedule="all",
        title="particle simulations",
    ),
    TwinConfig.kind: Simulator(
        config=TwinConfig,
        run=simulate,
        numbers=particles.numbers,
        step_seconds=particles.step_seconds,
        kernel_serves=particles.kernel_serves,
        has_classifier=False,
        schedule="final",
        title="twins of networks",
        origin=operator.attrgetter("network", "network_epoch"),
        dynamics=ParticleConfig.kind,
    ),
    BranchConfig.kind: Simulator(
        config=BranchConfig,
        run=train_branches,
        numbers=training.numbers,
        step_seconds=training.step_seconds,
        kernel_serves=training.kernel_serves,
        has_classifier=True,
        schedule="final",
        title="branches of networks",
        origin=operator.attrgetter("network", "network_epoch"),
        dynamics=TrainingConfig.kind,
    ),
}
