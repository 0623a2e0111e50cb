"""The paper's two tables as the report prints them: the paper's row, and ours at each n."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.cells import wide
from dashboard.charts_paper import beside_the_paper
from dashboard.drawn import joined
from dashboard.report.needs import Need
from dashboard.report.parts import Figure, Table
from modadd.experiment import Experiment
from modadd.tables import SIGNIFICANCE, agreement, table

# How `dashboard.cells.wide` writes n.
N = r", n = ([\d,]+)"
HUNDRED = range(100)
THOUSAND = range(1000)


def cells_by_n(experiment: Experiment, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What to call them → the experiment's cells over the paper's hundred seeds, and over all of
    the thousand that are stored; what has no runs of its own is absent."""
    found = {}
    for seeds, own in ((HUNDRED, HUNDRED), (THOUSAND, THOUSAND[100:])):
        if rows["seed"].isin(own).any():
            some = rows[rows["seed"].isin(seeds)]
            cells = table(some, experiment.groups, experiment.reported, means=experiment.means)
            found[f"here, {len(seeds):,} seeds"] = cells
    return found


def needs_at_thousand(name: str) -> tuple[Need, Need]:
    """The paper's hundred seeds with all that is kept by default, and nine hundred more with their
    ends alone, which keeps the database small."""
    return Need(name), Need(name, range(100, 1000), "final", "none")


def beside_table(
    name: str, label: str, caption: str, experiment: Experiment, by_n: Mapping[str, pd.DataFrame]
) -> Table:
    """A row of the paper's, and under it ours of each column of `by_n` (what to call it → cells),
    with the verdicts."""
    parts = []
    for order, (called, cells) in enumerate(by_n.items()):
        shown = wide(cells, experiment.groups)
        shown["order"] = shown["source"].map({"paper": 0, "here": 1, "verdict": 2}) + 2 * order
        shown = shown[(shown["source"] != "paper") | (order == 0)]
        shown = shown.replace({"source": {"here": called, "verdict": ""}})
        parts.append(shown.replace(N, r" (\1)", regex=True))
    rows = pd.concat(parts).sort_values([*experiment.groups, "order"], kind="stable")
    data = pd.concat([cells.assign(seeds=called) for called, cells in by_n.items()])
    return Table(
        name=name,
        label=label,
        caption=f"{caption} In parentheses: n.",
        rows=rows.drop(columns="order").fillna(""),
        data=data,
        groups=len(experiment.groups),
        note=" ".join(_compared(called, cells, experiment) for called, cells in by_n.items()),
    )


def beside_figure(
    name: str, label: str, caption: str, cells: pd.DataFrame, group: str, shown: Mapping[str, Any]
) -> Figure:
    """The quantities of `shown` (quantity → title and whether in per cent) beside the paper's."""
    # Student's t knows nothing of the ends of a share.
    shares = cells["quantity"].isin([name for name, (_, percent) in shown.items() if percent])
    ends = ["low", "high", "paper_low", "paper_high"]
    within = cells.assign(**{end: cells[end].mask(shares, cells[end].clip(0, 1)) for end in ends})
    charts = [
        beside_the_paper(within, group, quantity, title, percent=percent).having(
            width=300, height=200
        )
        for quantity, (title, percent) in shown.items()
    ]
    return Figure(
        name=name,
        label=label,
        caption=caption,
        alt=f"{', '.join(title for title, _ in shown.values())} over "
        f"{group.replace('_', ' ')}, this database's beside the paper's, with intervals.",
        chart=joined("concat", charts, columns=2, spacing=30),
    )


def _compared(called: str, cells: pd.DataFrame, experiment: Experiment) -> str:
    tested = cells[cells["p"].notna()]
    if tested.empty:
        return ""
    differing = int((tested["p"] < SIGNIFICANCE).sum())
    strict = int((tested["p"] < SIGNIFICANCE / len(tested)).sum())
    squares = float(agreement(cells, experiment.groups)["chi_squared"].sum())
    return (
        f"{called[0].upper()}{called[1:]}: {len(tested)} cells compared with the paper, "
        f"{differing} differ at p < 0.05 (chance alone makes about "
        f"{SIGNIFICANCE * len(tested):.1f}), {strict} at p < 0.05/{len(tested)} (Bonferroni); "
        f"χ² = {squares:.1f} over {len(tested)} cells."
    )
