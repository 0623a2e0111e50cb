"""Several writers of one file at a time: nobody is turned away, nothing is lost or doubled."""

import contextlib
import sqlite3
import time

import pytest
from filelock import FileLock
from killing import check_whole, in_a_process, said, start
from many_runs import some_runs

from db import running, store
from db.connect import open_for_writing
from jobs.loop import declare_program, prepare_database


def by_run(path):
    """What is stored of each run, by its config's hash: whatever number it has."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(
                connection.execute(
                    f"SELECT config_hash, {what} FROM {table} JOIN runs USING (run_id)"
                )
            )
            for table, what in {
                "snapshots": "epoch, embedding",
                "series": "epoch, radius_ratio, grid_imperfections",
                "experiment_runs": "experiment",
            }.items()
        }


def simulations(seeds, experiment):
    return ["simulate", "--steps", "40", "--seeds", seeds, "--experiment", experiment]


def test_two_jobs_with_overlapping_sweeps_store_what_they_would_one_by_one():
    sweeps = [simulations("0:60", "first"), simulations("30:90", "second")]
    together = [start(words, "together.db") for words in sweeps]
    for job in together:
        job.join()
        assert job.exitcode == 0, said(job)
        assert "locked" not in said(job)
    for words in sweeps:
        start(words, "one-by-one.db").join()
    assert check_whole("together.db") == 90
    assert by_run("together.db") == by_run("one-by-one.db")


def write_runs(path, start, count):
    with (
        open_for_writing(path) as engine,
        running.job_at_work(engine, planned_runs=count, provenance=JOB, packages={}) as job,
    ):
        for index in range(start, start + count):
            store.add_runs(engine, job, some_runs(index, index + 1), ["mine"])


JOB = {"command": "test", "project_version": "0", "git_commit": None, "device": "cpu", "threads": 1}


def check_writers(writers, transactions):
    """Each writes half of what its neighbour writes, a run a transaction."""
    with open_for_writing("many.db") as engine:
        declare_program(engine)
        prepare_database(engine)
    with contextlib.closing(sqlite3.connect("many.db")) as connection:
        (before,) = connection.execute("SELECT revision FROM store").fetchone()
    processes = [
        in_a_process(write_runs, "many.db", number * transactions // 2, transactions)
        for number in range(writers)
    ]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * writers
    distinct = (writers + 1) * transactions // 2
    with contextlib.closing(sqlite3.connect("many.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        (after,) = connection.execute("SELECT revision FROM store").fetchone()
        hashes = connection.execute("SELECT count(DISTINCT config_hash) FROM runs").fetchone()
        kept = connection.execute("SELECT count(*) FROM snapshots GROUP BY run_id").fetchall()
    assert after - before == writers * (transactions + 1)  # and the job's own
    assert hashes == (distinct,)
    assert kept == [(2,)] * distinct


def test_a_writer_waits_for_whoever_holds_the_lock_file():
    with open_for_writing("many.db") as engine:
        declare_program(engine)
        prepare_database(engine)
    with FileLock("many.db.lock"):
        writer = in_a_process(write_runs, "many.db", 0, 1)
        writer.join(3)
        assert writer.is_alive()
        with contextlib.closing(sqlite3.connect("many.db")) as connection:
            assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    writer.join()
    assert writer.exitcode == 0
    with contextlib.closing(sqlite3.connect("many.db")) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_writers_side_by_side_lose_and_double_nothing():
    check_writers(3, 8)


@pytest.mark.stress
def test_four_processes_of_two_hundred_transactions_each():
    begun = time.monotonic()
    check_writers(4, 200)
    print(f"\n4 processes × 200 transactions: 500 runs of 500, {time.monotonic() - begun:.1f} s")
