"""SQL from strangers, safely: it can read this database, and neither more nor for long.

Several fences, each of which would do for most: the connection is read-only (twice), an authorizer
admits only SELECTs on the database's own tables with functions of a list, SQLite's limits and the
budgets here bound memory, and a progress handler cuts what does not end or fills the disk. The
list has no function whose cost is out of proportion to its arguments (`printf`, `randomblob`).
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Engine

from db.connect import StoreError, console_connection

MOST_ROWS = 10_000
MOST_SECONDS = 30.0
MOST_BYTES = 20_000_000  # of an answer
MOST_DISK_BYTES = 1_000_000_000  # that may go while a statement sorts
MOST_CHARACTERS = 20_000  # of a statement

_FUNCTIONS = {
    "of a value": "abs ceil ceiling coalesce date datetime degrees exp floor glob hex ifnull iif "
    "julianday length like ln log log10 log2 lower mod nullif pi pow power radians round sign sqrt "
    "strftime substr substring time trunc typeof unicode unixepoch upper",
    "of an angle": "acos acosh asin asinh atan atan2 atanh cos cosh sin sinh tan tanh",
    "of a group": "avg count group_concat max min sum total",
    "of a window": "cume_dist dense_rank first_value lag last_value lead nth_value ntile "
    "percent_rank rank row_number",
    "of JSON text": "-> ->> json_array_length json_extract json_type json_valid",
}
FUNCTIONS = {use: tuple(names.split()) for use, names in _FUNCTIONS.items()}
_ALLOWED = frozenset(name for names in FUNCTIONS.values() for name in names)

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,  # bytes of a value
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * MOST_CHARACTERS,  # bytes; views are longer than people are
    sqlite3.SQLITE_LIMIT_COLUMN: 128,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 16,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
# A file from elsewhere may hold anything, so its views and pages are distrusted as well. Sorting
# keeps this many KiB in memory and spills the rest to a file that the system removes. The heap is
# that of all SQLite in the process, for good: nothing else bounds what reading a statement takes,
# in which a WITH that names another twice is copied as often. The widest row takes 250 MB of it.
_PRAGMAS = (
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",
    "cache_size = -16000",
    "hard_heap_limit = 320000000",
)
# A row takes about ten. Few, because one LIKE over a value of the longest may take a fifteenth of a
# second, and nothing can cut it while it lasts.
_OPERATIONS_BETWEEN_LOOKS = 50
_SECONDS_BETWEEN_LOOKS_AT_THE_DISK = 0.01
# Real tables have pages; virtual ones, which run code of an extension, have none.
_OWN_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'view' OR (type = 'table' AND rootpage > 0)"
)
_SCHEMA = """
    SELECT m.name AS "table", m.type AS kind, c.name AS "column", c.type AS type
    FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
    WHERE m.type = 'view' OR (m.type = 'table' AND m.rootpage > 0)
    ORDER BY m.type DESC, m.name, c.cid
