"""Absurd values in a file: a command or page that stumbles over one says so in a line."""

import shutil

import pytest
from conftest import APP
from planted import make, plant
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES
from dashboard.states import ENDED


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made") / "made.db")


# Values that no command but verify looks for, with commands that stumble over them.
ABSURD = {
    "products of another length": (
        "UPDATE law_moments SET products = x'00'",
        ["learn trial --starts", "curl --experiment trial --epochs 20"],
    ),
    "an end beyond all time": (
        "UPDATE runs SET last_epoch = 1 << 62",
        ["tables trial", "twins --experiment trial --epochs 0"],
    ),
    "an end before the beginning": (
        "UPDATE runs SET last_epoch = -1",
        ["fate --experiment trial --epochs 0 10"],
    ),
    "the last run_id that there is": (
        "UPDATE runs SET run_id = 9223372036854775807 WHERE run_id = "
        "(SELECT max(run_id) FROM runs)",
        ["train --epochs 3 --seeds 99"],
    ),
    "arrangements that are no numbers": (
        "UPDATE snapshots SET embedding = nans(embedding)",
        ["twins --experiment trial --epochs 0", "fate --experiment trial --epochs 0 10"],
    ),
    "a kind of many letters": (
        "UPDATE runs SET kind = printf('%.*c', 100000, 'x')",
        ["tables", "verify"],
    ),
    "no jobs": ("DROP TABLE jobs", ["audit trial --epochs 30", "claims"]),
}


@pytest.mark.parametrize("name", ABSURD)
def test_no_command_ends_in_a_traceback(name, law_database, own_directory, modadd):
    """Whatever a value makes of a command, it is done, or says in a line what the value is."""
    statement, commands = ABSURD[name]
    for words in commands:
        path = shutil.copy(law_database, own_directory / "hostile.db")
        plant(path, statement)
        status, printed, errors = modadd(*words.split(), "--database", path)
        assert status in (0, 1, 2)
        complaints = [line for line in errors.splitlines() if "error:" in line]
        assert len(complaints) == (status == 2), errors
        assert all(len(line) < 3000 for line in (printed + errors).splitlines())


def test_what_a_value_makes_of_a_command_is_said_with_the_value(
    law_database, own_directory, modadd
):
    path = shutil.copy(law_database, own_directory / "hostile.db")
    plant(path, "UPDATE runs SET last_epoch = -1")
    status, _, errors = modadd("fate", "--experiment", "trial", "--epochs", 0, "--database", path)
    assert status == 2
    assert "ended in KeyError, and the database is not whole: run 1: last_epoch -1 is not" in errors
    assert "see `modadd verify`, or restore a copy" in errors


def test_an_error_of_our_own_is_not_put_down_to_a_whole_file(made, modadd, monkeypatch):
    def broken(*_):
        raise KeyError("of ours")

    monkeypatch.setattr("jobs.list.print", broken, raising=False)
    with pytest.raises(KeyError, match="of ours"):
        modadd("list", "--database", made)


@pytest.mark.parametrize(
    ("page", "statement"),
    [
        ("run", "UPDATE series SET train_accuracy = 9e999"),
        ("run", "UPDATE OR REPLACE snapshots SET epoch = 9223372036854775807"),
        ("tables", "UPDATE OR REPLACE series SET run_id = 9223372036854775807"),
        ("law", "UPDATE OR REPLACE law_ends SET law = 'mine'"),
        ("compare", "DROP VIEW transformer_runs"),
    ],
)
def test_no_page_shows_a_traceback(page, statement, law_database, own_directory, monkeypatch):
    path = shutil.copy(law_database, own_directory / "hostile.db")
    plant(path, statement)
    monkeypatch.setenv("MODADD_DATABASE", str(path))
    shown = AppTest.from_file(str(APP), default_timeout=30)
    shown.query_params["run"] = "1"
    shown.switch_page(str(PAGES[page].path))
    shown.run()
    assert not shown.exception
    for element in shown.error:
        assert element.value.startswith(f"{ENDED} ")
        assert "Run `modadd verify` over the database" in element.value


def test_what_ended_a_page_is_logged(law_database, own_directory, monkeypatch, caplog):
    def broken(*_, **__):
        raise KeyError("of ours")

    monkeypatch.setattr("dashboard.loaders.side", broken)
    monkeypatch.setenv("MODADD_DATABASE", str(law_database))
    shown = AppTest.from_file(str(APP), default_timeout=30)
    shown.switch_page(str(PAGES["compare"].path))
    shown.run()
    assert f"{ENDED} KeyError" in shown.error[0].value
    assert "of ours" in caplog.text
