"""Reads for whoever checks a database: faults of the file, and runs as raw as they are stored."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DatabaseError

from db.connect import CHANGE_CAN_BE
from db.schema import Base, Change, ClassifierSnapshot, ExperimentRun, Job, Run, Snapshot
from db.shapes import CONFIGS
from db.views import view_names


class StoredArray(NamedTuple):
    """A BLOB with what its row says of it. sizes: (tokens, dim), or (hidden_size,)."""

    epoch: int
    sizes: tuple[int, ...]
    content: bytes
    checksum: int | None


class WholeRun(NamedTuple):
    """A run and every row that hangs on it, by epoch or token. config: None unless it has one row.

    series, points: a mapping a row, with run_id and epoch, or with run_id, token, x0, x1, ….
    """

    run_id: int
    kind: str
    config_hash: str
    status: str
    last_epoch: int
    schedule: str
    kept_parameters: str
    job_id: int
    wall_time: float
    config: dict[str, Any] | None
    snapshots: list[StoredArray]
    classifiers: list[StoredArray]
    series: list[dict[str, Any]]
    points: list[dict[str, Any]]


def file_faults(connection: Connection) -> Iterator[str]:
    """What SQLite itself finds wrong, a line a fault; nothing for other databases."""
    if connection.dialect.name != "sqlite":
        return
    try:
        stored = set(inspect(connection).get_table_names())
        for name in sorted(Base.metadata.tables.keys() - stored - {Change.__tablename__}):
            yield f"file: the table {name} is missing"
        kinds = [n.removesuffix(CONFIGS) for n in sorted(stored) if n.endswith(CONFIGS)]
        views = set(inspect(connection).get_view_names())
        for name in view_names(kinds):
            if name not in views:
                yield f"file: the view {name} is missing"
        for (line,) in connection.exec_driver_sql("PRAGMA integrity_check").all():
            if line != "ok":
                yield from (f"file: {part}" for part in str(line).splitlines())
        orphans = connection.exec_driver_sql(
            'SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2'
        )
        for table, parent, rows in orphans.all():
            yield f"{table}: {rows} rows belong to a row of {parent} that is not there"
    except DatabaseError as error:
        yield f"file: {error.orig}"


def change_faults(connection: Connection) -> Iterator[str]:
    """What `changes` notes that cannot be: a change after the store's last, say."""
    if not inspect(connection).has_table(Change.__tablename__):
        return  # a file of before that was noted
    for kind in connection.execute(select(Change.kind).where(~CHANGE_CAN_BE)).scalars():
        yield f"changes: the row of {kind or 'any kind'!r} cannot be, so that pages ignore them all"


def stored_jobs(connection: Connection) -> list[dict[str, Any]]:
    """The rows of `jobs`, in order."""
    jobs = Job.__table__
    return [dict(row) for row in connection.execute(select(jobs).order_by(Job.job_id)).mappings()]


def stored_experiments(connection: Connection) -> list[str]:
    """Their names."""
    query = select(ExperimentRun.experiment).distinct()
    return list(connection.execute(query.order_by(ExperimentRun.experiment)).scalars())


def run_ids(connection: Connection) -> list[int]:
    """Of every stored run, in order."""
    return list(connection.execute(select(Run.run_id).order_by(Run.run_id)).scalars())


def whole_runs(connection: Connection, wanted: Sequence[int]) -> Iterator[WholeRun]:
    """The runs, one at a time; whatever is missing is just not there."""
    names = set(inspect(connection).get_table_names())
    for run_id in wanted:
        columns = [getattr(Run, name) for name in WholeRun._fields[:9]]
        own: Any = connection.execute(select(*columns).where(Run.run_id == run_id)).one()
        table = f"{own.kind}{CONFIGS}"
        configs = _rows(connection, table, run_id) if table in names else []
        alone = configs[0] if len(configs) == 1 else None
        config = alone and {k: v for k, v in alone.items() if k != "run_id"}
        rest = (
            config,
            _arrays(connection, run_id, Snapshot, ("tokens", "dim"), "embedding"),
            _arrays(connection, run_id, ClassifierSnapshot, ("hidden_size",), "parameters"),
            _rows(connection, "series", run_id, "epoch"),
            _rows(connection, "embedding_points", run_id, "token"),
        )
        yield WholeRun._make((*own, *rest))


def _rows(
    connection: Connection, table: str, run_id: int, order: str = "run_id"
) -> list[dict[str, Any]]:
    # The kind is only a table's name here if there is such a table.
    query = text(f'SELECT * FROM "{table}" WHERE run_id = :run_id ORDER BY {order}')
    return [dict(row) for row in connection.execute(query, {"run_id": run_id}).mappings()]


def _arrays(
    connection: Connection, run_id: int, model: Any, sizes: tuple[str, ...], blob: str
) -> list[StoredArray]:
    columns = [model.epoch, *(getattr(model, name) for name in (*sizes, blob)), model.checksum]
    query = select(*columns).where(model.run_id == run_id).order_by(model.epoch)
    return [
        StoredArray(row[0], tuple(row[1:-2]), row[-2], row[-1]) for row in connection.execute(query)
    ]
