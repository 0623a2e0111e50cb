"""Rows that a job writes appear by themselves."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import live, loaders

SCRIPT = Path(__file__).parent.parent / "dashboard" / "script.py"


def test_new_rows_are_looked_for_often_enough():
    assert live.SECONDS <= 1.5


def test_a_database_that_appears_is_seen(modadd, monkeypatch):
    monkeypatch.setattr("sys.argv", ["streamlit"])
    assert loaders.watched() is None
    modadd("simulate", "--steps", 2)
    monkeypatch.setattr("sys.argv", ["streamlit"])
    before = loaders.watched()
    modadd("simulate", "--steps", 2, "--seeds", 1)
    monkeypatch.setattr("sys.argv", ["streamlit"])
    assert before != loaders.watched() is not None


def test_looking_alone_does_not_run_the_page_again(monkeypatch, small_database):
    monkeypatch.setenv("MODADD_DATABASE", str(small_database))
    monkeypatch.setattr("sys.argv", ["streamlit"])
    again = []
    monkeypatch.setattr("streamlit.rerun", lambda: again.append(1))
    assert not AppTest.from_file(str(SCRIPT), default_timeout=30).run().exception
    assert not again


@pytest.mark.parametrize(("since", "again"), [(0.5, 0), (2.0, 1)])
def test_a_page_that_takes_long_is_drawn_again_after_a_rest(
    since, again, monkeypatch, small_database
):
    monkeypatch.setenv("MODADD_DATABASE", str(small_database))
    monkeypatch.setattr("sys.argv", ["streamlit"])
    begun = []
    monkeypatch.setattr("streamlit.rerun", lambda: begun.append(1))
    # As if it had taken half a second to draw, so long ago; and the database has changed since.
    monkeypatch.setattr(live, "drawn", lambda at: None)
    monkeypatch.setattr(loaders, "watched", lambda: None)
    shown = AppTest.from_file(str(SCRIPT), default_timeout=30)
    shown.session_state["drawn"] = time.monotonic() - since, 0.5
    assert not shown.run().exception
    assert len(begun) == again
