"""Appendix C: twenty embeddings for each weight decay."""

from sqlalchemy import Engine

from dashboard.report.galleries import gallery_figure, structures_in_words
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Section

NEEDS = (Need("appendix-c"),)
SQL = """SELECT weight_decay, seed, is_circle, grid_imperfections, radius_ratio
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'appendix-c')
ORDER BY weight_decay DESC, seed;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(10, 30)))
    groups = sorted(rows.groupby("weight_decay"), reverse=True) if len(rows) else []
    texts, _ = judged(engine, "appendix-c", "decay-makes-circles")
    return Section(
        name="appendix-c",
        title="Embedding vectors by weight decay",
        place="App. C",
        **texts,
        parts=tuple(
            gallery_figure(
                engine,
                some,
                name=f"figure-c-{order}",
                label=f"Figure C.{order}",
                caption=f"Embeddings after 2000 epochs, weight decay {value:g}: "
                f"{structures_in_words(some)}.",
            )
            for order, (value, some) in enumerate(groups, start=1)
        ),
        seeds="10 to 29 of appendix-c, as the paper's.",
        sql=SQL,
        command=NEEDS[0].command,
    )
