"""What pages keep of a database, and when they read it again."""

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import growing, loaders
from dashboard.opened import database
from db import queries, run_lists
from db.connect import open_for_writing
from db.filters import Filter
from db.store import add_to_experiments, update_series

NETWORKS = Filter(kind="transformer")


@pytest.fixture
def looking(modadd):
    """A database of one network; what opens it as a page does."""
    modadd("train", "--epochs", 2, "--snapshots", "final")
    return database


def test_other_kinds_of_run_leave_what_was_read_of_one(looking, modadd):
    before = looking()
    rows = loaders.runs(before.of("transformer"), NETWORKS)
    modadd("simulate", "--steps", 2)
    after = looking()
    assert after.revision > before.revision
    assert after.of("transformer") == before.of("transformer")
    assert after.of("particle") != before.of("particle")
    assert loaders.runs(after.of("transformer"), NETWORKS) is rows
    assert len(loaders.runs(after.of("particle"), Filter(kind="particle"))) == 1


def networks(looking):
    """The networks as a page has them, and as the database does."""
    opened = looking()
    kept = loaders.runs(opened.of("transformer"), NETWORKS)
    return kept, run_lists.filtered_runs(opened.engine, NETWORKS)


@pytest.fixture
def asked(monkeypatch):
    """What is asked for of the runs of a kind."""
    found, read = [], growing.filtered_runs
    monkeypatch.setattr(
        growing,
        "filtered_runs",
        lambda engine, chosen: found.append(chosen) or read(engine, chosen),
    )
    return found


def test_new_runs_alone_are_read(looking, modadd, asked):
    networks(looking)
    for seed in (1, 2):
        modadd("train", "--epochs", 2, "--seeds", seed)
        pd.testing.assert_frame_equal(*networks(looking))
    assert [chosen.to_query() for chosen in asked[1:]] == [
        {"kind": "transformer", "where": f"run_id:{seed + 1}.."} for seed in (1, 2)
    ]


def test_all_runs_are_read_where_a_stored_one_was_replaced(looking, modadd, asked):
    networks(looking)
    modadd("train", "--epochs", 2, "--snapshots", "all")
    pd.testing.assert_frame_equal(*networks(looking))
    assert asked == [NETWORKS, NETWORKS]


def test_new_runs_alone_are_read_where_they_lack_a_number(looking, modadd, asked):
    networks(looking)
    modadd("train", "--epochs", 2, "--seeds", 1)
    with contextlib.closing(sqlite3.connect("modadd.db")) as connection, connection:
        connection.execute("UPDATE series SET radius_ratio = NULL WHERE run_id = 2")
    kept, stored = networks(looking)
    pd.testing.assert_frame_equal(kept, stored)
    assert kept["radius_ratio"].isna().tolist() == [False, True]
    assert asked[-1].to_query() == {"kind": "transformer", "where": "run_id:2.."}


def test_all_runs_are_read_where_a_column_came(looking, modadd, monkeypatch):
    networks(looking)
    modadd("train", "--epochs", 2, "--seeds", 1)
    monkeypatch.setattr(
        growing, "filtered_runs", lambda *words: run_lists.filtered_runs(*words).assign(another=1.0)
    )
    kept, _ = networks(looking)
    assert kept["another"].tolist() == [1.0, 1.0]


@pytest.fixture
def counted(monkeypatch):
    """After which run counting began, each time."""
    found, count = [], growing.run_counts
    monkeypatch.setattr(
        growing,
        "run_counts",
        lambda engine, after=0: found.append(after) or count(engine, after),
    )
    return found


def counts(looking):
    """Runs by kind and status, and those stored by each job, as pages have them."""
    opened = looking()
    kinds = queries.kind_counts(opened.engine).sort_values(["kind", "status"], ignore_index=True)
    pd.testing.assert_frame_equal(loaders.kind_counts(opened), kinds)
    jobs = loaders.job_progress(opened)
    with opened.engine.connect() as connection:
        stored = connection.exec_driver_sql(
            "SELECT job_id, count(run_id), coalesce(sum(status = 'diverged'), 0) FROM jobs "
            "LEFT JOIN runs USING (job_id) GROUP BY job_id ORDER BY job_id DESC"
        ).all()
    names = ["job_id", "stored_runs", "diverged_runs"]
    assert list(jobs[names].itertuples(index=False, name=None)) == [tuple(row) for row in stored]


def test_new_runs_alone_are_counted(looking, modadd, counted):
    modadd("simulate", "--steps", 2, "--seeds", "0:3")
    counts(looking)
    modadd("train", "--epochs", 2, "--seeds", 1, 2, "--learning-rate", 0.01, 1e38)
    counts(looking)
    modadd("simulate", "--steps", 2, "--seeds", 3)
    counts(looking)
    assert counted == [0, 4, 8]


def test_all_runs_are_counted_where_a_stored_one_was_replaced(looking, modadd, counted):
    counts(looking)
    modadd("train", "--epochs", 2, "--snapshots", "all", "--seeds", 0, 1)
    counts(looking)
    assert counted == [0, 0]


def test_an_older_copy_in_its_place_is_read_from_the_start(looking, modadd):
    older = Path("modadd.db").read_bytes()
    modadd("train", "--epochs", 2, "--seeds", 1)
    assert [len(rows) for rows in networks(looking)] == [2, 2]
    looking().engine.dispose()
    Path("modadd.db").write_bytes(older)
    assert [len(rows) for rows in networks(looking)] == [1, 1]


def measured(engine):
    update_series(engine, {"radius_ratio": np.array([1.0])}, [(1, 2)])


def joined(engine):
    add_to_experiments(engine, ["mine"], [1])


def test_runs_known_by_number_stand_until_a_stored_one_changes(looking, modadd):
    before = looking()
    modadd("train", "--epochs", 2, "--seeds", 1)
    assert looking().of("transformer") != before.of("transformer")
    assert looking().standing("transformer") == before.standing("transformer")
    with open_for_writing("modadd.db") as engine:
        measured(engine)
    assert looking().standing("transformer") != before.standing("transformer")


@pytest.mark.parametrize("change", [measured, joined])
def test_what_changes_stored_runs_is_news_of_their_kind(looking, change):
    before = looking()
    with open_for_writing("modadd.db") as engine:
        change(engine)
    assert looking().of("transformer") != before.of("transformer")


def test_a_database_that_does_not_say_which_kinds_changed_is_read_again_at_any_write(looking):
    before, revision = looking(), looking().revision
    unknown = replace(before, changes={})
    assert unknown.of("transformer").revision == revision
