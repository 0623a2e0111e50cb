"""Connections: one writer at a time, many readers that cannot write."""

import logging
import os
import sqlite3
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from db import still
from db.errors import NoDatabaseError as NoDatabaseError
from db.errors import StoreError as StoreError
from db.errors import understood as understood
from db.errors import without_password as without_password
from db.schema import SCHEMA_VERSION, Base, Change, Store
from db.soundness import MOST_SECONDS, fence, limit_time, stored_version

# Blobs of 2.6 KB would waste a third of SQLite's default pages of 4 KB.
PAGE_SIZE = 32768
BUSY_TIMEOUT_MS = 60_000
ANY_KIND = ""  # in `changes`
CHANGE_CAN_BE = Change.rewritten.between(0, Change.revision) & (
    Change.revision <= select(Store.revision).scalar_subquery()
)


def database_url(location: str) -> URL:
    """A path, or any SQLAlchemy URL, as a URL."""
    if location.partition("://")[2].partition("/")[0].count("@") > 1:
        shown = without_password(location)
        raise StoreError(f"a URL must have its password's @ written as %40, got {shown}")
    try:
        location.encode()
        url = make_url(location) if "://" in location else URL.create("sqlite", database=location)
        url.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        shown = without_password(location)
        raise StoreError(f"database must be a path or a SQLAlchemy URL, got {shown}") from error
    except ImportError as error:
        raise StoreError(f"the database needs the package {error.name}: install it") from error
    if url.get_backend_name() == "sqlite" and url.query:
        raise StoreError(f"a SQLite URL takes no options here, got {', '.join(url.query)}")
    return url


@contextmanager
def open_for_writing(location: str, *, create: bool = True) -> Iterator[Engine]:
    """An engine on the database, which is created if absent, and upgraded first (`db.upgrade`) if
    it is of an older version; closed at the end of the block.

    Raises:
        NoDatabaseError: if it is absent and not to be created.
        StoreError: if the place holds something else, cannot be written, or is newer than we are.
    """
    url = database_url(location)
    path = sqlite_path(url)
    if path is not None:
        if not create:
            _check_exists(path)
        _check_file(path, writable=True)
    engine = create_engine(url)
    pool = type(engine.pool)
    logging.getLogger(f"{pool.__module__}.{pool.__name__}").addFilter(_is_no_interruption)
    if path is not None:
        event.listen(engine, "connect", _prepare_writer)
        event.listen(engine, "begin", _begin)
    try:
        with understood(location), _locked(engine):
            with _for_writing(engine).begin() as connection:
                version = _prepare_store(connection, location, create=create)
            if version < SCHEMA_VERSION:
                from db.upgrade import upgrade  # only an old file waits for Alembic

                upgrade(engine, version)
        yield engine
    finally:
        with _locked(engine):  # the last to close a WAL database checkpoints it
            engine.dispose()


@contextmanager
def open_for_reading(location: str, seconds: float | None = MOST_SECONDS) -> Iterator[Engine]:
    """A `reader` that is closed at the end of the block."""
    engine = reader(location, seconds)
    try:
        yield engine
    finally:
        engine.dispose()


def reader(location: str, seconds: float | None = MOST_SECONDS) -> Engine:
    """An engine whose connections can read and nothing else.

    seconds: after which SQLite gives up a statement, so that no file can hold a page for ever.

    Raises:
        StoreError: if there is no database, it is none of ours, or it is newer than we are.
    """
    url = database_url(location)
    path = sqlite_path(url)
    if path is None:
        engine = create_engine(url, execution_options={"postgresql_readonly": True})
    else:
        _check_exists(path)
        _check_file(path, writable=False)
        engine = create_engine(url, creator=lambda: _read_only(path))
        still.renew_when_changed(engine, path)
        limit_time(engine, seconds)
    try:
        with understood(location), engine.connect() as connection:
            stored_version(connection, location)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _is_no_interruption(record: logging.LogRecord) -> bool:
    """Ctrl-C while a connection is closed ends the job as at any other moment: SQLAlchemy would
    write a traceback about it before it passes it on."""
    return record.exc_info is None or not isinstance(record.exc_info[1], KeyboardInterrupt)


def console_connection(engine: Engine) -> sqlite3.Connection:
    """A connection of one's own to a SQLite file that a `reader` reads, which can only read.

    Raises:
        StoreError: for another database than SQLite.
    """
    path = sqlite_path(engine.url)
    if path is None:
        raise StoreError("the console is for SQLite: query this database with its own tools")
    with understood(str(path)):
        return _read_only(path)


