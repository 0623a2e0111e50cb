"""What trials of other laws left at networks' snapshots: a row a run, epoch and law.

As the audit's, the tables are declared when first written, and their rows go with their runs.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import pandas as pd
from sqlalchemy import Connection, Engine, Table, delete, inspect, select, text

from db.connect import writing
from db.declarations import declare_columns
from db.filters import Filter
from db.insertion import insert_rows, nullable
from db.law_summaries import networks
from db.schema import Run


def add_trials(engine: Engine, table: Table, rows: pd.DataFrame, version: int) -> None:
    """Store rows (run_id, epoch, law and the table's numbers) in place of those of the same runs
    and epochs; those of deleted runs are dropped."""
    numbers = _numbers(table)
    with writing(engine, changed=("transformer",)) as connection:
        declare_columns(connection, table)
        ids = rows["run_id"].unique().tolist()
        stored = connection.execute(select(Run.run_id).where(Run.run_id.in_(ids))).scalars()
        kept = rows[rows["run_id"].isin(list(stored))]
        for epoch in kept["epoch"].unique().tolist():
            here = (table.c.epoch == epoch) & table.c.run_id.in_(ids)
            connection.execute(delete(table).where(here))
        keys = [kept[name].tolist() for name in ("run_id", "epoch", "law")]
        values = [nullable(kept[name].to_numpy(float)) for name in numbers]
        insert_rows(
            connection,
            table.name,
            ["run_id", "epoch", "law", *numbers, "version"],
            zip(*keys, *values, [version] * len(kept), strict=True),
        )


def trials(engine: Engine, table: Table, version: int, chosen: Filter) -> pd.DataFrame:
    """The rows of this version of the filter's done networks: weight_decay, is_circle and
    imperfections (of the network at its end), run_id, epoch, law and the table's numbers."""
    names = ["run_id", "epoch", "law", *_numbers(table)]
    own = ["weight_decay", "is_circle", "imperfections"]
    if not inspect(engine).has_table(table.name):
        return pd.DataFrame(columns=[*own, *names])
    runs, values = networks(chosen)
    query = text(
        "SELECT r.weight_decay, r.is_circle, r.grid_imperfections AS imperfections, "
        f"{', '.join(f't.{name}' for name in names)} FROM {table.name} AS t "
        f"JOIN ({runs}) AS r USING (run_id) WHERE r.status = 'done' AND t.version = :version "
        "ORDER BY r.weight_decay, t.epoch, t.run_id, t.law"
    )
    return pd.read_sql(query, engine, params={**values, "version": version})


def trials_nowhere(connection: Connection, name: str) -> list[tuple[int, int]]:
    """(run_id, epoch) of trials in the table of that name where the run has no snapshot."""
    if not inspect(connection).has_table(name):
        return []
    query = text(
        f"SELECT DISTINCT t.run_id, t.epoch FROM {name} AS t LEFT JOIN snapshots AS s "
        "ON s.run_id = t.run_id AND s.epoch = t.epoch WHERE s.run_id IS NULL"
    )
    return [(run_id, epoch) for run_id, epoch in connection.execute(query)]


def incomplete_trials(
    connection: Connection, name: str, version: int, laws: Sequence[str]
) -> Iterator[tuple[int, int, list[str]]]:
    """(run_id, epoch, missing laws) of trials of this version in the table of that name."""
    if not inspect(connection).has_table(name):
        return
    query = text(f"SELECT run_id, epoch, law FROM {name} WHERE version = :version ORDER BY 1, 2")
    rows = connection.execute(query, {"version": version}).all()
    for (run_id, epoch), found in groupby(rows, key=lambda row: (row[0], row[1])):
        tried = {law for _, _, law in found}
        missing = [law for law in laws if law not in tried]
        if missing:
            yield run_id, epoch, missing


def _numbers(table: Table) -> list[str]:
    keys = ("run_id", "epoch", "law", "version")
    return [column.name for column in table.columns if column.name not in keys]
