"""A phase diagram's cells as a query that anyone can run."""

from collections.abc import Sequence

import pandas as pd

from db.filters import STRUCTURES, Filter
from modadd.phases import Quantity

# In SQL, over the columns of the run views.
_CONDITIONS = {**STRUCTURES, "perfect grid": "is_circle = 0 AND grid_imperfections = 0"}


def grouped_sql(
    chosen: Filter, fields: Sequence[str], quantity: Quantity, cells: pd.DataFrame
) -> str:
    """The query of these cells; where a field was cut into bins, the query of their runs."""
    if any(f"{field}_from" in cells for field in fields):
        return chosen.sql()
    value = (
        f"CASE WHEN {_CONDITIONS[quantity.name]} THEN 1.0 ELSE 0.0 END"
        if quantity.is_share
        else quantity.name
    )
    listed = ", ".join(fields)
    condition = "status = 'done'"
    if quantity.among is not None:
        condition += f" AND {_CONDITIONS[quantity.among]}"
    runs = chosen.sql().removesuffix("\nORDER BY run_id;").replace("\n", "\n  ")
    return (
        f"SELECT {listed}, AVG({value}) AS value, COUNT({value}) AS n\n"
        f"FROM (\n  {runs}\n) AS chosen\n"
        f"WHERE {condition}\nGROUP BY {listed}\nORDER BY {listed};"
    )
