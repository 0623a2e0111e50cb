import contextlib
import re
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from db.connect import reader, without_password
from db.queries import runs, snapshots
from modadd.metrics import METRICS, measure
from modadd.snapshots import Snapshot, schedule
from modadd.training import TrainingConfig, train

QUICK = ("--epochs", 20, "--hidden-size", 4)


def sql(query, path="modadd.db"):
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


def contents(path="modadd.db"):
    """Everything of a database that is science: all but times, jobs and the revision."""
    with sqlite3.connect(path) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = {}
        for table in sorted(set(tables) - {"jobs", "store", "changes"}):
            columns = [c[1] for c in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(c for c in columns if c not in ("job_id", "wall_time"))
            found = connection.execute(f"SELECT {kept} FROM {table}").fetchall()
            rows[table] = sorted(found, key=repr)
        return rows


def test_a_sweep_is_every_combination(modadd):
    status, _, errors = modadd(
        "train", *QUICK, "--weight-decay", 0.3, 1, "--modulus", 5, 7, "--seeds", "0:3", 9
    )
    assert status == 0
    assert "16 runs computed, 0 were there" in errors
    rows = sql(
        "SELECT weight_decay, modulus, count(DISTINCT seed) FROM transformer_runs GROUP BY 1, 2"
    )
    assert rows == [(0.3, 5, 4), (0.3, 7, 4), (1.0, 5, 4), (1.0, 7, 4)]


def test_rerun_adds_nothing(modadd):
    words = ("simulate", "--steps", 5, "--alignment", 0.5, 1, "--seeds", "0:5", "--experiment", "e")
    modadd(*words)
    before, revision = contents(), sql("SELECT revision FROM store")
    status, _, errors = modadd(*words)
    assert status == 0
    assert "0 runs computed, 10 were there" in errors
    assert contents() == before
    assert sql("SELECT revision FROM store") == revision


def test_stored_runs_are_those_of_the_library(modadd):
    modadd("train", *QUICK, "--seeds", "3:5", "--snapshots", "default")
    config = TrainingConfig(seed=4, epochs=20, hidden_size=4)
    engine = reader("modadd.db")
    (run_id,) = runs(engine, "transformer").query("seed == 4")["run_id"]
    (stored,) = snapshots(engine, [int(run_id)])
    computed = list(train([config], schedule("default", 20)))
    assert stored.epochs.tolist() == [snapshot.epoch for snapshot in computed]
    for index, snapshot in enumerate(computed):
        assert np.array_equal(stored.embeddings[index], snapshot.embedding[0])
        assert np.array_equal(stored.classifiers[index], snapshot.classifier[0])
    engine.dispose()


def test_every_metric_is_stored_for_every_snapshot(small_database):
    engine = reader(str(small_database))
    series = pd.read_sql("SELECT * FROM series", engine)
    for row in runs(engine, "transformer").query("status == 'done'").to_dict("records")[::10]:
        fields = {name: row[name] for name in TrainingConfig.field_types()}
        config = TrainingConfig.from_dict(fields)
        (stored,) = snapshots(engine, [row["run_id"]])
        again = measure(
            Snapshot((config,) * len(stored.epochs), 0, stored.embeddings, stored.classifiers),
            tuple(METRICS),
        )
        kept = series[series["run_id"] == row["run_id"]].sort_values("epoch")
        for name in METRICS:
            np.testing.assert_array_equal(kept[name].to_numpy("f8"), again[name], err_msg=name)
            assert row[name] == again[name][-1]
    engine.dispose()


@pytest.mark.parametrize(("kept", "count"), [("all", 3), ("final", 1), ("none", 0)])
def test_parameters_are_kept_as_asked(modadd, kept, count):
    modadd("train", *QUICK, "--snapshots", "10", "--parameters", kept)
    assert sql("SELECT epoch FROM snapshots ORDER BY 1") == [(0,), (10,), (20,)]
    epochs = sql("SELECT epoch FROM classifiers ORDER BY 1")
    assert epochs == [(0,), (10,), (20,)][3 - count :]
    # Measured all the same, while the parameters were at hand.
    assert sql("SELECT count(train_loss) FROM series") == [(3,)]


def test_asking_for_more_snapshots_computes_again_and_keeps_the_old_ones(modadd):
    modadd("train", *QUICK, "--snapshots", "5", "--parameters", "final", "--experiment", "a")
    _, _, errors = modadd("train", *QUICK, "--snapshots", "10", "--parameters", "none")
    assert "1 runs computed" in errors
    assert sql("SELECT epoch FROM snapshots ORDER BY 1") == [(0,), (5,), (10,), (20,)]
    assert sql("SELECT epoch FROM classifiers") == [(20,)]
    assert sql("SELECT * FROM experiment_runs") == [("a", 1)]
    _, _, errors = modadd("train", *QUICK, "--snapshots", "5,10", "--parameters", "none")
    assert "0 runs computed" in errors


def test_a_diverged_run_is_data(small_database):
    rows = sql(
        "SELECT status, last_epoch < epochs, train_loss IS NOT NULL FROM transformer_runs "
        "WHERE learning_rate > 1",
        small_database,
    )
    assert rows == [("diverged", 1, 1)]
    assert sql(
        "SELECT count(*) FROM snapshots s JOIN runs r USING (run_id) "
        "WHERE r.status = 'diverged' AND s.epoch > r.last_epoch",
        small_database,
    ) == [(0,)]


def test_workers_in_processes_make_the_same_database(modadd):
    words = ("train", "--epochs", 3, "--hidden-size", 400, "--seeds", "0:8", "--snapshots", "final")
    modadd(*words, "--database", "threads.db")
    status, _, _ = modadd(*words, "--database", "processes.db", "--workers", 2)
    assert status == 0
    assert contents("threads.db") == contents("processes.db")
    assert sql("SELECT threads FROM jobs", "processes.db") == [(2,)]


def test_a_toml_file_of_sweeps(modadd, own_directory):
    (own_directory / "sweep.toml").write_text(
        """
        [[train]]
        experiment = "mine"
        epochs = 10
        modulus = [5, 6]
        seeds = ["0:2", 7]
        snapshots = "final"

        [[simulate]]
        steps = 3
        alignment = 2
        """
    )
    status, _, errors = modadd("run", "sweep.toml")
    assert status == 0
    assert "mine: 6 runs computed" in errors
    assert sql("SELECT alignment, steps, seed FROM particle_runs") == [(2.0, 3, 0)]


def test_experiments_share_their_runs(modadd):
    status, printed, errors = modadd(
        "reproduce", "appendix-d", "table-2", "--seeds", "10:12", "--snapshots", "final"
    )
    assert status == 0
    assert "appendix-d: 6 runs computed, 0 were there" in errors
    assert "table-2: 0 runs computed, 6 were there" in errors
    assert sql("SELECT experiment, count(*) FROM experiment_runs GROUP BY 1") == [
        ("appendix-d", 6), ("table-2", 6),
    ]  # fmt: skip
    assert "table-2: structures of the particle simulation by alignment (Sec. 6" in printed


def test_provenance_is_stored_with_every_run(small_database, modadd):
    (row,) = sql("SELECT * FROM jobs WHERE job_id = 1", small_database)
    _, _, version, _, packages, device, threads, planned, started, finished = row
    assert (version, device, planned) == ("0.1.0", "cpu", 48)
    assert '"torch": "2' in packages
    assert threads >= 1
    assert started <= finished
    assert sql("SELECT count(*) FROM runs WHERE wall_time > 0 AND job_id > 0", small_database) == (
        sql("SELECT count(*) FROM runs", small_database)
    )


def test_the_command_is_stored_so_that_it_can_be_pasted(modadd):
    modadd("simulate", "--steps", 2, "--experiment", "two words")
    assert sql("SELECT command FROM jobs") == [
        ("modadd simulate --steps 2 --experiment 'two words'",)
    ]


def test_passwords_are_not_stored():
    assert without_password("postgresql://me:secret@host/x") == "postgresql://me:***@host/x"
    in_query = "postgresql://host/x?user=me&password={}&sslmode=require"
    assert without_password(in_query.format("a:b@c")) == in_query.format("***")
    assert without_password("postgresql://me:se@cret@host/x") == "postgresql://me:***@host/x"
    assert without_password("--database=Zürich.db") == "--database=Zürich.db"
    assert without_password("\udcff.db") == "\\udcff.db"


def test_list_shows_what_is_stored(modadd, small_database):
    status, printed, _ = modadd("list", "--database", small_database)
    assert status == 0
    assert "table-1 48 stored, 400 planned" in re.sub(" +", " ", printed)
    assert "networks              55 done" in printed
    assert "networks              1 diverged" in printed
    assert "grid_imperfections" in printed


def test_particles_have_no_parameters_to_ask_for(modadd):
    modadd("simulate", "--steps", 2)
    _, _, errors = modadd("reproduce", "table-2", "--seeds", "0:1", "--parameters", "none")
    assert "3 runs computed" in errors
    _, _, errors = modadd("reproduce", "table-2", "--seeds", "0:1", "--parameters", "all")
    assert "0 runs computed, 3 were there" in errors


def test_table_1_with_all_snapshots_and_parameters_fits_80_mb(modadd, own_directory):
    sizes = []
    for end in (20, 40):
        modadd("train", "--seeds", f"0:{end}", "--database", "size.db")
        sizes.append((own_directory / "size.db").stat().st_size)
    each = (sizes[1] - sizes[0]) / 20
    assert 691 * 4 * 59 < each < 80e6 / 400


def test_list_works_without_a_database(modadd):
    status, printed, _ = modadd("list")
    assert status == 0
    assert "0 stored, 400 planned" in printed
    assert "no database at modadd.db" in printed


def test_the_database_can_come_from_the_environment(modadd, monkeypatch):
    monkeypatch.setenv("MODADD_DATABASE", "elsewhere.db")
    modadd("simulate", "--steps", 2)
    assert sql("SELECT count(*) FROM runs", "elsewhere.db") == [(1,)]


def test_help_names_every_flag_with_its_default(modadd):
    status, printed, _ = modadd("train", "--help")
    assert status == 0
    for words in ("--weight-decay", "default: 0.01", "default: 2000", "default: glorot"):
        assert words in printed
    assert modadd("--help")[0] == 0
    assert "0.1.0" in modadd("--version")[1]


def test_an_experiment_with_baselines_prints_what_its_rows_differ_in(modadd, own_directory):
    words = ("reproduce", "decay-groups", "--seeds", "0:2", "--database", "small.db")
    status, printed, _ = modadd(*words)
    assert status == 0
    assert "b_h alone" in printed
    assert "less all: difference [95 % interval]" in printed
    assert "less none: difference [95 % interval]" in printed
    with contextlib.closing(sqlite3.connect("small.db")) as connection:
        (snapshots,) = connection.execute("SELECT COUNT(*) FROM snapshots").fetchone()
    assert snapshots == 2 * 2 * 12  # the first and the last alone


def test_a_job_goes_on_with_what_another_has_stored_meanwhile(modadd, monkeypatch):
    from jobs import loop

    real = loop.running.job_at_work
    words = ("simulate", "--steps", 6, "--seeds", "0:3", "--workers", 0)

    def late(engine, **given):
        """Another job stores the same runs just after this one was planned."""
        monkeypatch.setattr(loop.running, "job_at_work", real)
        other = [sys.executable, "-m", "jobs.simulate", *map(str, words[1:]), "--snapshots", "2"]
        subprocess.run(other, check=True, capture_output=True)
        return real(engine, **given)

    monkeypatch.setattr(loop.running, "job_at_work", late)
    status, _, errors = modadd(*words, "--snapshots", "3")
    assert status == 0, errors
    found = sql("SELECT run_id, group_concat(epoch) FROM snapshots GROUP BY 1")
    assert found == [(run_id, "0,2,3,6") for run_id in (1, 2, 3)]
    assert modadd("verify", "--recompute", 3)[0] == 0


def test_a_job_that_nobody_listens_to_does_its_work():
    script = f"{sys.executable} -m jobs.simulate --steps 2 --database quiet.db 2>&-"
    assert subprocess.run(["sh", "-c", script], check=False).returncode == 0
    assert sql("SELECT count(*) FROM runs", "quiet.db") == [(1,)]
