"""Section 3, left open: how the network's parameters begin."""

from sqlalchemy import Engine

from dashboard.report.needs import Need
from dashboard.report.open_choices import best_setting, cells_of, settings_table
from dashboard.report.parts import Section
from modadd.experiments import EXPERIMENTS
from modadd.training import TrainingConfig

EXPERIMENT = EXPERIMENTS["initialisation"]
NEEDS = (Need("initialisation", None, "final", "none"),)
SQL = """SELECT initialization, weight_decay, AVG(is_circle) AS circles,
       AVG(CASE WHEN is_circle = 0 THEN grid_imperfections END) AS imperfections, COUNT(*) AS n
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'initialisation')
  AND status = 'done'
GROUP BY initialization, weight_decay;"""


def section(engine: Engine) -> Section:
    cells = cells_of(engine, NEEDS[0]._replace(seeds=range(100)))
    default = (TrainingConfig().initialization,)
    ours, verdict = "", "not yet computed"
    if len(cells):
        (best,) = best_setting(EXPERIMENT, cells)
        ours = (
            f"Of three usual initialisations, {best} comes nearest to Table 1 at "
            f"{int(cells['n'].max())} seeds a cell; the default is {default[0]}, chosen on 1000."
        )
        verdict = "not testable"
    return Section(
        name="initialisation",
        title="Left open: the initialisation",
        place="Sec. 3",
        claim="No claim: the paper does not say how parameters are initialised.",
        ours=ours,
        verdict=verdict,
        rule="*Open in the paper*, and it matters: whichever is taken, Table 1 is what it is "
        "compared with.",
        parts=(
            settings_table(
                EXPERIMENT,
                cells,
                name="initialisation-cells",
                label="Table 1 by initialisation",
                caption="Table 1 under Glorot's (uniform weights, zero biases), PyTorch's default "
                "and LeCun's (normal weights, zero biases), embeddings from N(0, 1).",
            ),
        )
        if len(cells)
        else (),
        seeds="0 to 99 for each initialisation and weight decay.",
        sql=SQL,
        command=NEEDS[0].command,
    )
