"""A phase diagram's cells as a query that anyone can run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from db.filters import STRUCTURES, Between, Condition, Filter, OneOf, in_sql
from modadd.phases import Quantity

_CONDITIONS = {
    **STRUCTURES, "perfect grid": (*STRUCTURES["grid"], OneOf("grid_imperfections", (0.0,))),
}  # fmt: skip


def grouped_sql(
    chosen: Filter, fields: Sequence[str], quantity: Quantity, cells: pd.DataFrame
) -> str:
    """The query of these cells; where a field was cut into bins, the query of their runs."""
    if any(f"{field}_from" in cells for field in fields):
        return chosen.sql()
    value = (
        f"CASE WHEN {in_sql(_CONDITIONS[quantity.name])} THEN 1.0 ELSE 0.0 END"
        if quantity.is_share
        else quantity.name
    )
    listed = ", ".join(fields)
    condition = "status = 'done'"
    if quantity.among is not None:
        condition += f" AND {in_sql(_CONDITIONS[quantity.among])}"
    runs = chosen.sql().removesuffix("\nORDER BY run_id;").replace("\n", "\n  ")
    return (
        f"SELECT {listed}, AVG({value}) AS value, COUNT({value}) AS n\n"
        f"FROM (\n  {runs}\n) AS chosen\n"
        f"WHERE {condition}\nGROUP BY {listed}\nORDER BY {listed};"
    )


def filter_of_cell(
    chosen: Filter, fields: Sequence[str], quantity: Quantity, cell: Mapping[str, Any]
) -> Filter:
    """The filter with a cell's values, or the ends of its bins: the runs that the cell counts, or,
    where it is about a metric that some runs lack, those that it would count.

    cell: a row of `modadd.phases.phases`.
    """
    narrowed = replace(
        chosen.having(*(_condition(field, cell) for field in fields)),
        status="done" if cell["diverged"] and cell["n"] else chosen.status,
    )
    if quantity.among is None or chosen.structure == "imperfect grid":  # which is narrower
        return narrowed
    return replace(narrowed, structure=quantity.among)


def _condition(field: str, cell: Mapping[str, Any]) -> Condition:
    if f"{field}_from" in cell:
        return Between(field, float(cell[f"{field}_from"]), float(cell[f"{field}_to"]))
    value = cell[field]
    return OneOf(field, (value if isinstance(value, str) else float(value),))
