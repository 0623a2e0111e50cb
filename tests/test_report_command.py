"""`modadd report`: what it computes first, writes, counts as missing, and refuses."""

from pathlib import Path

import pandas as pd
import pytest
from test_jobs import sql

from dashboard.report.needs import Audits, Need, Twins
from modadd.experiments import EXPERIMENTS
from modadd.metrics import METRICS


@pytest.fixture
def two_networks(monkeypatch):
    """Table 1 is two short networks."""
    short = ({"weight_decay": 1.0, "epochs": 50}, range(2))
    experiment = EXPERIMENTS["table-1"]._replace(variants=(short,))
    monkeypatch.setitem(EXPERIMENTS, "table-1", experiment)
    monkeypatch.setattr("dashboard.report.sections.audit.NEEDS", (
        Need("table-1"), Audits("table-1"), Twins("table-1", (0, 20)),
    ))  # fmt: skip


def test_runs_audits_and_twins_are_computed_once(modadd, two_networks):
    for audited, twins in ((2, 4), (0, 0)):
        status, _, errors = modadd("report", "--only", "audit")
        assert status == 0
        assert f"audit: {audited} networks audited" in errors
        assert f"twins: {twins} runs computed" in errors
        assert "missing" not in errors
    assert sql("SELECT count(*) FROM audits") == [(2,)]
    assert sql("SELECT DISTINCT network_epoch FROM twin_runs") == [(0,), (20,)]
    written = pd.read_csv("report-audit/tables/law-rivals.csv")
    law = written[(written["fit"] == "law") & (written["epoch"] == 50)]
    (median,) = sql("SELECT avg(held_out_r_squared) FROM law_fits "
                    "WHERE target = 'pair_sums' AND fit = 'law' AND epoch = 50")[0]  # fmt: skip
    assert law["value"].tolist() == [pytest.approx(median)]
    assert pd.read_csv("report-audit/tables/law-twins.csv")["n"].tolist() == [2] * 4


def test_what_is_missing_is_counted_with_its_command(modadd, two_networks):
    modadd("train", "--experiment", "other")
    modadd("report", "--only", "audit", "--no-compute")
    told = Path("report-audit/report.html").read_text(encoding="utf-8")
    for what, command in (
        ("2 of the 2 runs of table-1", "modadd reproduce table-1"),
        ("2 of the 2 audits of table-1", "modadd audit table-1"),
        ("4 of the 4 twins of table-1", "modadd twins --experiment table-1 --seeds 0:2"),
    ):
        assert f"{what} are not stored. Make them: <code>{command}" in told


def test_a_need_names_the_command_that_makes_it():
    need = Need("table-1", range(100, 1000), "final", "none")
    words = "--seeds 100:1000 --snapshots final --parameters none"
    assert need.command == f"modadd reproduce table-1 {words}"
    assert Need("appendix-b").command == "modadd reproduce appendix-b"
    assert Audits("table-1").command == "modadd audit table-1"
    assert Twins("table-1", (0, 20)).command == (
        "modadd twins --experiment table-1 --seeds 0:100 --epochs 0 20"
    )


def test_the_command_writes_and_counts_what_is_missing(modadd, small_database):
    status, printed, errors = modadd(
        "report", "--no-compute", "--database", small_database, "--only", "table-2", "--to", "out"
    )
    assert status == 0
    assert "open out/report.html" in printed
    assert "missing" in errors


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--only", "tabel-1"], "did you mean 'table-1'"),
        (["--to", "modadd.db"], "--to must be a folder"),
        (["--to", "modadd.db/below"], "--to must be a folder"),
        (["--no-compute", "--database", "none.db"], "no database at none.db"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_computed(words, complaint, modadd, own_directory):
    (own_directory / "modadd.db").touch()
    status, _, errors = modadd("report", *words)
    assert status == 2
    assert complaint in errors
    assert len(errors.splitlines()) == 1
    assert [path.name for path in own_directory.iterdir()] == ["modadd.db"]


def test_a_database_without_a_new_metric_is_refused_in_one_line(modadd, monkeypatch):
    modadd("simulate", "--steps", 1)
    newer = METRICS["circularity"]._replace(version=99)
    monkeypatch.setitem(METRICS, "circularity", newer)
    status, _, errors = modadd("report", "--no-compute")
    assert status == 2
    assert "circularity is new or changed: run `modadd measure` first" in errors
