"""Appendix E: fourteen embeddings with the classifier behind each."""

from collections.abc import Hashable
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_figures import classifiers_chart
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Section
from dashboard.report.runs_shown import named_runs
from dashboard.run_rows import with_structure

NEEDS = (Need("appendix-e"),)
PER_FIGURE, COLUMNS, SIDE = 8, 2, 200
SQL = """SELECT seed, is_circle, grid_imperfections, radius_ratio, validation_accuracy
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'appendix-e')
ORDER BY seed;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(10, 24)))
    listed = with_structure(rows).sort_values("seed").to_dict("records") if len(rows) else []
    batches = [listed[start : start + PER_FIGURE] for start in range(0, len(listed), PER_FIGURE)]
    texts, _ = judged(engine, "appendix-e", "clusters-classify")
    return Section(
        name="appendix-e",
        title="More classifiers",
        place="App. E",
        **texts,
        parts=tuple(_figure(engine, batch, order) for order, batch in enumerate(batches, start=1)),
        seeds="10 to 23 of appendix-e, as the paper's.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def _figure(engine: Engine, batch: list[dict[Hashable, Any]], order: int) -> Figure:
    runs = {f"seed {row['seed']}: {row['structure']}": row for row in batch}
    shown = named_runs(engine, "transformer", runs, regions=True)
    seeds = pd.Series([row["seed"] for row in batch])
    return Figure(
        name=f"figure-e-{order}",
        label=f"Figure E.{order}",
        caption=f"Seeds {seeds.min()} to {seeds.max()}: embedding vectors (left of each couple), "
        "and the sums of pairs over the classifier's regions (right), coloured by modular sum; "
        "filled: training, hollow: validation, ring: imperfect.",
        alt=f"{len(batch)} couples of pictures: tokens, and their pair sums over regions.",
        chart=classifiers_chart(shown, COLUMNS, SIDE),
    )
