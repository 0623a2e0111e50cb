"""The audit of the force law: what of the true forces of stored networks a law explains.

The tables are declared when an audit is first written; they go with their runs.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Select,
    Table,
    delete,
    func,
    inspect,
    select,
)

from db.connect import StoreError, writing
from db.declarations import declare_columns
from db.insertion import insert_rows, nullable
from db.schema import (
    ClassifierSnapshot,
    ExperimentRun,
    Run,
    audits_table,
    law_curls_table,
    law_ends_table,
    law_fits_table,
    law_moments_table,
    law_scores_table,
)

FLOAT64 = np.dtype("<f8")
#: The tables of audits, and how many of their first columns name a row.
AUDIT_KEYS = {"audits": 1, "law_fits": 4, "law_moments": 2}


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitRecord:
    """A fit at each snapshot of a run. columns: name → (snapshot,), NaN where undefined."""

    target: str
    fit: str
    n: int
    columns: Mapping[str, NDArray[np.float64]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """All fits of a run.

    epochs: of the audited snapshots. updates: at how many of them the optimiser's update is known.
    moments: phase → (how many snapshots, (count,) inner products).
    """

    run_id: int
    epochs: Sequence[int]
    updates: int
    fits: Sequence[FitRecord]
    moments: Mapping[str, tuple[int, NDArray[np.float64]]]


def add_audits(engine: Engine, records: Sequence[AuditRecord], version: int) -> None:
    """Store audits of runs in place of those that they have; those of deleted runs are dropped.

    With the first of a version all of other versions go, and the trials of laws that rest on them:
    numbers of two versions never stand side by side. So do the trials of all networks of the same
    experiments: laws are learnt from those that are audited, which are more now.
    """
    columns = _columns(records)
    with writing(engine, changed=("transformer",)) as connection:
        _drop_other_versions(connection, version)
        ids = [record.run_id for record in records]
        stored = set(connection.execute(select(Run.run_id).where(Run.run_id.in_(ids))).scalars())
        kept = [record for record in records if record.run_id in stored]
        _drop_trials(connection, ids)
        for into in (audits_table(), law_fits_table(columns), law_moments_table()):
            declare_columns(connection, into)
            connection.execute(delete(into).where(into.c.run_id.in_(ids)))
        for name, names, rows in audit_rows(kept, version):
            insert_rows(connection, name, names, rows)


def _drop_other_versions(connection: Connection, version: int) -> None:
    tables = set(inspect(connection).get_table_names())
    audits = audits_table()
    if audits.name not in tables:
        return
    others = select(audits.c.run_id).where(audits.c.version != version)
    if connection.execute(others.limit(1)).first() is None:
        return
    _drop_trials(connection)
    for name in [*AUDIT_KEYS][::-1]:  # `audits` last: the others are found by it
        stale = Table(name, MetaData(), Column("run_id"))
        connection.execute(delete(stale).where(stale.c.run_id.in_(others)))


def _drop_trials(connection: Connection, run_ids: Sequence[int] | None = None) -> None:
    """Delete all trials of laws, or those of all runs that share an experiment with these."""
    tables = set(inspect(connection).get_table_names())
    shared = select(ExperimentRun.experiment).where(ExperimentRun.run_id.in_(run_ids or ()))
    beside = select(ExperimentRun.run_id).where(ExperimentRun.experiment.in_(shared))
    for trials in (law_ends_table(), law_curls_table(), law_scores_table()):
        if trials.name in tables:
            every = delete(trials)
            connection.execute(
                every if run_ids is None else every.where(trials.c.run_id.in_(beside))
            )


def audit_rows(
    records: Sequence[AuditRecord], version: int
) -> Iterator[tuple[str, list[str], Iterable[tuple[Any, ...]]]]:
    """(table's name, columns, rows) of audits, for each of `AUDIT_KEYS`."""
    yield (
        "audits",
        ["run_id", "version", "snapshots", "updates"],
        ((r.run_id, version, len(r.epochs), r.updates) for r in records),
    )
    columns = _columns(records)
    yield (
        "law_fits",
        ["run_id", "epoch", "target", "fit", "n", *columns],
        (
            (r.run_id, epoch, fit.target, fit.fit, fit.n, *row)
            for r in records
            for fit in r.fits
            for epoch, *row in zip(
                r.epochs, *(nullable(fit.columns[name]) for name in columns), strict=True
            )
        ),
    )
    yield (
        "law_moments",
        ["run_id", "phase", "snapshots", "products"],
        (
            (r.run_id, phase, snapshots, products.astype(FLOAT64).tobytes())
            for r in records
            for phase, (snapshots, products) in r.moments.items()
        ),
    )


def stored_audit(
    connection: Connection, table: str, names: Sequence[str], run_id: int
) -> list[tuple[Any, ...]]:
    """The rows of a run in one of the tables of `AUDIT_KEYS`: their columns of these names."""
    stored = Table(table, MetaData(), *map(Column, names))
    query = select(stored).where(stored.c.run_id == run_id)
    return [tuple(row) for row in connection.execute(query)]


def stray_audits(connection: Connection) -> Iterator[tuple[str, int, int]]:
    """(table's name, run_id, rows) of what audits leave, where there is no such audit."""
    stored = set(inspect(connection).get_table_names())
    for name in [name for name in AUDIT_KEYS if name != "audits" and name in stored]:
        table = Table(name, MetaData(), Column("run_id"))
        query = select(table.c.run_id, func.count()).group_by(table.c.run_id)
        if "audits" in stored:
            query = query.where(table.c.run_id.not_in(select(audits_table().c.run_id)))
        for run_id, rows in connection.execute(query):
            yield name, run_id, rows


def runs_with_parameters(connection: Connection) -> list[int]:
    """The runs of which parameters were kept."""
    return list(connection.execute(select(ClassifierSnapshot.run_id).distinct()).scalars())


def _columns(records: Sequence[AuditRecord]) -> list[str]:
    return list(records[0].fits[0].columns) if records and records[0].fits else []


def runs_to_audit(engine: Engine, version: int, experiment: str | None = None) -> list[int]:
    """The runs with parameters, of an experiment or all, without an audit of this version."""
    query = select(ClassifierSnapshot.run_id).distinct().order_by(ClassifierSnapshot.run_id)
    if experiment is not None:
        query = query.where(ClassifierSnapshot.run_id.in_(_members(experiment)))
    table = audits_table()
    if inspect(engine).has_table(table.name):
        done = select(table.c.run_id).where(table.c.version == version)
        query = query.where(ClassifierSnapshot.run_id.not_in(done))
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def audited_runs(engine: Engine, version: int) -> list[int]:
    """The runs with an audit of this version."""
    with engine.connect() as connection:
        return [run for run, _, made_by in audits(connection) if made_by == version]


def count_audited(connection: Connection, experiment: str, version: int) -> int:
    """How many runs of an experiment have an audit of this version."""
    table = audits_table()
    if not inspect(connection).has_table(table.name):
        return 0
    query = select(func.count()).select_from(table).where(table.c.version == version)
    return connection.execute(query.where(table.c.run_id.in_(_members(experiment)))).scalar_one()


def audits(connection: Connection) -> list[tuple[int, str, int]]:
    """Every audited run, its kind, and the version of its audit."""
    table = audits_table()
    if not inspect(connection).has_table(table.name):
        return []
    asked = select(table.c.run_id, Run.kind, table.c.version).join(
        Run, Run.run_id == table.c.run_id
    )
    return [tuple(row) for row in connection.execute(asked.order_by(table.c.run_id))]


def law_fits(
    engine: Engine,
    columns: Sequence[str],
    version: int,
    *,
    experiment: str | None = None,
    epochs: Sequence[int] | None = None,
    run_ids: Sequence[int] | None = None,
) -> pd.DataFrame:
    """run_id, epoch, target, fit, n and the named columns of every stored fit, as asked for.

    experiment, epochs, run_ids: of these alone; empty if nothing was audited.

    Raises:
        StoreError: if there is no audit, or one of another version; here and below.
    """
    table = law_fits_table(columns)
    _check_audited(engine, table, version)
    query = select(table).order_by(*table.primary_key.columns)
    if experiment is not None:
        query = query.where(table.c.run_id.in_(_members(experiment)))
    if epochs is not None:
        query = query.where(table.c.epoch.in_(list(epochs)))
    if run_ids is not None:
        query = query.where(table.c.run_id.in_(list(run_ids)))
    return pd.read_sql(query, engine)


def audited_epochs(engine: Engine, version: int, experiment: str | None = None) -> list[int]:
    """The epochs at which any run, or any of an experiment, was audited; sorted."""
    table = law_fits_table([])
    _check_audited(engine, table, version)
    query = select(table.c.epoch).distinct().order_by(table.c.epoch)
    if experiment is not None:
        query = query.where(table.c.run_id.in_(_members(experiment)))
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def law_moments(
    engine: Engine, phase: str, run_ids: Sequence[int], version: int
) -> dict[int, NDArray[np.float64]]:
    """run_id → (count,) inner products of a phase, of those of the runs that have it."""
    table = law_moments_table()
    _check_audited(engine, table, version)
    query = select(table.c.run_id, table.c.products).where(
        table.c.phase == phase, table.c.run_id.in_(list(run_ids))
    )
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(table.c.run_id)).all()
    return {run_id: np.frombuffer(blob, FLOAT64) for run_id, blob in rows}


def _members(experiment: str) -> Select[int]:
    return select(ExperimentRun.run_id).where(ExperimentRun.experiment == experiment)


def _check_audited(engine: Engine, table: Table, version: int) -> None:
    if not inspect(engine).has_table(table.name):
        raise StoreError(
            "the database holds no audit: run `modadd audit` on networks with stored parameters"
        )
    audits = audits_table()
    others = select(audits.c.version).where(audits.c.version != version)
    with engine.connect() as connection:
        other = connection.execute(others.limit(1)).scalar()
    if other is not None:
        raise StoreError(
            f"the database's audits are of version {other}, and this program's are of {version}: "
            "run `modadd audit` again"
        )
