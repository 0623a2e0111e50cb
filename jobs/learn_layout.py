"""What `modadd learn` prints: what laws explain, the functions learnt, and where laws lead."""

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from jobs.layout import aligned, counted
from modadd.learned_twins import foretold_by_laws, populations
from modadd.statistics import median


def print_scores(decay: float, rows: pd.DataFrame) -> None:
    """Print the medians over networks. rows: run_id, phase, law, r_squared."""
    laws = list(rows["law"].unique())
    lines = [["epochs", "n", *laws]]
    for phase, some in rows.groupby("phase", sort=False):
        known = some.dropna(subset=["r_squared"])
        found = {law: median(values) for law, values in known.groupby("law")["r_squared"]}
        most = max(estimate.n for estimate in found.values())
        texts = [counted(_shown(*found[law][:3]), found[law].n, most) for law in laws]
        lines.append([str(phase), str(most), *texts])
    print(f"weight decay {decay}: R² of the forces of one half of the networks, by a law with")
    print("common coefficients learnt from the other half; medians over n networks\n")
    print("\n".join(aligned(lines)), end="\n\n")


def print_functions(decay: float, tables: pd.DataFrame) -> None:
    """Print the learnt functions. tables: as `modadd.learned_law.functions`, by phase."""
    for phase, table in tables.groupby("phase", sort=False):
        rows = [["function", "at", "learnt", "the paper's form"]]
        for row in table.to_dict("records"):
            law = "–" if row["law"] != row["law"] else f"{row['law']:.2f}"
            learned = _shown(row["value"], row["low"], row["high"], 2)
            rows.append([row["function"], f"{row['at']:g}", learned, law])
        print(f"weight decay {decay}, epochs {phase}, n = {table['n'].max()} networks\n")
        print("\n".join(aligned(rows)), end="\n\n")


def print_led(decay: float, epoch: int, found: pd.DataFrame) -> None:
    """Print where laws lead from an epoch: each network, and all as a population. found: as of
    `modadd.learned_twins.foretold_by_laws`."""
    n = found["run_id"].nunique()
    print(f"weight decay {decay}: particles from epoch {epoch}, n = {n} networks\n")
    print("\n".join(_by_law(foretold_by_laws(found), n)), end="\n\n")
    print("share of circles among these ends (Wilson), and mean imperfections of all (t)\n")
    print("\n".join(_by_law(populations(found), n)), end="\n\n")


def _by_law(table: pd.DataFrame, n: int) -> Sequence[str]:
    """A line a law, a column a measure; `n=` where that is not the n of the heading."""
    measures = list(table["measure"].unique())
    rows = [["law", *measures]]
    for law, some in table.groupby("law", sort=False):
        cells = some.set_index("measure").to_dict("index")
        rows.append([str(law), *(_cell(cells.get(name), n, name) for name in measures)])
    return aligned(rows)


def _cell(cell: dict[Hashable, Any] | None, n: int, measure: str) -> str:
    if cell is None:
        return ""
    digits = 1 if measure == "imperfections" else 3
    return counted(_shown(cell["value"], cell["low"], cell["high"], digits), cell["n"], n)


def _shown(value: float, low: float, high: float, digits: int = 3) -> str:
    if value != value:
        return "–"
    shown = f"{value:.{digits}f}"
    return shown if low != low else f"{shown} [{low:.{digits}f}, {high:.{digits}f}]"
