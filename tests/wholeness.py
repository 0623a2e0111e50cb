"""Whether what is visible of a database is whole, however a job on it ended."""

import contextlib
import sqlite3
from pathlib import Path

from modadd.simulators import SIMULATORS
from modadd.snapshots import schedule


def check_whole(path):
    """Nothing is corrupt, nothing hangs in the air, and each run is there whole or not at all.

    Returns how many runs there are.
    """
    if not Path(path).exists():
        return 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = "SELECT name FROM sqlite_master WHERE name LIKE '%!_configs' ESCAPE '!'"
        found = [name for (name,) in connection.execute(tables)]
        return sum(_check_runs(connection, name.removesuffix("_configs")) for name in found)


def _check_runs(connection, kind):
    connection.row_factory = sqlite3.Row
    rows = connection.execute(
        f"SELECT * FROM runs LEFT JOIN {kind}_configs USING (run_id) WHERE kind = ?", (kind,)
    ).fetchall()
    connection.row_factory = None
    counted = {
        table: dict(connection.execute(f"SELECT run_id, count(*) FROM {table} GROUP BY 1"))
        for table in ("snapshots", "series", "classifiers", "embedding_points")
    }
    for row in map(dict, rows):
        length = row["epochs"] if SIMULATORS[kind].has_classifier else row["steps"]
        epochs = len(schedule(row["schedule"], length))
        kept = counted["snapshots"][row["run_id"]]
        assert kept == epochs if row["status"] == "done" else kept < epochs
        assert counted["series"][row["run_id"]] == kept
        behind = {"all": kept, "final": min(kept, 1)}.get(row["kept_parameters"], 0)
        assert counted["classifiers"].get(row["run_id"], 0) == behind
        assert counted["embedding_points"][row["run_id"]] == row["modulus"]
    return len(rows)
