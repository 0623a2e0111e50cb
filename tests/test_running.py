"""Whether a job is at work is known from a lock that dies with its process."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import contextmanager

import pandas as pd
from test_store import JOB

from dashboard.jobs_shown import ENDED, FINISHED, RUNNING, UNKNOWN, to_resume, with_state
from db import running
from db.connect import open_for_reading, open_for_writing
from db.running import jobs_at_work

AT_WORK = """
import sys, time
from db import running
from db.connect import open_for_writing
given = {"command": "modadd train", "project_version": "0", "git_commit": None, "device": "cpu",
         "threads": 1}
with (
    open_for_writing("a.db") as engine,
    running.job_at_work(engine, planned_runs=4, provenance=given, packages={}) as job,
):
    print(job, flush=True)
    time.sleep(60)
"""


@contextmanager
def job_in_a_process():
    """A process with a job at work on a.db, and the job's id; it is killed at the end."""
    command = [sys.executable, "-c", AT_WORK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def marks(directory):
    return sorted(path.name for path in directory.glob("*.job-*"))


def test_a_job_is_at_work_until_its_process_is_killed(own_directory):
    with job_in_a_process() as (process, job), open_for_reading("a.db") as engine:
        assert jobs_at_work(engine, [job, job + 1]) == {job}
        os.kill(process.pid, signal.SIGSTOP)  # slow is not dead
        assert jobs_at_work(engine, [job]) == {job}
    assert jobs_at_work(engine, [job]) == set()
    assert marks(own_directory) == [f"a.db.job-{job}"]


def test_the_next_job_clears_away_what_a_killed_one_left(own_directory):
    (own_directory / "a.db.job-7").touch()
    (own_directory / "a.db.job-notes").touch()
    with open_for_writing("a.db") as engine:
        with running.job_at_work(engine, planned_runs=1, provenance=JOB, packages={}) as job:
            assert marks(own_directory) == [f"a.db.job-{job}", "a.db.job-notes"]
            assert jobs_at_work(engine, [job]) == {job}
        assert jobs_at_work(engine, [job]) == set()
    assert marks(own_directory) == ["a.db.job-notes"]


def test_a_job_that_fails_is_not_at_work(own_directory):
    with open_for_writing("a.db") as engine:
        try:
            with running.job_at_work(engine, planned_runs=1, provenance=JOB, packages={}):
                raise OSError("no space")
        except OSError:
            pass
        assert jobs_at_work(engine, [1]) == set()
    assert marks(own_directory) == []


def listed(*jobs):
    """Jobs (job_id, command, whether it finished), as `job_progress` has them: newest first."""
    rows = pd.DataFrame(jobs, columns=["job_id", "command", "finished_at"])
    rows["finished_at"] = rows["finished_at"].map({True: "2026-01-01", False: None})
    return rows.assign(stored_runs=3, planned_runs=4)[::-1]


def test_a_job_without_an_end_is_running_or_ended_early():
    jobs = listed((1, "a", True), (2, "b", False), (3, "c", False))
    assert with_state(jobs, {3})["state"].tolist() == [RUNNING, ENDED, FINISHED]
    assert with_state(jobs, {1})["state"].tolist() == [ENDED, ENDED, FINISHED]
    assert with_state(jobs, None)["state"].tolist() == [UNKNOWN, UNKNOWN, FINISHED]
    assert with_state(jobs, set())["progress"].tolist() == [0.75] * 3


def test_a_command_that_was_started_again_needs_no_resuming():
    jobs = listed((1, "a", False), (2, "b", False), (3, "a", True), (4, "b", False), (5, "c", True))
    assert to_resume(with_state(jobs, set()))["job_id"].tolist() == [4]
    assert to_resume(with_state(jobs, {4})).empty
    assert to_resume(with_state(listed((1, "a", True)), set())).empty
    assert to_resume(with_state(listed(), set())).empty


def test_the_overview_tells_a_killed_job_from_a_running_one(open_page, modadd):
    modadd("simulate", "--steps", 3, "--seeds", "0:3", "--database", "a.db")
    with sqlite3.connect("a.db") as connection:
        connection.execute("UPDATE jobs SET finished_at = NULL, planned_runs = 10")
    with job_in_a_process() as (_, job):
        shown = open_page("overview", "a.db")
        assert "Job 1 ended without finishing: 3 of 10 runs stored" in shown.warning[0].value
        commands = [code.value for code in shown.code if code.language == "sh"]
        assert commands == ["modadd train", "modadd simulate --steps 3 --seeds 0:3 --database a.db"]
        assert len(shown.warning) == 1
        (progress,) = shown.get("progress")
        assert progress.proto.text == f"Job {job} is at work: 0 of 4 runs stored"
    assert len(open_page("overview", "a.db").warning) == 2
