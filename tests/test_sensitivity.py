import math

import numpy as np
import pandas as pd
import pytest

from modadd import statistics
from modadd.sensitivity import (
    COLUMNS,
    THRESHOLDS,
    correlations,
    survives,
    threshold_strip,
    tolerance_strip,
)
from modadd.tables import Definitions, table


def runs(n=120, seed=0):
    random = np.random.default_rng(seed)
    imperfections = random.integers(0, 100, n).astype(float)
    return pd.DataFrame(
        {
            "run_id": range(n),
            "status": np.where(np.arange(n) % 20 == 7, "diverged", "done"),
            "weight_decay": np.arange(n) % 2 / 2,
            "radius_ratio": np.where(np.arange(n) % 30 == 3, np.nan, 1 + random.exponential(1, n)),
            "grid_imperfections": imperfections,
            "imperfections_in_prose": random.integers(0, 50, n).astype(float),
            "validation_accuracy": 1 - imperfections / 100 + random.normal(0, 0.3, n),
        }
    )


OPTIONS = [
    Definitions(correlation=kind, members=members, interval=interval, diverged=diverged)
    for kind in statistics.CORRELATIONS
    for members in ("grids", "circles", "all")
    for interval in ("fisher-z", "olivoto")
    for diverged in (False, True)
]


@pytest.mark.parametrize("definitions", OPTIONS, ids=lambda d: "-".join(map(str, d[2:4] + d[5:])))
def test_a_strip_says_at_each_threshold_what_the_table_says_there(definitions):
    strip = threshold_strip(runs(), ["weight_decay"], definitions, [1.2, 1.7, 2.6])
    for threshold in (1.2, 1.7, 2.6):
        cells = table(
            runs(), ["weight_decay"], definitions=definitions._replace(threshold=threshold)
        )
        cells = cells[cells["quantity"] == "correlation"]
        here = strip[strip["setting"] == threshold]
        assert here[["r", "low", "high"]].to_numpy() == pytest.approx(
            cells[["value", "low", "high"]].to_numpy(dtype=float), nan_ok=True
        )
        assert here["n"].tolist() == cells["n"].tolist()


def test_a_strip_by_tolerance_takes_the_counts_of_each_setting():
    rows = runs()
    counts = np.stack([rows["grid_imperfections"], rows["imperfections_in_prose"]])
    strip = tolerance_strip(rows, ["weight_decay"], Definitions(), counts, [0.1, 0.2])
    for setting, counting in ((0.1, "algorithm-2"), (0.2, "prose")):
        cells = table(rows, ["weight_decay"], definitions=Definitions(counting=counting))
        expected = cells[cells["quantity"] == "correlation"]["value"]
        here = strip[strip["setting"] == setting]["r"]
        assert here.to_numpy() == pytest.approx(expected.to_numpy(dtype=float))


def test_constant_values_and_too_few_runs_are_undefined():
    members = np.array([[True] * 5, [True, True, False, False, False], [False] * 5])
    found = correlations([0.1] * 5, [1.0, 2, 3, 4, 6], members, Definitions())
    assert np.isnan(found.r).all()
    assert found.n.tolist() == [5, 2, 0]
    assert found.sign.tolist() == [0, 0, 0]


def test_undefined_values_are_left_out_pair_by_pair():
    x = np.array([1.0, 2, math.nan, 4, 5, 6])
    y = np.array([1.0, 3, 2, math.nan, 4, 7])
    found = correlations(x, y, np.ones((1, 6), dtype=bool), Definitions())
    assert found.n.tolist() == [4]
    assert found.r[0] == pytest.approx(np.corrcoef([1, 2, 5, 6], [1, 3, 4, 7])[0, 1])


def test_the_sign_is_that_of_an_interval_without_zero():
    strip = threshold_strip(runs(), ["weight_decay"], Definitions())
    assert list(strip) == ["weight_decay", *COLUMNS]
    assert len(strip) == 2 * len(THRESHOLDS)
    expected = np.where(strip["high"] < 0, -1, np.where(strip["low"] > 0, 1, 0))
    assert strip["sign"].tolist() == expected.tolist()
    assert -1 in set(strip["sign"])


@pytest.mark.parametrize(
    ("setting", "found"), [(1, (0, 2)), (2, (0, 2)), (3, None), (5, (4, 5)), (7, (6, 7))]
)
def test_what_survives_is_the_stretch_of_one_sign_around_the_setting(setting, found):
    strip = pd.DataFrame({"setting": range(8), "sign": [-1, -1, -1, 0, -1, -1, 1, 1]})
    assert survives(strip, setting) == found


def test_no_runs_make_an_empty_strip():
    empty = threshold_strip(runs()[:0], ["weight_decay"], Definitions())
    assert list(empty) == ["weight_decay", *COLUMNS]
    assert empty.empty
