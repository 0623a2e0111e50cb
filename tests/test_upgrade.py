"""Databases of earlier versions open, and are brought up to date, whole or not at all."""

import contextlib
import gzip
import shutil
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from db import queries
from db.connect import StoreError, open_for_reading, open_for_writing
from db.schema import SCHEMA_VERSION

DATABASES = Path(__file__).parent / "databases"
OLD = sorted(path.name.removesuffix(".db.gz") for path in DATABASES.glob("*.db.gz"))


@pytest.fixture(params=OLD)
def old(request, own_directory):
    path = own_directory / "old.db"
    with gzip.open(DATABASES / f"{request.param}.db.gz") as packed, path.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return path


def rows(path, query):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def contents(path, like=None):
    """table → (columns, rows): of all that is there, or of what `like` has.

    Not of `store`, which says what changed.
    """
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'store'"
        names = {table for (table,) in connection.execute(tables)}
        found = {}
        for table in sorted(names if like is None else like):
            known = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            columns = ", ".join(sorted(known)) if like is None else like[table][0]
            query = f"SELECT {columns} FROM {table} ORDER BY {columns}"
            found[table] = (columns, connection.execute(query).fetchall())
        return found


def tables_of(path):
    """table → its columns, keys, foreign keys, indexes and options."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        listed = connection.execute("PRAGMA table_list").fetchall()
        return {
            name: [
                options,
                *(
                    sorted(row[1:] for row in connection.execute(f"PRAGMA {what}({name})"))
                    for what in ("table_xinfo", "foreign_key_list", "index_list")
                ),
            ]
            for _, name, kind, *options in listed
            if kind == "table"
        }


def test_there_is_a_file_of_every_earlier_version():
    assert [f"version-{version}" for version in range(1, SCHEMA_VERSION)] == OLD


def test_an_old_file_is_read_without_a_change(old):
    before = old.read_bytes()
    with open_for_reading(str(old)) as engine:
        assert len(queries.runs(engine, "transformer", "mine")) == 4
        assert {found.run_id for found in queries.snapshots(engine, [1, 5, 6])} == {1, 5, 6}
    assert old.read_bytes() == before


# Those that read configs, metrics and BLOBs; the others read no more.
@pytest.mark.parametrize("name", ["overview", "runs", "run", "tables"])
def test_pages_open_an_old_file(old, name, open_page):
    shown = open_page(name, database=old)
    assert not shown.error, [element.value for element in shown.error]


def test_an_old_file_is_upgraded_with_all_that_it_holds(old, modadd):
    before, whole = contents(old), old.read_bytes()
    status, _, errors = modadd("upgrade", "--database", old)
    assert status == 0, errors
    assert "is kept in" in errors
    assert f"to {SCHEMA_VERSION}" in errors
    assert contents(old, before) == before
    assert contents(f"{old}.before-version-{SCHEMA_VERSION}.db") == before
    assert rows(old, "SELECT schema_version FROM store") == [(SCHEMA_VERSION,)]
    assert old.read_bytes() != whole


def test_an_upgraded_file_has_the_tables_of_a_new_one(old, modadd):
    modadd("upgrade", "--database", old)
    modadd("simulate", "--steps", "1", "--database", "new.db")
    modadd("train", "--epochs", "1", "--embedding-dim", "3", "--database", "new.db")
    assert tables_of(old) == tables_of("new.db")


def test_every_blob_gets_its_checksum(old, modadd):
    modadd("upgrade", "--database", old)
    for table, blob in (("snapshots", "embedding"), ("classifiers", "parameters")):
        found = rows(old, f"SELECT {blob}, checksum FROM {table}")
        assert found
        assert all(zlib.crc32(content) == checksum for content, checksum in found)


def test_whoever_writes_upgrades_and_stored_runs_are_known_again(old, modadd):
    words = ("--seeds", "0:3", "--steps", "10", "--snapshots", "every:5", "--alignment", "2")
    assert modadd("measure", "--database", old)[0] == 0
    status, _, errors = modadd("simulate", *words, "--database", old)
    assert (status, "0 runs computed, 3 were there" in errors) == (0, True), errors


def test_a_second_upgrade_does_nothing(old, modadd):
    modadd("upgrade", "--database", old)
    before = old.read_bytes(), sorted(old.parent.iterdir())
    status, _, errors = modadd("upgrade", "--database", old)
    assert (status, "kept in" in errors) == (0, False)
    assert (old.read_bytes(), sorted(old.parent.iterdir())) == before


FAILING = """
import sys
import db.upgrade
from db.connect import open_for_writing

real = db.upgrade._steps
def steps(directory, version):
    found = real(directory, version)
    def fail():
        {failure}
    return [*found, fail]  # when all of it has been written
db.upgrade._steps = steps
with open_for_writing(sys.argv[1]):
    pass
"""


@pytest.mark.parametrize("failure", ["raise OSError", "__import__('os').kill(0, 9)"])
def test_an_interrupted_upgrade_leaves_the_old_file_and_can_be_done_again(old, failure, modadd):
    before = contents(old)
    program = FAILING.replace("{failure}", failure)
    job = subprocess.run(
        [sys.executable, "-c", program, str(old)], capture_output=True, start_new_session=True
    )
    assert job.returncode != 0
    assert rows(old, "SELECT schema_version FROM store") == rows(
        f"{old}.before-version-{SCHEMA_VERSION}.db", "SELECT schema_version FROM store"
    )
    assert "checksum" not in {row[1] for row in rows(old, "PRAGMA table_info(snapshots)")}
    assert rows(old, "PRAGMA integrity_check") == [("ok",)]
    assert modadd("upgrade", "--database", old)[0] == 0
    assert contents(old, before) == before


def test_no_backup_no_upgrade(old, monkeypatch):
    def full(_path, to):
        raise StoreError(f"the database {to} refused: database or disk is full")

    monkeypatch.setattr("db.upgrade.copy_whole", full)
    before = old.read_bytes()
    with pytest.raises(StoreError, match="disk is full"), open_for_writing(str(old)):
        pass
    assert old.read_bytes() == before


def test_an_upgrade_never_overwrites_an_earlier_backup(old, modadd):
    first = Path(f"{old}.before-version-{SCHEMA_VERSION}.db")
    first.write_bytes(b"mine")
    modadd("upgrade", "--database", old)
    assert first.read_bytes() == b"mine"
    assert Path(f"{old}.before-version-{SCHEMA_VERSION}.1.db").exists()


def test_a_table_that_is_missing_is_made_by_who_writes_next():
    with open_for_writing("new.db"):
        pass
    with contextlib.closing(sqlite3.connect("new.db")) as connection:
        connection.execute("DROP TABLE experiment_runs")
    with open_for_writing("new.db"):
        pass
    assert rows("new.db", "SELECT count(*) FROM experiment_runs") == [(0,)]
