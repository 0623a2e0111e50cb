"""The tables in SQL and in Python are computed by different code from the same rows."""

import json

import pandas as pd
import pytest

from db.connect import reader
from db.queries import runs
from modadd.experiments import EXPERIMENTS
from modadd.tables import table


def stored(path, name):
    engine = reader(str(path))
    experiment = EXPERIMENTS[name]
    cells = table(runs(engine, experiment.kind, name), experiment.groups)
    view = pd.read_sql(f"SELECT * FROM {name.replace('-', '_')}", engine)
    engine.dispose()
    return cells, view


def expected_of(cells):
    by_name = {cell["quantity"]: cell for cell in cells.to_dict("records")}
    circles, counted = by_name["circles"], by_name["grid_imperfections"]
    columns = {
        "circles": circles["value"] * circles["n"],
        "circle_share_low": circles["low"],
        "circle_share_high": circles["high"],
        "grids": counted["n"],
        "grid_imperfections": counted["value"],
        "grid_imperfections_half_width": (counted["high"] - counted["low"]) / 2,
    }
    if "correlation" in by_name:
        correlation = by_name["correlation"]
        columns |= {
            "circle_accuracy": by_name["circle_accuracy"]["value"],
            "grid_accuracy": by_name["grid_accuracy"]["value"],
            "correlation": correlation["value"],
            "correlation_low": correlation["low"],
            "correlation_high": correlation["high"],
        }
    return columns


@pytest.mark.parametrize("name", ["table-1", "table-2"])
def test_the_view_is_the_python_table(name, small_database):
    cells, view = stored(small_database, name)
    group = EXPERIMENTS[name].groups[0]
    assert view[group].tolist() == sorted(cells[group].unique())
    for row in view.to_dict("records"):
        expected = expected_of(cells[cells[group] == row[group]])
        for column, value in expected.items():
            # Rounded to 3 digits; the quantile of t is an expansion good to 0.1 % at n = 12.
            assert row[column] == pytest.approx(value, rel=2e-3, abs=6e-4, nan_ok=True), column
        assert row["diverged"] == 0
        assert row["runs"] == 12


def test_run_views_have_every_config_field_and_metric_as_a_column(small_database):
    from modadd.metrics import METRICS
    from modadd.simulators import SIMULATORS

    engine = reader(str(small_database))
    for kind, simulator in SIMULATORS.items():
        columns = set(runs(engine, kind).columns)
        assert set(simulator.config.field_types()) <= columns
        metrics = {m.name for m in METRICS.values() if m.applies_to(simulator.has_classifier)}
        assert metrics <= columns
        assert {"run_id", "status", "last_epoch", "is_circle", "wall_time", "git_commit"} <= columns
    engine.dispose()


def test_accuracies_are_fractions(small_database):
    engine = reader(str(small_database))
    accuracy = runs(engine, "transformer")["validation_accuracy"]
    engine.dispose()
    assert accuracy.between(0, 1).all()
    assert (accuracy * 31 % 1).round(6).isin([0, 1]).mean() > 0.9  # 31 validation pairs


def test_the_tables_command_prints_what_the_view_says(modadd, small_database):
    status, printed, _ = modadd("tables", "--database", small_database)
    assert status == 0
    _, view = stored(small_database, "table-1")
    for row in view.to_dict("records"):
        assert f"{row['circles']} = {100 * row['circles'] / 12:.1f} [" in printed
    assert "cells compared with the paper" in printed


def test_the_tables_command_takes_other_definitions(modadd, small_database):
    def cells(*words):
        status, printed, _ = modadd(
            "tables", "table-1", "--csv", "--database", small_database, *words
        )
        assert status == 0
        return printed

    plain = cells()
    assert plain.startswith("weight_decay,quantity,value,low,high,n,paper")
    assert len({plain, cells("--threshold", 3), cells("--imperfections", "prose"),
                cells("--interval", "olivoto"), cells("--interval", "bca")}) == 5  # fmt: skip


def test_a_table_says_what_it_was_made_with(modadd, small_database):
    words = ("--threshold", 1.5, "--imperfections", "prose", "--interval", "bca")
    _, printed, _ = modadd("tables", "table-1", "--database", small_database, *words)
    assert "circles: radius ratio < 1.5; imperfections: prose" in printed
    assert "bca (correlation)" in printed


def test_a_table_of_some_seeds(modadd, small_database):
    here = ("--csv", "--database", small_database)
    _, printed, _ = modadd("tables", "table-2", "--seeds", "0:5", *here)
    assert printed.splitlines()[1].startswith("0.5,circles,0.0,")
    assert ",5," in printed.splitlines()[1]
    status, _, errors = modadd("tables", "table-2", "--seeds", "77", *here)
    assert status == 2
    assert "no runs of table-2 have these seeds" in errors


def test_tables_without_runs_say_what_to_run(modadd, small_database):
    status, _, errors = modadd("tables", "appendix-f", "--database", small_database)
    assert status == 2
    assert "no runs of appendix-f are stored: run `modadd reproduce appendix-f`" in errors


def test_the_default_prints_the_table_that_there_is(modadd):
    modadd("reproduce", "table-2", "--seeds", "0:2", "--snapshots", "final")
    status, printed, errors = modadd("tables")
    assert status == 0
    assert printed.startswith("table-2: structures")
    assert "no runs of table-1 are stored: run `modadd reproduce table-1`" in errors


def test_an_experiment_of_ones_own_is_tabulated_by_the_fields_that_vary(modadd):
    modadd("train", "--epochs", 20, "--modulus", 5, 7, "--hidden-size", 4, 8, "--seeds", "0:3",
           "--experiment", "mine")  # fmt: skip
    status, printed, _ = modadd("tables", "mine", "--csv")
    assert status == 0
    rows = printed.splitlines()
    assert rows[0].startswith("modulus,hidden_size,quantity,value")
    assert rows[1].startswith("5,4,circles,")
    assert len(rows) == 1 + 4 * 7  # over moduli, the share of the pairs too
    assert "mine: networks (your own)" in modadd("tables", "mine")[1]


def test_packages_are_json(small_database):
    engine = reader(str(small_database))
    packages = pd.read_sql("SELECT packages FROM jobs", engine)["packages"]
    engine.dispose()
    assert all({"torch", "numpy", "python"} <= set(json.loads(text)) for text in packages)
