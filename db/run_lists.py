"""Reads of runs by filter: one query each, over the view `<kind>_runs`, never a blob."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from db.connect import StoreError
from db.filters import Between, Filter
from db.schema import ExperimentRun, Job, Run


def columns(engine: Engine, kind: str) -> dict[str, type]:
    """The columns of `<kind>_runs` in order, each `float` (numbers) or `str`; empty if no view.

    Raises:
        StoreError: for a view that is none of ours.
    """
    inspector = inspect(engine)
    try:
        found = inspector.get_columns(f"{kind}_runs")
    except NoSuchTableError:
        return {}
    # Its columns' names go into SQL. On opening, views are looked at whose configs are there.
    if not inspector.has_table(f"{kind}_configs"):
        raise StoreError(f"modadd wrote no {kind}_runs into this database: restore a copy")
    return {column["name"]: _python_type(str(column["type"])) for column in found}


def filtered_runs(
    engine: Engine,
    chosen: Filter,
    wanted: Sequence[str] | None = None,
    *,
    experiment: str | None = None,
) -> pd.DataFrame:
    """Those columns (all, if None) of the runs that pass the filter, in order of run_id.

    experiment: of its members alone, whatever other experiments the filter names.

    Raises:
        StoreError: for a column that the view lacks, or of another type than the filter's values.
    """
    known = columns(engine, chosen.kind)
    names = list(known if wanted is None else wanted)
    if not known:
        return pd.DataFrame(columns=names)
    _check_columns(known, [*names, *chosen.columns], chosen.kind)
    condition, values = chosen.condition()
    if experiment is not None:
        member = "SELECT run_id FROM experiment_runs WHERE experiment = :experiment"
        condition, values = (
            f"{condition} AND run_id IN ({member})",
            {**values, "experiment": experiment},
        )
    listed = ", ".join(names)
    query = f"SELECT {listed} FROM {chosen.kind}_runs WHERE {condition} ORDER BY run_id"
    with _understood(chosen):
        found = pd.read_sql(text(query), engine, params=values)
    return as_numbers(found, [name for name in names if known[name] is float])


def as_numbers(rows: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The rows with those of the columns as numbers in which all is NULL: pandas, which cannot know
    what they are of, reads objects."""
    return rows.astype({name: float for name in names if rows[name].dtype == object})


def members(engine: Engine, names: Sequence[str]) -> set[int]:
    """The run_ids of all that belong to any of these experiments."""
    query = select(ExperimentRun.run_id).where(ExperimentRun.experiment.in_(names))
    with engine.connect() as connection:
        return set(connection.execute(query).scalars())


def check_filter(known: Mapping[str, type], chosen: Filter) -> None:
    """Raise StoreError unless rows with these columns can be asked what the filter asks."""
    _check_columns(known, [condition.column for condition in chosen.conditions], chosen.kind)
    for condition in chosen.conditions:
        if isinstance(condition, Between) and known[condition.column] is str:
            raise StoreError(f"{condition.column} is text and has no range: name its values")


def count_runs(engine: Engine, chosen: Filter) -> int:
    """How many runs pass the filter.

    Raises:
        StoreError: as `filtered_runs`.
    """
    known = columns(engine, chosen.kind)
    if not known:
        return 0
    _check_columns(known, chosen.columns, chosen.kind)
    condition, values = chosen.condition()
    query = text(f"SELECT COUNT(*) FROM {chosen.kind}_runs WHERE {condition}")
    with _understood(chosen), engine.connect() as connection:
        return int(connection.execute(query, values).scalar_one())


def distinct_values(engine: Engine, kind: str, column: str, most: int = 25) -> list[float | str]:
    """The values of a column over all runs of a kind, sorted; empty if there are more than `most`.

    Raises:
        StoreError: for a column that the view lacks.
    """
    _check_columns(columns(engine, kind), [column], kind)
    query = text(
        f"SELECT DISTINCT {column} FROM {kind}_runs WHERE {column} IS NOT NULL LIMIT {most + 1}"
    )
    with engine.connect() as connection:
        values = list(connection.execute(query).scalars())
    return sorted(values) if len(values) <= most else []


def span(engine: Engine, kind: str, column: str) -> tuple[float, float] | None:
    """The least and greatest value of a column over all runs of a kind; None if it has none.

    Raises:
        StoreError: for a column that the view lacks.
    """
    _check_columns(columns(engine, kind), [column], kind)
    query = text(f"SELECT MIN({column}), MAX({column}) FROM {kind}_runs")
    with engine.connect() as connection:
        low, high = connection.execute(query).one()
    return None if low is None else (low, high)


def experiments(engine: Engine, kind: str) -> list[str]:
    """The names of the experiments that have runs of a kind."""
    query = (
        select(ExperimentRun.experiment)
        .join(Run, Run.run_id == ExperimentRun.run_id)
        .where(Run.kind == kind)
        .distinct()
        .order_by(ExperimentRun.experiment)
    )
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def last_jobs(engine: Engine, most: int = 20) -> pd.DataFrame:
    """The last jobs, newest first.

    Columns job_id, command, started_at, finished_at (NULL: not noted), device, planned_runs.
    """
    columns = (Job.command, Job.started_at, Job.finished_at, Job.device, Job.planned_runs)
    query = select(Job.job_id, *columns).order_by(Job.job_id.desc()).limit(most)
    return pd.read_sql(query, engine)


def run_counts(engine: Engine, after: int = 0) -> pd.DataFrame:
    """Columns kind, status, job_id, runs, last: how many runs with a run_id above `after` there
    are, and the last of them. A run that a later job stored again counts as the later one's."""
    count, last = func.count().label("runs"), func.max(Run.run_id).label("last")
    query = select(Run.kind, Run.status, Run.job_id, count, last).where(Run.run_id > after)
    return pd.read_sql(query.group_by(Run.kind, Run.status, Run.job_id), engine)


def run_details(engine: Engine, run_id: int) -> dict[str, Any] | None:
    """The columns of `runs` and of `jobs` for one run, and the names of its `experiments`; None if
    there is no such run."""
    query = select(*Run.__table__.columns, *(c for c in Job.__table__.columns if c.key != "job_id"))
    member = select(ExperimentRun.experiment).where(ExperimentRun.run_id == run_id)
    with engine.connect() as connection:
        row = connection.execute(
            query.join(Job, Job.job_id == Run.job_id).where(Run.run_id == run_id)
        ).mappings()
        found = row.one_or_none()
        if found is None:
            return None
        names = sorted(connection.execute(member).scalars())
    return {**found, "experiments": names}


def _check_columns(known: Mapping[str, type], names: Sequence[str], kind: str) -> None:
    for name in names:
        if name not in known:
            raise StoreError(f"the database's {kind} runs have no column {name}")


@contextmanager
def _understood(chosen: Filter) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StoreError(
            f"the database cannot answer {chosen.url or chosen.kind}: {error.orig}"
        ) from error


def _python_type(sql_type: str) -> type:
    return str if sql_type.upper().startswith(("TEXT", "VARCHAR", "CHAR")) else float
