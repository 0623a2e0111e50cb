"""The tables of `modadd twins` as text: a row a weight decay and epoch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from jobs.layout import aligned
from modadd.foretelling import BOTH, FEATURES, RANDOM, STILL, TWIN


class Column(NamedTuple):
    """A heading, and which number stands below it. factor: by which it is shown."""

    heading: str
    predictor: str
    measure: str
    note: str | None = None
    factor: float = 1
    decimals: int = 2
    interval: bool = True


_TABLES: Mapping[str, Sequence[Column]] = {
    "Does it end as a circle? (odds ratio with exact, equal-tailed interval; p of Fisher's exact "
    "test, of all tables that are no likelier: one may leave out 1 where the other does not)": (
        Column("networks %", "network", "network circles", None, 100, 1),
        Column("twins %", TWIN, "circles", None, 100, 1),
        Column("odds ratio", TWIN, "odds ratio", None, 1, 1),
        Column("at random", RANDOM, "odds ratio", None, 1, 1),
        Column("nothing moves", STILL, "odds ratio", None, 1, 1),
    ),
    "AUC of circle or not (DeLong's interval, undefined below two of either, or with all told "
    "apart; features: cross-validated logistic regression)": (
        Column("twin", TWIN, "AUC"),
        Column("nothing moves", STILL, "AUC"),
        Column("random pairing", RANDOM, "AUC"),
        Column("features", FEATURES, "AUC"),
        Column("features and twin", BOTH, "AUC"),
        Column("twin gains on features", BOTH, "AUC gained", f"on {FEATURES}", 1, 3),
    ),
    "Correlation of the final imperfections (Fisher's interval)": (
        Column("twin", TWIN, "correlation"),
        Column("nothing moves", STILL, "correlation"),
        Column("random pairing", RANDOM, "correlation"),
        Column("features", FEATURES, "correlation"),
        Column("features and twin", BOTH, "correlation"),
    ),
    "Mean Procrustes distance to the network's end, labels held fixed (t interval)": (
        Column("twin", TWIN, "distance"),
        Column("nothing moves", STILL, "distance"),
        Column("random pairing", RANDOM, "distance"),
        Column("twin nearer than nothing moves %", TWIN, "nearer", f"than {STILL}", 100, 1),
    ),
    "Mean square of that distance, which some programs print (t interval)": (
        Column("twin", TWIN, "distance squared", None, 1, 3),
        Column("nothing moves", STILL, "distance squared", None, 1, 3),
        Column("random pairing", RANDOM, "distance squared", None, 1, 3),
    ),
    "Which pairs are imperfect: mean κ, 0 by chance (t interval)": (
        Column("twin", TWIN, "pairs' kappa"),
        Column("nothing moves", STILL, "pairs' kappa"),
        Column("random pairing", RANDOM, "pairs' kappa"),
    ),
}


def lay_out(found: pd.DataFrame) -> str:
    """All tables from `modadd.foretelling.foretold`, with weight_decay and epoch beside it."""
    return "\n".join(
        f"{title}\n\n" + "\n".join(aligned(_rows(found, columns))) + "\n"
        for title, columns in _TABLES.items()
    )


def _rows(found: pd.DataFrame, columns: Sequence[Column]) -> list[list[str]]:
    rows = [["weight_decay", "epoch", "n", *(column.heading for column in columns)]]
    for (weight_decay, epoch), group in found.groupby(["weight_decay", "epoch"]):
        cells = group.set_index(["predictor", "measure"]).sort_index()
        runs = group["n"].max()  # of the networks: the measures that drop some have fewer
        numbers = [_cell(cells, column, runs) for column in columns]
        rows.append([f"{weight_decay:g}", str(epoch), str(runs), *numbers])
    return rows


def _cell(cells: pd.DataFrame, column: Column, runs: int) -> str:
    if (column.predictor, column.measure) not in cells.index:
        return "–"
    some = cells.loc[[(column.predictor, column.measure)]]
    if column.note is not None:
        some = some[some["note"] == column.note]
    return _shown(some.iloc[0], column, runs) if len(some) else "–"


def _shown(cell: Any, column: Column, runs: int) -> str:
    """The cell's number with its interval, the n behind it if that is not the row's, and p."""
    if math.isnan(cell["value"]):
        return "–"
    text, low, high = (
        f"{cell[name] * column.factor:.{column.decimals}f}" for name in ("value", "low", "high")
    )
    bounds = "" if math.isnan(cell["low"]) else f" [{low}, {high}]"
    p = "" if math.isnan(cell["p"]) or column.measure == "AUC" else f" p={cell['p']:.1g}"
    n = "" if cell["n"] == runs else f" n={cell['n']}"
    return text + bounds + n + p
