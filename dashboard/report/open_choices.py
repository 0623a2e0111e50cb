"""What the paper leaves open, each choice a row beside the paper's own table."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.cells import QUANTITIES, wide
from dashboard.report.needs import Need, stored
from dashboard.report.paper_tables import N
from dashboard.report.parts import Table
from modadd.experiment import Experiment
from modadd.experiments import EXPERIMENTS
from modadd.tables import agreement, table

DIFFERS = "▲"


def cells_of(engine: Engine, need: Need) -> pd.DataFrame:
    """The cells of a need's experiment over its own seeds; empty without runs."""
    experiment = EXPERIMENTS[need.experiment]
    rows = stored(engine, need)
    if rows.empty:
        return pd.DataFrame()
    rows = rows[rows["seed"].isin({config.seed for config in experiment.configs(need.seeds)})]
    return table(rows, experiment.groups, experiment.reported)


def settings_table(
    experiment: Experiment, cells: pd.DataFrame, *, name: str, label: str, caption: str
) -> Table:
    """A row a combination of the group fields, the paper's rows first; what differs is marked."""
    laid = wide(cells, experiment.groups).fillna("").replace(N, r" (\1)", regex=True)
    here, verdicts = (laid[laid["source"] == s].reset_index(drop=True) for s in ("here", "verdict"))
    for title in (title for title, _ in QUANTITIES.values() if title in here):
        marks = verdicts[title].str.startswith(DIFFERS).map({True: f" {DIFFERS}", False: ""})
        here[title] += marks
    varied = list(experiment.groups[:-1])
    paper = laid[laid["source"] == "paper"].drop_duplicates(experiment.groups[-1])
    paper = paper.assign(**{varied[0]: "the paper", **dict.fromkeys(varied[1:], "")})
    rows = pd.concat([paper, here.astype(dict.fromkeys(varied, object))])
    return Table(
        name=name,
        label=label,
        caption=f"{caption} In parentheses: n.",
        rows=rows.drop(columns="source"),
        data=cells,
        groups=len(varied),
        note=f"{DIFFERS} differs from the paper at p < 0.05, uncorrected. " + agreements(
            experiment, cells
        ),
    )  # fmt: skip


def agreements(experiment: Experiment, cells: pd.DataFrame) -> str:
    """How well each setting agrees with the paper as a whole, the best first."""
    found = agreement(cells, experiment.groups).sort_values("chi_squared")
    settings = [
        f"{' '.join(str(row[field]) for field in experiment.groups[:-1])} {row['chi_squared']:.1f}"
        f" over {row['cells']}"
        for row in found.to_dict("records")
    ]
    return (
        "χ² over the cells compared, about as large as their number where nothing but chance "
        f"differs: {'; '.join(settings)}."
    )


def best_setting(experiment: Experiment, cells: pd.DataFrame) -> tuple[str, ...]:
    """The values of the varied fields with the smallest χ² against the paper."""
    found = agreement(cells, experiment.groups)
    row = found.loc[[found["chi_squared"].idxmin()]].to_dict("records")[0]
    return tuple(str(row[field]) for field in experiment.groups[:-1])
