"""Rows that a job writes appear by themselves."""

import time
from pathlib import Path
from weakref import WeakSet

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import frame, live, opened

SCRIPT = Path(__file__).parent.parent / "dashboard" / "script.py"


def test_new_rows_are_looked_for_often_enough():
    assert live.SECONDS <= 1.5


@pytest.mark.parametrize(("readers", "times"), [(1, 1), (live.EAGER, 1), (4 * live.EAGER, 4)])
def test_of_a_crowd_each_looks_less_often(monkeypatch, readers, times):
    crowd = [live._Reader() for _ in range(readers)]
    monkeypatch.setattr(live._Turns, "readers", WeakSet(crowd))
    assert live._crowd() == times


def test_a_database_that_appears_is_seen(modadd):
    assert opened.watched() is None
    modadd("simulate", "--steps", 2)
    before = opened.watched()
    modadd("simulate", "--steps", 2, "--seeds", 1)
    assert before != opened.watched() is not None


def test_looking_alone_does_not_run_the_page_again(monkeypatch, small_database):
    monkeypatch.setenv("MODADD_DATABASE", str(small_database))
    again = []
    monkeypatch.setattr("streamlit.rerun", lambda: again.append(1))
    assert not AppTest.from_file(str(SCRIPT), default_timeout=30).run().exception
    assert not again


@pytest.mark.parametrize(("page", "is_news"), [("runs", False), ("overview", True)])
def test_runs_of_another_kind_are_no_news_to_a_page_of_one(
    monkeypatch, modadd, open_page, page, is_news
):
    modadd("train", "--epochs", 2)
    shown = open_page(page)
    before = opened.database()
    modadd("simulate", "--steps", 2)
    again = []
    monkeypatch.setattr("streamlit.rerun", lambda: again.append(1))
    monkeypatch.setattr(live._Turns, "next_at", 0.0)
    now = opened.watched()
    monkeypatch.setattr(frame, "database", lambda: before)
    monkeypatch.setattr(live, "watched", lambda: now)
    shown.run()
    assert bool(again) == is_news


def test_pages_that_draw_themselves_take_turns(monkeypatch, small_database):
    monkeypatch.setenv("MODADD_DATABASE", str(small_database))
    begun = []
    monkeypatch.setattr("streamlit.rerun", lambda: begun.append(time.monotonic()))
    monkeypatch.setattr(live._Turns, "next_at", 0.0)
    monkeypatch.setattr(live._Turns, "readers", WeakSet())  # nobody whom another test left
    monkeypatch.setattr(live, "watched", lambda: None)  # the database has changed since
    first, second = (AppTest.from_file(str(SCRIPT), default_timeout=30) for _ in range(2))
    started = time.monotonic()
    assert not first.run().exception
    ended = time.monotonic()
    # It took so long to draw by itself, and so many times as long nobody does.
    assert started < live._Turns.next_at < ended + live.REST * (ended - started)
    monkeypatch.setattr(live._Turns, "next_at", ended + 600)
    assert not second.run().exception
    assert len(begun) == 1
    monkeypatch.setattr(live._Turns, "next_at", 0.0)
    with live.drawing():
        assert not second.run().exception
        assert len(begun) == 1  # what a reader waits for comes first
    assert live._Turns.next_at == 0.0
    assert not second.run().exception
    assert len(begun) == 2
