"""What trials of laws left of networks: a row a run, epoch or phase of training, and law.

As the audit's, the tables are declared when first written, and their rows go with their runs.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Connection, Engine, Table, delete, func, inspect, select, text

from db.connect import StoreError, writing
from db.declarations import declare_columns
from db.filters import Filter
from db.insertion import insert_rows, nullable
from db.law import count_audited
from db.law_summaries import networks
from db.schema import Run


class Teachers(NamedTuple):
    """An experiment from whose networks with audits of a version laws are learnt, and how many."""

    experiment: str
    version: int
    audited: int


def teachers(engine: Engine, experiment: str, version: int) -> Teachers:
    """Those of now."""
    with engine.connect() as connection:
        return Teachers(experiment, version, count_audited(connection, experiment, version))


def add_trials(
    engine: Engine,
    table: Table,
    rows: pd.DataFrame,
    version: int,
    learnt_from: Teachers,
) -> None:
    """Store rows (run_id, epoch or phase, law and the table's numbers) in place of those of the
    same runs and epochs or phases; those of deleted runs are dropped.

    Raises:
        StoreError: if more networks are audited by now than the laws were learnt from.
    """
    when, numbers = _when(table), _numbers(table)
    with writing(engine, changed=("transformer",)) as connection:
        audited = count_audited(connection, learnt_from.experiment, learnt_from.version)
        if audited != learnt_from.audited:
            raise StoreError(
                f"{learnt_from.experiment} has {audited} audited networks by now, and the laws are "
                f"learnt from {learnt_from.audited}: run it again when no audit is at work"
            )
        declare_columns(connection, table)
        ids = rows["run_id"].unique().tolist()
        stored = connection.execute(select(Run.run_id).where(Run.run_id.in_(ids))).scalars()
        kept = rows[rows["run_id"].isin(list(stored))]
        for at in kept[when].unique().tolist():
            here = (table.c[when] == at) & table.c.run_id.in_(ids)
            connection.execute(delete(table).where(here))
        keys = [kept[name].tolist() for name in ("run_id", when, "law")]
        values = [nullable(kept[name].to_numpy(float)) for name in numbers]
        insert_rows(
            connection,
            table.name,
            ["run_id", when, "law", *numbers, "version"],
            zip(*keys, *values, [version] * len(kept), strict=True),
        )


def trials(engine: Engine, table: Table, version: int, chosen: Filter) -> pd.DataFrame:
    """The rows of this version of the filter's done networks: weight_decay, is_circle and
    imperfections (of the network at its end), run_id, epoch or phase, law and the table's numbers.
    """
    names = ["run_id", _when(table), "law", *_numbers(table)]
    own = ["weight_decay", "is_circle", "imperfections"]
    if not inspect(engine).has_table(table.name):
        return pd.DataFrame(columns=[*own, *names])
    runs, values = networks(chosen)
    query = text(
        "SELECT r.weight_decay, r.is_circle, r.grid_imperfections AS imperfections, "
        f"{', '.join(f't.{name}' for name in names)} FROM {table.name} AS t "
        f"JOIN ({runs}) AS r USING (run_id) WHERE r.status = 'done' AND t.version = :version "
        f"ORDER BY r.weight_decay, t.{_when(table)}, t.run_id, t.law"
    )
    return pd.read_sql(query, engine, params={**values, "version": version})


# The table with what a trial at an epoch, or in a phase, is of.
_TRIED = {"epoch": "snapshots", "phase": "law_moments"}


def trials_nowhere(connection: Connection, table: Table) -> list[tuple[int, str, str]]:
    """(run_id, epoch or phase, table that lacks it) of trials of what the run does not have."""
    if not inspect(connection).has_table(table.name):
        return []
    when = _when(table)
    query = text(
        f"SELECT DISTINCT t.run_id, t.{when} FROM {table.name} AS t LEFT JOIN {_TRIED[when]} AS s "
        f"ON s.run_id = t.run_id AND s.{when} = t.{when} WHERE s.run_id IS NULL"
    )
    return [(run_id, f"{when} {at}", _TRIED[when]) for run_id, at in connection.execute(query)]


def stale_trials(connection: Connection, table: Table, version: int) -> int:
    """How many rows are of another version."""
    if not inspect(connection).has_table(table.name):
        return 0
    stale = select(func.count()).select_from(table).where(table.c.version != version)
    return connection.execute(stale).scalar_one()


def unwhole_trials(
    connection: Connection, table: Table, version: int, laws: Sequence[str]
) -> Iterator[tuple[int, str, str]]:
    """(run_id, epoch or phase, what is missing or too much) of trials of this version."""
    if not inspect(connection).has_table(table.name):
        return
    when = _when(table)
    query = text(
        f"SELECT run_id, {when}, law FROM {table.name} WHERE version = :version ORDER BY 1, 2"
    )
    rows = connection.execute(query, {"version": version}).all()
    for (run_id, at), found in groupby(rows, key=lambda row: (row[0], row[1])):
        tried = {law for _, _, law in found}
        for word, some in (("lacks", set(laws) - tried), ("has unasked", tried - set(laws))):
            if some:
                yield run_id, f"{when} {at}", f"{word} {', '.join(sorted(some))}"


# What the numbers of trials lie between; NULL is undefined.
_RANGES = {
    "curl_share": (0.0, 1.0),
    "r_squared": (-math.inf, 1.0),
    "radius_ratio": (1.0, math.inf),
    "grid_imperfections": (0.0, math.inf),
    "distance": (0.0, math.inf),
}
_ROUNDING = 1e-9


def impossible_trials(connection: Connection, table: Table) -> Iterator[tuple[int, str, str]]:
    """(run_id, epoch or phase, number in words) of trials whose numbers cannot be."""
    if not inspect(connection).has_table(table.name):
        return
    when = table.c[_when(table)]
    for name in _numbers(table):
        low, high = _RANGES[name]
        column = table.c[name]
        outside = (column < low - _ROUNDING) | (column > high + _ROUNDING)
        query = select(table.c.run_id, when, table.c.law, column).where(outside)
        for run_id, at, law, value in connection.execute(query.order_by(table.c.run_id, when)):
            yield run_id, f"{when.name} {at}", f"has {name} {value:g} of {law}"


def _when(table: Table) -> str:
    """`epoch` or `phase`: what stands between the run and the law in the table's key."""
    return str(list(table.primary_key.columns)[1].name)


def _numbers(table: Table) -> list[str]:
    keys = ("run_id", _when(table), "law", "version")
    return [column.name for column in table.columns if column.name not in keys]
