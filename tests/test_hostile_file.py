"""A database from anywhere: whatever it holds is shown as text, or refused in one line."""

import contextlib
import resource
import shutil
import sqlite3
import sys

import pytest
from planted import make

from dashboard.pages import PAGES
from db.connect import StoreError, open_for_reading, reader
from db.filters import Filter
from db.run_lists import columns, count_runs

LOOP = "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT"

# What never opens: a page, a command and a writer say the same.
REFUSED = {
    "a trigger": ["CREATE TRIGGER mine AFTER INSERT ON runs BEGIN DELETE FROM runs; END"],
    "a store that is a view": [
        "ALTER TABLE store RENAME TO old",
        "CREATE VIEW store AS SELECT * FROM old",
    ],
    "runs that are a view that loops": [
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE runs RENAME TO old",
        f"CREATE VIEW runs AS {LOOP} * FROM old, x",
    ],
    "a view of runs that loops": [
        "DROP VIEW transformer_runs",
        f"CREATE VIEW transformer_runs AS {LOOP} o.*, n FROM transformer_configs AS o, x",
    ],
    "a view of runs in other letters": [
        "DROP VIEW particle_runs",
        "CREATE VIEW Particle_Runs AS SELECT zeroblob(1 << 29) AS seed",
    ],
    "a virtual table in our place": [
        "DROP TABLE experiment_runs",
        "CREATE VIRTUAL TABLE experiment_runs USING fts5(experiment, run_id)",
    ],
    "series that are a view that loops": [
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE series RENAME TO old",
        f"CREATE VIEW series AS {LOOP} * FROM old, x",
    ],
    "a table that holds anything": [
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE snapshots RENAME TO old",
        "CREATE TABLE snapshots AS SELECT * FROM old",
    ],
    "a table that only says that it is strict": [
        "DROP TABLE series",
        "CREATE TABLE series (run_id, epoch /* */) /* ) STRICT",
    ],
    "a table of the paper's that was made up": [
        "DROP VIEW table_1",
        "CREATE VIEW table_1 AS SELECT 0.0 AS weight_decay, 100 AS circles",
    ],
    "runs that may be stored twice": [
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE runs RENAME TO once",
        "CREATE TABLE runs (run_id INTEGER NOT NULL, kind TEXT NOT NULL, "
        "config_hash TEXT NOT NULL, status TEXT NOT NULL, last_epoch INTEGER NOT NULL, "
        "schedule TEXT NOT NULL, kept_parameters TEXT NOT NULL, wall_time REAL NOT NULL, "
        "job_id INTEGER NOT NULL) STRICT",
        "INSERT INTO runs SELECT * FROM once UNION ALL SELECT * FROM once",
    ],
    "no version": ["DELETE FROM store"],
    "a version below nothing": ["UPDATE store SET schema_version = -1"],
    "a revision below nothing": ["UPDATE store SET revision = -1"],
    "a revision that cannot grow": ["UPDATE store SET revision = (1 << 62) - 1 + (1 << 62)"],
    "a version that is no number": [
        "DROP TABLE store",
        "CREATE TABLE store (store_id, schema_version, revision, declaration)",
        "INSERT INTO store VALUES (1, 'two', 0, '')",
    ],
}

# What opens, and is wrong further in: no page and no command says more than a line.
WRONG = {
    "a shape beyond all memory": ["UPDATE snapshots SET tokens = 1 << 40"],
    "a shape below nothing": ["UPDATE snapshots SET tokens = -tokens, dim = -dim"],
    "BLOBs cut short": ["UPDATE snapshots SET embedding = x'00'"],
    "parameters cut short": ["UPDATE classifiers SET parameters = x'00000000' WHERE epoch = 20"],
    "a config beyond all memory": ["UPDATE transformer_configs SET modulus = 2147483647"],
    "a config against its rules": ["UPDATE transformer_configs SET modulus = -1"],
    "changes that cannot be": ["UPDATE changes SET revision = -1"],
    "a kind that nobody knows": ["UPDATE runs SET kind = '<b>' WHERE run_id = 1"],
    "no snapshots": ["DELETE FROM snapshots"],
    "no table of snapshots": ["DROP TABLE snapshots"],
}

# What the Run page says of each; of what is not here it need say nothing.
SAID = {
    "a shape beyond all memory": "whose length is not that of its shape",
    "a shape below nothing": "whose length is not that of its shape",
    "BLOBs cut short": "whose length is not that of its shape",
    "parameters cut short": "parameters of several lengths",
    "a config beyond all memory": "other sizes than its config",
    "a config against its rules": "modulus must be",
    "a kind that nobody knows": "of a kind that nobody here knows",
    "no snapshots": "No arrangement of this run is stored",
    "no table of snapshots": "no such table",
}


