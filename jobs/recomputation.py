"""Stored runs, computed again from nothing but their config, and compared.

On the machine and by the engine that a run was computed with, it comes out bit for bit. Others
round differently, and training is chaotic: a difference in the last digit grows until the two have
nothing in common but their distribution. So other machines are held to the beginning alone
(`EARLY`, `LEAP`; the measured figures are in the README).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from db.whole_runs import WholeRun, whole_runs
from jobs.compute import Chunk, compute
from jobs.starts import check_starts, with_start
from jobs.verification import config_of, numbers, series_faults
from modadd.config import Config, ConfigError
from modadd.simulators import SIMULATORS
from modadd.snapshots import schedule

EARLY = 10  # epochs, or steps
TOLERANCE = 1e-3  # of the arrangement's largest coordinate: what counts as rounding
# A slope near 0 may change its sign by rounding, and Adam makes a whole step of it: of 1000
# networks by two engines one was 0.003 apart at epoch 10. What another config gives is far more.
LEAP = 0.05


class Comparison(NamedTuple):
    """A stored run beside its recomputation. distances: (snapshot,) the largest difference of a
    coordinate, in units of the largest coordinate; 0 is bit for bit, parameters included.
    by_kernel: which engine computed it again. faults: of the metrics of a run that is equal, also
    of those that its stored arrays alone do not give."""

    run: WholeRun
    by_kernel: bool
    epochs: NDArray[np.int64]
    distances: NDArray[np.float64]
    faults: Sequence[str] = ()

    @property
    def equal(self) -> bool:
        return not self.distances.any()

    @property
    def origin(self) -> tuple[int, bool]:
        """The job and the engine: releases differ in which sizes they leave to the kernel."""
        return self.run.job_id, self.by_kernel

    @property
    def agrees_to(self) -> int:
        """The last epoch up to which no distance exceeds the tolerance; -1 if it is none."""
        agree = np.logical_and.accumulate(self.distances <= TOLERANCE)
        return int(self.epochs[agree][-1]) if agree[0] else -1


def evenly(run_ids: Sequence[int], count: int) -> list[int]:
    """`count` of the runs, spread over all, first and last among them; all if there are fewer."""
    places = np.unique(np.linspace(0, len(run_ids) - 1, min(count, len(run_ids))).round())
    return [run_ids[int(place)] for place in places]


def recompute(
    engine: Engine, connection: Connection, wanted: Sequence[int]
) -> Iterator[Comparison | str]:
    """Compute runs again, one at a time; or why one cannot be: the snapshot that it began at is
    gone."""
    for run in whole_runs(connection, wanted):
        config = config_of(run)
        try:
            check_starts(engine, run.kind, [config])
        except ConfigError as error:
            yield f"run {run.run_id}: it cannot be computed again: {error}"
        else:
            yield _compared(engine, run, config)


def _compared(engine: Engine, run: WholeRun, config: Config) -> Comparison:
    chunk = Chunk(
        kind=run.kind,
        configs=(config,),
        epochs=schedule(run.schedule, config.length),
        schedule=run.schedule,
        parameters=run.kept_parameters,
        device="cpu",
    )
    (again,) = compute(with_start(engine, chunk))
    embeddings = again.embeddings.reshape(len(again.epochs), -1)
    distances = _distances(numbers(run.snapshots), embeddings)
    if run.classifiers and len(again.classifiers):
        behind = _distances(numbers(run.classifiers), again.classifiers)
        last = slice(len(distances) - len(behind), None)
        distances[last] = np.maximum(distances[last], behind)
    if len(again.epochs) != len(run.snapshots):
        distances[-1] = np.inf  # one of the two diverged before the other
    by_kernel = SIMULATORS[run.kind].kernel_serves(config, chunk.device)
    wrong = () if distances.any() else tuple(series_faults(run.series, again.metrics))
    epochs = np.array(again.epochs[: len(distances)])
    return Comparison(run, by_kernel, epochs, distances, wrong)


def _distances(stored: NDArray[np.float32], again: NDArray[np.float32]) -> NDArray[np.float64]:
    """(snapshot,) as in `Comparison`, of as many snapshots as both have."""
    both = min(len(stored), len(again))
    one, other = (array[:both].astype(np.float64) for array in (stored, again))
    largest = np.abs(one).max(axis=1)
    return np.abs(one - other).max(axis=1) / np.where(largest > 0, largest, 1)


def judged(comparisons: Sequence[Comparison]) -> Iterator[tuple[bool, str]]:
    """(whether it is a fault, what to say) of each run that does not come out as it is stored.

    A job is computed on one machine, and by one engine all runs that this one serves: where some of
    them come out bit for bit, all of them must.
    """
    same = {compared.origin for compared in comparisons if compared.equal}
    for compared in comparisons:
        run = compared.run
        if compared.equal:
            yield from ((True, f"run {run.run_id}: {fault}") for fault in compared.faults)
            continue
        begins = int(compared.epochs[compared.distances > 0][0])
        starts_otherwise = compared.distances[0] > TOLERANCE
        early = compared.distances[compared.epochs <= EARLY]
        if compared.origin in same:
            where = f"from epoch {begins} on, where others of its job do not"
            yield True, f"run {run.run_id}: computed again, it differs {where}"
        elif starts_otherwise or (early > LEAP).any():
            yield True, f"run {run.run_id}: computed again, it differs from epoch {begins} on"
        else:
            text = f"the same but for rounding up to epoch {compared.agrees_to} of {run.last_epoch}"
            yield False, f"run {run.run_id}: computed again, {text}: another machine or engine"
