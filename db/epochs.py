"""Reads of many runs by epoch: which there are, and all runs of a filter at one."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import Engine, text

from db.filters import Filter
from db.run_lists import as_numbers
from db.soundness import check_shape
from db.store import FLOAT32


class Placed(NamedTuple):
    """Arrangements of one shape: run_ids (run,), embeddings (run, token, dim)."""

    run_ids: NDArray[np.int64]
    embeddings: NDArray[np.float32]


class StoredEpochs(NamedTuple):
    """At which epochs runs have metrics. run_ids: (run,). like: (run,) the run that is looked at in
    the place of each. epochs: of every run that is looked at."""

    run_ids: NDArray[np.int64]
    like: NDArray[np.int64]
    epochs: dict[int, set[int]]

    def of(self, run_ids: ArrayLike) -> list[int]:
        """The epochs at which any of these runs has metrics, sorted."""
        looked_at = np.unique(self.like[np.isin(self.run_ids, run_ids)])
        return sorted(set[int]().union(*(self.epochs[run] for run in looked_at.tolist())))

    def shared(self, run_ids: ArrayLike) -> list[int]:
        """The epochs at which at least half of these runs have metrics, sorted."""
        runs = self.like[np.isin(self.run_ids, run_ids)]
        having: Counter[int] = Counter()
        for looked_at, count in zip(*np.unique(runs, return_counts=True), strict=True):
            having.update(dict.fromkeys(self.epochs[int(looked_at)], int(count)))
        return sorted(epoch for epoch, count in having.items() if 2 * count >= len(runs))


def stored_epochs(engine: Engine, kind: str) -> StoredEpochs:
    """Those of all runs of a kind.

    Done runs of one schedule that begin and end alike have the same ones: one of them is looked at.
    """
    chosen = """
        SELECT run_id, MIN(run_id) OVER (PARTITION BY schedule, last_epoch, first_epoch, alone)
               AS looked_at
        FROM (
            SELECT run_id, schedule, last_epoch,
                   CASE WHEN status = 'done' THEN 0 ELSE run_id END AS alone,
                   (SELECT MIN(epoch) FROM series AS s WHERE s.run_id = r.run_id) AS first_epoch
            FROM runs AS r WHERE kind = :kind
        ) AS alike"""
    query = text("SELECT epoch FROM series WHERE run_id = :run_id")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(chosen), {"kind": kind})]
        run_ids, like = np.array(found, np.int64).reshape(-1, 2).T
        epochs = {
            run_id: set(connection.execute(query, {"run_id": run_id}).scalars())
            for run_id in np.unique(like).tolist()
        }
    return StoredEpochs(run_ids, like, epochs)


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
