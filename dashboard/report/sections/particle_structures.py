"""Section 6, Figure 5: circles, grids and imperfect grids of particles."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_figures import arrangements_chart
from dashboard.report.galleries import structures_in_words
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section
from dashboard.report.runs_shown import RULE, described, named_runs, picks

NEEDS = (Need("table-2"),)
ALIGNMENT = 1.0
SQL = f"""SELECT run_id, seed, radius_ratio, is_circle, grid_imperfections
FROM particle_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'table-2')
  AND alignment = {ALIGNMENT:g} AND seed < 100
ORDER BY radius_ratio;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(100)))
    rows = rows[rows["alignment"] == ALIGNMENT] if len(rows) else rows
    texts, others = judged(
        engine, "particle-structures", "particles-form-structures", "fully-account"
    )
    return Section(
        name="particle-structures",
        title="The same structures from particles",
        place="Sec. 6, Fig. 5",
        **texts,
        parts=(*_parts(engine, rows), *others) if len(rows) else (),
        seeds=f"0 to 99 of table-2 at alignment {ALIGNMENT:g}.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def _parts(engine: Engine, rows: pd.DataFrame) -> tuple[Part, ...]:
    picked = picks(engine, rows)
    order = ["circle", "grid", "imperfect grid"]
    some = {name: picked[name] for name in order if name in picked}
    listed = "; ".join(described(name, row) for name, row in some.items())
    figure = Figure(
        name="figure-5",
        label="Figure 5",
        caption="Particles form circles (left), grids (center), and imperfect grids (right). "
        f"{listed[0].upper()}{listed[1:]}. In all: {structures_in_words(rows)}.",
        alt=f"Particles in the plane: {', '.join(some)}.",
        chart=arrangements_chart(named_runs(engine, "particle", some)),
    )
    return (figure, RULE)