"""
_DENIED = ("not authorized", "authoriz", "access to", "attempt to write", "vtable constructor")
_READS_ONLY = "the console reads this database's tables and views, by one SELECT at a time"


class Answer(NamedTuple):
    """What a statement gave.

    rows: text and numbers, a BLOB as its length; column names are unique. cut: why rows are missing
    at the end, or "". refused: why there are no rows at all, in one line, or "". seconds: it took.
    """

    rows: pd.DataFrame
    cut: str
    refused: str
    seconds: float


def ask(engine: Engine, sql: str, most_rows: int = 1000, most_seconds: float = 5.0) -> Answer:
    """The answer to one SELECT; never raises for what is in `sql`.

    most_rows, most_seconds: where it is cut, at most `MOST_ROWS` and `MOST_SECONDS`.
    """
    watch = _Watch(min(most_seconds, MOST_SECONDS))
    refused, cut = "", ""
    names: list[str] = []
    rows: list[list[Any]] = []
    try:
        _check_text(sql)
        with _fenced(engine, watch) as connection:
            cursor = connection.execute(sql)
            if cursor.description is None:
                raise StoreError(f"that is no query: {_READS_ONLY}")
            names = _unique([column[0] for column in cursor.description])
            rows, cut = _fetched(connection, cursor, min(most_rows, MOST_ROWS))
    except StoreError as error:
        refused = str(error)
    except (sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError) as error:
        refused = watch.cut or _reason(error)
    shown = pd.DataFrame(rows, columns=pd.Index(names, dtype="object"))
    shown = shown.apply(_of_one_type) if len(shown) else shown
    return Answer(shown, cut, refused, time.monotonic() - watch.begun)


class _Watch:
    """When a statement has to end: at its deadline, or once so much of the disk is gone, half of a
    small one. What others write counts, too; so all statements together keep within the bound."""

    def __init__(self, seconds: float) -> None:
        self.begun = self.looked = time.monotonic()
        self.seconds = seconds
        self.free = _free_bytes()
        self.most = min(MOST_DISK_BYTES, self.free / 2)
        self.cut = ""

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self.begun > self.seconds:
            self.cut = f"cut after {self.seconds:g} s: narrow it by WHERE, or raise the time limit"
        elif now - self.looked > _SECONDS_BETWEEN_LOOKS_AT_THE_DISK:
            self.looked = now
            if self.free - _free_bytes() > self.most:
                most = f"{self.most / 1e6:,.0f} MB"
                self.cut = f"cut, as sorting took {most} of the disk: narrow it by WHERE"
        return bool(self.cut)


def _free_bytes() -> int:
    """Where SQLite sorts what memory does not hold (its "Temporary Files", 5)."""
    named = (os.environ.get(name, "") for name in ("SQLITE_TMPDIR", "TMPDIR"))
    usable = (
        place for place in (*named, "/var/tmp", "/usr/tmp", "/tmp")
        if os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)
    )  # fmt: skip
    state = os.statvfs(next(usable, "."))
    return state.f_bavail * state.f_frsize


def schema(engine: Engine) -> pd.DataFrame:
    """Columns table, kind ('view' or 'table'), column, type: what there is to ask for.

    Raises:
        StoreError: for another database than SQLite, or one whose schema is broken.
    """
    with closing(console_connection(engine)) as connection:
        try:
            return pd.read_sql(_SCHEMA, connection)
        except (pd.errors.DatabaseError, sqlite3.Error) as error:
            raise StoreError("the database's schema cannot be read: restore a copy") from error


@contextmanager
def _fenced(engine: Engine, watch: _Watch) -> Iterator[sqlite3.Connection]:
    with closing(console_connection(engine)) as connection:
        connection.isolation_level = None
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        known = frozenset(name for (name,) in connection.execute(_OWN_TABLES))
        connection.set_progress_handler(watch, _OPERATIONS_BETWEEN_LOOKS)
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        connection.set_authorizer(_authorizer(known | {"sqlite_master", "sqlite_schema"}))
        yield connection


def _authorizer(tables: frozenset[str]) -> Callable[..., int]:
    def allows(action: int, *details: str | None) -> int:
        first, second = details[:2]
        allowed = (
            action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE)
            or (action == sqlite3.SQLITE_READ and (first in tables or _is_counted(*details)))
            or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _ALLOWED)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return allows


def _is_counted(_: str | None, column: str | None, database: str | None, *more: str | None) -> bool:
    """Whether rows are counted, of a WITH say, and no column is read. (Of a table-valued function
    too; but that can be no part of a statement here, as it would have to declare a table.)"""
    return not column and database is None


def _check_text(sql: str) -> None:
    if not sql.strip().rstrip(";").strip():
        raise StoreError("there is no statement yet: write a SELECT, or take a worked query")
    if len(sql) > MOST_CHARACTERS:
        raise StoreError(f"a statement may have {MOST_CHARACTERS:,} characters, got {len(sql):,}")
    if "\0" in sql or not _encodes(sql):
        raise StoreError("a statement must be text, got characters that are none")


def _encodes(sql: str) -> bool:
    try:
        sql.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fetched(
    connection: sqlite3.Connection, cursor: sqlite3.Cursor, most_rows: int
) -> tuple[list[list[Any]], str]:
    """The rows, and why there are no more of them."""
    rows: list[list[Any]] = []
    size = 0

    def within_budget(raw: bytes) -> _Text:
        nonlocal size
        size += len(raw)
        return _Text(raw if size <= MOST_BYTES else b"")

    connection.text_factory = within_budget
    for row in cursor:
        if len(rows) == most_rows:
            return rows, f"cut at {most_rows:,} rows"
        size += sum(8 + (len(value) if type(value) is bytes else 0) for value in row)
        if size > MOST_BYTES:
            return rows, f"cut at {MOST_BYTES // 1_000_000} MB, after {len(rows):,} rows"
        rows.append([_shown(value) for value in row])
    return rows, ""


class _Text(bytes):
    """A text as the file has it: as letters it may take four times the memory, so those of a row
    that is too much are never made."""


def _shown(value: Any) -> Any:
    if isinstance(value, _Text):
        return value.decode("utf-8", "replace")
    return f"BLOB of {len(value):,} bytes" if isinstance(value, bytes) else value


def _of_one_type(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """The column, as text if it has both text and numbers: SQLite may mix them, tables may not."""
    text = column.map(lambda value: isinstance(value, str))
    if not text.any() or (text | column.isna()).all():
        return column
    return column.map(lambda value: value if value is None else str(value))


def _unique(names: list[str]) -> list[str]:
    """The names, with a number behind those that came before."""
    found: dict[str, None] = {}
    for name in names:
        candidate, number = name or "(no name)", 2
        while candidate in found:
            candidate, number = f"{name} ({number})", number + 1
        found[candidate] = None
    return list(found)


def _reason(error: BaseException) -> str:
    """Why SQLite or its driver would not, in one line."""
    if isinstance(error, MemoryError):
        return "that takes too much memory: ask for less"
    cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if cause.startswith(_DENIED):
        allowed = f"{_READS_ONLY}, with the functions listed beside it"
        return f"{cause.removesuffix('.')}: {allowed}"
    if "one statement" in cause:
        return "that is more than one statement: give one at a time"
    if "too big" in cause:
        return f"{cause}: a value may have 1 MB"
    return cause
