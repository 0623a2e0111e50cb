"""The tables. A run is found by the hash of its config; everything else hangs on its run_id.

Run summaries, scalar series and blobs live in separate tables, so that a list of runs never reads
a blob. NULL means undefined.

What the store owns is declared here as typed models. What the science owns (config fields and
metrics) is declared by whoever writes (`db.store.declare`): one table of configs a kind of run, one
column a metric in `series`, one column a dimension in `embedding_points`.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

SCHEMA_VERSION = 2  # what a change asks for: db/upgrade.py

# SQLite's STRICT tables and rowids know the types INTEGER and REAL alone; other databases would
# take these for 32 bits.
Whole: TypeEngine[Any] = BigInteger().with_variant(Integer(), "sqlite")
Real: TypeEngine[Any] = Double().with_variant(sqlite.REAL(), "sqlite")
SQL_TYPES: dict[type, TypeEngine[Any]] = {int: Whole, float: Real, str: Text()}
STRICT = {"sqlite_strict": True}
CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}


_COLUMN_TYPES: dict[type, Any] = {**SQL_TYPES, bytes: LargeBinary()}


class Base(DeclarativeBase):
    """Typed models of the tables that the store owns."""

    type_annotation_map: ClassVar[dict[type, Any]] = _COLUMN_TYPES


def _run_id(primary_key: bool = True) -> Mapped[int]:
    return mapped_column(ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=primary_key)


class Store(Base):
    """One row: what this file is.

    revision: grows by one with every write transaction. declaration: hash of what the last writer
    declared, so that the next one sees at once whether there is anything new.
    """

    __tablename__ = "store"
    __table_args__ = STRICT

    store_id: Mapped[int] = mapped_column(primary_key=True)
    schema_version: Mapped[int]
    revision: Mapped[int]
    declaration: Mapped[str]


class Change(Base):
    """When the runs of a kind last changed, or what hangs on them: who has read those of one kind
    need not read again because others came, nor read all again because some were added.

    kind: '' is any of them. revision: that of the store with the write. rewritten: with the last
    that did more than add runs.
    """

    __tablename__ = "changes"
    __table_args__ = STRICT

    kind: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    rewritten: Mapped[int]


class Job(Base):
    """One invocation that stored runs: the provenance that its runs share.

    packages: JSON {name: version}. device: as torch names it. finished_at: NULL while the job runs,
    and for ever if it ended early; `db.running` tells the two apart. Times are UTC, ISO 8601.
    """

    __tablename__ = "jobs"
    __table_args__ = STRICT

    job_id: Mapped[int] = mapped_column(primary_key=True)
    command: Mapped[str]
    project_version: Mapped[str]
    git_commit: Mapped[str | None]
    packages: Mapped[str]
    device: Mapped[str]
    threads: Mapped[int]
    planned_runs: Mapped[int]
    started_at: Mapped[str]
    finished_at: Mapped[str | None]


class Run(Base):
    """One run, stored whole or not at all.

    config_hash: SHA-256 of the config, its identity. status: 'done' or 'diverged'. last_epoch: the
    last snapshot's epoch (particles: step); before the config's end only if the run diverged.
    schedule, kept_parameters: which snapshots were asked for, and with which parameters.
    wall_time: seconds of computing, the batch's time divided among its runs.
    """

    __tablename__ = "runs"
    __table_args__ = STRICT

    run_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(index=True)
    config_hash: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    last_epoch: Mapped[int]
    schedule: Mapped[str]
    kept_parameters: Mapped[str]
    wall_time: Mapped[float]
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.job_id"))


# The runs with one of the hashes that the statement is executed with. (A list inside a statement
# stays, with that, until Python's collector looks, which counts containers, not texts.)
WITH_HASHES = Run.config_hash.in_(bindparam("hashes", expanding=True))


class ExperimentRun(Base):
    """Which runs belong to which experiment; one run may belong to several."""

    __tablename__ = "experiment_runs"
    __table_args__ = (Index("experiment_runs_by_run", "run_id"), CLUSTERED)

    experiment: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[int] = _run_id()


class Snapshot(Base):
    """The arrangement at an epoch. embedding: (tokens, dim) little-endian float32, row-major.

    checksum: CRC-32 of the BLOB as it was written, here and below; NULL is not known.
    """

    __tablename__ = "snapshots"
    __table_args__ = STRICT

    run_id: Mapped[int] = _run_id()
    epoch: Mapped[int] = mapped_column(primary_key=True)
    tokens: Mapped[int]
    dim: Mapped[int]
    embedding: Mapped[bytes]
    checksum: Mapped[int | None]


class ClassifierSnapshot(Base):
    """A network's other parameters at an epoch: W_h, b_h, W_o, b_o, little-endian float32."""

    __tablename__ = "classifiers"
    __table_args__ = STRICT

    run_id: Mapped[int] = _run_id()
    epoch: Mapped[int] = mapped_column(primary_key=True)
    hidden_size: Mapped[int]
    parameters: Mapped[bytes]
    checksum: Mapped[int | None]


