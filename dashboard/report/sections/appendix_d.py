"""Appendix D: twenty arrangements of particles for each strength of alignment."""

from sqlalchemy import Engine

from dashboard.report.galleries import gallery_figure, structures_in_words
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Section

NEEDS = (Need("appendix-d"),)
ORDER = (1.0, 2.0, 0.5)  # the paper's
SQL = """SELECT alignment, seed, is_circle, grid_imperfections, radius_ratio
FROM particle_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'appendix-d')
ORDER BY alignment, seed;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(10, 30)))
    found = {value: rows[rows["alignment"] == value] for value in ORDER} if len(rows) else {}
    groups = [(value, some) for value, some in found.items() if len(some)]
    texts, _ = judged(engine, "appendix-d", "circles-by-alignment")
    return Section(
        name="appendix-d",
        title="Particle arrangements by alignment",
        place="App. D",
        **texts,
        parts=tuple(
            gallery_figure(
                engine,
                some,
                name=f"figure-d-{order}",
                label=f"Figure D.{order}",
                caption=f"Particles after 100 steps, alignment {value:g}: "
                f"{structures_in_words(some)}.",
            )
            for order, (value, some) in enumerate(groups, start=1)
        ),
        seeds="10 to 29 of appendix-d, as the paper's.",
        sql=SQL,
        command=NEEDS[0].command,
    )
