"""Appendix B, Figure 6: the magnitude of weights and biases by weight decay."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_phases import curve
from dashboard.drawn import joined
from dashboard.report.judged import judged
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section, Table
from dashboard.report.text import estimate_in, said
from modadd.phases import Quantity, phases

NEEDS = (Need("appendix-b"),)
MEASURES = {"mean_abs_hidden_weight": "mean |W_h|", "mean_abs_hidden_bias": "mean |b_h|"}
SQL = """SELECT weight_decay, AVG(mean_abs_hidden_weight) AS weights,
       AVG(mean_abs_hidden_bias) AS biases, COUNT(*) AS n
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'appendix-b')
  AND status = 'done'
GROUP BY weight_decay;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(10)))
    found = {name: phases(rows, ["weight_decay"], Quantity(name)) for name in MEASURES} if len(
        rows
    ) else {}  # fmt: skip
    texts, others = judged(
        engine, "appendix-b", "biases-limited-more", "weights-limited", "weights-grow"
    )
    return Section(
        name="appendix-b",
        title="Weight decay and the magnitude of weights and biases",
        place="App. B, Fig. 6",
        **texts,
        parts=(*_parts(found), *others) if found else (),
        seeds="0 to 9 of appendix-b, at weight decays 0, 0.1, …, 1. *Open in the paper*: which "
        "weight decays Fig. 6 samples.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def _parts(found: dict[str, pd.DataFrame]) -> tuple[Part, ...]:
    charts = [
        curve(cells, "weight_decay", MEASURES[name], percent=False).having(width=640, height=150)
        for name, cells in found.items()
    ]
    figure = Figure(
        name="figure-6",
        label="Figure 6",
        caption="Average magnitude of the weights and biases of the linear layer at the end of "
        "training for various values of weight decay, with 95 % intervals.",
        alt="Two curves that fall with weight decay: of the weights and of the biases.",
        chart=joined("vconcat", charts, spacing=18),
    )
    table = {"weight_decay": next(iter(found.values()))["weight_decay"]} | {
        MEASURES[name]: [said(estimate_in(cell), decimals=3) for cell in cells.to_dict("records")]
        for name, cells in found.items()
    }
    data = pd.concat([cells.assign(measure=name) for name, cells in found.items()])
    return figure, Table(
        name="figure-6-cells",
        label="Figure 6 in numbers",
        caption="The same, with intervals.",
        rows=pd.DataFrame(table),
        data=data,
    )