class Metric(Base):
    """A column of `series` that is measured on every stored snapshot, at this version."""

    __tablename__ = "metrics"
    __table_args__ = STRICT

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    description: Mapped[str]
    source: Mapped[str]
    needs_classifier: Mapped[int]


def config_table(
    kind: str, fields: Mapping[str, type], added: Mapping[str, int | float | str] | None = None
) -> Table:
    """The table of a kind's configs: a row a run, a column a field.

    added: field → what the runs have that were stored before there was such a field.
    """
    defaults = {name: _literal(value) for name, value in (added or {}).items()}
    columns = [
        Column(name, SQL_TYPES[kept], nullable=False, server_default=defaults.get(name))
        for name, kept in fields.items()
    ]
    return _declared(f"{kind}_configs", _run_key(), *columns)


def _literal(value: int | float | str) -> Any:
    """A default in SQL; SQLAlchemy quotes a text itself."""
    return value if isinstance(value, str) else text(repr(value))


def series_table(metrics: Sequence[str]) -> Table:
    """The table of scalar series: a row a snapshot, a column a metric."""
    epoch = Column("epoch", Whole, primary_key=True)
    return _declared("series", _run_key(), epoch, *(Column(name, Real) for name in metrics))


def law_fits_table(columns: Sequence[str]) -> Table:
    """The table of forces fitted with a law: a row a fit of a snapshot, `columns` its numbers."""
    keys = (
        Column("epoch", Whole, primary_key=True),
        Column("target", Text, primary_key=True),
        Column("fit", Text, primary_key=True),
        Column("n", Whole, nullable=False),
    )
    return _declared("law_fits", _run_key(), *keys, *(Column(name, Real) for name in columns))


def audits_table() -> Table:
    """The table of runs whose forces were fitted, and by which version of the fits."""
    return _declared(
        "audits",
        _run_key(),
        Column("version", Whole, nullable=False),
        Column("snapshots", Whole, nullable=False),
        Column("updates", Whole, nullable=False),
    )


def law_moments_table() -> Table:
    """The table of inner products that laws are learnt from: a row a phase of a run's training."""
    return _declared(
        "law_moments",
        _run_key(),
        Column("phase", Text, primary_key=True),
        Column("snapshots", Whole, nullable=False),
        Column("products", LargeBinary, nullable=False),
    )


def law_curls_table() -> Table:
    """The table of how far laws are from a gradient: a row a law at a snapshot."""
    return _of_laws("law_curls", _EPOCH, ("curl_share",))


def law_ends_table() -> Table:
    """The table of where particles end that begin at a snapshot: a row a law that they follow."""
    return _of_laws("law_ends", _EPOCH, ("radius_ratio", "grid_imperfections", "distance"))


def law_scores_table() -> Table:
    """The table of what laws explain that were learnt from other networks: a row a law in a phase
    of a run's training."""
    return _of_laws("law_scores", ("phase", Text), ("r_squared",))


_EPOCH = ("epoch", Whole)


def _of_laws(name: str, when: tuple[str, Any], numbers: Sequence[str]) -> Table:
    keys = (Column(*when, primary_key=True), Column("law", Text, primary_key=True))
    version = Column("version", Whole, nullable=False)
    return _declared(name, _run_key(), *keys, version, *(Column(n, Real) for n in numbers))


@lru_cache(maxsize=64)
def points_table(dim: int) -> Table:
    """The table of final arrangements: a row a token, columns x0, x1, …; NULL past a run's dim."""
    token = Column("token", Whole, primary_key=True)
    axes = (Column(f"x{axis}", Real) for axis in range(dim))
    return _declared("embedding_points", _run_key(), token, *axes)


def _run_key() -> Column[int]:
    return Column("run_id", ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True)


def _declared(name: str, *columns: Column[Any]) -> Table:
    # Fresh metadata, since a declared table's columns vary by database; it must know what the
    # foreign keys point to.
    metadata = MetaData()
    for owned in ("jobs", "runs"):
        Base.metadata.tables[owned].to_metadata(metadata)
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=False)
