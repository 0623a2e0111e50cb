"""The tables: what a set of runs shows, cell by cell, beside the paper's numbers.

In goes one row a run with the columns of the database's run views; out comes one row a cell, so
that a page, a report and a terminal lay out the same numbers.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from modadd import statistics
from modadd.paper import Reported, Row
from modadd.statistics import Estimate
from modadd.structures import CIRCLE_THRESHOLD
from modadd.task import pair_count

SIGNIFICANCE = 0.05

COLUMNS = (
    "quantity", "value", "low", "high", "n",
    "paper", "paper_low", "paper_high", "paper_n", "p", "verdict",
)  # fmt: skip


COUNTS = {"algorithm-2": "grid_imperfections", "prose": "imperfections_in_prose"}


IMPERFECTIONS = "imperfections"  # in a pair of metrics: by whichever rule they are counted
MEMBERS = ("grids", "circles", "all")


class Definitions(NamedTuple):
    """What a table is made with.

    threshold: the radius ratio below which an arrangement is a circle (Algorithm 1). counting: how
    imperfections are counted, one of `COUNTS`. interval: of the correlation, one of
    `statistics.INTERVALS`. correlation: one of `statistics.CORRELATIONS`. pair: the metrics that
    are correlated. members: the runs whose metrics are, one of `MEMBERS`. diverged: whether runs
    that diverged count, as they were at their last finite snapshot.
    """

    threshold: float = CIRCLE_THRESHOLD
    counting: str = "algorithm-2"
    interval: str = "fisher-z"
    correlation: str = "pearson"
    pair: tuple[str, str] = (IMPERFECTIONS, "validation_accuracy")
    members: str = "grids"
    diverged: bool = False

    @property
    def imperfections(self) -> str:
        """The metric that counts them."""
        return COUNTS[self.counting]

    @property
    def columns(self) -> tuple[str, str]:
        """The columns of the pair."""
        first, second = (self.imperfections if n == IMPERFECTIONS else n for n in self.pair)
        return first, second

    @property
    def correlates_as_the_paper(self) -> bool:
        """Whether the correlation is of what the paper's is, whatever the thresholds."""
        return (self.correlation, self.pair, self.members) == THE_PAPERS[3:6]

    def counted(self, runs: pd.DataFrame) -> pd.DataFrame:
        """The runs that count at all."""
        return runs if self.diverged else runs[runs["status"] == "done"]

    def chosen(self, ratio: NDArray[np.float64], threshold: Any = None) -> NDArray[np.bool_]:
        """Whether runs of these radius ratios are `members`; threshold: (…, 1) in place of ours."""
        circle = ratio < (self.threshold if threshold is None else threshold)
        return {"grids": ~circle, "circles": circle, "all": np.ones_like(circle)}[self.members]


THE_PAPERS = Definitions()


def table(
    runs: pd.DataFrame,
    groups: Sequence[str],
    reported: Mapping[Any, Row] | None = None,
    *,
    means: Sequence[str] = (),
    definitions: Definitions = THE_PAPERS,
) -> pd.DataFrame:
    """Cells (group fields…, then `COLUMNS`) of the runs grouped by the `groups` fields.

    Diverged runs are counted (`diverged`) and, but for `definitions`, left out of everything else.
    Quantities: `circles` is a share with Wilson's interval; `circle_accuracy`, `grid_accuracy` and
    `grid_imperfections` are means; `correlation` is that of imperfections and validation accuracy.
    As in Table 1, imperfections and correlation are those of the grids (non-circles).

    reported: the paper's rows by group values. means: metrics whose means over all done runs are
    added. Over several moduli, `grid_imperfect_share` is added: N(N+1)/2 pairs can be imperfect, so
    that counts of different N say little beside each other, and shares of the pairs more.
    """
    cells = []
    used = {
        *groups, *means, *definitions.columns, definitions.imperfections,
        "status", "modulus", "radius_ratio", "validation_accuracy",
    }  # fmt: skip
    runs = runs[[name for name in runs if name in used]]  # every part that is taken is a copy
    for values, members in runs.groupby(list(groups), sort=True, dropna=False):
        row = (reported or {}).get(values, {})
        counted = definitions.counted(members)
        measured = _cells(counted, definitions)
        if "modulus" in groups:
            share = imperfect_share(counted, definitions.imperfections)
            grids = counted["radius_ratio"] >= definitions.threshold
            measured["grid_imperfect_share"] = statistics.mean(share[grids].dropna())
        measured |= {name: statistics.mean(counted[name].dropna()) for name in means}
        diverged = int((members["status"] != "done").sum())
        measured["diverged"] = Estimate(diverged, math.nan, math.nan, len(members))
        if not definitions.correlates_as_the_paper:
            row = {name: cell for name, cell in row.items() if name != "correlation"}
        for quantity, estimate in measured.items():
            compared = _compared(quantity, estimate, row.get(quantity))
            cells.append((*values, quantity, *estimate, *compared))
    return pd.DataFrame(cells, columns=[*groups, *COLUMNS])


