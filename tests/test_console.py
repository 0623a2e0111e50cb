"""The SQL console's engine room: what it answers, what it refuses, and where it stops."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import ABUNDANT, ENDLESS, EXPLODING, REFUSED, SORTING
from test_documentation import QUERIES, answering

import db.console
from db.connect import reader
from db.console import FUNCTIONS, MOST_ROWS, _Watch, ask, schema
from db.worked_queries import worked_queries

HOSTILE = Path(__file__).with_name("hostile.py")


@pytest.fixture
def engine(small_database):
    engine = reader(str(small_database))
    yield engine
    engine.dispose()


@pytest.fixture
def own_engine(small_database):
    """On a copy that a test may spoil."""
    shutil.copy(small_database, "own.db")
    engine = reader("own.db")
    yield engine
    engine.dispose()


def spoil(*statements):
    with contextlib.closing(sqlite3.connect("own.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_query_gives_its_rows(engine):
    found = ask(engine, "SELECT kind, COUNT(*) AS runs FROM runs GROUP BY kind ORDER BY kind")
    assert found.rows.to_dict("list") == {"kind": ["particle", "transformer"], "runs": [36, 56]}
    assert (found.cut, found.refused) == ("", "")


def test_the_worked_queries_are_those_of_the_readme():
    assert list(worked_queries().values()) == [query.strip() for query in QUERIES]


@pytest.mark.parametrize("title", worked_queries())
def test_every_worked_query_passes_the_fences(request, title):
    query = worked_queries()[title]
    engine = reader(str(answering(query, request)))
    found = ask(engine, query)
    engine.dispose()
    assert not found.refused
    assert len(found.rows)


def test_worked_queries_of_tables_that_are_not_there_are_left_out(engine, law_database):
    unaudited = worked_queries({*schema(engine)["table"]})
    missing = {*worked_queries()} - {*unaudited}
    assert missing == {"How much of the true forces the force law explains"}
    audited = reader(str(law_database))
    assert worked_queries({*schema(audited)["table"]}) == worked_queries()
    audited.dispose()


def test_there_are_enough_hostile_statements():
    assert len({*REFUSED, *ENDLESS, *ABUNDANT}) >= 100


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: ascii(sql[:40]))
def test_hostile_statements_are_refused_in_one_line(engine, small_database, sql):
    before = small_database.read_bytes()
    found = ask(engine, sql, most_seconds=2)
    assert found.refused
    assert "\n" not in found.refused
    assert not found.refused.startswith("cut after")  # it never ran
    assert found.rows.empty
    assert small_database.read_bytes() == before
    assert not any(Path.cwd().iterdir())


@pytest.fixture(scope="module")
def endured(small_database):
    """What became of the statements that do not end by themselves, in a process of its own."""
    seconds = 0.1
    done = subprocess.run(
        [sys.executable, str(HOSTILE), str(small_database), str(seconds)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {sql: answer for sql, *answer in lines}


@pytest.mark.parametrize("sql", ENDLESS, ids=range(len(ENDLESS)))
def test_what_does_not_end_is_cut_at_the_deadline(endured, sql):
    refused, *_ = endured[sql]
    assert refused == "cut after 0.1 s: narrow it by WHERE, or raise the time limit"


@pytest.mark.parametrize("sql", ABUNDANT, ids=range(len(ABUNDANT)))
def test_what_gives_too_much_is_cut(endured, sql):
    refused, cut, _ = endured[sql]
    assert not refused
    assert cut.startswith("cut at ")


@pytest.mark.parametrize("sql", EXPLODING, ids=range(len(EXPLODING)))
def test_what_explodes_while_it_is_read_is_refused(endured, sql):
    refused, *_ = endured[sql]
    assert refused == "that takes too much memory: ask for less"


def test_memory_stays_bounded(endured):
    # The widest row has 120 values of 1 MB, which SQLite holds twice; measured 257 MB. A statement
    # that explodes is refused once SQLite holds 320 MB, in small pieces; measured 450 MB.
    assert max(megabytes for *_, megabytes in endured.values()) < 500


def test_sorting_does_not_fill_the_disk(monkeypatch, engine):
    monkeypatch.setattr("db.console.MOST_DISK_BYTES", 50_000_000)
    found = ask(engine, SORTING, most_seconds=30)
    assert found.refused == "cut, as sorting took 50 MB of the disk: narrow it by WHERE"


def test_of_a_small_disk_half_is_left(monkeypatch):
    monkeypatch.setattr("db.console._SECONDS_BETWEEN_LOOKS_AT_THE_DISK", 0)
    free = iter([8e6, 5e6, 3e6])
    monkeypatch.setattr("db.console._free_bytes", lambda: next(free))
    watch = _Watch(30)
    assert (watch(), watch()) == (False, True)
    assert "sorting took 4 MB of the disk" in watch.cut


def test_rows_are_cut_at_the_limit_and_it_is_said(engine):
    found = ask(engine, "SELECT run_id FROM runs ORDER BY run_id", most_rows=5)
    assert found.rows["run_id"].tolist() == [1, 2, 3, 4, 5]
    assert found.cut == "cut at 5 rows"
    assert not ask(engine, "SELECT run_id FROM runs LIMIT 5", most_rows=5).cut


def test_nobody_may_ask_for_more_than_the_most(engine):
    found = ask(engine, "SELECT a.epoch FROM series a, series b", most_rows=10**9)
    assert len(found.rows) == MOST_ROWS


def test_blobs_are_shown_as_their_length(engine):
    found = ask(engine, "SELECT embedding FROM snapshots WHERE tokens = 17 AND dim = 2 LIMIT 1")
    assert found.rows["embedding"].tolist() == ["BLOB of 136 bytes"]


def test_columns_of_one_name_are_told_apart(engine):
    found = ask(engine, 'SELECT 1 AS a, 2 AS a, 3 AS "a (2)", 4 AS a')
    assert list(found.rows) == ["a", "a (2)", "a (2) (2)", "a (3)"]


def test_a_column_of_text_and_numbers_is_text(engine):
    found = ask(engine, "SELECT 1 AS a, 1 AS b UNION ALL SELECT 'x', NULL")
    assert found.rows["a"].tolist() == ["1", "x"]
    assert found.rows["b"].dtype.kind == "f"


def test_an_empty_result_has_its_columns(engine):
    found = ask(engine, "SELECT run_id, kind FROM runs WHERE 0")
    assert list(found.rows) == ["run_id", "kind"]
    assert not found.refused


def test_text_that_is_no_utf_8_is_no_trouble(engine):
    assert ask(engine, "SELECT CAST(x'ff41' AS TEXT) AS t").rows["t"].tolist() == ["\ufffdA"]


def test_every_function_of_the_list_is_known_to_sqlite_or_left_out(engine):
    """A misspelt name would silently refuse what it should allow."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM pragma_function_list")}
    newer = {"unixepoch"}  # than some of the versions that Python ships
    spelt_by_the_parser = {"->", "->>", "coalesce", "iif"}
    listed = {name for names in FUNCTIONS.values() for name in names}
    assert listed - known <= newer | spelt_by_the_parser


