import contextlib
import multiprocessing
import os
import sqlite3
import sys

import pytest

from db.connect import (
    ANY_KIND,
    SCHEMA_VERSION,
    StoreError,
    changes,
    note_change,
    open_for_writing,
    reader,
    revision,
    writing,
)


def create(path="a.db"):
    with open_for_writing(path):
        pass
    return path


def test_a_new_database_knows_its_version():
    with sqlite3.connect(create()) as connection:
        assert connection.execute("SELECT schema_version, revision FROM store").fetchall() == [
            (SCHEMA_VERSION, 0)
        ]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA page_size").fetchone() == (32768,)


def test_opening_again_changes_nothing():
    create()
    create()
    engine = reader("a.db")
    assert revision(engine) == 0
    engine.dispose()


def test_a_url_serves_as_well_as_a_path(own_directory):
    create(f"sqlite:///{own_directory}/b.db")
    reader("b.db").dispose()


@pytest.mark.parametrize("door", ["write", "read"])
@pytest.mark.parametrize(
    ("location", "message"),
    [
        (".", "must be a file, got the directory"),
        ("none/a.db", "no d"),
        ("text.db", "is no SQLite database"),
        ("foreign.db", "holds other tables and is no modadd database"),
        ("newer.db", "schema version 99, newer than this program's 2: update modadd"),
        ("nothing://x", "must be a path or a SQLAlchemy URL"),
        ("sqlite://", "must be a file, got one in memory"),
    ],
)
def test_what_cannot_serve_is_refused_in_one_line(door, location, message, own_directory):
    (own_directory / "text.db").write_text("not a database, but long enough for a header")
    with sqlite3.connect("foreign.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    with sqlite3.connect(create("newer.db")) as connection:
        connection.execute("UPDATE store SET schema_version = 99")
    before = {path.name: path.stat().st_size for path in own_directory.iterdir()}
    with pytest.raises(StoreError, match=message) as caught:
        if door == "read":
            reader(location)
        else:
            with open_for_writing(location):
                pass
    assert "\n" not in str(caught.value)
    after = {path.name: path.stat().st_size for path in own_directory.iterdir()}
    after.pop("foreign.db.lock", None)
    assert {n: s for n, s in after.items() if "-" not in n and ".lock" not in n} == {
        n: s for n, s in before.items() if "-" not in n and ".lock" not in n
    }


def test_reading_what_is_not_there_says_how_to_make_it():
    with pytest.raises(StoreError, match="no database at a.db: make one with `modadd reproduce`"):
        reader("a.db")


def test_an_empty_file_is_filled_by_a_writer_but_none_for_a_reader(own_directory):
    (own_directory / "a.db").touch()
    with pytest.raises(StoreError, match="is empty and is no modadd database"):
        reader("a.db")
    create()


def test_a_write_protected_file_is_refused_for_writing_and_read(own_directory):
    (own_directory / create()).chmod(0o444)
    with pytest.raises(StoreError, match="is read-only"), open_for_writing("a.db"):
        pass
    reader("a.db").dispose()


def test_a_truncated_database_is_a_clear_line(own_directory):
    path = own_directory / create()
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(StoreError, match="malformed|disk I/O error|refused"):
        reader("a.db")


def test_an_exception_rolls_back():
    with open_for_writing("a.db") as engine:
        with pytest.raises(ZeroDivisionError), writing(engine) as connection:
            connection.exec_driver_sql("INSERT INTO jobs VALUES (1,'','',NULL,'','',1,1,'',NULL)")
            raise ZeroDivisionError
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM jobs").scalar_one() == 0
        assert revision(engine) == 0


def test_a_write_says_which_kinds_of_run_it_changes():
    with open_for_writing("a.db") as engine:
        assert changes(engine) == {}
        both = ("particle", "transformer")
        for kinds in [both[1:], both, (), (ANY_KIND,), both[:1]]:
            with writing(engine, kinds):
                pass
        expected = {"transformer": (2, 2), "particle": (5, 5), ANY_KIND: (4, 4)}
        assert changes(engine) == expected
        with writing(engine, ()) as connection:
            note_change(connection, ["particle"], rewrites=False)
        assert changes(engine) == expected | {"particle": (6, 5)}
        with pytest.raises(ZeroDivisionError), writing(engine, ("particle",)):
            raise ZeroDivisionError
        assert changes(engine)["particle"] == (6, 5)


@pytest.mark.parametrize("impossible", ["revision = -1", "revision = 1 << 62", "rewritten = 7"])
def test_changes_that_cannot_be_are_not_believed(impossible):
    with open_for_writing("a.db") as engine:
        for _ in range(2):
            with writing(engine, ("particle",)):
                pass
        assert changes(engine)
        with sqlite3.connect("a.db") as connection:
            connection.execute(f"UPDATE changes SET {impossible}")
        connection.close()
        assert changes(engine) == {}


def test_a_file_of_before_changes_were_noted_is_read():
    create()
    with sqlite3.connect("a.db") as connection:
        connection.execute("DROP TABLE changes")
    connection.close()
    engine = reader("a.db")
    assert changes(engine) == {}
    engine.dispose()


def test_a_directory_that_cannot_be_written_is_refused_for_writing_and_read(monkeypatch):
    create()
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(StoreError, match="the directory of a.db is read-only"):
        create()
    before = set(os.listdir())
    engine = reader("a.db")
    assert revision(engine) == 0
    engine.dispose()
    assert set(os.listdir()) == before  # not even a -shm


def write_many(path, count):
    with open_for_writing(path) as engine:
        for _ in range(count):
            with writing(engine):
                pass


def test_a_link_to_a_file_has_the_lock_of_the_file(own_directory):
    (own_directory / "link.db").symlink_to("a.db")
    with open_for_writing("link.db") as engine, writing(engine):
        beside = {path.name for path in own_directory.iterdir()}
    assert beside - {"link.db"} == {"a.db", "a.db.lock", "a.db-wal", "a.db-shm"}


def test_writers_of_one_file_take_turns():
    create()
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=("a.db", 20)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    engine = reader("a.db")
    assert revision(engine) == 60
    engine.dispose()


def test_an_interruption_as_a_connection_closes_is_passed_on_without_a_traceback(
    own_directory, monkeypatch, caplog
):
    def interrupted(*_):
        raise KeyboardInterrupt

    with open_for_writing("new.db") as engine, monkeypatch.context() as patch:
        patch.setattr(engine.dialect, "do_close", interrupted)
        patch.setattr(engine.dialect, "do_terminate", interrupted)
        with pytest.raises(KeyboardInterrupt), engine.connect() as connection:
            connection.invalidate()
    assert not caplog.records


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's files so")
@pytest.mark.parametrize("opened", [reader, lambda path: open_for_writing(path).__enter__()])
def test_a_file_that_is_refused_is_not_kept_open(opened):
    create("refused.db")
    with contextlib.closing(sqlite3.connect("refused.db")) as connection:
        connection.execute("UPDATE store SET revision = -1")
        connection.commit()
    for _ in range(3):
        with pytest.raises(StoreError, match="does not say what it is"):
            opened("refused.db")
    held = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    assert not [name for name in held if name.endswith("refused.db")]
