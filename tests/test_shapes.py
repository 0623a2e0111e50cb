"""A file whose tables and views declare less than ours is refused when it is opened."""

import contextlib
import re
import shutil
import sqlite3

import pytest
from planted import make

from db.connect import StoreError, reader


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made") / "made.db")


LOST = {
    "a type": (r"(INTEGER|REAL|TEXT|BLOB)\b(?!.*\bDEFAULT\b)", "ANY"),
    "another type": (r"\b(INTEGER|REAL)\b", "TEXT"),
    "a key": (r",\s*PRIMARY KEY \([^)]*\)", ""),
    "a part of a key": (r"PRIMARY KEY \((\w+), [^)]*\)", r"PRIMARY KEY (\1)"),
    "a reference": (r",\s*FOREIGN KEY\(.*?\) REFERENCES \w+ \(\w+\)( ON DELETE CASCADE)?", ""),
    "uniqueness": (r",\s*UNIQUE \([^)]*\)", ""),
    # (Of a key SQLite says so itself.)
    "what must not be NULL": (
        r"(?s)\b(\w+) (\w+) NOT NULL(?!.*PRIMARY KEY \([^)]*\b\1\b)",
        r"\1 \2",
    ),
}


@pytest.mark.parametrize("what", LOST)
def test_no_table_of_ours_may_lose_what_it_declares(law_database, own_directory, what):
    """With each column, key and reference of each table, one at a time."""
    tables = tables_of(law_database)
    assert {"runs", "series", "law_scores", "particle_configs"} < tables.keys()
    mutants = [
        (name, sql[: found.start()] + found.expand(LOST[what][1]) + sql[found.end() :])
        for name, sql in tables.items()
        for found in re.finditer(LOST[what][0], sql)
        # A config's column is of any type that its kind declares, and verify knows which.
        if not (name.endswith("_configs") and what in ("another type", "what must not be NULL"))
    ]
    assert mutants
    path = shutil.copy(law_database, own_directory / "hostile.db")
    for name, mutant in mutants:
        rewrite(path, name, mutant)
        with pytest.raises(StoreError, match="never writes|malformed database schema"):
            reader(str(path)).dispose()
            pytest.fail(mutant)
        rewrite(path, name, tables[name])
    reader(str(path)).dispose()


def tables_of(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql NOT NULL"
        return dict(connection.execute(query).fetchall())


def rewrite(path, name, sql):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))
        connection.commit()


@pytest.mark.parametrize(
    "columns", ["c.seed", "c.seed, c.seed", "s.seed", "c.seed, c.modulus, c.void"]
)
def test_a_view_of_runs_has_all_fields_once(made, own_directory, columns):
    path = shutil.copy(made, own_directory / "hostile.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT sql FROM sqlite_master WHERE name = 'transformer_runs'"
        ((sql,),) = connection.execute(query)
    rewrite(path, "transformer_runs", re.sub(r"c\.\w+(, c\.\w+)*", columns, sql, count=1))
    with pytest.raises(StoreError, match="never writes"):
        reader(str(path))


@pytest.mark.parametrize("name", ['x"y_configs', "_configs", "a b_configs"])
def test_a_kind_of_any_name_is_refused_in_a_line(made, own_directory, name):
    path = shutil.copy(made, own_directory / "hostile.db")
    quoted = name.replace('"', '""')
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f'CREATE TABLE "{quoted}" (run_id INTEGER) STRICT')
    with pytest.raises(StoreError, match="never writes"):
        reader(str(path))