def test_the_schema_names_tables_views_columns_and_types(engine):
    found = schema(engine).set_index(["table", "column"])
    assert found.loc[("transformer_runs", "weight_decay")].tolist() == ["view", "REAL"]
    assert found.loc[("snapshots", "embedding")].tolist() == ["table", "BLOB"]


def test_a_view_that_loops_is_one_line(own_engine):
    spoil("CREATE VIEW a AS SELECT * FROM runs", "CREATE VIEW b AS SELECT * FROM a")
    with contextlib.closing(sqlite3.connect("own.db")) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE VIEW a AS SELECT * FROM b' WHERE name = 'a'"
        )
    assert "circularly defined" in ask(own_engine, "SELECT * FROM a").refused


def test_a_view_may_use_no_other_functions_either(own_engine):
    spoil("CREATE VIEW evil AS SELECT printf('%.*c', 900000000, 'x') AS x")
    assert "not authorized to use function: printf" in ask(own_engine, "SELECT * FROM evil").refused


@pytest.mark.parametrize("sql", ["SELECT * FROM evil", "SELECT COUNT(*) FROM evil"])
def test_virtual_tables_of_a_file_are_not_opened(own_engine, sql):
    spoil("CREATE VIRTUAL TABLE evil USING fts5(a)")
    assert ask(own_engine, sql).refused
    assert "evil" not in set(schema(own_engine)["table"])


def test_a_job_may_write_while_the_console_is_asked(own_engine):
    spoil("PRAGMA journal_mode = WAL")
    asked = "SELECT revision FROM store"
    before = ask(own_engine, asked).rows["revision"][0]
    spoil("UPDATE store SET revision = revision + 1")
    assert ask(own_engine, asked).rows["revision"][0] == before + 1


def test_other_databases_have_their_own_tools(monkeypatch, engine):
    monkeypatch.setattr("db.connect.sqlite_path", lambda _: None)
    assert "the console is for SQLite" in ask(engine, "SELECT 1").refused


def test_a_broken_schema_is_one_line(own_engine):
    spoil("CREATE VIEW broken AS SELECT * FROM nowhere")
    with pytest.raises(db.connect.StoreError, match="schema cannot be read"):
        schema(own_engine)
