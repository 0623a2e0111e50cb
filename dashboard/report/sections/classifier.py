"""Section 5, Figures 3 and 4: what the layers behind a grid and behind a circle compute."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_figures import classifiers_chart
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section
from dashboard.report.runs_shown import RULE, described, named_runs, picks

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
    texts, others = judged(
        engine, "classifier", "pair-sums-cluster", "clusters-classify", "circles-do-not-cluster",
        "lines-through-the-origin", "pizza-regions", "pizza-algorithm", "weights-align",
    )  # fmt: skip
    return Section(
        name="classifier",
        title="Embeddings and the classifier behind them",
        place="Sec. 5, Figs. 3–4",
        **texts,
        parts=(*_parts(engine, rows), *others) if len(rows) else (),
        seeds=f"0 to 99 of table-1 at weight decay {WEIGHT_DECAY:g}.",
        sql=SQL,
        command=NEEDS[0].command,
    )


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
