"""Schema version 2: a checksum beside every BLOB, so that a byte that changed is noticed."""

import zlib

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = None  # version 1 is what 0.1.0 created
branch_labels = None
depends_on = None

ROWS = 10_000  # at a time, so that memory stays small


def upgrade() -> None:
    for table, blob in (("snapshots", "embedding"), ("classifiers", "parameters")):
        whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
        op.add_column(table, sa.Column("checksum", whole, nullable=True))
        _fill(op.get_bind(), table, blob)


def _fill(connection: sa.Connection, table: str, blob: str) -> None:
    page = sa.text(
        f"SELECT run_id, epoch, {blob} FROM {table} WHERE (run_id, epoch) > (:run_id, :epoch) "
        f"ORDER BY run_id, epoch LIMIT {ROWS}"
    )
    write = sa.text(
        f"UPDATE {table} SET checksum = :checksum WHERE run_id = :run_id AND epoch = :epoch"
    )
    last = {"run_id": -1, "epoch": -1}
    while rows := connection.execute(page, last).all():
        keys = [{"run_id": run_id, "epoch": epoch} for run_id, epoch, _ in rows]
        sums = (zlib.crc32(content) for *_, content in rows)
        connection.execute(write, [{**k, "checksum": s} for k, s in zip(keys, sums, strict=True)])
        last = keys[-1]