@contextmanager
def writing(engine: Engine, changed: Collection[str] = (ANY_KIND,)) -> Iterator[Connection]:
    """One write transaction: all of it or nothing, and the revision grows by one.

    changed: the kinds of run that it changes.

    Raises:
        StoreError: when the database refuses (a full disk, say); nothing was written then.
    """
    place = engine.url.render_as_string(hide_password=True)
    with understood(place), _locked(engine), _for_writing(engine).begin() as connection:
        # First, because it locks the row: other databases than SQLite let writers in side by side.
        connection.execute(update(Store).values(revision=Store.revision + 1))
        note_change(connection, changed, rewrites=True)
        yield connection


def note_change(connection: Connection, kinds: Collection[str], *, rewrites: bool) -> None:
    """Note in a write transaction that it changes runs of these kinds; rewrites: stored ones."""
    now = select(Store.revision).scalar_subquery()
    values = {"revision": now} | ({"rewritten": now} if rewrites else {})
    for kind in kinds:
        known = update(Change).where(Change.kind == kind).values(values)
        if connection.execute(known).rowcount == 0:
            connection.execute(insert(Change).values({"kind": kind, "rewritten": now, **values}))


def revision(engine: Engine) -> int:
    """How many write transactions the database has seen: a key for caches."""
    with engine.connect() as connection:
        return int(connection.execute(select(Store.revision)).scalar_one())


class Changed(NamedTuple):
    """The revisions that last changed runs of a kind, and that last changed stored ones."""

    revision: int
    rewritten: int


def changes(engine: Engine) -> dict[str, Changed]:
    """What is known of each kind of run, and of `ANY_KIND`. Empty where nothing is: the file is of
    before that was noted, or what it notes cannot be."""
    query = select(Change.kind, Change.revision, Change.rewritten, CHANGE_CAN_BE)
    try:
        with engine.connect() as connection:
            rows = connection.execute(query).all()
        all_can_be = all(can_be for *_, can_be in rows)
        return {kind: Changed(last, rewritten) for kind, last, rewritten, _ in rows if all_can_be}
    except (DBAPIError, ValueError, TypeError):
        return {}


def _locked(engine: Engine) -> Any:
    """A lock around a write transaction on a SQLite file.

    SQLite up to 3.51.2 can corrupt a WAL database when two connections write or checkpoint at the
    same instant (fixed in 3.51.3), and Python ships older ones.
    """
    path = sqlite_path(engine.url)
    # By the file's own name, as of its -wal: links to it are not other databases.
    return nullcontext() if path is None else FileLock(f"{path.resolve()}.lock")


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite database; None for another database."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise StoreError("the database must be a file, got one in memory")
    return Path(url.database)


def _check_exists(path: Path) -> None:
    if not path.exists():
        raise NoDatabaseError(f"no database at {path}: make one with `modadd reproduce`")


def _check_file(path: Path, *, writable: bool) -> None:
    if path.is_dir():
        raise StoreError(f"the database must be a file, got the directory {path}")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise StoreError(f"no directory {folder} to hold the database {path.name}")
    if writable and not os.access(folder, os.W_OK):
        raise StoreError(f"the directory of {path} is read-only: name another database")
    if not path.exists():
        return
    if not path.is_file() or not os.access(path, os.R_OK):
        raise StoreError(f"the database {path} is not a file that can be read")
    # The owner's word counts even for root, whom the system lets write anyway.
    if writable and not (os.access(path, os.W_OK) and path.stat().st_mode & _ANY_WRITE):
        raise StoreError(f"the database {path} is read-only: make it writable or name another")
    with path.open("rb") as file:
        header = file.read(16)
    if header not in (b"", b"SQLite format 3\0"):
        raise StoreError(f"{path} is no SQLite database: name another file")


_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def _prepare_store(connection: Connection, location: str, *, create: bool) -> int:
    """Create our tables in an empty database; return the schema version of what is there."""
    tables = set(inspect(connection).get_table_names())
    if create and not tables:
        Base.metadata.create_all(connection)
        connection.execute(
            Base.metadata.tables["store"].insert(),
            {"store_id": 1, "schema_version": SCHEMA_VERSION, "revision": 0, "declaration": ""},
        )
    version = stored_version(connection, location)
    if version == SCHEMA_VERSION and not tables >= Base.metadata.tables.keys():
        Base.metadata.create_all(connection)
    return version


def _prepare_writer(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by `_begin`, not by the driver.
    connection.isolation_level = None
    for pragma in (
        f"page_size = {PAGE_SIZE}",  # only has an effect on a file that is still empty
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    fence(connection)


def _for_writing(engine: Engine) -> Engine:
    return engine.execution_options(writes=True)


def _begin(connection: Connection) -> None:
    # Plain BEGIN locks late, and of two writers one then fails; who only reads takes no lock.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _read_only(path: Path) -> sqlite3.Connection:
    connection = still.connect(path)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA query_only = ON")
    fence(connection)
    return connection
