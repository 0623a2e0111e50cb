"""Section 4, Table 1: accuracy and structures by weight decay."""

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
    texts, others = judged(
        engine, "table-1", "circles-are-better", "imperfections-correlate", "decay-makes-circles",
        "decay-mends-grids", "decay-generalises",
    )  # fmt: skip
    return Section(
        name="table-1",
        title="Circles and grids by weight decay",
        place="Sec. 4, Table 1",
        **texts,
        parts=(*_parts(found), *others) if found else (),
        seeds="0 to 99 (the paper's n, with all snapshots), and 100 to 999 (their ends alone).",
        sql=SQL,
        command="\n".join(need.command for need in NEEDS),
    )


def _parts(found: dict[str, pd.DataFrame]) -> tuple[Part, ...]:
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
