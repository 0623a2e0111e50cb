"""Appendix D: twenty arrangements of particles for each strength of alignment."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.galleries import gallery_figure, structures_in_words
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Section
from dashboard.run_rows import structure_shares, with_structure

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
    return Section(
        name="appendix-d",
        title="Particle arrangements by alignment",
        place="App. D",
        claim="Different random initializations of the particles end as circles, grids and "
        "imperfect grids, the more often as circles the stronger the alignment.",
        ours=" ".join(
            f"Alignment {value:g}: {structures_in_words(some)}." for value, some in groups
        ),
        verdict=judged(groups),
        rule="Holds if the strongest alignment has more circles than the weakest, with the "
        "intervals apart. Twenty of each are few; [Table 2](#table-2) has more.",
        parts=tuple(
            gallery_figure(
                engine,
                some,
                name=f"figure-d-{order}",
                label=f"Figure D.{order}",
                caption=f"Particles after 100 steps, alignment {value:g}.",
            )
            for order, (value, some) in enumerate(groups, start=1)
        ),
        seeds="10 to 29 of appendix-d, as the paper's.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def judged(groups: Sequence[tuple[float, pd.DataFrame]]) -> str:
    """The verdict on the section's claim; groups: alignment and its runs."""
    if len(groups) < 2:
        return "not testable" if groups else "not yet computed"
    ordered = [some for _, some in sorted(groups, key=lambda group: group[0])]
    least, most = (
        structure_shares(with_structure(some))["circle"] for some in (ordered[0], ordered[-1])
    )
    return "holds" if most.low > least.high else "does not hold"
