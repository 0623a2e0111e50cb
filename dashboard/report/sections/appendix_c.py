"""Appendix C: twenty embeddings for each weight decay."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.galleries import gallery_figure, structures_in_words
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Section
from modadd.experiments import EXPERIMENTS
from modadd.tables import table

NEEDS = (Need("appendix-c"),)
SQL = """SELECT weight_decay, seed, is_circle, grid_imperfections, radius_ratio
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'appendix-c')
ORDER BY weight_decay DESC, seed;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(10, 30)))
    groups = sorted(rows.groupby("weight_decay"), reverse=True) if len(rows) else []
    return Section(
        name="appendix-c",
        title="Embedding vectors by weight decay",
        place="App. C",
        claim="Weight decay plays a crucial role in the emergence of circular structures and in "
        "reducing grid imperfections.",
        ours=" ".join(
            f"Weight decay {value:g}: {structures_in_words(some)}." for value, some in groups
        ),
        verdict=judged(rows),
        rule="Holds if the greatest weight decay has more circles, and grids with fewer "
        "imperfections, than the least, both with the intervals apart; holds partly if one of "
        "them. Twenty of each are few; [Table 1](#table-1) has more.",
        parts=tuple(
            gallery_figure(
                engine,
                some,
                name=f"figure-c-{order}",
                label=f"Figure C.{order}",
                caption=f"Embeddings after 2000 epochs, weight decay {value:g}.",
            )
            for order, (value, some) in enumerate(groups, start=1)
        ),
        seeds="10 to 29 of appendix-c, as the paper's.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def judged(rows: pd.DataFrame) -> str:
    """The verdict on the section's claim."""
    if rows.empty:
        return "not yet computed"
    cells = table(rows, EXPERIMENTS["appendix-c"].groups)
    circles, imperfections = (
        cells[cells["quantity"] == name].sort_values("weight_decay").iloc[[0, -1]]
        for name in ("circles", "grid_imperfections")
    )
    more = circles["low"].iloc[1] > circles["high"].iloc[0]
    fewer = imperfections["high"].iloc[1] < imperfections["low"].iloc[0]
    return "holds" if more and fewer else "holds partly" if more or fewer else "does not hold"
