"""What the claims' checks have in common: cuts of a frame, and comparisons between them."""

import itertools
from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from modadd import statistics
from modadd.claims.checks import Check
from modadd.differences import Difference, of_means, of_shares
from modadd.statistics import Estimate
from modadd.structures import CIRCLE_THRESHOLD
from modadd.tables import imperfect_share

Frames = Mapping[str, pd.DataFrame]

CLEAR, DISORDERED = 0.05, 0.5  # of the pairs: at most imperfect in a clear grid, more in disorder


def is_circle(rows: pd.DataFrame) -> pd.Series:
    """(run,) Algorithm 1's answer."""
    return rows["radius_ratio"] < CIRCLE_THRESHOLD


def grids(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs that are no circles."""
    return rows[~is_circle(rows)]


def circles(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs that are."""
    return rows[is_circle(rows)]


def is_disordered(rows: pd.DataFrame) -> pd.Series:
    """(run,) no circle, and more than half of the pairs imperfect."""
    return ~is_circle(rows) & (imperfect_share(rows) > DISORDERED)


def is_clear(rows: pd.DataFrame) -> pd.Series:
    """(run,) a circle, or a grid with at most 5 % of the pairs imperfect."""
    return is_circle(rows) | (imperfect_share(rows) <= CLEAR)


def is_imperfect_grid(rows: pd.DataFrame) -> pd.Series:
    """(run,) neither clear nor disordered."""
    return ~is_clear(rows) & ~is_disordered(rows)


def share(rows: pd.DataFrame, of: Callable[[pd.DataFrame], pd.Series]) -> Estimate:
    """The share of the runs that are such."""
    return statistics.proportion(int(of(rows).sum()), len(rows))


def shares_apart(
    rows: pd.DataFrame, others: pd.DataFrame, of: Callable[[pd.DataFrame], pd.Series] = is_circle
) -> Difference:
    """By how much the shares of such runs differ, by default of circles."""
    first, second = of(rows), of(others)
    return of_shares(int(first.sum()), len(rows), int(second.sum()), len(others))


def means_apart(rows: pd.DataFrame, others: pd.DataFrame, metric: str) -> Difference:
    """By how much the means of a metric differ."""
    return of_means(rows[metric], others[metric])


def by(rows: pd.DataFrame, field: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The runs by each value of a field, with what to call it, by rising value."""
    symbol = {"weight_decay": "γ", "alignment": "f_a"}.get(field, field.replace("_", " "))
    for value, members in rows.groupby(field, sort=True):
        yield f"{symbol} = {value:g}", members


def at_each(
    field: str, checked: Callable[[str, pd.DataFrame], Check | list[Check]], frame: str = "table-1"
) -> Callable[[Frames], list[Check]]:
    """A claim's checks: one call at each value of a field."""

    def checks(frames: Frames) -> list[Check]:
        found: list[Check] = []
        for name, members in by(frames[frame], field):
            made = checked(name, members)
            found += made if isinstance(made, list) else [made]
        return found

    return checks


def from_each_to_the_next(
    field: str, checked: Callable[[str, pd.DataFrame, pd.DataFrame], Check], frame: str = "table-1"
) -> Callable[[Frames], list[Check]]:
    """A claim's checks: one call for each value of a field (the later runs) and the one before."""

    def checks(frames: Frames) -> list[Check]:
        parts = list(by(frames[frame], field))
        return [
            checked(f"{name} less {before}", members, earlier)
            for (before, earlier), (name, members) in itertools.pairwise(parts)
        ]

    return checks


def matched(rows: pd.DataFrame, others: pd.DataFrame, by_fields: list[str]) -> pd.DataFrame:
    """The runs that both have, by these fields; the others' columns end in `_other`."""
    return rows.merge(others, on=by_fields, suffixes=("", "_other"))
