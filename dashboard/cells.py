"""Cells of a table as people read them: value, interval and n; ours, the paper's, the verdict."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from modadd.power import POWER, seeds_to_tell
from modadd.tables import SIGNIFICANCE, verdict

# In the order of Table 1's columns: quantity → its name and how it is printed.
QUANTITIES = {
    "circles": ("share of circles", "percent"),
    "circle_accuracy": ("circles' accuracy", "percent"),
    "grid_accuracy": ("grids' accuracy", "percent"),
    "grid_imperfections": ("grid imperfections", "count"),
    "correlation": ("correlation", "coefficient"),
}
_FORMATS = {"percent": (100, "{:.1f}"), "count": (1, "{:.1f}"), "coefficient": (1, "{:.2f}")}
_MANY = 1_000_000

SEEDS_HELP = (
    "How many seeds we and the paper would each need, were the true difference as large as the one "
    f"seen, for it to show at p < 0.05 with a power of {POWER:.0%}."
)


def readable(cells: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """One row a cell, ready to read: the groups, quantity, here, n, paper, paper_n, p, verdict and
    seeds_to_tell. cells: as `modadd.tables.table` returns them."""
    shown = cells[cells["quantity"].isin(list(QUANTITIES))].copy()
    shown["seeds_to_tell"] = seeds_to_tell(cells, groups).reindex(shown.index).map(_seeds)
    rows = shown.to_dict("records")
    shown["here"] = [_estimate(row, "value", "low", "high") for row in rows]
    shown["paper"] = [_estimate(row, "paper", "paper_low", "paper_high") for row in rows]
    shown["paper_n"] = shown["paper_n"].where(shown["paper"] != "", None)
    # Without its p, which stands beside it.
    shown["verdict"] = [_marked(row["p"], row["verdict"]).partition(",")[0] for row in rows]
    shown["p"] = [shown_p(row["p"]) for row in rows]
    shown["quantity"] = [_name(row["quantity"]) for row in rows]
    return shown[
        [*groups, "quantity", "here", "n", "paper", "paper_n", "p", "verdict", "seeds_to_tell"]
    ].reset_index(drop=True)


def wide(cells: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """The cells as the paper's tables have them: a row a group with a column a quantity, and under
    it the paper's row and the verdicts where there are any (`source`); `diverged` if any did."""
    some_diverged = bool((cells[cells["quantity"] == "diverged"]["value"] > 0).any())
    rows: list[dict[Any, Any]] = []
    for values, members in cells.groupby(list(groups), sort=True, dropna=False):
        found = {row["quantity"]: row for row in members.to_dict("records")}
        own = dict(zip(groups, values, strict=True))
        quantities = {_name(q): found[q] for q in QUANTITIES if q in found}
        here: dict[str, Any] = (
            {"diverged": int(found["diverged"]["value"])} if some_diverged else {}
        )
        here |= _texts(quantities, "value", "low", "high", "n")
        rows.append({**own, "source": "here"} | here)
        if any(cell["paper_n"] for cell in quantities.values()):
            theirs = _texts(quantities, "paper", "paper_low", "paper_high", "paper_n")
            rows.append({**own, "source": "paper"} | theirs)
            verdicts = {name: _marked(c["p"], c["verdict"]) for name, c in quantities.items()}
            rows.append({**own, "source": "verdict"} | verdicts)
    shown = pd.DataFrame(rows)
    return shown.astype({"diverged": "Int64"}) if "diverged" in shown else shown


def _texts(
    quantities: dict[str, dict[Any, Any]], value: str, low: str, high: str, n: str
) -> dict[str, str]:
    estimates = {name: _estimate(row, value, low, high) for name, row in quantities.items()}
    return {
        name: f"{text}, n = {int(quantities[name][n]):,}" if text else ""
        for name, text in estimates.items()
    }


def summary(cells: pd.DataFrame) -> str:
    """In one line: how many cells were compared, and how many differ."""
    compared = cells[cells["p"].notna()]
    differ = int((compared["p"] < SIGNIFICANCE).sum())
    return (
        f"{len(compared)} cells compared with the paper: **{len(compared) - differ} consistent, "
        f"{differ} {'differs' if differ == 1 else 'differ'}** at p < 0.05; chance alone would "
        f"make about {SIGNIFICANCE * len(compared):.1f} differ."
    )


def _name(quantity: str) -> str:
    return QUANTITIES[quantity][0]


def _estimate(row: dict[Any, Any], value: str, low: str, high: str) -> str:
    factor, form = _FORMATS[QUANTITIES[row["quantity"]][1]]
    unit = " %" if factor == 100 else ""
    if _missing(row[value]):
        return ""
    text = form.format(factor * row[value])
    if _missing(row[low]) or _missing(row[high]):
        return f"{text}{unit}"
    ends = (row[low], row[high])
    if factor == 100:  # Student's t knows nothing of the ends of a share
        ends = (max(0.0, ends[0]), min(1.0, ends[1]))
    return f"{text}{unit} [{form.format(factor * ends[0])}, {form.format(factor * ends[1])}]"


def shown_p(p: float) -> str:
    """p as a table shows it: no smaller than anybody believes."""
    if _missing(p):
        return ""
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _marked(p: float, stored: str) -> str:
    """The verdict with a mark that is seen without colour."""
    if not stored:
        return ""
    mark = "○" if _missing(p) else "▲" if p < SIGNIFICANCE else "●"
    return f"{mark} {verdict(p)}"


def _seeds(seeds: float) -> str:
    if _missing(seeds):
        return ""
    return f"> {_MANY:,}" if seeds > _MANY else f"{math.ceil(seeds):,}"
