"""What a page reads first is read when a browser asks for the page."""

import pytest

from dashboard import ahead, law_loaders, loaders, opened
from dashboard.pages import PAGES
from db.filters import Filter


@pytest.fixture
def reads(monkeypatch, small_database):
    """Begins a page, waits for what is read, and returns which queries of the database were asked:
    none when the page itself asks after that."""
    monkeypatch.setenv("MODADD_DATABASE", str(small_database))
    monkeypatch.setattr("sys.argv", ["streamlit"])

    def begin(page, **query):
        begun = ahead.begin(page, query)
        assert begun is not None
        begun.result(60)

    return begin


def test_every_page_of_runs_is_read_ahead():
    assert set(ahead._READS) == {name for name, page in PAGES.items() if page.filtered}


def no_question(*_, **__):
    raise AssertionError("the database was asked again")


def test_a_page_finds_its_runs_read(reads, monkeypatch):
    reads("tables", structure="grid", kind="transformer")
    monkeypatch.setattr(loaders.run_lists, "filtered_runs", no_question)
    monkeypatch.setattr(loaders.epochs, "epochs_of", no_question)
    monkeypatch.setattr(loaders.epochs, "embeddings_at", no_question)
    chosen = Filter(kind="transformer", structure="grid")
    part = opened.database().of("transformer")
    assert 0 < len(loaders.runs(part, chosen)) < len(loaders.all_runs(part, "transformer"))
    assert loaders.epochs_of(part, chosen)
    assert loaders.gaps(part, "transformer", None)


def test_the_overview_finds_its_tables_made(reads, monkeypatch):
    reads("overview")
    monkeypatch.setattr(loaders, "table", no_question)
    part = opened.database().of("particle")
    assert len(loaders.experiment_cells(part, "table-2", Filter(kind="particle")))


def test_the_law_finds_its_snapshots_read(reads, monkeypatch):
    reads("law")
    monkeypatch.setattr(law_loaders.law_summaries, "before_the_end", no_question)
    part = opened.database().of("transformer", "twin", "branch")
    circles, _ = law_loaders.foreshadowed(part, Filter())
    assert len(circles)


@pytest.mark.parametrize("query", [{"kind": "circus"}, {"where": "nothing:1"}, {"structure": "x"}])
def test_what_is_wrong_is_left_for_the_page_to_say(reads, query):
    reads("runs", **query)


def test_without_a_database_nothing_is_read(monkeypatch, own_directory):
    monkeypatch.delenv("MODADD_DATABASE", raising=False)
    monkeypatch.setattr("sys.argv", ["streamlit"])
    ahead.begin("runs", {}).result(60)


def test_pages_without_runs_and_more_than_a_few_at_once_read_nothing(monkeypatch, small_database):
    monkeypatch.setenv("MODADD_DATABASE", str(small_database))
    assert ahead.begin("lab", {}) is None
    for _ in range(ahead._MOST):
        ahead._free.acquire()
    try:
        assert ahead.begin("runs", {}) is None
    finally:
        for _ in range(ahead._MOST):
            ahead._free.release()
