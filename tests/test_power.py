import math

import numpy as np
import pandas as pd
import pytest

from modadd.power import (
    runs_for_correlations,
    runs_for_means,
    runs_for_proportions,
    seeds_to_tell,
)
from modadd.statistics import compare_counts, mean
from modadd.tables import COLUMNS


def test_textbook_sample_sizes():
    assert math.ceil(runs_for_proportions(0.5, 0.6)) == 388
    assert math.ceil(runs_for_means(0.0, 0.5, 1.0)) == 63
    assert math.ceil(runs_for_correlations(0.0, 0.3)) == 167


def test_with_so_many_runs_the_test_finds_the_difference_four_times_in_five():
    n = math.ceil(runs_for_proportions(0.1, 0.2))
    random = np.random.default_rng(0)
    counts = random.binomial(n, [0.1, 0.2], size=(400, 2))
    found = np.mean([compare_counts(a, n, b, n) < 0.05 for a, b in counts.tolist()])
    # Fisher's exact test is a little less powerful than the formula's.
    assert 0.7 < found < 0.87


@pytest.mark.parametrize("needed", [runs_for_proportions, runs_for_correlations])
def test_what_does_not_differ_cannot_be_told(needed):
    assert math.isnan(needed(0.3, 0.3))
    assert math.isnan(needed(math.nan, 0.3))


def test_seeds_count_all_runs_of_a_group_not_its_grids_alone():
    values = np.random.default_rng(1).normal(10, 2, 50)
    grids = mean(values)
    cells = pd.DataFrame(
        [
            (1.0, "circles", 0.5, 0.4, 0.6, 100, 0.4, 0.3, 0.5, 100, 0.1, "consistent"),
            (1.0, "grid_imperfections", *grids, grids.value + 1, 1, 2, 60, 0.1, "consistent"),
            (1.0, "grid_accuracy", math.nan, math.nan, math.nan, 0, 0.5, 0.4, 0.6, 60, 1, ""),
        ],
        columns=["weight_decay", *COLUMNS],
    )
    shares, imperfections, nothing = seeds_to_tell(cells, ["weight_decay"])
    assert shares == runs_for_proportions(0.5, 0.4)
    deviation = values.std(ddof=1)
    assert imperfections == pytest.approx(2 * runs_for_means(0, 1, deviation))
    assert math.isnan(nothing)
