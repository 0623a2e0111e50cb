"""A database of many runs with plausible random content, for measuring pages by hand and in tests:
`python tests/many_runs.py PATH [RUNS] [SNAPSHOTS]`."""

import sys

import numpy as np

from db import running, store
from db.connect import open_for_writing
from db.store import RunRecord
from jobs.loop import declare_program
from jobs.provenance import packages, provenance
from modadd.metrics import METRICS
from modadd.network import group_counts
from modadd.snapshots import schedule
from modadd.training import TrainingConfig

WEIGHT_DECAYS = (0.0, 0.3, 0.6, 1.0)
BATCH = 500


def write_many_runs(path, runs=10_000, snapshots=2):
    """Networks that go from random points to a circle or a lattice, members of `table-1`.

    snapshots: how many of the default schedule are kept, from the first to the last.
    """
    with open_for_writing(str(path)) as engine:
        declare_program(engine)
        made = running.job_at_work(
            engine, planned_runs=runs, provenance=provenance("cpu", 1), packages=packages()
        )
        with made as job:
            for start in range(0, runs, BATCH):
                records = some_runs(start, min(start + BATCH, runs), snapshots)
                store.add_runs(engine, job, records, ["table-1"])
            running.finish_job(engine, job)


def some_runs(start, stop, snapshots=2):
    """The records of runs number `start` to `stop`, each with as many snapshots."""
    epochs = schedule("default", 2000)
    chosen = [epochs[i] for i in np.rint(np.linspace(0, len(epochs) - 1, snapshots)).astype(int)]
    random = np.random.default_rng(start)
    return [_record(index, chosen, random) for index in range(start, stop)]


def _record(index, epochs, random):
    config = TrainingConfig(
        seed=index // len(WEIGHT_DECAYS), weight_decay=WEIGHT_DECAYS[index % len(WEIGHT_DECAYS)]
    )
    is_circle = random.random() < 0.05 + 0.15 * config.weight_decay
    path = _path(config.modulus, len(epochs), is_circle, random)
    parameters = random.normal(size=(len(epochs), sum(group_counts(config)[1:]))).astype("f4")
    return RunRecord(
        kind="transformer",
        config_hash=config.identity,
        config=config.to_dict(),
        status="done",
        schedule="default",
        kept_parameters="all",
        wall_time=0.05,
        epochs=epochs,
        embeddings=path,
        classifiers=parameters,
        metrics=_metrics(len(epochs), is_circle, config.weight_decay, random),
    )


def _path(tokens, count, is_circle, random):
    angles = 2 * np.pi * np.arange(tokens) * random.integers(1, tokens) / tokens
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    lattice = np.stack([np.arange(tokens) % 5 - 2, np.arange(tokens) // 5 - 1.5], axis=1) / 2
    start, end = random.normal(size=(tokens, 2)), 2 * (ring if is_circle else lattice)
    way = np.linspace(0, 1, count)[:, None, None]
    return ((1 - way) * start + way * end).astype("f4")


def _metrics(count, is_circle, weight_decay, random):
    way = np.linspace(0, 1, count)
    values = {name: random.random() * (0.2 + way) for name in METRICS}
    imperfections = (
        85.0 if is_circle else np.clip(random.normal(100 - 65 * weight_decay, 30), 0, 150)
    )
    values["grid_imperfections"] = np.round(150 - way * (150 - imperfections))
    values["validation_accuracy"] = np.round(31 * way * np.clip(1 - imperfections / 170, 0, 1)) / 31
    values["radius_ratio"] = 1.1 + (1 - way) * 5 + (0 if is_circle else 2 + random.exponential(3))
    return values


if __name__ == "__main__":
    write_many_runs(sys.argv[1], *map(int, sys.argv[2:4]))
