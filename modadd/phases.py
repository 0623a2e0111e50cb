"""Phase diagrams: a quantity over one or two config fields, a cell for each combination.

In goes one row a run with the columns of the database's run views; out comes one row a cell.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from modadd import statistics
from modadd.structures import CIRCLE_THRESHOLD

# A field with more values than this is cut into so many bins of equally many runs.
MOST_VALUES, BINS = 20, 10

STRUCTURES = ("circle", "grid", "perfect grid", "imperfect grid")


class Quantity(NamedTuple):
    """What a cell shows: the share of a structure, or the mean of a metric over the runs that have
    it. among: only runs of this structure, as the paper counts the imperfections of the grids."""

    name: str
    among: str | None = None

    @property
    def is_share(self) -> bool:
        """Whether it is a structure's share, and not a metric's mean."""
        return self.name in STRUCTURES


def has_structure(runs: pd.DataFrame, structure: str) -> pd.Series:
    """Whether each run is of one of `STRUCTURES` (Algorithms 1 and 2)."""
    circle = runs["radius_ratio"] < CIRCLE_THRESHOLD
    if structure == "circle":
        return circle
    if structure == "grid":
        return ~circle
    imperfect = runs["grid_imperfections"] > 0
    return ~circle & (imperfect if structure == "imperfect grid" else ~imperfect)


def phases(runs: pd.DataFrame, fields: Sequence[str], quantity: Quantity) -> pd.DataFrame:
    """Cells of the runs grouped by the fields, sorted by them.

    Columns: each field (in a bin: the median of its runs' values), with <field>_from and <field>_to
    if it was binned; value, low, high (95 %: Wilson's interval of a share, Student's t of a mean,
    undefined below n = 2), n, and diverged: runs that are left out. A cell may have n = 0.
    """
    done = runs["status"] == "done"
    counted = done if quantity.among is None else done & has_structure(runs, quantity.among)
    values = has_structure(runs, quantity.name) if quantity.is_share else runs[quantity.name]
    rows = runs[list(fields)].assign(
        measured=values.astype(np.float64).where(counted), diverged=~done
    )
    keys = []
    for field in fields:
        rows, key = _binned(rows, field)
        keys.append(key)
    found = rows.groupby(keys, sort=True, observed=True)
    cells = found["measured"].agg(n="count", value="mean", deviation="std")
    cells["diverged"] = found["diverged"].sum()
    for field, key in zip(fields, keys, strict=True):
        if key != field:
            whole = rows.groupby(key)[field].agg(["median", "min", "max"])
            place = cells.index.get_level_values(key)
            for name, column in (("", "median"), ("_from", "min"), ("_to", "max")):
                cells[field + name] = whole[column].reindex(place).to_numpy()
    n, value = cells["n"].to_numpy(), cells["value"].to_numpy()
    if quantity.is_share:
        cells["low"], cells["high"] = statistics.proportions(n * value, n)
    else:
        deviation = cells["deviation"].to_numpy()
        cells["low"], cells["high"] = statistics.means(n, value, deviation)
    flat = cells.reset_index()
    spans = [name for field in fields for name in _columns(field) if name in flat]
    return flat[[*spans, "value", "low", "high", "n", "diverged"]]


def _columns(field: str) -> tuple[str, str, str]:
    return field, f"{field}_from", f"{field}_to"


def _binned(rows: pd.DataFrame, field: str) -> tuple[pd.DataFrame, str]:
    """The rows with a column to group by, and its name: the field itself if its values are few."""
    numeric = pd.api.types.is_numeric_dtype(rows[field])
    if not numeric or rows[field].nunique() <= MOST_VALUES:
        return rows, field
    key = f"{field}_bin"
    return rows.assign(**{key: pd.qcut(rows[field], BINS, labels=False, duplicates="drop")}), key
