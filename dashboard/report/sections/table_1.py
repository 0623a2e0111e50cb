"""Section 4, Table 1: accuracy and structures by weight decay."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.needs import stored
from dashboard.report.paper_tables import (
    THOUSAND,
    beside_figure,
    beside_table,
    cells_by_n,
    needs_at_thousand,
)
from dashboard.report.parts import Part, Section
from modadd.experiments import EXPERIMENTS

EXPERIMENT = EXPERIMENTS["table-1"]
NEEDS = needs_at_thousand("table-1")
SQL = "SELECT * FROM table_1;"
_SHOWN = {
    "circles": ("Share of circles", True),
    "grid_imperfections": ("Imperfections of the grids", False),
    "circle_accuracy": ("Circles' validation accuracy", True),
    "grid_accuracy": ("Grids' validation accuracy", True),
}


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=THOUSAND))
    found = cells_by_n(EXPERIMENT, rows)
    verdict, ours = judged(list(found.values())[-1]) if found else ("not yet computed", "")
    return Section(
        name="table-1",
        title="Circles and grids by weight decay",
        place="Sec. 4, Table 1",
        claim="Circles consistently have a higher validation accuracy than non-circles, and the "
        "non-circles' accuracy is highly correlated with the number of grid imperfections.",
        ours=ours,
        verdict=verdict,
        rule="Holds if, at every weight decay with at least two circles, the intervals of the "
        "circles' and the grids' accuracy lie apart with the circles' above, and every "
        "correlation's interval lies below 0; holds partly if some do.",
        parts=_parts(found),
        seeds="0 to 99 (the paper's n, with all snapshots), and 100 to 999 (their ends alone).",
        sql=SQL,
        command="\n".join(need.command for need in NEEDS),
    )


def judged(cells: pd.DataFrame) -> tuple[str, str]:
    """The verdict on the section's claim, and our numbers in words."""
    by_quantity = {q: part.set_index("weight_decay") for q, part in cells.groupby("quantity")}
    circles, grids = by_quantity["circle_accuracy"], by_quantity["grid_accuracy"]
    tested = circles[circles["low"].notna()].index
    apart = circles.loc[tested, "low"] > grids.loc[tested, "high"]
    r = by_quantity["correlation"].dropna(subset=["high"])
    held = [*apart, *(r["high"] < 0)]
    if not held:
        return "not testable", "Too few runs are stored for any interval."
    verdict = "holds" if all(held) else "holds partly" if any(held) else "does not hold"
    runs = int(by_quantity["circles"]["n"].max())
    return verdict, (
        f"At {runs:,} runs a weight decay, the circles' accuracy is above the grids' with the "
        f"intervals apart at {int(apart.sum())} of {len(tested)} weight decays; "
        f"the correlation goes from {r['value'].min():.2f} to {r['value'].max():.2f}, its interval "
        f"below 0 at {int((r['high'] < 0).sum())} of {len(r)}."
    )


def _parts(found: dict[str, pd.DataFrame]) -> tuple[Part, ...]:
    if not found:
        return ()
    called, cells = list(found.items())[-1]
    return (
        beside_table(
            "table-1-cells",
            "Table 1",
            "Validation accuracy and structures by weight decay, the paper's row (n = 100) above "
            "ours. Imperfections and their correlation with accuracy are the grids'.",
            EXPERIMENT,
            found,
        ),
        beside_figure(
            "table-1-chart",
            "Table 1 as a picture",
            f"The same ({called}), with 95 % intervals where there are any.",
            cells,
            "weight_decay",
            _SHOWN,
        ),
    )
