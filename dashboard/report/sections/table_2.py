"""Section 6, Table 2: structures of the particle simulation by alignment."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.judged import judged
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
    texts, others = judged(
        engine, "table-2", "alignment-makes-circles", "particles-as-often", "circles-by-alignment"
    )
    return Section(
        name="table-2",
        title="Particles by strength of alignment",
        place="Sec. 6, Table 2",
        **texts,
        parts=(*_parts(found), *others) if found else (),
        seeds="0 to 99 (the paper's n, with every step), and 100 to 999 (their ends alone).",
        sql=SQL,
        command="\n".join(need.command for need in NEEDS),
    )


def _parts(found: dict[str, pd.DataFrame]) -> tuple[Part, ...]:
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
