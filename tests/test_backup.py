"""`modadd backup`: a whole copy of a database in use."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from test_upgrade import contents

from db.backup import backup
from db.connect import StoreError, open_for_writing, writing


def files(directory):
    """What is there, but for what SQLite keeps beside a database that is in use."""
    return sorted(p.name for p in directory.iterdir() if not p.name.endswith(("-wal", "-shm")))


def test_a_copy_holds_all_of_it_in_one_file(small_database, own_directory, modadd):
    status, _, errors = modadd("backup", "copy.db", "--database", small_database)
    assert (status, "copied" in errors) == (0, True)
    assert contents("copy.db") == contents(small_database)
    assert [path.name for path in own_directory.iterdir()] == ["copy.db"]


def test_a_copy_made_during_a_transaction_is_of_the_moment_before():
    with open_for_writing("a.db") as engine:
        with writing(engine) as connection:
            connection.exec_driver_sql("INSERT INTO jobs VALUES (1,'','',NULL,'','',1,1,'',NULL)")
            backup("a.db", Path("during.db"))
        backup("a.db", Path("after.db"))
    for name, jobs in (("during.db", 0), ("after.db", 1)):
        with contextlib.closing(sqlite3.connect(name)) as connection:
            assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (jobs,)


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("there.db", "there.db exists and is not overwritten"),
        ("a.db", "a.db exists and is not overwritten"),
        ("none/copy.db", "no directory .*none to hold the copy copy.db"),
        (".", "exists and is not overwritten"),
        ("x" * 300, "the copy x* cannot be written: File name too long"),
    ],
)
def test_a_copy_overwrites_nothing(to, message, own_directory):
    with open_for_writing("a.db"):
        pass
    Path("there.db").write_bytes(b"mine")
    before = files(own_directory)
    with pytest.raises(StoreError, match=message):
        backup("a.db", Path(to))
    assert files(own_directory) == before
    assert Path("there.db").read_bytes() == b"mine"


@pytest.mark.parametrize("end", ["-wal", "-journal", "-shm"])
def test_no_copy_is_laid_beside_what_is_left_of_another(end, own_directory):
    with open_for_writing("a.db"):
        pass
    Path(f"b.db{end}").write_bytes(b"left")
    with pytest.raises(StoreError, match=f"b.db{end} is left of another database: remove it"):
        backup("a.db", Path("b.db"))
    assert not Path("b.db").exists()


def test_a_copy_that_fails_leaves_nothing(own_directory, monkeypatch):
    with open_for_writing("a.db"):
        pass
    before = files(own_directory)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match=r"copy b.db cannot be written: No space left"):
        backup("a.db", Path("b.db"))
    assert files(own_directory) == before
