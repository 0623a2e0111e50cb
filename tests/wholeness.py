"""Whether what is visible of a database is whole, however a job on it ended."""

import contextlib
import sqlite3
from pathlib import Path

from modadd.simulators import SIMULATORS
from modadd.snapshots import schedule


def check_whole(path):
    """Nothing is corrupt, nothing hangs in the air, and each run is there whole or not at all, as
    are its audit and what laws make of it.

    Returns how many runs there are.
    """
    if not Path(path).exists():
        return 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = "SELECT name FROM sqlite_master WHERE name LIKE '%!_configs' ESCAPE '!'"
        found = [name for (name,) in connection.execute(tables)]
        _check_law(connection, {name for (name,) in connection.execute(_TABLES)})
        return sum(_check_runs(connection, name.removesuffix("_configs")) for name in found)


_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
# Of what a job adds for a run in one transaction, every run has as many rows of one moment.
_TRIALS = {"law_fits": "epoch", "law_ends": "epoch", "law_curls": "epoch", "law_scores": "phase"}


def _check_law(connection, tables):
    """An audit is there whole or not at all, and so is what laws make of a run at a moment."""
    for table in tables & _TRIALS.keys():
        rows = f"SELECT count(*) FROM {table} GROUP BY run_id, {_TRIALS[table]}"
        assert len(set(connection.execute(rows))) <= 1, table
    if "audits" not in tables:
        return
    audited = connection.execute("SELECT run_id, snapshots FROM audits").fetchall()
    fitted = "SELECT run_id, count(DISTINCT epoch) FROM law_fits GROUP BY 1"
    learnt = {run_id for (run_id,) in connection.execute("SELECT run_id FROM law_moments")}
    assert dict(audited) == dict(connection.execute(fitted))
    assert learnt == dict(audited).keys()


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
