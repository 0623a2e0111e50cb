"""Section 6, Figure 5: circles, grids and imperfect grids of particles."""

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_figures import arrangements_chart
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section
from dashboard.report.runs_shown import RULE, described, named_runs, picks
from dashboard.report.text import said
from dashboard.run_rows import structure_shares, with_structure
from modadd.statistics import Estimate

NEEDS = (Need("table-2"), Need("table-1"))
WEIGHT_DECAY = 1.0
ALIGNMENT = 1.0
SQL = f"""SELECT run_id, seed, radius_ratio, is_circle, grid_imperfections
FROM particle_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'table-2')
  AND alignment = {ALIGNMENT:g} AND seed < 100
ORDER BY radius_ratio;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(100)))
    rows = with_structure(rows[rows["alignment"] == ALIGNMENT]) if len(rows) else rows
    verdict, ours = "not yet computed", ""
    parts: tuple[Part, ...] = ()
    if len(rows):
        shares = structure_shares(rows)
        verdict = judged(shares, _networks(engine))
        listed = ", ".join(f"{name}s {said(e, percent=True)}" for name, e in shares.items())
        ours = f"At alignment {ALIGNMENT:g}: {listed}."
        parts = _parts(engine, rows)
    return Section(
        name="particle-structures",
        title="The same structures from particles",
        place="Sec. 6, Fig. 5",
        claim="The particles self-organize into the same structures as the embeddings in the "
        "trained transformer: circles, grids, and imperfect grids.",
        ours=ours,
        verdict=verdict,
        rule="Of circle, perfect grid and imperfect grid (Algorithms 1 and 2), holds if those "
        f"occur that occur among the networks of weight decay {WEIGHT_DECAY:g}; holds partly if "
        "some of them do. How often is judged beside [Table 2](#table-2).",
        parts=parts,
        seeds=f"0 to 99 of table-2 at alignment {ALIGNMENT:g}, beside table-1's.",
        sql=SQL,
        command="\n".join(need.command for need in NEEDS),
    )


def judged(particles: Mapping[str, Estimate], networks: Mapping[str, Estimate]) -> str:
    """The verdict on the section's claim, from the shares of structures."""
    theirs = {name for name, share in networks.items() if share.value > 0}
    if not theirs:
        return "not yet computed"
    ours = {name for name, share in particles.items() if share.value > 0}
    return "holds" if ours == theirs else "holds partly" if ours & theirs else "does not hold"


def _networks(engine: Engine) -> Mapping[str, Estimate]:
    rows = stored(engine, NEEDS[1]._replace(seeds=range(100)))
    if rows.empty:
        return {}
    return structure_shares(with_structure(rows[rows["weight_decay"] == WEIGHT_DECAY]))


def _parts(engine: Engine, rows: pd.DataFrame) -> tuple[Part, ...]:
    picked = picks(engine, rows)
    order = ["circle", "grid", "imperfect grid"]
    some = {name: picked[name] for name in order if name in picked}
    listed = "; ".join(described(name, row) for name, row in some.items())
    figure = Figure(
        name="figure-5",
        label="Figure 5",
        caption="Particles form circles (left), grids (center), and imperfect grids (right). "
        f"{listed[0].upper()}{listed[1:]}.",
        alt=f"Particles in the plane: {', '.join(some)}.",
        chart=arrangements_chart(named_runs(engine, "particle", some)),
    )
    return (figure, RULE)
