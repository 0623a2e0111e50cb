"""Reads of what a run went through: arrangements and series, one query for any number of runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine, and_, select, text

from db.connect import StoreError
from db.filters import Filter
from db.run_lists import count_runs
from db.schema import ClassifierSnapshot, Run, Snapshot
from db.soundness import check_shape
from db.store import FLOAT32


class Arrangements(NamedTuple):
    """A run's stored arrangements: epochs (snapshot,), embeddings (snapshot, token, dim)."""

    epochs: NDArray[np.int64]
    embeddings: NDArray[np.float32]


def stored_epochs(engine: Engine, run_ids: Sequence[int]) -> list[int]:
    """The epochs at which any of the runs has a snapshot, sorted."""
    query = select(Snapshot.epoch).where(Snapshot.run_id.in_(run_ids)).distinct()
    with engine.connect() as connection:
        return sorted(connection.execute(query).scalars())


def arrangements(
    engine: Engine, run_ids: Sequence[int], epochs: Sequence[int] | None = None
) -> dict[int, Arrangements]:
    """run_id → its arrangements at all stored epochs, or at those of `epochs` that it has.

    A run without any of them is absent. The order is that of `run_ids`.

    Raises:
        StoreError: for a blob whose length is not its shape's.
    """
    query = (
        select(Snapshot.run_id, Snapshot.epoch, Snapshot.tokens, Snapshot.dim, Snapshot.embedding)
        .where(Snapshot.run_id.in_(run_ids))
        .order_by(Snapshot.run_id, Snapshot.epoch)
    )
    if epochs is not None:
        query = query.where(Snapshot.epoch.in_(epochs))
    return _by_run(engine, query, run_ids)


def final_arrangements(engine: Engine, run_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    """run_id → its last arrangement (token, dim). The order is that of `run_ids`.

    Raises:
        StoreError: for a blob whose length is not its shape's.
    """
    last = and_(Snapshot.run_id == Run.run_id, Snapshot.epoch == Run.last_epoch)
    query = (
        select(Snapshot.run_id, Snapshot.epoch, Snapshot.tokens, Snapshot.dim, Snapshot.embedding)
        .join(Run, last)
        .where(Run.run_id.in_(run_ids))
    )
    found = _by_run(engine, query, run_ids)
    return {run_id: stored.embeddings[-1] for run_id, stored in found.items()}


def alike_arrangements(
    engine: Engine, chosen: Filter, tokens: int, dim: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Those done runs of the filter that end with so many tokens in so many dimensions: their
    run_ids (run,), sorted, and last arrangements (run, token, dim).

    Raises:
        StoreError: for a filter that the database cannot answer, or a blob of another length.
    """
    if not count_runs(engine, chosen):
        return np.zeros(0, dtype=np.int64), np.zeros((0, tokens, dim), dtype=np.float32)
    condition, values = chosen.condition()
    query = text(
        "SELECT r.run_id, s.embedding FROM runs AS r "
        "JOIN snapshots AS s ON s.run_id = r.run_id AND s.epoch = r.last_epoch "
        "WHERE r.status = 'done' AND s.tokens = :tokens AND s.dim = :dim "
        f"AND r.run_id IN (SELECT run_id FROM {chosen.kind}_runs WHERE {condition}) "
        "ORDER BY r.run_id"
    )
    with engine.connect() as connection:
        rows = connection.execute(query, {**values, "tokens": tokens, "dim": dim}).all()
    for run_id, blob in rows:
        check_shape(run_id, tokens, dim, blob)
    flat = np.frombuffer(b"".join(blob for _, blob in rows), dtype=FLOAT32)
    ids = np.array([run_id for run_id, _ in rows], dtype=np.int64)
    return ids, flat.reshape(len(rows), tokens, dim)


def classifiers(engine: Engine, run_id: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Epochs (snapshot,) and parameters (snapshot, count) of a network, as `modadd.network` packs
    them; both empty if none were kept.

    Raises:
        StoreError: for parameters of several lengths.
    """
    query = (
        select(ClassifierSnapshot.epoch, ClassifierSnapshot.parameters)
        .where(ClassifierSnapshot.run_id == run_id)
        .order_by(ClassifierSnapshot.epoch)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    if len({len(row.parameters) for row in rows}) > 1:
        raise StoreError(f"run {run_id} has parameters of several lengths")
    flat = np.frombuffer(b"".join(row.parameters for row in rows), dtype=FLOAT32)
    epochs = np.array([row.epoch for row in rows], dtype=np.int64)
    return epochs, flat.reshape(len(rows), -1) if rows else flat.reshape(0, 0)


def series(engine: Engine, run_id: int) -> pd.DataFrame:
    """A run's metrics over epochs: a row a snapshot, `epoch` and a column a metric."""
    rows = pd.read_sql(
        text("SELECT * FROM series WHERE run_id = :run_id ORDER BY epoch"),
        engine,
        params={"run_id": run_id},
    )
    return rows.drop(columns="run_id")


def kind_of(engine: Engine, run_id: int) -> str | None:
    """The kind of a run, or None if there is no such run."""
    with engine.connect() as connection:
        return connection.execute(select(Run.kind).where(Run.run_id == run_id)).scalar_one_or_none()


def _by_run(engine: Engine, query: object, run_ids: Sequence[int]) -> dict[int, Arrangements]:
    rows: dict[int, list[tuple[int, int, int, bytes]]] = {}
    with engine.connect() as connection:
        for run_id, *row in connection.execute(query):  # type: ignore[call-overload]  # a Select, whatever its columns
            rows.setdefault(run_id, []).append(tuple(row))
    return {run_id: _stacked(run_id, rows[run_id]) for run_id in run_ids if run_id in rows}


def _stacked(run_id: int, rows: list[tuple[int, int, int, bytes]]) -> Arrangements:
    epochs = np.array([row[0] for row in rows], dtype=np.int64)
    _, tokens, dim, _ = rows[0]
    for row in rows:
        check_shape(run_id, tokens, dim, row[3])
    flat = np.frombuffer(b"".join(row[3] for row in rows), dtype=FLOAT32)
    return Arrangements(epochs, flat.reshape(len(rows), tokens, dim))
