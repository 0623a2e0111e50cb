"""Readers change nothing, and read whatever can be read: beside a job at work, where nothing may be
written, and a copy of a file in use without its companions."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from test_interruption import stored
from test_pages import every_page

from db import still
from db.connect import open_for_reading, open_for_writing, reader
from db.console import ask
from db.queries import runs
from jobs.loop import prepare_database, run_requests
from jobs.requests import sweep
from jobs.workers import Resources

COUNT = "SELECT count(*) AS runs FROM runs"


@pytest.fixture
def untouchable(small_database):
    """A database in a directory where an ordinary user may write neither."""
    folder = Path(tempfile.mkdtemp())
    path = Path(shutil.copy(small_database, folder / "small.db"))
    path.chmod(0o444)
    folder.chmod(0o555)
    yield path
    folder.chmod(0o755)
    shutil.rmtree(folder)


def as_an_ordinary_user(function):
    """Whether the function returns, in a process that has no more rights than anybody."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child starts none
        child = os.fork()
    if not child:
        status = 1
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            function()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def test_a_file_where_nothing_may_be_written_is_read(untouchable):
    engine = reader(str(untouchable))  # loads what reading needs, while it still may
    expected = (ask(engine, COUNT).rows, len(runs(engine, "transformer")))
    engine.dispose()

    def read():
        with open_for_reading(str(untouchable)) as engine:
            found = ask(engine, COUNT).rows, len(runs(engine, "transformer"))
        assert found[0].equals(expected[0])
        assert found[1] == expected[1] > 0

    def write():
        (untouchable.parent / "mine").touch()

    before = untouchable.read_bytes()
    assert as_an_ordinary_user(read)
    assert not as_an_ordinary_user(write)
    assert [path.name for path in untouchable.parent.glob("*") if path.suffix == ".db"] == [
        untouchable.name
    ]
    assert untouchable.read_bytes() == before


def test_a_log_left_where_nothing_may_be_written_is_read(untouchable):
    folder = untouchable.parent
    folder.chmod(0o755)
    with open_for_writing("used.db") as engine:
        prepare_database(engine)
        add_simulations(engine, "0:3")
    with open_for_writing("used.db") as engine:
        add_simulations(engine, "3:5")
        for name in ("used.db", "used.db-wal"):  # and no used.db-shm
            Path(shutil.copy(name, folder)).chmod(0o444)
    folder.chmod(0o555)
    before = {path: path.read_bytes() for path in folder.iterdir()}

    def read():
        with open_for_reading(str(folder / "used.db")) as engine:
            assert ask(engine, COUNT).rows["runs"].item() == 5

    assert as_an_ordinary_user(read)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_reader_that_cannot_write_sees_what_its_owner_writes(monkeypatch):
    with open_for_writing("mine.db") as engine:
        prepare_database(engine)
        add_simulations(engine, "0:3")
    monkeypatch.setattr(still, "os", SimpleNamespace(W_OK=os.W_OK, access=lambda *_asked: False))
    counts = []
    with open_for_reading("mine.db") as read:

        def count():
            with read.connect() as connection:
                counts.append(connection.execute(text(COUNT)).scalar_one())

        count()
        with open_for_writing("mine.db") as engine:
            add_simulations(engine, "3:5")
            count()
        count()
    assert counts == [3, 5, 5]


def add_simulations(engine, seeds):
    request = sweep("simulate", {"seeds": seeds, "steps": 2})
    list(run_requests(engine, [request], Resources()))


def test_a_copy_of_a_file_in_use_without_its_companions_is_what_it_was_before():
    with open_for_writing("used.db") as engine:
        prepare_database(engine)
        add_simulations(engine, "0:3")
    with open_for_writing("used.db") as engine:
        add_simulations(engine, "3:5")
        assert Path("used.db-wal").stat().st_size
        shutil.copy("used.db", "copy.db")
        counts = []
        for name in ("used.db", "copy.db"):
            with open_for_reading(name) as read:
                counts.append(ask(read, COUNT).rows["runs"].item())
    assert counts == [5, 3]


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    """A database that a job writes to as long as the tests look at it."""
    path = tmp_path_factory.mktemp("at-work") / "work.db"
    words = ["train", "--seeds", "0:8000", "--epochs", "1500", "--database", str(path)]
    job = subprocess.Popen(
        [sys.executable, "-m", "jobs.main", *words],
        stderr=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(10),
    )  # fmt: skip
    while job.poll() is None and stored(path) < 50:
        time.sleep(0.05)
    yield path
    assert job.poll() is None
    job.terminate()
    assert "stopped early, start again to finish" in job.communicate()[1]


@every_page
def test_every_page_is_shown_while_a_job_writes(at_work, open_page, name):
    shown = open_page(name, database=at_work)
    assert len(shown.title) == 1
    assert not shown.error


def test_the_console_answers_while_a_job_writes(at_work):
    with open_for_reading(str(at_work)) as engine:
        answer = ask(engine, COUNT)
    assert answer.rows["runs"].item() >= 50
