"""Jobs that are ended in every way there is, in processes that start quickly.

A fork server has the program loaded, so that a job begins at once and most of its life is spent
computing and writing, where it is to be hit.
"""

import contextlib
import gzip
import itertools
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import time
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

from test_jobs import contents
from wholeness import check_whole

JOBS = {
    "train": ["train", "--seeds", "0:24", "--epochs", "100", "--weight-decay", "0.3", "1",
              "--experiment", "mine"],
    "simulate": ["simulate", "--seeds", "0:60", "--steps", "40", "--experiment", "mine"],
    "run": ["run", "sweep.toml"],
    "reproduce": ["reproduce", "table-2", "--seeds", "0:20"],
    "processes": ["train", "--seeds", "0:48", "--epochs", "100", "--workers", "2"],
    "twins in processes": ["twins", "--experiment", "mine", "--epochs", "10", "60", "--workers",
                           "2"],
    "measure": ["measure"],
    "audit": ["audit", "mine"],
    "learn": ["learn", "mine", "--starts", "10", "60"],
    "curl": ["curl", "--experiment", "mine", "--epochs", "10", "60"],
    "twins": ["twins", "--experiment", "mine", "--epochs", "10", "60"],
    "fate": ["fate", "--experiment", "mine", "--epochs", "10", "60", "--branches", "2"],
    "upgrade": ["upgrade"],
}  # fmt: skip
# The jobs that need a database: what made it. The others begin with none.
BEFORE = {
    "measure": [JOBS["simulate"]],
    "audit": [[*JOBS["train"], "--seeds", "0:5"]],  # each takes as long as ten trainings
    "learn": [JOBS["train"], JOBS["audit"]],
    "curl": [JOBS["train"], JOBS["audit"]],
    "twins": [JOBS["train"]],
    "twins in processes": [JOBS["train"]],
    "fate": [JOBS["train"]],
    "upgrade": [],
}
SWEEP = """
[[train]]
experiment = "networks"
modulus = [7, 9]
epochs = 100
seeds = "0:20"

[[simulate]]
alignment = [0.5, 2]
steps = 30
seeds = "0:20"
"""
CHUNK_SECONDS, AUDITS_A_TRANSACTION = 0.0066, 3  # far fewer than usual: many moments
MEGABYTE = 1 << 20
OLD = Path(__file__).parent / "databases" / "version-1.db.gz"

# Of the fork server: this checkout, whichever is installed.
_PATHS = [str(folder) for folder in Path(__file__).parents[:2]]
_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload(["warmed"])
_numbers = itertools.count()


def start(words, path, *, memory=0, file_size=0):
    """A process that runs a command line on the database; memory, file_size: bytes that it may
    take beyond what it has, and that a file of its may have; 0 for as much as there is."""
    if "sweep.toml" in words:
        Path("sweep.toml").write_text(SWEEP)
    errors = f"{path}.{next(_numbers)}.err"
    job = in_a_process(_run, words, str(path), errors, memory, file_size)
    job.errors = errors
    return job


def in_a_process(function, *arguments):
    """A process that calls the function, started by the fork server."""
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(_PATHS)):
        forkserver.ensure_running()
    process = _forked.Process(target=function, args=arguments)
    process.start()
    return process


def said(job):
    """What a job wrote to its standard error, if it lived to."""
    return Path(job.errors).read_text() if Path(job.errors).exists() else ""


def _run(words, path, errors, memory, file_size):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    import jobs.audit
    import jobs.plan
    from jobs.main import main

    with open(errors, "w", buffering=1) as errors:
        sys.stdout = sys.stderr = errors
        for descriptor in (1, 2):
            os.dup2(errors.fileno(), descriptor)
        if file_size:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
        if memory:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + memory
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        jobs.plan.CHUNK_SECONDS = CHUNK_SECONDS
        jobs.audit.RUNS_A_TRANSACTION = AUDITS_A_TRANSACTION
        sys.argv = ["modadd", *words, "--database", path]
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            status = main()
        except KeyboardInterrupt:  # before or after the program's own
            status = 130
    os._exit(status)


def kill(job, draw):
    job.kill()


def interrupt(job, draw):
    _send(job.pid, signal.SIGINT)


