"""Every page in every state of the database: what it says, and that it never breaks."""

import contextlib
import gzip
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import APP, checked
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES
from db.connect import open_for_writing
from jobs import train

every_page = pytest.mark.parametrize("name", PAGES)
filtered_pages = pytest.mark.parametrize(
    "name", [name for name, page in PAGES.items() if page.filtered]
)


def texts(*kinds):
    return " ".join(element.value for elements in kinds for element in elements)


@every_page
def test_every_page_opens_without_a_database_and_says_how_to_make_one(open_page, name):
    shown = open_page(name, "none.db")
    if PAGES[name].needs_runs:
        assert "no database at none.db: make one with `modadd reproduce`" in texts(shown.info)


@every_page
def test_an_empty_database_says_what_to_run(open_page, name):
    with open_for_writing("empty.db"):
        pass
    shown = open_page(name, "empty.db")
    if PAGES[name].needs_runs:
        assert "holds no runs yet: run `modadd reproduce`" in texts(shown.info)


@every_page
@pytest.mark.parametrize("query", [{}, {"kind": "particle"}], ids=["networks", "particles"])
def test_every_page_shows_a_real_database_and_says_in_two_sentences_what(
    open_page, name, query, small_database
):
    shown = open_page(name, small_database, **query)
    assert len(shown.title) == 1
    assert not shown.warning
    assert not shown.error
    about = next(element.value for element in shown.main.markdown if element.value)
    assert len(re.findall(r"[.?!](?=\s|$)", about)) == 2, about


@filtered_pages
def test_every_page_shows_runs_that_diverged(open_page, name, small_database):
    open_page(name, small_database, status="diverged")


@filtered_pages
def test_a_filter_that_nothing_passes_says_the_next_step(open_page, name, small_database):
    shown = open_page(name, small_database, where="seed:1e9..")
    assert "filter" in texts(shown.info)


MALFORMED = [
    "weight_decay", "no_such_column:1", "alignment:0..1", "weight_decay:1..0", "'; --:1",
    "radius_ratio:nan..2", "seed:inf..", "radius_ratio:1e400..2",
]  # fmt: skip


def check_that_a_malformed_url_is_one_line(shown):
    assert "in the URL is left out" in texts(shown.warning)
    assert shown.title


@filtered_pages
def test_a_malformed_url_is_one_line_and_the_page_goes_on(open_page, name, small_database):
    check_that_a_malformed_url_is_one_line(open_page(name, small_database, where=MALFORMED[0]))


@pytest.mark.parametrize("where", MALFORMED[1:])
def test_whatever_is_wrong_in_a_url_is_one_line(open_page, where, small_database):
    check_that_a_malformed_url_is_one_line(open_page("runs", small_database, where=where))


def test_of_a_url_that_is_wrong_in_places_the_rest_is_kept(open_page, small_database):
    where = "seed:0..5;no_such_column:1;weight_decay:0.3..1;seed:7"
    shown = open_page("runs", small_database, where=where, structure="cirle", status="done")
    said = [warning.value.replace("\\", "") for warning in shown.warning]
    assert [text.split(" in the URL")[0] for text in said] == [
        "structure=cirle", "where=no_such_column:1", "where=seed:7",
    ]  # fmt: skip
    assert shown.query_params["where"] == "seed:0..5;weight_decay:0.3..1"
    assert shown.query_params["status"] == "done"
    assert "structure" not in shown.query_params


def test_a_url_without_end_is_left_out_in_a_few_lines(open_page, small_database):
    shown = open_page("runs", small_database, where=";".join(["seed"] * 500))
    assert len(shown.warning) == 13
    assert "488 parts of where in the URL are left out" in shown.warning[-1].value


@pytest.mark.stress
@filtered_pages
@pytest.mark.parametrize("where", MALFORMED[1:])
def test_every_malformed_url_is_one_line_on_every_page(open_page, name, where, small_database):
    check_that_a_malformed_url_is_one_line(open_page(name, small_database, where=where))


@every_page
def test_rows_that_a_job_writes_appear(open_page, name, modadd):
    words = ("simulate", "--steps", 3, "--seeds")
    modadd(*words, 0)
    shown = open_page(name, kind="particle")
    modadd(*words, "1:4")
    checked(shown.run())
    if PAGES[name].filtered:
        assert "**4** of 4" in texts(shown.sidebar.caption)


def networks(folder):
    """A database of three networks, and a connection to it."""
    path = folder / "networks.db"
    assert train.command(["--epochs", "3", "--seeds", "0:3", "--database", str(path)]) == 0
    return path, contextlib.closing(sqlite3.connect(path))


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    path, opened = networks(tmp_path_factory.mktemp("unfinished"))
    with opened as connection, connection:
        connection.execute("UPDATE jobs SET finished_at = NULL, planned_runs = 10")
    return path


@every_page
def test_a_job_that_did_not_finish_is_no_trouble(open_page, name, unfinished):
    open_page(name, unfinished)


@pytest.fixture(scope="module")
def lacking(tmp_path_factory):
    """A database of before some of the metrics were thought of."""
    path, opened = networks(tmp_path_factory.mktemp("lacking"))
    with opened as connection, connection:
        connection.executescript(
            "CREATE TEMP TABLE old AS SELECT sql FROM sqlite_master "
            "WHERE name = 'transformer_runs';"
            "DROP VIEW table_1; DROP VIEW table_2; DROP VIEW transformer_runs;"
        )
        (view,) = connection.execute("SELECT sql FROM old").fetchone()
        for metric in ("circularity", "representation_quality", "mean_abs_hidden_bias"):
            view = view.replace(f", s.{metric}", "")
        connection.execute(view)
    return path


@every_page
def test_a_metric_that_the_database_lacks_is_no_trouble(open_page, name, lacking):
    open_page(name, lacking)


@every_page
def test_a_file_of_an_earlier_version_is_read_as_it_is(open_page, name, own_directory):
    packed = Path(__file__).parent / "databases" / "version-1.db.gz"
    own_directory.joinpath("old.db").write_bytes(gzip.decompress(packed.read_bytes()))
    assert not open_page(name, "old.db").error


def test_arguments_that_the_dashboard_does_not_take_are_one_line(monkeypatch):
    for arguments in (["--database"], ["--databse", "x.db"], ["x.db"], ["--database", "x", "y"]):
        monkeypatch.setattr("sys.argv", ["streamlit", *arguments])
        shown = checked(AppTest.from_file(str(APP), default_timeout=30).run())
        assert "the dashboard takes `streamlit run dashboard/app.py -- --database PATH`" in texts(
            shown.info
        )


def test_the_database_may_be_named_on_the_command_line(monkeypatch, small_database):
    for arguments in (["--database", str(small_database)], [f"--database={small_database}"]):
        monkeypatch.setattr("sys.argv", ["streamlit", *arguments])
        shown = checked(AppTest.from_file(str(APP), default_timeout=30).run())
        assert not shown.info


def test_the_pages_load_no_torch(small_database):
    code = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "from dashboard.pages import PAGES\n"
        f"shown = AppTest.from_file({str(APP)!r}, default_timeout=60).run()\n"
        "for page in PAGES.values(): shown.switch_page(str(page.path)).run()\n"
        "print('torch' in sys.modules or 'numba' in sys.modules)"
    )
    environment = {"MODADD_DATABASE": str(small_database)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "False"


def test_an_overview_without_experiments_says_how_to_name_one(open_page, modadd):
    modadd("simulate", "--steps", 2, "--database", "alone.db")
    shown = open_page("overview", "alone.db")
    assert any("--experiment NAME" in box.value for box in shown.info)
