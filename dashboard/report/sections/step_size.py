"""Section 6, left open: the particle simulation's step."""

from sqlalchemy import Engine

from dashboard.report.needs import Need
from dashboard.report.open_choices import best_setting, cells_of, settings_table
from dashboard.report.parts import Section
from modadd.experiments import EXPERIMENTS
from modadd.particles import ParticleConfig

EXPERIMENT = EXPERIMENTS["step-size"]
NEEDS = (Need("step-size", None, "final"),)
SQL = """SELECT variance, force_scale, step_size, alignment, AVG(is_circle) AS circles,
       AVG(CASE WHEN is_circle = 0 THEN grid_imperfections END) AS imperfections, COUNT(*) AS n
FROM particle_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'step-size')
  AND status = 'done'
GROUP BY variance, force_scale, step_size, alignment;"""


def section(engine: Engine) -> Section:
    cells = cells_of(engine, NEEDS[0]._replace(seeds=range(100)))
    default = ParticleConfig()
    ours, verdict = "", "not yet computed"
    if len(cells):
        best = best_setting(EXPERIMENT, cells)
        ours = (
            f"At {int(cells[cells['quantity'] == 'circles']['n'].max())} seeds a cell, "
            f"{', '.join(best)} comes nearest to Table 2; the default is {default.variance}, "
            f"{default.force_scale}, {default.step_size:g}, chosen on 1000."
        )
        verdict = "not testable"
    return Section(
        name="step-size",
        title="Left open: the simulation's step",
        place="Sec. 6",
        claim="The paper moves each particle by “a small step” and keeps “a constant variance”; "
        "how large, of which force, and of which variance it does not say.",
        ours=ours,
        verdict=verdict,
        rule="*Open in the paper*: larger steps gain circles at alignment 1 and melt the grids.",
        parts=(
            settings_table(
                EXPERIMENT,
                cells,
                name="step-size-cells",
                label="Table 2 by step",
                caption="Table 2 under the options for the step: the variance that is kept, "
                "whether the force is divided by its mean norm, and the step size.",
            ),
        )
        if len(cells)
        else (),
        seeds="0 to 99 for each setting and alignment.",
        sql=SQL,
        command=NEEDS[0].command,
    )
