"""Section 5, Figures 3 and 4: what the layers behind a grid and behind a circle compute."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_figures import classifiers_chart
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section
from dashboard.report.runs_shown import RULE, described, named_runs, picks
from dashboard.report.text import said
from modadd.statistics import mean

NEEDS = (Need("table-1"),)
WEIGHT_DECAY = 0.6
SQL = f"""SELECT is_circle, COUNT(*) AS runs, AVG(representation_quality) AS realised
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'table-1')
  AND weight_decay = {WEIGHT_DECAY:g} AND status = 'done' AND seed < 100
GROUP BY is_circle;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(100)))
    if len(rows):
        rows = rows[(rows["weight_decay"] == WEIGHT_DECAY) & (rows["status"] == "done")]
    verdict, ours = judged(rows)
    return Section(
        name="classifier",
        title="Embeddings and the classifier behind them",
        place="Sec. 5, Figs. 3–4",
        claim="A grid makes the pair sums cluster by their modular sum; with a circle they are no "
        "longer clustered, but aligned along lines that pass through the origin, in regions like "
        "the slices of a pizza.",
        ours=ours,
        verdict=verdict,
        rule="Of all couples of pairs with one modular sum, the share that lie together (within a "
        "tenth of the embedding's scale): holds if the grids' mean is above the circles' with the "
        "intervals apart.",
        parts=_parts(engine, rows) if len(rows) else (),
        seeds=f"0 to 99 of table-1 at weight decay {WEIGHT_DECAY:g}.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def judged(rows: pd.DataFrame) -> tuple[str, str]:
    """The verdict on the section's claim, and our numbers in words."""
    if rows.empty:
        return "not yet computed", ""
    circle = rows["is_circle"] == 1
    grids, circles = (
        mean(rows[some]["representation_quality"].dropna()) for some in (~circle, circle)
    )
    ours = (
        f"Couples that lie together: {said(grids, percent=True)} of the grids', "
        f"{said(circles, percent=True)} of the circles'."
    )
    if grids.low != grids.low or circles.low != circles.low:
        return "not testable", ours
    return "holds" if grids.low > circles.high else "does not hold", ours


def _parts(engine: Engine, rows: pd.DataFrame) -> tuple[Part, ...]:
    picked = picks(engine, rows)
    parts: list[Part] = []
    for name, label, pick in (("figure-3", "Figure 3", "grid"), ("figure-4", "Figure 4", "circle")):
        if pick in picked:
            row = picked[pick]
            shown = named_runs(engine, "transformer", {"Embedding": row}, regions=True)
            parts.append(
                Figure(
                    name=name,
                    label=label,
                    caption="Embedding vectors (left); classifier formed by the subsequent layers "
                    "(background, right) and sums of embedding pairs (markers, right), coloured "
                    f"by modular sum. A {described(pick, row)}. The validation pairs are ours, "
                    "hollow; a ring marks an imperfect pair.",
                    alt=f"Left: tokens that form a {pick}. Right: their pair sums over the "
                    "classifier's regions.",
                    chart=classifiers_chart(shown, 1, 390),
                )
            )
    return (*parts, RULE) if parts else ()
