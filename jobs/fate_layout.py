"""The tables of `modadd fate` as text."""

import math
from typing import Any

import pandas as pd

from jobs.layout import aligned, counted
from modadd.fate import FEWEST
from modadd.structures import CIRCLE_THRESHOLD

_QUESTIONS = {
    "circle": f"Will it be a circle (radius ratio < {CIRCLE_THRESHOLD})? AUC by feature of the "
    "snapshot at the epoch, DeLong's interval (low ratio, few imperfections and low loss speak for "
    "it; no interval below two of either, or with all told apart)",
    "accuracy": "Final validation accuracy: correlation with features at the epoch (Fisher's z)",
    "imperfections": "Final imperfections: correlation with features at the epoch (Fisher's z)",
}
_NOTE = (
    "all four: cross-validated logistic or linear regression on what stands before it, the "
    "embedding's features; – is undefined"
)
_CIRCLES = "with circles"
_SETTLED = {
    "circle": "circle",
    "accuracy": "accuracy",
    "imperfections": "imperfections",
    "distance": "distance between branches",
}


def lay_out_foreshadowed(found: pd.DataFrame) -> str:
    """A table a question, from `modadd.fate.foreshadowed` with weight_decay and epoch."""
    parts = [
        f"{title}\n\n{_table(found[found['question'] == question], 'feature')}\n"
        for question, title in _QUESTIONS.items()
    ]
    return "\n".join([*parts, _NOTE])


def lay_out_branches(found: pd.DataFrame) -> str:
    """One table of branches, from `modadd.fate.settled` and `scatter`."""
    number = found["branches"].max()
    title = (
        f"What is settled: share of the variance between networks, not between the {number} "
        "branches of one (ICC; 1: branches end alike, 0: as unlike as others' do; F interval, for "
        "circles a bootstrap over networks, and none where fewer than "
        f"{FEWEST} networks have a circle, or a branch that is none), and "
        "their mean Procrustes distance (t interval); n counts networks; with circles: those of "
        "which a branch is a circle, and how many of these are split: have a branch that is none"
    )
    split = [f"{row.circles} ({row.split} split)" for row in found.itertuples()]
    named = found.assign(question=found["question"].map(_SETTLED), circles=split)
    return f"\n{title}\n\n{_table(named.rename(columns={'circles': _CIRCLES}), 'question')}"


def _table(found: pd.DataFrame, column: str) -> str:
    names = list(found[column].unique())
    counts = [name for name in ("n", "circles", _CIRCLES) if name in found]
    rows = [["weight_decay", "epoch", *counts, *names]]
    for (weight_decay, epoch), group in found.groupby(["weight_decay", "epoch"]):
        most = int(group["n"].max())
        cells = {cell[column]: _shown(cell, most) for cell in group.to_dict("records")}
        labels = [f"{weight_decay:g}", str(epoch), *(str(group[name].max()) for name in counts)]
        rows.append([*labels, *(cells.get(name, "–") for name in names)])
    return "\n".join(aligned(rows))


def _shown(cell: Any, most: int) -> str:
    """The number with its interval, and its n if that is not the row's."""
    if math.isnan(cell["value"]):
        return "–"
    bounds = "" if math.isnan(cell["low"]) else f" [{cell['low']:.2f}, {cell['high']:.2f}]"
    return counted(f"{cell['value']:.2f}{bounds}", cell["n"], most)