def imperfect_share(runs: pd.DataFrame, counted: str = "grid_imperfections") -> pd.Series:
    """(run,) the imperfections as a share of the run's N(N+1)/2 pairs, 0 … 1.

    Chance barely depends on N: of randomly placed tokens, about one nearest pair sum in N is of
    the same residue, so that 0.92 (N = 13) to 0.97 (N = 31) of the pairs are imperfect.
    """
    return runs[counted] / pair_count(runs["modulus"])  # type: ignore[arg-type]  # the formula takes a column as it takes a number


def _cells(runs: pd.DataFrame, definitions: Definitions) -> dict[str, Estimate]:
    imperfections = definitions.imperfections
    circle = runs["radius_ratio"] < definitions.threshold
    grids = runs[~circle]
    cells = {"circles": statistics.proportion(int(circle.sum()), len(runs))}
    if "validation_accuracy" in runs:
        cells["circle_accuracy"] = statistics.mean(runs[circle]["validation_accuracy"].dropna())
        cells["grid_accuracy"] = statistics.mean(grids["validation_accuracy"].dropna())
    cells["grid_imperfections"] = statistics.mean(grids[imperfections].dropna())
    if set(definitions.columns) <= set(runs):
        members = runs[definitions.chosen(runs["radius_ratio"].to_numpy())]
        both = members[[*definitions.columns]].to_numpy(dtype=np.float64)
        both = both[np.isfinite(both).all(axis=1)]
        cells["correlation"] = statistics.correlation(
            both[:, 0], both[:, 1], definitions.interval, definitions.correlation
        )
    return cells


def _compared(quantity: str, ours: Estimate, paper: Reported | None) -> tuple[Any, ...]:
    """The columns from `paper` to `verdict` of a cell."""
    if paper is None:
        return (math.nan, math.nan, math.nan, 0, math.nan, "")
    p = _TESTS[quantity](ours, paper)
    value = paper.value / paper.n if quantity == "circles" else paper.value
    bounds = (
        statistics.proportion(int(paper.value), paper.n)[1:3]
        if quantity == "circles"
        else (_number(paper.low), _number(paper.high))
    )
    return (value, *bounds, paper.n, p, verdict(p))


def agreement(cells: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """How well the cells of each setting agree with the paper as a whole.

    A setting is a combination of all group fields but the last, which makes the paper's rows.
    Columns: these fields, cells (that were compared) and chi_squared, the sum over the cells of the
    squared normal deviates of their p. About as large as `cells` if the setting is the paper's;
    the cells of a row are not independent, so that it ranks settings and tests none.
    """
    compared = cells[cells["p"].notna()]
    squares = compared.assign(square=np.square(ndtri(compared["p"].clip(1e-300) / 2)))
    settings = squares.groupby(list(groups[:-1]) or (lambda _: "all"), sort=True)
    return settings["square"].agg(cells="size", chi_squared="sum").reset_index()


def verdict(p: float) -> str:
    """`consistent`, `differs, p = …` below 0.05, or `not testable` where there is no p."""
    if math.isnan(p):
        return "not testable"
    if p >= SIGNIFICANCE:
        return "consistent"
    return "differs, p < 0.0001" if p < 0.0001 else f"differs, p = {p:.2g}"


def _compare_circles(ours: Estimate, paper: Reported) -> float:
    if ours.n == 0:
        return math.nan
    return statistics.compare_counts(round(ours.value * ours.n), ours.n, int(paper.value), paper.n)


def _compare_mean(ours: Estimate, paper: Reported) -> float:
    if ours.n < 2:
        return math.nan
    if paper.low is None or paper.high is None:
        return statistics.compare_mean_without_interval(ours, paper.value, paper.n)
    return statistics.compare_means(ours, paper.value, (paper.high - paper.low) / 2)


def _compare_correlation(ours: Estimate, paper: Reported) -> float:
    return statistics.compare_correlations(ours.value, ours.n, paper.value, paper.n)


_TESTS: dict[str, Callable[[Estimate, Reported], float]] = {
    "circles": _compare_circles,
    "circle_accuracy": _compare_mean,
    "grid_accuracy": _compare_mean,
    "grid_imperfections": _compare_mean,
    "correlation": _compare_correlation,
}


def _number(value: float | None) -> float:
    return math.nan if value is None else value