def spoiled(made, own_directory, statements):
    path = shutil.copy(made, own_directory / "hostile.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made") / "made.db")


@pytest.mark.parametrize("name", REFUSED)
def test_what_modadd_never_writes_is_refused_in_one_line(name, made, own_directory, modadd):
    path = spoiled(made, own_directory, REFUSED[name])
    with pytest.raises(StoreError, match="never writes|does not say|holds other") as caught:
        reader(str(path))
    assert "\n" not in str(caught.value)
    status, _, errors = modadd("simulate", "--steps", 3, "--database", path)
    assert (status, len(errors.splitlines())) == (2, 1), errors


def test_a_page_says_why_it_opens_no_such_file(made, own_directory, open_page):
    path = spoiled(made, own_directory, REFUSED["a view of runs that loops"])
    shown = open_page("runs", database=path)
    assert "what modadd never writes" in shown.info[0].value


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("page", ["run", "runs"])
def test_pages_say_in_a_line_what_is_wrong(page, name, made, own_directory, open_page):
    assert page in PAGES
    path = spoiled(made, own_directory, WRONG[name])
    before = peak()
    shown = open_page(page, database=path, run="1")
    assert not shown.exception
    said = [element.value for element in (*shown.info, *shown.warning, *shown.error)]
    assert all(len(line.splitlines()) == 1 for line in said)
    if page == "run":
        assert [SAID[name] in line for line in said] == [True] if name in SAID else not said
    assert peak() - before < 300 << 20


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["verify", "measure grid_imperfections", "list"])
def test_commands_say_in_a_line_what_is_wrong(command, name, made, own_directory, modadd):
    path = spoiled(made, own_directory, WRONG[name])
    status, printed, errors = modadd(*command.split(), "--database", path)
    assert status in (0, 1, 2)
    assert "Traceback" not in errors
    if command == "verify":
        assert (status != 0, (printed + errors).strip() != "") == (True, True)


def test_packages_that_are_no_list_are_shown_as_they_are(made, own_directory, open_page):
    path = spoiled(made, own_directory, ["UPDATE jobs SET packages = '[1, 2'"])
    shown = open_page("run", database=path, run="2")
    assert not shown.exception
    assert any("[1, 2" in str(table.value) for table in shown.table)


def test_a_value_of_absurd_size_is_not_allocated(made, own_directory):
    path = spoiled(made, own_directory, [])
    engine = reader(str(path))
    with engine.connect() as connection, pytest.raises(Exception, match="too big"):
        connection.exec_driver_sql("SELECT length(hex(zeroblob(100000000)))").scalar_one()
    engine.dispose()


def test_a_statement_without_end_is_ended(made):
    engine = reader(str(made), seconds=0.2)
    with engine.connect() as connection, pytest.raises(Exception, match="interrupted"):
        connection.exec_driver_sql(f"{LOOP} count(*) FROM x").scalar_one()
    engine.dispose()


@pytest.mark.parametrize("page", ["overview", "runs", "phases"])
def test_column_names_of_a_view_that_is_no_view_of_runs_get_into_no_sql(
    page, made, own_directory, open_page
):
    named = '1 AS run_id, 1 AS "seed FROM store; --", 2 AS "a"" b"'
    path = spoiled(
        made,
        own_directory,
        [
            "DROP VIEW transformer_runs",
            "DROP TABLE transformer_configs",
            f"CREATE VIEW transformer_runs AS SELECT {named}",
        ],
    )
    with open_for_reading(str(path)) as engine:
        for read in (columns, count_runs):
            with pytest.raises(StoreError, match="modadd wrote no transformer_runs"):
                read(engine, "transformer" if read is columns else Filter())
    shown = open_page(page, database=path)
    assert "modadd wrote no transformer" in shown.info[0].value


def test_users_own_views_and_tables_are_no_trouble(made, own_directory):
    own = ["CREATE VIEW my_runs AS SELECT * FROM transformer_runs", "CREATE TABLE notes (note)"]
    reader(str(spoiled(made, own_directory, own))).dispose()


def peak():
    """The most memory that this process ever held, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


@pytest.mark.parametrize("command", ["verify", "list", "tables", "simulate"])
def test_a_flipped_byte_of_the_files_own_text_is_one_line(made, own_directory, modadd, command):
    content = bytearray(made.read_bytes())
    content[content.index(b"CREATE TABLE runs") + 30] ^= 0x80
    damaged = own_directory / "damaged.db"
    damaged.write_bytes(content)
    status, _, errors = modadd(command, "--database", damaged)
    assert (status, len(errors.splitlines())) == (2, 1)
    assert "is damaged: a text in it is no UTF-8; restore a copy" in errors
