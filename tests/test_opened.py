"""What pages keep of a database, and when they read it again."""

import numpy as np
import pytest

from dashboard import loaders
from dashboard.opened import database
from db.connect import open_for_writing
from db.filters import Filter
from db.store import add_to_experiments, update_series

NETWORKS = Filter(kind="transformer")


@pytest.fixture
def looking(modadd, monkeypatch):
    """A database of one network; what opens it as a page does."""
    modadd("train", "--epochs", 2)

    def look():
        monkeypatch.setattr("sys.argv", ["streamlit"])
        return database()

    return look


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


def test_new_runs_of_a_kind_are_read(looking, modadd):
    before = looking()
    assert len(loaders.runs(before.of("transformer"), NETWORKS)) == 1
    modadd("train", "--epochs", 2, "--seeds", 1)
    after = looking()
    assert after.of("transformer") != before.of("transformer")
    assert len(loaders.runs(after.of("transformer"), NETWORKS)) == 2


def measured(engine):
    update_series(engine, {"radius_ratio": np.array([1.0])}, [(1, 2)])


def joined(engine):
    add_to_experiments(engine, ["mine"], [1])


@pytest.mark.parametrize("change", [measured, joined])
def test_what_changes_stored_runs_is_news_of_their_kind(looking, change):
    before = looking()
    with open_for_writing("modadd.db") as engine:
        change(engine)
    assert looking().of("transformer") != before.of("transformer")


def test_a_database_that_does_not_say_which_kinds_changed_is_read_again_at_any_write(looking):
    before, revision = looking(), looking().revision
    unknown = type(before)(before.engine, revision, {})
    assert unknown.of("transformer").revision == revision