def terminate(job, draw):
    _send(job.pid, signal.SIGTERM)


def insist(job, draw):
    """Ctrl-C twice: the second one ends it at once."""
    _send(job.pid, signal.SIGINT)
    job.join(draw.random() / 20)
    _send(job.pid, signal.SIGINT)


def kill_a_worker(job, draw):
    workers = []
    while not workers and job.is_alive():
        with contextlib.suppress(OSError):
            listed = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
            workers = [int(pid) for pid in listed if _is_worker(pid)]
        time.sleep(0.002)
    if workers:
        _send(draw.choice(workers), signal.SIGKILL)


def _is_worker(pid):
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _send(pid, name):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, name)


def wait(job, draw):
    """The limits that it was started under end it."""


# What is done to a job, and the limits that it is started under.
ENDS = {
    "kill -9": (kill, {}),
    "SIGTERM": (terminate, {}),
    "Ctrl-C": (interrupt, {}),
    "Ctrl-C twice": (insist, {}),
    "no memory": (wait, {"memory": (MEGABYTE, 96 * MEGABYTE)}),
    "disk full": (wait, {"file_size": (MEGABYTE // 8, 2 * MEGABYTE)}),
    "a worker dies": (kill_a_worker, {}),
}
# Ends that the program can notice: one line for people, no traceback.
SPEAKING = {"SIGTERM", "Ctrl-C", "disk full", "a worker dies"}


def disturb(name, path, end, draw, seconds):
    """Run a job that is ended at a random moment of so many seconds; its exit status."""
    act, limits = ENDS[end]
    drawn = {key: draw.randrange(*bounds) for key, bounds in limits.items()}
    job = start(JOBS[name], path, **drawn)
    if act is not wait:
        job.join(draw.random() * seconds)
    act(job, draw)
    job.join(20 + 20 * seconds)
    if job.is_alive():
        job.kill()
        raise AssertionError(f"{name} goes on after {end}: {said(job)}")
    if end in SPEAKING:
        assert "Traceback" not in said(job), said(job)
    return job.exitcode


def finish(words, path):
    """Run a command line to its end; the seconds that it took."""
    begun = time.monotonic()
    job = start(words, path)
    job.join()
    assert job.exitcode == 0, said(job)
    return time.monotonic() - begun


def begin(name, path):
    """Make what a job starts from: nothing, or a database that other jobs made."""
    for old in Path().glob(f"{path}*"):
        old.unlink()
    if name not in BEFORE:
        return
    start_of = Path(f"before-{name}.db")
    if not start_of.exists():
        for earlier in BEFORE[name]:
            finish(earlier, start_of)
        if name == "measure":
            _forget_a_metric(start_of)
        if name == "upgrade":
            start_of.write_bytes(gzip.decompress(OLD.read_bytes()))
    shutil.copy(start_of, path)


def _forget_a_metric(path):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE metrics SET version = 0 WHERE name = 'grid_imperfections'")
        connection.execute("UPDATE series SET grid_imperfections = NULL")


def has_workers(name):
    return "--workers" in JOBS[name]


def torment(names, ends, count, seed=0):
    """End jobs at random moments until `count` of them were hit, checking the database each time,
    and let each finish; returns (job, end, runs stored by then, exit status) for each hit."""
    draw, hits = random.Random(seed), []
    whole, seconds = {}, {}
    for name in names:
        begin(name, f"whole-{name}.db")
        seconds[name] = finish(JOBS[name], f"whole-{name}.db")
        whole[name] = contents(f"whole-{name}.db")
    while len(hits) < count:
        name = draw.choice(names)
        begin(name, "hit.db")
        status = None
        while status is None or (status != 0 and draw.random() < 0.75 and len(hits) < count):
            end = draw.choice([e for e in ends if has_workers(name) or e != "a worker dies"])
            is_first, begun = status is None, time.monotonic()
            status = disturb(name, "hit.db", end, draw, seconds[name])
            if is_first and status == 0:  # the machine was slower when the whole was timed
                seconds[name] = min(seconds[name], time.monotonic() - begun)
            stored = check_whole("hit.db")
            if status != 0:
                hits.append((name, end, stored, status))
        finish(JOBS[name], "hit.db")
        assert contents("hit.db") == whole[name]
    return hits
