"""Reads of all runs of a filter at one epoch: one query each."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine, text

from db.filters import Filter
from db.run_lists import as_numbers
from db.soundness import check_shape
from db.store import FLOAT32


class Placed(NamedTuple):
    """Arrangements of one shape: run_ids (run,), embeddings (run, token, dim)."""

    run_ids: NDArray[np.int64]
    embeddings: NDArray[np.float32]


def epochs_of(engine: Engine, chosen: Filter) -> list[int]:
    """The epochs at which any run of the filter has metrics, sorted.

    Done runs of one schedule that begin and end alike have the same ones: one of them is looked at.
    """
    runs, values = _runs(chosen)
    query = text(f"""
        WITH chosen AS (
            SELECT r.run_id, r.schedule, r.last_epoch,
                   CASE WHEN r.status = 'done' THEN 0 ELSE r.run_id END AS alone,
                   (SELECT MIN(epoch) FROM series AS s WHERE s.run_id = r.run_id) AS first_epoch
            FROM runs AS r WHERE r.run_id IN ({runs})
        )
        SELECT DISTINCT epoch FROM series WHERE run_id IN (
            SELECT MIN(run_id) FROM chosen GROUP BY schedule, last_epoch, first_epoch, alone
        ) ORDER BY epoch""")
    with engine.connect() as connection:
        return list(connection.execute(query, values).scalars())


def metrics_at(engine: Engine, chosen: Filter, epoch: int) -> pd.DataFrame:
    """run_id and every metric at the epoch, a row a run of the filter that has it."""
    runs, values = _runs(chosen)
    query = text(
        f"SELECT * FROM series WHERE epoch = :epoch AND run_id IN ({runs}) ORDER BY run_id"
    )
    found = pd.read_sql(query, engine, params={**values, "epoch": epoch}).drop(columns="epoch")
    return as_numbers(found, list(map(str, found)))


def embeddings_at(engine: Engine, chosen: Filter, epoch: int | None = None) -> list[Placed]:
    """The arrangements of the filter's runs at an epoch, or each run's last; by shape.

    Raises:
        StoreError: for a blob whose length is not its shape's.
    """
    runs, values = _runs(chosen)
    query = text(
        "SELECT r.run_id, s.tokens, s.dim, s.embedding FROM runs AS r JOIN snapshots AS s "
        f"ON s.run_id = r.run_id AND s.epoch = {'r.last_epoch' if epoch is None else ':epoch'} "
        f"WHERE r.run_id IN ({runs}) ORDER BY r.run_id"
    )
    shapes: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    with engine.connect() as connection:
        asked = values if epoch is None else {**values, "epoch": epoch}
        for run_id, tokens, dim, blob in connection.execute(query, asked):
            shapes.setdefault((tokens, dim), []).append((run_id, blob))
    return [_placed(*shape, rows) for shape, rows in shapes.items()]


def _runs(chosen: Filter) -> tuple[str, dict[str, float | str]]:
    condition, values = chosen.condition()
    return f"SELECT run_id FROM {chosen.kind}_runs WHERE {condition}", values


def _placed(tokens: int, dim: int, rows: list[tuple[int, bytes]]) -> Placed:
    for run_id, blob in rows:
        check_shape(run_id, tokens, dim, blob)
    flat = np.frombuffer(b"".join(blob for _, blob in rows), dtype=FLOAT32)
    ids = np.array([run_id for run_id, _ in rows], dtype=np.int64)
    return Placed(ids, flat.reshape(len(rows), tokens, dim))
