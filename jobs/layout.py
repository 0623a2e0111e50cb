"""Tables as text, laid out like the paper's: a row a group, ours above the paper's."""

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from modadd.experiment import Experiment
from modadd.tables import SIGNIFICANCE, Definitions, agreement

# quantity → heading, factor, decimals. Counts and accuracies are shown in per cent.
_SHOWN = {
    "circles": ("circles = %", 100, 1),
    "circle_accuracy": ("circles' accuracy %", 100, 1),
    "grid_accuracy": ("grids' accuracy %", 100, 1),
    "grid_imperfections": ("grid imperfections", 1, 1),
    "grid_imperfect_share": ("imperfect pairs %", 100, 1),
    "validation_accuracy": ("validation accuracy %", 100, 1),
    "train_accuracy": ("training accuracy %", 100, 1),
    "mean_abs_hidden_weight": ("mean |W_h|", 1, 3),
    "mean_abs_hidden_bias": ("mean |b_h|", 1, 3),
    "correlation": ("correlation", 1, 2),
}
Cell = dict[Hashable, Any]
NAMED = "decay of"  # above the names of rows

_OF_GRIDS = (
    "accuracies are of the validation pairs; imperfections, and their correlation with accuracy, "
    "are of the grids (non-circles)"
)


def lay_out(experiment: Experiment, cells: pd.DataFrame, definitions: Definitions) -> str:
    """The table of an experiment as text, from the cells of `modadd.tables.table`."""
    quantities = [q for q in cells["quantity"].unique() if q != "diverged"]
    fields = [NAMED] if experiment.names else experiment.groups
    rows = [[*fields, "n", "", *(_heading(q) for q in quantities)]]
    for values, group in _groups(experiment, cells):
        by_quantity = {cell["quantity"]: cell for cell in group.to_dict("records")}
        rows.extend(_group_rows(_labels(experiment, values), by_quantity, quantities))
    lines = [f"{experiment.name}: {experiment.title} ({experiment.place})", "", *aligned(rows), ""]
    return "\n".join(lines + _notes(experiment, cells, definitions))


def lay_out_differences(
    experiment: Experiment, baseline: tuple[object, ...], rows: pd.DataFrame
) -> str:
    """What the rows of an experiment differ in from one of them, from `modadd.differences`."""
    quantities = list(rows["quantity"].unique())
    fields = [NAMED] if experiment.names else experiment.groups
    lines = [[*fields, *(_heading(q).replace(" = %", " %") for q in quantities)]]
    for values, group in _groups(experiment, rows):
        found = [_difference(cell) for cell in group.to_dict("records")]
        lines.append([*_labels(experiment, values), *found])
    base, tests = " ".join(_labels(experiment, baseline)), int(rows["p"].notna().sum())
    return "\n".join(
        (
            f"less {base}: difference [95 % interval], * where p < {SIGNIFICANCE} for all "
            f"{tests} tests of this table together (Holm)",
            "",
            *aligned(lines),
            "",
            "p: Fisher's exact test (circles), Welch's t (means)",
        )
    )


def _difference(cell: Cell) -> str:
    _, factor, decimals = _SHOWN.get(cell["quantity"], ("", 1, 3))
    if math.isnan(cell["difference"]):
        return "–"
    value, low, high = (factor * cell[name] for name in ("difference", "low", "high"))
    star = "*" if cell["p_holm"] < SIGNIFICANCE else ""
    return f"{value:+.{decimals}f}{star} [{low:.{decimals}f}, {high:.{decimals}f}]"


def _groups(
    experiment: Experiment, rows: pd.DataFrame
) -> list[tuple[tuple[object, ...], pd.DataFrame]]:
    """The rows by group: in the order of the experiment's names, or of the fields' values."""
    found = list(rows.groupby(list(experiment.groups), sort=True))
    order = {values: place for place, values in enumerate(experiment.names)}
    return sorted(found, key=lambda group: order.get(group[0], len(order)))


