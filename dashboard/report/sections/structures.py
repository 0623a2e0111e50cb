"""Section 4, Figures 1 and 2: grids, circles and imperfect grids."""

import itertools

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_figures import arrangements_chart
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section, Table
from dashboard.report.runs_shown import RULE, Row, described, named_runs, picks
from dashboard.report.text import said
from dashboard.run_rows import with_structure
from modadd.statistics import Estimate, mean

NEEDS = (Need("table-1"),)
WEIGHT_DECAY = 1.0
# Imperfections of a grid from one of these up to the next: perfect, then ever less of a grid.
BANDS = (0, 1, 21, 51, 101, 154)
SQL = """SELECT is_circle,
       CASE WHEN is_circle = 1 THEN NULL WHEN grid_imperfections = 0 THEN 0
            WHEN grid_imperfections <= 20 THEN 1 WHEN grid_imperfections <= 50 THEN 2
            WHEN grid_imperfections <= 100 THEN 3 ELSE 4 END AS band,
       COUNT(*) AS runs, AVG(validation_accuracy) AS accuracy
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'table-1')
  AND status = 'done' AND seed < 100
GROUP BY 1, 2 ORDER BY 1, 2;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(100)))
    found = accuracies(rows) if len(rows) else {}
    texts, others = judged(
        engine, "structures", "clearest-is-best", "grids-and-circles", "progressions",
        "imperfect-grids", "imperfect-is-between", "algorithm-1",
    )  # fmt: skip
    return Section(
        name="structures",
        title="Grids, circles and imperfect grids",
        place="Sec. 4, Figs. 1–2",
        **texts,
        parts=(*_parts(engine, rows, found), *others) if found else (),
        seeds=f"0 to 99 of table-1, all weight decays; the pictures are of weight decay "
        f"{WEIGHT_DECAY:g}.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def accuracies(rows: pd.DataFrame) -> dict[str, Estimate]:
    """Name → mean validation accuracy: of the circles, and of the grids by band of imperfections,
    as far as there are any."""
    done = with_structure(rows[rows["status"] == "done"])
    circle = done["structure"] == "circle"
    members = {"circles": done[circle]}
    for low, end in itertools.pairwise(BANDS):
        name = "perfect grids" if end == 1 else f"grids with {low} to {end - 1} imperfections"
        members[name] = done[~circle & done["grid_imperfections"].between(low, end - 1)]
    return {name: mean(some["validation_accuracy"]) for name, some in members.items() if len(some)}


def _parts(engine: Engine, rows: pd.DataFrame, found: dict[str, Estimate]) -> tuple[Part, ...]:
    table = pd.DataFrame(
        {
            "structure": list(found),
            "runs": [e.n for e in found.values()],
            "mean validation accuracy": [said(e, percent=True).split(" (")[0] for e in
                                         found.values()],
        }
    )  # fmt: skip
    parts: list[Part] = [
        Table(
            name="structures-accuracy",
            label="Accuracy by structure",
            caption="Validation accuracy of circles, and of grids by how imperfect they are, over "
            "all weight decays. The paper does not say when embeddings are *not aligned at all*; "
            "the last band has most of the 153 pairs imperfect.",
            rows=table,
            data=pd.DataFrame(
                [(n, *e) for n, e in found.items()],
                columns=["structure", "accuracy", "low", "high", "n"],
            ),
        )
    ]
    picked = picks(engine, rows[rows["weight_decay"] == WEIGHT_DECAY])
    figures = [
        ("figure-1", "Figure 1", ("grid", "circle"), "grids (left) and circles (right)"),
        ("figure-2", "Figure 2", ("imperfect grid",), "imperfect grids"),
    ]
    for name, label, wanted, what in figures:
        some = {pick: picked[pick] for pick in wanted if pick in picked}
        if some:
            parts.append(_figure(engine, name, label, some, what))
    return (*parts, RULE)


def _figure(engine: Engine, name: str, label: str, some: dict[str, Row], what: str) -> Figure:
    listed = "; ".join(described(pick, row) for pick, row in some.items())
    return Figure(
        name=name,
        label=label,
        caption=f"Embedding vectors self-organize into {what}, weight decay {WEIGHT_DECAY:g}. "
        f"{listed[0].upper()}{listed[1:]}.",
        alt=f"Token embeddings in the plane: {', '.join(some)}.",
        chart=arrangements_chart(named_runs(engine, "transformer", some)),
        width=0.36 * len(some) + 0.08,
    )
