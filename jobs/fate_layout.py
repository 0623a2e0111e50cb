"""The tables of `modadd fate` as text."""

import math
from typing import Any

import pandas as pd

from jobs.layout import aligned
from modadd.structures import CIRCLE_THRESHOLD

_QUESTIONS = {
    "circle": f"Will it be a circle (radius ratio < {CIRCLE_THRESHOLD})? AUC by feature of the "
    "embedding at the epoch, DeLong's interval (low ratio and few imperfections speak for it)",
    "accuracy": "Final validation accuracy: correlation with features at the epoch (Fisher's z)",
    "imperfections": "Final imperfections: correlation with features at the epoch (Fisher's z)",
}
_NOTE = "all four: cross-validated logistic or linear regression; – is undefined"
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
        "branches of one (ICC, F interval; 1: branches end alike, 0: as unlike as others' do), and "
        "their mean Procrustes distance (t interval); n counts networks"
    )
    named = found.assign(question=found["question"].map(_SETTLED))
    return f"\n{title}\n\n{_table(named, 'question')}"


def _table(found: pd.DataFrame, column: str) -> str:
    names = list(found[column].unique())
    counts = ["n", *(["circles"] if "circles" in found else [])]
    rows = [["weight_decay", "epoch", *counts, *names]]
    for (weight_decay, epoch), group in found.groupby(["weight_decay", "epoch"]):
        cells = {cell[column]: _shown(cell) for cell in group.to_dict("records")}
        labels = [f"{weight_decay:g}", str(epoch), *(str(group[name].max()) for name in counts)]
        rows.append([*labels, *(cells.get(name, "–") for name in names)])
    return "\n".join(aligned(rows))


def _shown(cell: Any) -> str:
    if math.isnan(cell["value"]):
        return "–"
    bounds = "" if math.isnan(cell["low"]) else f" [{cell['low']:.2f}, {cell['high']:.2f}]"
    return f"{cell['value']:.2f}{bounds}"
