"""Whether the findings of Section 4 hold at other sizes than the paper's, value by value."""

import pandas as pd

from modadd import statistics
from modadd.claims.checks import Check, above, below
from modadd.claims.frames import by, grids, means_apart, shares_apart


def checks(rows: pd.DataFrame, field: str) -> list[Check]:
    """Three at each value of the field: with the greatest weight decay less with the least, more
    circles and fewer imperfections; and at the one after the least, where grids are many, an
    accuracy that falls with the imperfections."""
    found = []
    for name, members in by(rows[rows["status"] == "done"], field):
        parts = [*by(members, "weight_decay")]
        if len(parts) < 2:  # a job that was stopped early
            continue
        (_, least), *middle, (_, most) = parts
        found += [
            above(f"{name}, circles", shares_apart(most, least), percent=True),
            below(f"{name}, imperfections",
                  means_apart(grids(most), grids(least), "grid_imperfections")),
        ]  # fmt: skip
        if middle:
            some = grids(middle[0][1])
            r = statistics.correlation(some["grid_imperfections"], some["validation_accuracy"])
            found.append(below(f"{name}, r of imperfections and accuracy", r, decimals=2))
    return found
