"""Appendix B, Figure 6: the magnitude of weights and biases by weight decay."""

import altair as alt
import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_phases import curve
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
    verdict, ours = judged(found)
    return Section(
        name="appendix-b",
        title="Weight decay and the magnitude of weights and biases",
        place="App. B, Fig. 6",
        claim="Weight decay strongly limits the magnitude of the weights and biases, with biases "
        "being limited more than weights.",
        ours=ours,
        verdict=verdict,
        rule="Holds if both means are smaller at the greatest weight decay than at the least with "
        "the intervals apart, and the biases' falls by the greater factor; holds partly if one of "
        "these is so.",
        parts=_parts(found),
        seeds="0 to 9 of appendix-b, at weight decays 0, 0.1, …, 1. *Open in the paper*: which "
        "weight decays Fig. 6 samples.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def judged(found: dict[str, pd.DataFrame]) -> tuple[str, str]:
    """The verdict on the section's claim, and our numbers in words."""
    if not found:
        return "not yet computed", ""
    words, smaller, factors = [], [], []
    for name, cells in found.items():
        ordered = [estimate_in(cell) for cell in cells.to_dict("records")]
        least, most = ordered[0], ordered[-1]
        smaller.append(most.high < least.low)
        factors.append(least.value / most.value if most.value else float("inf"))
        words.append(
            f"{MEASURES[name]} falls from {said(least, decimals=3)} to {said(most, decimals=3)}, "
            f"by a factor of {factors[-1]:.1f}"
        )
    ends = next(iter(found.values()))["weight_decay"]
    ours = f"From weight decay {ends.min():g} to {ends.max():g}, {'; '.join(words)}."
    held = [all(smaller), factors[1] > factors[0]]
    return "holds" if all(held) else "holds partly" if any(held) else "does not hold", ours


def _parts(found: dict[str, pd.DataFrame]) -> tuple[Part, ...]:
    if not found:
        return ()
    charts = [
        curve(cells, "weight_decay", MEASURES[name], percent=False).properties(
            width=640, height=150
        )
        for name, cells in found.items()
    ]
    figure = Figure(
        name="figure-6",
        label="Figure 6",
        caption="Average magnitude of the weights and biases of the linear layer at the end of "
        "training for various values of weight decay, with 95 % intervals.",
        alt="Two curves that fall with weight decay: of the weights and of the biases.",
        chart=alt.vconcat(*charts, spacing=18),
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
