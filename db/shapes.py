"""What a table of ours is beyond its name: its columns' types, its key, and what it refers to.

SQLite holds a strict table to what it declares: what declares as much as ours holds no text where
we read a number, no row twice and none that belongs to nothing.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, UniqueConstraint
from sqlalchemy.dialects import sqlite

from db.schema import (
    Base,
    audits_table,
    config_table,
    law_curls_table,
    law_ends_table,
    law_fits_table,
    law_moments_table,
    law_scores_table,
    points_table,
    series_table,
)

CONFIGS = "_configs"  # behind the kind of runs
# Of tables that are declared, what they have whatever is declared.
_DECLARED: dict[str, Callable[[], Table]] = {
    "series": lambda: series_table(()),
    "embedding_points": lambda: points_table(0),
    "audits": audits_table,
    "law_fits": lambda: law_fits_table(()),
    "law_moments": law_moments_table,
    "law_curls": law_curls_table,
    "law_ends": law_ends_table,
    "law_scores": law_scores_table,
}
# Whose further columns are numbers; a config's are of any type but ANY.
_NUMBERS = ("series", "embedding_points", "law_fits")
_TYPES = frozenset({"INTEGER", "REAL", "TEXT", "BLOB"})


class Column(NamedTuple):
    """A stored column, as `PRAGMA table_info` tells of it. place: in the primary key, from 1."""

    name: str
    type: str
    is_filled: bool
    place: int


def is_ours(name: str) -> bool:
    """Whether a table of this name (lower-case) is one of ours."""
    return name in Base.metadata.tables or name in _DECLARED or name.endswith(CONFIGS)


@lru_cache(maxsize=32)
def _ours(name: str) -> Table:
    if name in Base.metadata.tables:
        return Base.metadata.tables[name]
    return _DECLARED[name]() if name in _DECLARED else config_table("some", {})


def columns(connection: Connection, table: str) -> list[Column]:
    """Of a stored table that is no virtual one: to ask those means to open them."""
    rows = _pragma(connection, "table_info", table)
    return [Column(name, kind, bool(filled), place) for _, name, kind, filled, _, place in rows]


def has_our_shape(connection: Connection, name: str) -> bool:
    """Whether a stored strict table declares what ours of this name does, of columns that it has:
    those that an older version lacked, or a newer program brought, may be missing or added."""
    if not name.isidentifier():
        return False
    table = _ours(CONFIGS if name.endswith(CONFIGS) else name)
    further = frozenset({"REAL"}) if name in _NUMBERS else _TYPES
    stored = columns(connection, name)
    key = tuple(c.name for c in sorted(stored, key=lambda c: c.place) if c.place)
    return (
        all(_fits(column, table, further) for column in stored)
        and key == tuple(column.name for column in table.primary_key)
        and _references(table) <= _stored_references(connection, name)
        and _unique(table) <= _stored_unique(connection, name)
    )


def _fits(stored: Column, table: Table, further: frozenset[str]) -> bool:
    ours = table.columns.get(stored.name)
    if ours is None:
        return stored.type in further
    expected = ours.type.compile(dialect=sqlite.dialect())
    return stored.type == expected and (stored.is_filled or bool(ours.nullable))


def _references(table: Table) -> set[tuple[str, str]]:
    return {(key.parent.name, key.column.table.name) for key in table.foreign_keys}


def _stored_references(connection: Connection, name: str) -> set[tuple[str, str]]:
    return {(row[3], row[2]) for row in _pragma(connection, "foreign_key_list", name)}


def _unique(table: Table) -> set[tuple[str, ...]]:
    found = (c for c in table.constraints if isinstance(c, UniqueConstraint))
    return {tuple(column.name for column in constraint.columns) for constraint in found}


def _stored_unique(connection: Connection, name: str) -> set[tuple[str, ...]]:
    indexes = _pragma(connection, "index_list", name)
    whole = [index for _, index, unique, origin, _ in indexes if unique and origin == "u"]
    return {tuple(row[2] for row in _pragma(connection, "index_info", i)) for i in whole}


def _pragma(connection: Connection, what: str, name: str) -> list[tuple[Any, ...]]:
    # The driver's own cursor: of dozens of questions SQLAlchemy's way would take most of the time.
    cursor = connection.connection.cursor()
    cursor.execute(f'PRAGMA {what}("{name}")')
    return list(cursor.fetchall())
