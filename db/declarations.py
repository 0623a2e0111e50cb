"""What the science asks of the store: tables for its kinds of runs, columns for its metrics.

The store knows neither configs nor metrics beforehand: whoever writes declares them, so that a new
metric or a new dynamics needs no change here.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateColumn

from db.connect import StoreError, writing
from db.schema import Metric, Run, Store, config_table, points_table, series_table
from db.views import views


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricDeclaration:
    """A metric that a program can measure; a snapshot without classifier may lack it."""

    name: str
    version: int
    description: str
    source: str
    needs_classifier: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class KindDeclaration:
    """A kind of run. fields: of its config. metrics: the names of those that apply to it.

    added: the fields that came after others had been stored, with the value that those had.
    """

    name: str
    fields: Mapping[str, type]
    metrics: Sequence[str]
    added: Mapping[str, int | float | str] = dataclasses.field(default_factory=dict)


def declare(
    engine: Engine, kinds: Sequence[KindDeclaration], metrics: Sequence[MetricDeclaration]
) -> None:
    """Make room for kinds of runs and metrics, and renew the views; write only what is new.

    A metric that is new to a database with runs only gets its column; it counts as measured once
    `mark_measured` says so.

    Raises:
        StoreError: if the database's configs of a kind have other fields than these.
    """
    wanted = views({kind.name: (kind.fields, kind.metrics) for kind in kinds})
    content = json.dumps([wanted, _names(metrics)])
    declaration = hashlib.sha256(content.encode()).hexdigest()
    with engine.connect() as connection:
        if connection.execute(select(Store.declaration)).scalar_one() == declaration:
            return
    with writing(engine) as connection:
        for kind in kinds:
            _declare_configs(connection, kind)
        declare_columns(connection, series_table(_names(metrics)))
        declare_columns(connection, points_table(1))
        if connection.execute(select(func.count()).select_from(Run)).scalar_one() == 0:
            _write_metrics(connection, metrics)
        for name in reversed(wanted):
            connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
        for name, query in wanted.items():
            connection.execute(text(f"CREATE VIEW {name} AS {query}"))
        connection.execute(update(Store).values(declaration=declaration))


def mark_measured(engine: Engine, metrics: Sequence[MetricDeclaration]) -> None:
    """Note that every stored snapshot has these metrics at these versions."""
    with writing(engine) as connection:
        _write_metrics(connection, metrics)


def _names(metrics: Iterable[MetricDeclaration]) -> list[str]:
    return [metric.name for metric in metrics]


def _declare_configs(connection: Connection, kind: KindDeclaration) -> None:
    table = config_table(kind.name, kind.fields, kind.added)
    inspector = inspect(connection)
    if inspector.has_table(table.name):
        columns = {column["name"] for column in inspector.get_columns(table.name)} - {"run_id"}
        other = columns ^ set(kind.fields)
        if other - (set(kind.added) - columns):
            raise StoreError(
                f"the database's {kind.name} runs and this program disagree on the fields "
                f"{', '.join(sorted(other))}: it was written by another version, name another "
                "database"
            )
    declare_columns(connection, table)


def declare_columns(connection: Connection, table: Table) -> None:
    """Create the table, or add the columns that it lacks; rows get a column's default, or NULL."""
    inspector = inspect(connection)
    if not inspector.has_table(table.name):
        table.create(connection)
        return
    stored = {column["name"] for column in inspector.get_columns(table.name)}
    for column in table.columns:
        if column.name not in stored:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {definition}"))


def _write_metrics(connection: Connection, metrics: Sequence[MetricDeclaration]) -> None:
    rows = [
        {**dataclasses.asdict(metric), "needs_classifier": int(metric.needs_classifier)}
        for metric in metrics
    ]
    connection.execute(delete(Metric).where(Metric.name.in_(_names(metrics))))
    if rows:
        connection.execute(insert(Metric), rows)
