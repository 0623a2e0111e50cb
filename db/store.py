"""Every write. Each function is one transaction: whole or not at all."""

import dataclasses
import itertools
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from db.connect import StoreError, note_change, writing
from db.declarations import declare_columns
from db.insertion import insert_rows, nullable
from db.schema import (
    WITH_HASHES,
    ClassifierSnapshot,
    ExperimentRun,
    Run,
    Snapshot,
    points_table,
    series_table,
)

FLOAT32 = np.dtype("<f4")
_MOST_ID = 2**62  # far from the largest whole number that SQLite can hold
_NO_POINT = text(f"SELECT * FROM {points_table(1).name} WHERE 1 = 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run with everything that is stored of it.

    epochs: of the snapshots. embeddings: (snapshot, token, dim) float32. classifiers: (snapshot,
    count) float32, for the last `len(classifiers)` epochs. metrics: name → (snapshot,), NaN
    where undefined.
    """

    kind: str
    config_hash: str
    config: Mapping[str, int | float | str]
    status: str
    schedule: str
    kept_parameters: str
    wall_time: float
    epochs: Sequence[int]
    embeddings: NDArray[np.float32]
    classifiers: NDArray[np.float32]
    metrics: Mapping[str, NDArray[np.float64]]

    @property
    def classifier_epochs(self) -> Sequence[int]:
        """The epochs at which the parameters behind the embedding were kept."""
        return self.epochs[len(self.epochs) - len(self.classifiers) :]


def add_runs(
    engine: Engine, job_id: int, records: Sequence[RunRecord], experiments: Sequence[str] = ()
) -> int:
    """Store runs of one kind with all that hangs on them, and their membership in experiments.

    A run that is stored already is replaced by one with more snapshots. It is left alone if the
    new one lacks some that it has: another job may have stored them since this one was planned.

    Returns:
        how many of the runs were left alone although they have snapshots that are not stored.
    """
    kinds = {record.kind for record in records}
    with writing(engine, changed=()) as connection:
        stored = _stored_epochs(connection, [record.config_hash for record in records])
        more = [r for r in records if not _covers(stored.get(r.config_hash), r)]
        new = [r for r in more if _may_replace(r, stored.get(r.config_hash))]
        ids, members = _make_room(connection, [record.config_hash for record in new], stored)
        if new:
            connection.execute(insert(Run), [_run_row(ids, record, job_id) for record in new])
            for into, names, rows in _rows_by_table(connection, ids, new):
                insert_rows(connection, into, names, rows)
        members |= {(name, run_id) for name in experiments for run_id in ids.values()}
        left = [found.run_id for h, found in stored.items() if h not in ids]
        members |= _missing_members(connection, {(name, i) for name in experiments for i in left})
        _write_members(connection, members)
        note_change(connection, kinds, rewrites=bool(stored))
    return len(more) - len(new)


def add_to_experiments(engine: Engine, experiments: Sequence[str], run_ids: Sequence[int]) -> None:
    """Make stored runs members of experiments; those that are members already stay so."""
    wanted = {(name, run_id) for name in experiments for run_id in run_ids}
    with engine.connect() as connection:
        missing = _missing_members(connection, wanted)
    if missing:
        with writing(engine) as connection:  # another job may have added some of them meanwhile
            _write_members(connection, _missing_members(connection, missing))


def update_series(
    engine: Engine, values: Mapping[str, NDArray[np.float64]], keys: Sequence[tuple[int, int]]
) -> None:
    """Overwrite metrics of snapshots. keys: (run_id, epoch) a row; values: name → (row,)."""
    columns = {name: nullable(array) for name, array in values.items()}
    rows = [
        {"_run": run_id, "_epoch": epoch, **{name: columns[name][index] for name in columns}}
        for index, (run_id, epoch) in enumerate(keys)
    ]
    series = series_table(list(values))
    statement = update(series).where(
        series.c.run_id == bindparam("_run"), series.c.epoch == bindparam("_epoch")
    )
    with writing(engine) as connection:
        connection.execute(statement, rows)


def _make_room(
    connection: Connection, hashes: Sequence[str], stored: Mapping[str, "_Stored"]
) -> tuple[dict[str, int], set[tuple[str, int]]]:
    """Delete what is stored of these runs; return hash → run_id, and the (experiment, run_id) that
    the deleted ones had. A stored run keeps its id, the others get the next ones."""
    ids = {h: stored[h].run_id for h in hashes if h in stored}
    highest = connection.execute(select(func.coalesce(func.max(Run.run_id), 0))).scalar_one()
    members = set()
    if ids:
        membership = select(ExperimentRun.experiment, ExperimentRun.run_id).where(
            ExperimentRun.run_id.in_(ids.values())
        )
        members = {(name, run_id) for name, run_id in connection.execute(membership)}
        connection.execute(delete(Run).where(Run.run_id.in_(ids.values())))
    new = [config_hash for config_hash in hashes if config_hash not in ids]
    if highest + len(new) > _MOST_ID:
        raise StoreError(f"no run_id is left past {highest}: restore a copy")
    ids.update(zip(new, itertools.count(highest + 1)))
    return ids, members


def _run_row(ids: Mapping[str, int], record: RunRecord, job_id: int) -> dict[str, Any]:
    return {
        "run_id": ids[record.config_hash],
        "kind": record.kind,
        "config_hash": record.config_hash,
        "status": record.status,
        "last_epoch": record.epochs[-1],
        "schedule": record.schedule,
        "kept_parameters": record.kept_parameters,
        "wall_time": record.wall_time,
        "job_id": job_id,
    }


def _rows_by_table(
    connection: Connection, ids: Mapping[str, int], records: Sequence[RunRecord]
) -> Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]:
    """(table's name, columns, rows) for every table that hangs on `runs`."""
    first = records[0]
    _, tokens, dim = first.embeddings.shape
    points = points_table(dim)
    # Asked so, it is known in a tenth of the time that an inspection takes.
    known = connection.execute(_NO_POINT).keys()
    if not {column.name for column in points.columns} <= set(known):
        declare_columns(connection, points)
    numbered = [(ids[record.config_hash], record) for record in records]

    config_rows = ((i, *record.config.values()) for i, record in numbered)
    yield f"{first.kind}_configs", ["run_id", *first.config], config_rows

    snapshot_rows = _rows((i, r.epochs, (tokens, dim), _blobs(r.embeddings)) for i, r in numbered)
    names = ["run_id", "epoch", "tokens", "dim", "embedding", "checksum"]
    yield Snapshot.__tablename__, names, snapshot_rows

    classifier_rows = _rows(
        (i, r.classifier_epochs, (r.config["hidden_size"],), _blobs(r.classifiers))
        for i, r in numbered
        if len(r.classifiers)
    )
    names = ["run_id", "epoch", "hidden_size", "parameters", "checksum"]
    yield ClassifierSnapshot.__tablename__, names, classifier_rows

    series_rows = _rows((i, r.epochs, (), map(nullable, r.metrics.values())) for i, r in numbered)
    yield "series", ["run_id", "epoch", *first.metrics], series_rows

    point_rows = (
        (i, token, *point)
        for i, r in numbered
        for token, point in enumerate(r.embeddings[-1].tolist())
    )
    yield points.name, ["run_id", "token", *(f"x{axis}" for axis in range(dim))], point_rows


def _rows(
    of_runs: Iterable[tuple[int, Sequence[int], Sequence[Any], Iterable[Sequence[Any]]]],
) -> Iterator[tuple[Any, ...]]:
    """(run_id, epoch, *constants, *values) of every snapshot, of (run_id, epochs, constants,
    columns of values) of every run."""
    for run_id, epochs, constants, columns in of_runs:
        alike = (repeat(value, len(epochs)) for value in constants)
        yield from zip(repeat(run_id, len(epochs)), epochs, *alike, *columns, strict=True)


def _missing_members(connection: Connection, wanted: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those (experiment, run_id) that are not there. Reads what lies between the run_ids alone: the
    experiment's other runs may be a hundred thousand."""
    if not wanted:
        return set()
    run_ids = [run_id for _, run_id in wanted]
    known = select(ExperimentRun.experiment, ExperimentRun.run_id).where(
        ExperimentRun.experiment.in_({name for name, _ in wanted}),
        ExperimentRun.run_id.between(min(run_ids), max(run_ids)),
    )
    return wanted - {(name, run_id) for name, run_id in connection.execute(known)}


def _write_members(connection: Connection, missing: set[tuple[str, int]]) -> None:
    """Add (experiment, run_id) that are not there."""
    rows = [{"experiment": name, "run_id": run_id} for name, run_id in sorted(missing)]
    if rows:
        connection.execute(insert(ExperimentRun), rows)


class _Stored(NamedTuple):
    run_id: int
    epochs: set[int]
    classifier_epochs: set[int]


def _stored_epochs(connection: Connection, hashes: Sequence[str]) -> dict[str, _Stored]:
    """hash → what is stored of a run, for those of the hashes that are."""
    query = select(Run.config_hash, Run.run_id).where(WITH_HASHES)
    rows = connection.execute(query, {"hashes": hashes})
    stored = {config_hash: _Stored(run_id, set(), set()) for config_hash, run_id in rows}
    by_id = {found.run_id: found for found in stored.values()}
    if by_id:
        for epochs in (Snapshot, ClassifierSnapshot):
            keys = select(epochs.run_id, epochs.epoch).where(epochs.run_id.in_(by_id))
            for run_id, epoch in connection.execute(keys):
                found = by_id[run_id]
                (found.epochs if epochs is Snapshot else found.classifier_epochs).add(epoch)
    return stored


def _covers(stored: _Stored | None, record: RunRecord) -> bool:
    return (
        stored is not None
        and stored.epochs >= set(record.epochs)
        and stored.classifier_epochs >= set(record.classifier_epochs)
    )


def _may_replace(record: RunRecord, stored: _Stored | None) -> bool:
    """Whether nothing is lost by it, up to the record's end: it may diverge earlier than the stored
    run, if that was computed on another machine."""
    if stored is None:
        return True
    end = record.epochs[-1]
    lost = (stored.epochs - set(record.epochs)) | (
        stored.classifier_epochs - set(record.classifier_epochs)
    )
    return all(epoch > end for epoch in lost)


def _blobs(arrays: NDArray[np.float32]) -> tuple[list[memoryview], list[int]]:
    """One array or more along the first axis, as they are stored, uncopied; and their checksums."""
    content = np.ascontiguousarray(arrays, dtype=FLOAT32).reshape(-1).view(np.uint8).data
    size = len(content) // len(arrays)
    blobs = [content[place * size : (place + 1) * size] for place in range(len(arrays))]
    return blobs, [zlib.crc32(blob) for blob in blobs]
