"""Section 7 tested: weight decay on one parameter group at a time, and on all but one."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_conditions import FIELD, conditions
from dashboard.drawn import joined
from dashboard.report.claim_frames import findings
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section, Table
from dashboard.report.text import estimate_in, said
from modadd.beyond import ALL, DECAY_SYMBOLS, DECAYED, NONE
from modadd.claims import CLAIMS
from modadd.claims.checks import FAILS, HOLDS, PARTLY
from modadd.differences import against
from modadd.phases import Quantity, phases
from modadd.tables import SIGNIFICANCE
from modadd.wording import difference_of_row

NEEDS = (Need("decay-groups"),)
ORDER = tuple(DECAYED.values())
FIELDS = tuple(DECAY_SYMBOLS)
# Does decay of the hidden biases produce circles, as the paper explains?
_PLAIN = {
    HOLDS: "Yes: decay of the hidden biases makes circles by itself, and sparing them costs some.",
    PARTLY: "In part: decay of the hidden biases makes circles by itself, or sparing them costs "
    "some, but not both.",
    FAILS: "No: decay of the hidden biases is not seen to make circles by itself, nor sparing them "
    "to cost any.",
}
CLAIM = next(claim for claim in CLAIMS if claim.name == "biases-for-alignment")
_SHOWN = {
    "circles": (Quantity("circle"), "Share of circles", True),
    "grid_imperfections": (
        Quantity("grid_imperfections", "grid"), "Imperfections of the grids", False,
    ),
    "validation_accuracy": (Quantity("validation_accuracy"), "Validation accuracy", True),
    "mean_abs_hidden_weight": (
        Quantity("mean_abs_hidden_weight"), "Mean |W_h|", False,
    ),
    "mean_abs_hidden_bias": (
        Quantity("mean_abs_hidden_bias"), "Mean |b_h|", False,
    ),
}  # fmt: skip
SQL = f"""SELECT {", ".join(FIELDS)}, COUNT(*) AS n, AVG(is_circle) AS circles,
       AVG(CASE WHEN is_circle = 0 THEN grid_imperfections END) AS imperfections,
       AVG(validation_accuracy) AS accuracy,
       AVG(mean_abs_hidden_weight) AS hidden_weight, AVG(mean_abs_hidden_bias) AS hidden_bias
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'decay-groups')
  AND status = 'done'
GROUP BY {", ".join(FIELDS)};"""


def section(engine: Engine) -> Section:
    rows = named(stored(engine, NEEDS[0]))
    (found,) = findings(engine, [CLAIM])
    return Section(
        name="decay-groups",
        title="Section 7 tested: what must decay?",
        place="Sec. 7",
        claim="Weight decay makes the alignment force possible, and so circles, by limiting the "
        "biases of the linear layer.",
        ours=f"{_PLAIN.get(found.verdict, '')} {_conclusion(rows)}".strip() if len(rows) else "",
        verdict=found.verdict,
        rule=f"Holds if {CLAIM.rule}; holds partly if one of the two does.",
        parts=_parts(rows) if len(rows) else (),
        seeds="0 to 199 for each condition; at γ = 1. Those of decay on all groups are Table 1's.",
        sql=SQL,
        command=NEEDS[0].command,
    )


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs of a condition of the experiment, with its name as `condition`."""
    factors = zip(*(rows[field] for field in FIELDS), strict=True)
    found = rows.assign(**{FIELD: [DECAYED.get(values, "") for values in factors]})
    return found[found[FIELD] != ""]


def cells(rows: pd.DataFrame, quantity: Quantity) -> pd.DataFrame:
    """A quantity by condition, in the order of the experiment."""
    found = phases(rows, [FIELD], quantity)
    return found.sort_values(FIELD, key=lambda names: names.map(ORDER.index), ignore_index=True)