def _labels(experiment: Experiment, values: tuple[object, ...]) -> list[str]:
    """What a row is called."""
    if experiment.names:
        return [experiment.names.get(values) or ", ".join(map(str, values))]
    return [str(value) for value in values]


def _heading(quantity: str) -> str:
    return _SHOWN[quantity][0] if quantity in _SHOWN else quantity.replace("_", " ")


def _group_rows(
    labels: list[str], cells: dict[str, Cell], quantities: list[str]
) -> list[list[str]]:
    """Ours, and where the paper has the row, the paper's and the verdicts."""
    blank = [""] * len(labels)
    ours = [_estimate(cells[q], "value", "low", "high", "n") for q in quantities]
    rows = [[*labels, str(cells["circles"]["n"]), "ours", *ours]]
    if cells["circles"]["paper_n"]:
        paper = [
            _estimate(cells[q], "paper", "paper_low", "paper_high", "paper_n") for q in quantities
        ]
        rows.append([*blank, str(cells["circles"]["paper_n"]), "paper", *paper])
        rows.append([*blank, "", "", *(cells[q]["verdict"] for q in quantities)])
    return rows


def _estimate(cell: Cell, *columns: str) -> str:
    value, *bounds, n = (cell[column] for column in columns)
    quantity = cell["quantity"]
    _, factor, decimals = _SHOWN.get(quantity, ("", 1, 3))
    if math.isnan(value):
        return "–"
    if quantity.endswith("accuracy"):  # the t interval of a few values may leave what is possible
        bounds = [bound if math.isnan(bound) else min(max(bound, 0.0), 1.0) for bound in bounds]
    shown = f"{value * factor:.{decimals}f}"
    if quantity == "circles":
        shown = f"{round(value * n)} = {shown}"
    if math.isnan(bounds[0]):
        return shown
    low, high = (f"{bound * factor:.{decimals}f}" for bound in bounds)
    return f"{shown} [{low}, {high}]"


def aligned(rows: list[list[str]]) -> list[str]:
    """Rows of texts as lines, every column as wide as its widest text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def counted(text: str, n: int, said: int) -> str:
    """A statistic as text, with its n where that is not the one said for the whole row or table."""
    return text if n == said or text == "–" else f"{text} n={n}"


def _notes(experiment: Experiment, cells: pd.DataFrame, definitions: Definitions) -> list[str]:
    notes = [
        f"circles: radius ratio < {definitions.threshold:g}; imperfections: {definitions.counting}",
        "[ ] 95 % intervals: Wilson (circles), Student's t (means)",
    ]
    if (cells["quantity"] == "correlation").any():
        notes[-1] += f", {definitions.interval} (correlation)"
        notes.append(_OF_GRIDS)
    tested = cells[cells["p"].notna()]
    if len(tested):
        differing = int((tested["p"] < SIGNIFICANCE).sum())
        beyond_chance = int((tested["p"] < SIGNIFICANCE / len(tested)).sum())
        notes.append(
            f"{len(tested)} cells compared with the paper: {differing} at p < {SIGNIFICANCE} "
            f"(chance alone makes about {SIGNIFICANCE * len(tested):.1f}), "
            f"{beyond_chance} at p < {SIGNIFICANCE}/{len(tested)} (Bonferroni)"
        )
        notes.extend(_agreements(experiment, cells))
    diverged = cells[cells["quantity"] == "diverged"]["value"].sum()
    if diverged:
        notes.append(f"{diverged:.0f} diverged runs are left out")
    return notes


def _agreements(experiment: Experiment, cells: pd.DataFrame) -> list[str]:
    """A line a setting: how well its cells agree with the paper as a whole."""
    fields = experiment.groups[:-1]
    return [
        " ".join(
            (
                *(str(setting[field]) for field in fields),
                f"as a whole: χ² = {setting['chi_squared']:.1f} over {setting['cells']} cells",
                f"(about {setting['cells']} where nothing but chance differs)",
            )
        )
        for setting in agreement(cells, experiment.groups).to_dict("records")
    ]
