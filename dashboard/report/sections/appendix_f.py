"""Appendix F: embeddings in three and four dimensions."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.galleries import projections_figure, structures_in_words
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Section
from dashboard.report.text import said
from db.epochs import metrics_at
from db.filters import Filter
from modadd.statistics import Estimate, mean

NEEDS = (Need("appendix-f"),)
# Open in the paper: which three of the six pairs of four dimensions it shows.
PLANES = {3: ((0, 1), (0, 2), (1, 2)), 4: ((0, 1), (1, 2), (2, 3))}
SQL = """SELECT embedding_dim, seed, radius_ratio, grid_imperfections, validation_accuracy
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'appendix-f')
ORDER BY embedding_dim, seed;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0])
    found = {dim: rows[rows["embedding_dim"] == dim] for dim in PLANES} if len(rows) else {}
    groups = [(dim, some) for dim, some in found.items() if len(some)]
    changes = {dim: _change(engine, some) for dim, some in groups}
    return Section(
        name="appendix-f",
        title="Embeddings in three and four dimensions",
        place="App. F",
        claim="Similar structures emerge in higher-dimensional embedding spaces.",
        ours=" ".join(
            f"In {dim} dimensions, by the same two algorithms: {structures_in_words(some)}; "
            f"imperfections change by {said(changes[dim])} from start to end."
            for dim, some in groups
        ),
        verdict=judged(changes),
        rule="*Open in the paper*: what makes structures similar. Here: holds if in both "
        "dimensions the imperfections (Algorithm 2) are fewer at the end than at the start, with "
        "the interval of the difference below 0; holds partly in one of them.",
        parts=tuple(
            projections_figure(
                engine,
                some,
                PLANES[dim],
                name=f"figure-f-{order}",
                label=f"Figure F.{order}",
                caption=f"Embeddings in {dim} dimensions, weight decay 1: a column a run, a row a "
                "projection onto two dimensions, each on its own scale."
                + (
                    " *Open in the paper*: which three of the six pairs; here, 1–2, 2–3 and 3–4."
                    if dim == 4
                    else ""
                ),
            )
            for order, (dim, some) in enumerate(groups, start=1)
        ),
        seeds="0 to 6 in three dimensions, 0 to 7 in four, of appendix-f.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def judged(changes: dict[int, Estimate]) -> str:
    """The verdict on the section's claim, from the change of imperfections by dimension."""
    fewer = [change.high < 0 for change in changes.values()]
    if not fewer:
        return "not yet computed"
    return "holds" if all(fewer) else "holds partly" if any(fewer) else "does not hold"


def _change(engine: Engine, rows: pd.DataFrame) -> Estimate:
    """The mean difference of imperfections, end minus start, a run a pair."""
    start = metrics_at(engine, Filter(experiments=(NEEDS[0].experiment,)), 0)
    both = rows.merge(start, on="run_id", suffixes=("", "_start"))
    return mean((both["grid_imperfections"] - both["grid_imperfections_start"]).dropna())
