"""Appendix F: embeddings in three and four dimensions."""

from sqlalchemy import Engine

from dashboard.report.galleries import projections_figure, structures_in_words
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Section

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
    texts, _ = judged(engine, "appendix-f", "more-dimensions")
    return Section(
        name="appendix-f",
        title="Embeddings in three and four dimensions",
        place="App. F",
        **texts,
        parts=tuple(
            projections_figure(
                engine,
                some,
                PLANES[dim],
                name=f"figure-f-{order}",
                label=f"Figure F.{order}",
                caption=f"Embeddings in {dim} dimensions, weight decay 1 "
                f"({structures_in_words(some)}): a column a run, a row a "
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
