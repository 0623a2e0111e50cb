"""Section 6, Table 2: structures of the particle simulation by alignment."""

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
from dashboard.report.text import estimate_in, said
from modadd.experiments import EXPERIMENTS

EXPERIMENT = EXPERIMENTS["table-2"]
NEEDS = needs_at_thousand("table-2")
SQL = "SELECT * FROM table_2;"
_SHOWN = {
    "circles": ("Share of circles", True),
    "grid_imperfections": ("Imperfections of the grids", False),
}


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=THOUSAND))
    found = cells_by_n(EXPERIMENT, rows)
    verdict, ours = judged(list(found.values())[-1]) if found else ("not yet computed", "")
    return Section(
        name="table-2",
        title="Particles by strength of alignment",
        place="Sec. 6, Table 2",
        claim="Increasing the alignment force leads to more circles; their frequency and the "
        "number of grid imperfections are very similar to the networks'.",
        ours=ours,
        verdict=verdict,
        rule="Holds if the share of circles grows from each alignment to the next with the "
        "intervals apart; holds partly if some steps do.",
        parts=_parts(found),
        seeds="0 to 99 (the paper's n, with every step), and 100 to 999 (their ends alone).",
        sql=SQL,
        command="\n".join(need.command for need in NEEDS),
    )


def judged(cells: pd.DataFrame) -> tuple[str, str]:
    """The verdict on the section's claim, and our numbers in words."""
    circles = cells[cells["quantity"] == "circles"].sort_values("alignment")
    grows = circles["low"].to_numpy()[1:] > circles["high"].to_numpy()[:-1]
    if not len(grows):
        return "not testable", "Only one alignment is stored."
    verdict = "holds" if grows.all() else "holds partly" if grows.any() else "does not hold"
    shares = ", ".join(
        f"{said(estimate_in(cell), percent=True)} at alignment {cell['alignment']:g}"
        for cell in circles.to_dict("records")
    )
    return verdict, f"Circles: {shares}."


def _parts(found: dict[str, pd.DataFrame]) -> tuple[Part, ...]:
    if not found:
        return ()
    called, cells = list(found.items())[-1]
    return (
        beside_table(
            "table-2-cells",
            "Table 2",
            "Structures of the particle simulation by strength of alignment, the paper's row "
            "(n = 100) above ours.",
            EXPERIMENT,
            found,
        ),
        beside_figure(
            "table-2-chart",
            "Table 2 as a picture",
            f"The same ({called}), with 95 % intervals.",
            cells,
            "alignment",
            _SHOWN,
        ),
    )
