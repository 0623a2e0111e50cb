import math

import numpy as np
import pandas as pd
import pytest

from modadd import statistics
from modadd.phases import BINS, MOST_VALUES, STRUCTURES, Quantity, phases


def runs(n=400, seed=0):
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "seed": np.arange(n),
            "weight_decay": generator.choice([0.0, 0.3, 1.0], n),
            "initialization": generator.choice(["glorot", "torch"], n),
            "learning_rate": 10.0 ** generator.uniform(-4, -1, n),
            "status": np.where(generator.random(n) < 0.1, "diverged", "done"),
            "radius_ratio": generator.uniform(1, 2, n),
            "grid_imperfections": generator.integers(0, 5, n).astype(float),
            "validation_accuracy": generator.random(n),
        }
    )


def cell_runs(rows, cell, fields):
    return rows[np.logical_and.reduce([rows[field] == cell[field] for field in fields])]


@pytest.mark.parametrize("fields", [["weight_decay"], ["weight_decay", "initialization"]])
def test_a_mean_is_that_of_the_cells_done_runs_with_students_interval(fields):
    rows = runs()
    cells = phases(rows, fields, Quantity("validation_accuracy"))
    assert len(cells) == math.prod(rows[field].nunique() for field in fields)
    for cell in cells.to_dict("records"):
        members = cell_runs(rows, cell, fields)
        done = members[members["status"] == "done"]
        expected = statistics.mean(done["validation_accuracy"])
        found = [cell[name] for name in ("value", "low", "high", "n")]
        assert found == pytest.approx(list(expected))
        assert cell["diverged"] == len(members) - len(done) > 0


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_share_is_that_of_the_done_runs_with_wilsons_interval(structure):
    rows = runs()
    is_one = {
        "circle": rows["radius_ratio"] < 1.2,
        "grid": rows["radius_ratio"] >= 1.2,
        "perfect grid": (rows["radius_ratio"] >= 1.2) & (rows["grid_imperfections"] == 0),
        "imperfect grid": (rows["radius_ratio"] >= 1.2) & (rows["grid_imperfections"] > 0),
    }[structure]
    for cell in phases(rows, ["weight_decay"], Quantity(structure)).to_dict("records"):
        done = (rows["weight_decay"] == cell["weight_decay"]) & (rows["status"] == "done")
        expected = statistics.proportion(int((is_one & done).sum()), int(done.sum()))
        assert [cell[name] for name in ("value", "low", "high", "n")] == pytest.approx(
            list(expected)
        )


def test_the_shares_of_circles_and_grids_make_one():
    rows = runs()
    shares = [phases(rows, ["weight_decay"], Quantity(name))["value"] for name in STRUCTURES]
    np.testing.assert_allclose(shares[0] + shares[1], 1)
    np.testing.assert_allclose(shares[2] + shares[3], shares[1])


def test_a_mean_among_the_grids_counts_no_circles():
    rows = runs()
    cells = phases(rows, ["weight_decay"], Quantity("grid_imperfections", among="grid"))
    grids = rows[(rows["radius_ratio"] >= 1.2) & (rows["status"] == "done")]
    expected = grids.groupby("weight_decay")["grid_imperfections"]
    np.testing.assert_allclose(cells["value"], expected.mean())
    np.testing.assert_allclose(cells["n"], expected.size())


def test_undefined_values_are_not_counted():
    rows = runs().assign(status="done")
    rows.loc[::2, "validation_accuracy"] = np.nan
    cells = phases(rows, ["weight_decay"], Quantity("validation_accuracy"))
    assert cells["n"].sum() == len(rows) / 2


def test_a_cell_without_a_value_stays_with_n_zero_and_one_value_has_no_interval():
    rows = runs(3).assign(weight_decay=[0.0, 1.0, 1.0], status=["diverged", "done", "done"])
    rows.loc[2, "validation_accuracy"] = np.nan
    for quantity in (Quantity("validation_accuracy"), Quantity("circle")):
        first, second = phases(rows, ["weight_decay"], quantity).to_dict("records")
        assert (first["n"], first["diverged"]) == (0, 1)
        assert np.isnan([first["value"], first["low"], first["high"]]).all()
        assert math.isfinite(second["value"])
    cells = phases(rows, ["weight_decay"], Quantity("validation_accuracy"))
    assert cells[["low", "high"]].iloc[1].isna().all()


def test_a_field_with_many_values_is_cut_into_bins_of_equally_many_runs():
    rows = runs().assign(status="done")
    cells = phases(rows, ["learning_rate"], Quantity("validation_accuracy"))
    assert cells["n"].tolist() == [len(rows) // BINS] * BINS
    assert (cells["learning_rate_from"] <= cells["learning_rate"]).all()
    assert (cells["learning_rate"] <= cells["learning_rate_to"]).all()
    assert (cells["learning_rate_to"].to_numpy()[:-1] < cells["learning_rate_from"][1:]).all()
    assert (cells["learning_rate_from"].iloc[0], cells["learning_rate_to"].iloc[-1]) == (
        rows["learning_rate"].min(), rows["learning_rate"].max(),
    )  # fmt: skip


def test_bins_of_two_fields_make_a_grid_with_one_place_a_row_and_a_column():
    cells = phases(runs(2000), ["learning_rate", "seed"], Quantity("circle"))
    assert cells["learning_rate"].nunique() == cells["seed"].nunique() == BINS
    assert not cells.duplicated(["learning_rate", "seed"]).any()


@pytest.mark.parametrize(("values", "columns"), [(MOST_VALUES, 0), (MOST_VALUES + 1, 2)])
def test_a_field_with_few_values_keeps_them(values, columns):
    rows = runs().assign(weight_decay=np.arange(400) % values / 10)
    cells = phases(rows, ["weight_decay"], Quantity("circle"))
    assert sum(name.startswith("weight_decay_") for name in cells) == columns
    assert len(cells) == (BINS if columns else values)
