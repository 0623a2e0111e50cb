"""How many seeds it would take to tell a cell of a table from the paper's."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from scipy.special import ndtri

from modadd.statistics import Z, t_quantile

POWER = 0.8
_Z_POWER = float(ndtri(POWER))
_NEVER = math.nan


def runs_for_proportions(first: float, second: float) -> float:
    """Runs on each side, for two shares to differ at p < 0.05 with 80 % power; NaN if equal."""
    if first == second or math.isnan(first + second):
        return _NEVER
    both = (first + second) / 2
    spread = first * (1 - first) + second * (1 - second)
    return (Z * math.sqrt(2 * both * (1 - both)) + _Z_POWER * math.sqrt(spread)) ** 2 / (
        first - second
    ) ** 2


def runs_for_means(first: float, second: float, deviation: float) -> float:
    """The same for two means of values with that standard deviation."""
    if first == second or math.isnan(first + second + deviation):
        return _NEVER
    return 2 * ((Z + _Z_POWER) * deviation / (first - second)) ** 2


def runs_for_correlations(first: float, second: float) -> float:
    """The same for two correlations, by Fisher's z."""
    if first == second or math.isnan(first + second) or max(abs(first), abs(second)) >= 1:
        return _NEVER
    return 2 * ((Z + _Z_POWER) / (math.atanh(first) - math.atanh(second))) ** 2 + 3


def seeds_to_tell(cells: pd.DataFrame, groups: Sequence[str]) -> pd.Series:
    """(cell,) seeds that we and the paper would each need, were the difference as large as it
    looks, for it to show at p < 0.05 four times in five; NaN where there is nothing to compare.

    cells: as `modadd.tables.table` returns them. Where a cell counts only some of its group's runs
    (the grids, say), the seeds are for all of them.
    """
    runs = cells[cells["quantity"] == "circles"].set_index(list(groups))["n"]
    keys = cells.set_index(list(groups)).index
    share = cells["n"].to_numpy() / runs.reindex(keys).to_numpy()
    needed = [_runs(cell) for cell in cells.itertuples(index=False)]
    # A mean or a share of fewer than two runs tells nothing.
    seeds = pd.Series(needed, index=cells.index, dtype=float).clip(lower=2) / share
    return seeds.where(cells["n"] > 0)


def _runs(cell: Any) -> float:
    if cell.quantity == "circles":
        return runs_for_proportions(cell.value, cell.paper)
    if cell.quantity == "correlation":
        return runs_for_correlations(cell.value, cell.paper)
    if cell.n < 2:
        return _NEVER
    quantile = float(t_quantile(cell.n - 1))
    deviation = (cell.high - cell.low) / 2 / quantile * math.sqrt(cell.n)
    return runs_for_means(cell.value, cell.paper, deviation)
