import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from modadd.differences import against, holm, of_means, of_shares
from modadd.tables import Definitions


def test_shares_differ_by_newcombes_interval():
    # Newcombe (1998), Table II, example (a), method 10: 56/70 - 48/80.
    found = of_shares(56, 70, 48, 80)
    assert (found.difference, found.low, found.high) == pytest.approx(
        (0.2, 0.0524, 0.3339), abs=1e-4
    )
    assert found.p == pytest.approx(stats.fisher_exact([[56, 14], [48, 32]]).pvalue)


def test_differences_change_sign_with_their_sides():
    one, other = of_shares(3, 10, 9, 20), of_shares(9, 20, 3, 10)
    assert (one.difference, one.low, one.high) == pytest.approx(
        (-other.difference, -other.high, -other.low)
    )
    first, second = [1.0, 2, 4, 7], [0.0, 3, 3]
    one, other = of_means(first, second), of_means(second, first)
    assert (one.difference, one.low, one.high, one.p) == pytest.approx(
        (-other.difference, -other.high, -other.low, other.p)
    )


def test_means_differ_by_welchs_test_over_defined_values():
    first, second = [1.0, 2, 4, 7, math.nan], [0.0, 3, 3]
    found = of_means(first, second)
    test = stats.ttest_ind(first[:4], second, equal_var=False)
    assert (found.n, found.baseline_n) == (4, 3)
    assert found.p == pytest.approx(test.pvalue)
    assert found.low == pytest.approx(test.confidence_interval().low)


def test_too_few_values_have_no_interval_and_no_p():
    assert math.isnan(of_shares(0, 0, 1, 2).difference)
    assert math.isnan(of_means([], [1.0, 2]).difference)
    assert of_means([3.0], [1.0, 2]).difference == 1.5
    assert math.isnan(of_means([3.0], [1.0, 2]).p)


def test_values_without_spread_make_nothing_certain():
    assert of_means([1.0, 1], [1.0, 1, 1]).p == 1
    apart = of_means([1.0, 1], [2.0, 2])
    assert apart.difference == -1
    assert all(math.isnan(number) for number in (apart.low, apart.high, apart.p))


def test_holms_adjustment_is_the_textbooks():
    adjusted = holm([0.01, 0.04, 0.03, math.nan, 0.005])
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, math.nan, 0.02], nan_ok=True)
    assert holm([0.9, 0.8]).max() <= 1


def frame(seed=0):
    random = np.random.default_rng(seed)
    n = 300
    return pd.DataFrame(
        {
            "group": np.repeat(["a", "b", "c"], n // 3),
            "status": np.where(np.arange(n) % 50 == 7, "diverged", "done"),
            "radius_ratio": 1 + random.exponential(1, n),
            "grid_imperfections": random.integers(0, 100, n).astype(float),
            "validation_accuracy": random.random(n),
        }
    )


def test_every_other_group_is_laid_against_the_baseline():
    rows = frame()
    found = against(rows, ["group"], ("a",), ["validation_accuracy"])
    assert list(found["group"].unique()) == ["b", "c"]
    done = rows[rows["status"] == "done"]
    circles = done[done["radius_ratio"] < 1.2].groupby("group").size()
    n = done.groupby("group").size()
    share = found[(found["group"] == "b") & (found["quantity"] == "circles")].iloc[0]
    assert share["difference"] == pytest.approx(circles["b"] / n["b"] - circles["a"] / n["a"])
    assert (share["n"], share["baseline_n"]) == (n["b"], n["a"])
    assert found["p_holm"].to_numpy() == pytest.approx(holm(found["p"]))


def test_definitions_move_the_threshold_between_circles_and_grids():
    found = against(frame(), ["group"], ("a",), definitions=Definitions(threshold=1e9))
    assert (found[found["quantity"] == "circles"]["difference"] == 0).all()
    assert found[found["quantity"] == "grid_imperfections"]["p"].isna().all()


def test_a_baseline_without_runs_leaves_nothing_to_test():
    found = against(frame(), ["group"], ("z",))
    assert found["p"].isna().all()
    assert found["p_holm"].isna().all()
