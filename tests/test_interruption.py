"""A job that is told to stop finishes what it has in hand, says so, and leaves nobody behind."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import killing
import pytest
import stopping
from test_jobs import contents

from db.connect import open_for_reading
from db.queries import runs
from jobs.plan import plan
from jobs.requests import Request
from jobs.workers import Resources
from modadd.training import TrainingConfig

WORDS = ["train", "--seeds", "0:150", "--epochs", "100", "--experiment", "mine", "--snapshots",
         "every:40"]  # fmt: skip
# Long enough to be hit from outside: six chunks of 50 runs.
LONG = ["--seeds", "0:300", "--epochs", "1000", "--experiment", "mine", "--snapshots", "every:400"]
COMMAND = [sys.executable, "-m", "jobs.train", *LONG]


def stored(path):
    if not Path(path).exists():
        return 0
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
    ):
        return connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    return 0


def wait_for(path, runs, job):
    while stored(path) < runs and job.poll() is None:
        time.sleep(0.005)


def check_whole(path):
    """Whatever is visible is consistent, and runs are there whole or not at all."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return
        runs = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        for table, each in (
            ("transformer_configs", 1), ("snapshots", 4), ("classifiers", 4), ("series", 4),
            ("embedding_points", 17), ("experiment_runs", 1),
        ):  # fmt: skip
            count = f"SELECT count(*) FROM {table}"
            assert connection.execute(count).fetchone()[0] == each * runs, table


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    killing.finish(WORDS, path)  # in some sixteen chunks
    assert stored(path) == 150
    return path


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_job_told_to_stop_finishes_the_chunk_in_hand(name, uninterrupted):
    job = stopping.start(WORDS, "stopped.db", name)
    job.join()
    errors = killing.said(job)
    assert job.exitcode == 130, errors
    assert "stopping after the runs in hand" in errors
    assert "stopped early, start again to finish" in errors
    assert "Traceback" not in errors
    check_whole("stopped.db")
    assert 0 < stored("stopped.db") < 150
    killing.finish(WORDS, "stopped.db")
    check_whole("stopped.db")
    assert contents("stopped.db") == contents(uninterrupted)


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_is_no_traceback_even_before_the_first_chunk(workers):
    # To the whole process group, as a terminal does it.
    long = ["--seeds", "0:300", "--snapshots", "500,1000", "--experiment", "long"]
    command = [*COMMAND[:3], *long, "--workers", str(workers), "--database", "early.db"]
    job = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not Path("early.db").exists() and job.poll() is None:
        time.sleep(0.01)
    time.sleep(0.5)  # with workers: while they import
    os.killpg(job.pid, signal.SIGINT)
    _, errors = job.communicate()
    assert job.returncode == 130
    assert "Traceback" not in errors
    check_whole("early.db")


def test_workers_do_not_outlive_a_killed_driver():
    command = [*COMMAND, "--workers", "2", "--database", "orphans.db"]
    job = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for("orphans.db", 1, job)
    job.kill()
    job.wait()
    for _ in range(100):
        try:
            os.killpg(job.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.killpg(job.pid, signal.SIGKILL)
    raise AssertionError("workers were still there 10 s after their driver was killed")


def test_a_disk_without_room_is_noticed_before_anything_is_computed(modadd, monkeypatch):
    usage = shutil.disk_usage(".")._replace(free=10 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    status, _, errors = modadd("train", "--seeds", "0:1000")
    assert status == 2
    assert "must hold about 155 MB of results, 10 MB are free" in errors
    assert os.listdir() == []


def test_a_later_sweep_beyond_the_memory_keeps_the_earlier_from_being_computed(modadd):
    modadd("train", "--epochs", 1)
    large = "modulus = 5000\nhidden_size = 2147483647"
    Path("two.toml").write_text(f"[[train]]\nepochs = 2\n[[train]]\n{large}\n")
    status, _, errors = modadd("run", "two.toml")
    assert (status, "runs must fit the memory" in errors) == (2, True)
    with open_for_reading("modadd.db") as engine:
        assert len(runs(engine, "transformer")) == 1


def test_a_plan_for_the_rest_keeps_the_order_of_the_plan_for_all(modadd):
    """Numbers of runs must not depend on where a job was stopped, whatever the runs' lengths."""
    configs = [TrainingConfig(seed=seed, epochs=epochs) for seed in range(3) for epochs in (2, 1)]
    request = Request(
        kind=TrainingConfig.kind,
        configs=tuple(configs),
        schedule="final",
        parameters="none",
    )
    whole = list(plan(None, request, Resources()).configs)
    modadd("train", "--seeds", 0, "--epochs", 2, "--snapshots", "final", "--parameters", "none")
    with open_for_reading("modadd.db") as engine:
        assert list(plan(engine, request, Resources()).configs) == whole[1:]
