"""Every read. Results are DataFrames or arrays, never ORM objects; never a query a row.

Jobs read before they compute, and need no pandas for it: what returns a DataFrame imports it, so
that no run waits for it to load.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, func, inspect, select, text

from db.connect import StoreError
from db.filters import Filter
from db.schema import WITH_HASHES, ClassifierSnapshot, ExperimentRun, Metric, Run, Snapshot
from db.soundness import check_shape
from db.store import FLOAT32

if TYPE_CHECKING:
    import pandas as pd

# As many values as one statement may safely bind on every database.
_BOUND = 10_000


class StoredRun(NamedTuple):
    """What a plan needs to know of a run that is stored already."""

    run_id: int
    schedule: str
    kept_parameters: str


class StoredSnapshots(NamedTuple):
    """All snapshots of one run: epochs (snapshot,), embeddings (snapshot, token, dim) float32,
    classifiers (kept snapshot, count) float32 of the last epochs."""

    run_id: int
    epochs: NDArray[np.int64]
    embeddings: NDArray[np.float32]
    classifiers: NDArray[np.float32]


def stored_runs(engine: Engine, hashes: Sequence[str]) -> dict[str, StoredRun]:
    """Those of the config hashes that are stored, by hash."""
    columns = (Run.config_hash, Run.run_id, Run.schedule, Run.kept_parameters)
    query = select(*columns).where(WITH_HASHES)
    found: dict[str, StoredRun] = {}
    with engine.connect() as connection:
        for start in range(0, len(hashes), _BOUND):
            some = hashes[start : start + _BOUND]
            rows = connection.execute(query, {"hashes": some})
            found.update({row[0]: StoredRun(row[1], row[2], row[3]) for row in rows})
    return found


def runs(engine: Engine, kind: str, experiment: str | None = None) -> "pd.DataFrame":
    """The view `<kind>_runs`, a row a run, of one experiment or all; empty if there are none."""
    from db.run_lists import filtered_runs

    return filtered_runs(engine, Filter(kind=kind), experiment=experiment)


def configs(engine: Engine, kind: str) -> dict[int, dict[str, int | float | str]]:
    """run_id → config of every run of a kind, in order of run_id."""
    table = f"{kind}_configs"
    if not inspect(engine).has_table(table):
        return {}
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY run_id")).mappings()
        return {row["run_id"]: {k: row[k] for k in row if k != "run_id"} for row in rows}


def experiment_counts(engine: Engine) -> "pd.DataFrame":
    """Columns experiment, kind, status, runs: how many runs are stored."""
    import pandas as pd

    query = (
        select(ExperimentRun.experiment, Run.kind, Run.status, func.count().label("runs"))
        .join(Run, Run.run_id == ExperimentRun.run_id)
        .group_by(ExperimentRun.experiment, Run.kind, Run.status)
        .order_by(ExperimentRun.experiment)
    )
    return pd.read_sql(query, engine)


def kind_counts(engine: Engine) -> "pd.DataFrame":
    """Columns kind, status, runs: how many runs are stored, in an experiment or not."""
    import pandas as pd

    query = select(Run.kind, Run.status, func.count().label("runs")).group_by(Run.kind, Run.status)
    return pd.read_sql(query, engine)


def metric_versions(engine: Engine) -> dict[str, int]:
    """The metrics that are measured on every stored snapshot, with their versions."""
    with engine.connect() as connection:
        return dict(connection.execute(select(Metric.name, Metric.version)).all())


def snapshots(engine: Engine, run_ids: Sequence[int]) -> Iterator[StoredSnapshots]:
    """The stored snapshots of the runs, one run at a time in the order given.

    Raises:
        StoreError: for a run without snapshots, or a blob whose length is not its shape's.
    """
    with engine.connect() as connection:
        for run_id in run_ids:
            rows = connection.execute(
                select(Snapshot.epoch, Snapshot.tokens, Snapshot.dim, Snapshot.embedding)
                .where(Snapshot.run_id == run_id)
                .order_by(Snapshot.epoch)
            ).all()
            kept = connection.execute(
                select(ClassifierSnapshot.parameters)
                .where(ClassifierSnapshot.run_id == run_id)
                .order_by(ClassifierSnapshot.epoch)
            ).scalars()
            if not rows:
                raise StoreError(f"run {run_id} has no snapshots")
            epochs = np.array([row.epoch for row in rows], dtype=np.int64)
            _, tokens, dim, _ = rows[0]
            for row in rows:
                check_shape(run_id, tokens, dim, row.embedding)
            embeddings = _arrays(run_id, [row.embedding for row in rows], tokens * dim)
            classifiers = list(kept)
            count = len(classifiers[0]) // FLOAT32.itemsize if classifiers else 0
            yield StoredSnapshots(
                run_id,
                epochs,
                embeddings.reshape(-1, tokens, dim),
                _arrays(run_id, classifiers, count),
            )


def _arrays(run_id: int, blobs: Sequence[bytes], count: int) -> NDArray[np.float32]:
    """(blob, count) float32 from blobs of `count` numbers each."""
    if any(len(blob) != count * FLOAT32.itemsize for blob in blobs):
        raise StoreError(f"run {run_id} has a snapshot whose length is not that of its shape")
    return np.frombuffer(b"".join(blobs), dtype=FLOAT32).reshape(len(blobs), count)