def _conclusion(rows: pd.DataFrame) -> str:
    """In words, which groups' decay makes the circles."""
    found = cells(rows, Quantity("circle"))
    shares = {cell[FIELD]: estimate_in(cell) for cell in found.to_dict("records")}
    if not set(ORDER) <= set(shares):
        return "Some conditions are not stored."
    alone = {name: shares[name] for name in ORDER if name.endswith(" alone")}
    spared = {name: shares[name] for name in ORDER if name.startswith("all but")}
    most = max(alone, key=lambda name: alone[name].value)
    least = min(spared, key=lambda name: spared[name].value)
    circles = {name: said(share, percent=True) for name, share in shares.items()}
    return (
        f"Circles: with decay of b_h alone {circles['b_h alone']}, with none {circles['none']}; "
        f"with decay of all {circles['all']}, of all but b_h {circles['all but b_h']}. "
        f"Of the groups alone, {most.removesuffix(' alone')} makes the most circles, "
        f"{circles[most]}; sparing {least.removeprefix('all but ')} leaves the fewest, "
        f"{circles[least]}."
    )


def _parts(rows: pd.DataFrame) -> tuple[Part, ...]:
    return (
        _figure(rows),
        _table(rows),
        *(_tests(rows, one) for one in (ALL, NONE) if {DECAYED[one]} < set(rows[FIELD])),
        "The runs of one seed begin alike in every condition. The tests do not make use of that, "
        "which makes them conservative. A mean over grids compares other grids in each condition, "
        "because other runs became circles.",
    )


def _figure(rows: pd.DataFrame) -> Figure:
    charts = [
        conditions(
            cells(rows, quantity), ORDER, title, percent=percent, baselines=("all", "none"),
            labels=place % 3 == 0,
        ).having(width=200)
        for place, (quantity, title, percent) in enumerate(_SHOWN.values())
    ]  # fmt: skip
    return Figure(
        name="decay-groups-chart",
        label="What decays",
        caption="Networks by the parameter groups on which weight decay (γ = 1) works, with 95 % "
        "intervals; dashed, decay on all groups and on none. E: the embedding; W_h, b_h: weights "
        "and biases of the hidden (linear) layer; W_o, b_o: of the output layer.",
        alt="Share of circles, imperfections, accuracy and mean sizes of W_h and b_h, by the "
        "parameter groups that decay.",
        chart=joined("concat", charts, columns=3, spacing=18),
    )


def _table(rows: pd.DataFrame) -> Table:
    columns, data = {}, []
    for name, (quantity, title, percent) in _SHOWN.items():
        found = cells(rows, quantity)
        data.append(found.assign(quantity=name))
        decimals = 1 if percent or name == "grid_imperfections" else 3
        texts = [
            said(estimate_in(cell), percent=percent, decimals=decimals)
            for cell in found.to_dict("records")
        ]
        # All but the grids' are of all runs of the condition, whose n has a column.
        whole = name != "grid_imperfections"
        columns[title] = [text.partition(" (n")[0] if whole else text for text in texts]
    return Table(
        name="decay-groups-cells",
        label="By what decays",
        caption="The same as numbers.",
        rows=pd.DataFrame({"decay of": found[FIELD], "n": found["n"], **columns}),
        data=pd.concat(data),
    )


def _tests(rows: pd.DataFrame, baseline: tuple[float, ...]) -> Table:
    base = DECAYED[baseline]
    found = against(rows, FIELDS, baseline, [*_SHOWN][2:])
    found[FIELD] = named(found)[FIELD]
    texts = [
        difference_of_row(row, percent=_SHOWN[row["quantity"]][2])
        for row in found.to_dict("records")
    ]
    shown = found.assign(text=texts, title=[_SHOWN[q][1] for q in found["quantity"]])
    wide = shown.pivot(index=FIELD, columns="title", values="text")
    order = [name for name in ORDER if name in wide.index]
    wide = wide.loc[order, [title for _, title, _ in _SHOWN.values()]].reset_index()
    return Table(
        name=f"decay-groups-less-{base}",
        label=f"Less decay of {base}",
        caption=f"The difference of each condition from decay of {base}. A star: p < "
        f"{SIGNIFICANCE} for all {int(found['p'].notna().sum())} tests of this table together "
        "(Holm's adjustment; Fisher's exact test of circles, Welch's t of means).",
        rows=wide.rename(columns={FIELD: "decay of"}),
        data=found,
    )
