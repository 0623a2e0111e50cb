"""Whole jobs from the command line, and how the time of one divides up."""

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import jobs.compute
from db import store
from db.connect import open_for_writing
from jobs.loop import prepare_database, run_requests
from jobs.main import COLLECTED_AT
from jobs.requests import experiment_request
from jobs.workers import Resources
from modadd.kernels import cpu_particles, cpu_training

ROUNDS = 3


def whole_jobs() -> list[str]:
    """Rows of a table: wall time, and where a job in this process spends its cores' time."""
    rows = [
        "| experiment | seconds | range | the job alone | kernel | metrics | database |",
        "|---|---|---|---|---|---|---|",
    ]
    for experiment in ("table-1", "table-2"):
        taken = [_from_the_command_line(experiment) for _ in range(ROUNDS)]
        spread = f"{min(taken):.2f} – {max(taken):.2f}"
        cells = " | ".join(_split(experiment))
        rows.append(f"| {experiment} | {statistics.median(taken):.2f} | {spread} | {cells} |")
    return rows


def _from_the_command_line(experiment: str) -> float:
    """Seconds of `modadd reproduce` into a new database, start-up and printed tables included."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["reproduce", experiment, "--database", str(Path(folder) / "new.db")]
        # As in a user's shell: Python keeps what it compiled of the project.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-m", "jobs.main", *words]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        return time.perf_counter() - started


def _split(experiment: str) -> list[str]:
    """Wall time of the job alone, in a process that has loaded its code and collects garbage as the
    command does; shares of the cores' busy time that its parts take. Medians."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTED_AT)
    _, *jobs = [_job(experiment) for _ in range(1 + ROUNDS)]
    gc.set_threshold(*before)
    wall, *shares = (statistics.median(numbers) for numbers in zip(*jobs, strict=True))
    return [f"{wall:.2f} s", *(f"{share:.0%}" for share in shares)]


def _job(experiment: str) -> list[float]:
    spent = {"kernel": 0.0, "metrics": 0.0, "database": 0.0}

    def timed(part, function):
        def call(*arguments):
            started = time.thread_time()
            try:
                return function(*arguments)
            finally:
                spent[part] += time.thread_time() - started

        return call

    parts = [
        (cpu_training, "train_runs", "kernel"),
        (cpu_particles, "simulate_runs", "kernel"),
        (jobs.compute, "_measure_in_groups", "metrics"),
        (store, "add_runs", "database"),
    ]
    patches = [
        patch.object(place, name, timed(part, getattr(place, name))) for place, name, part in parts
    ]
    with tempfile.TemporaryDirectory() as folder, open_for_writing(f"{folder}/new.db") as engine:
        prepare_database(engine)
        for each in patches:
            each.start()
        wall, busy = time.perf_counter(), time.process_time()
        request = experiment_request(experiment, seeds=None, snapshots=None, parameters="all")
        list(run_requests(engine, [request], Resources()))
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        for each in patches:
            each.stop()
    return [wall, *(seconds / busy for seconds in spent.values())]
