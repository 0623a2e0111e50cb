"""The rows behind the Tables page: metrics at an epoch, imperfections at a tolerance, names."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from modadd.sensitivity import survives
from modadd.tables import COUNTS

Gaps = Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]]
PROSE = COUNTS["prose"]


def at_epoch(rows: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows with the metrics of an epoch in place of the final ones; runs without it are left
    out. metrics: run_id and a column a metric."""
    kept = rows.drop(columns=[n for n in metrics if n in rows and n != "run_id"])
    return kept.merge(metrics, on="run_id", how="inner")


def counts_in_prose(rows: pd.DataFrame, gaps: Gaps, tolerances: ArrayLike) -> NDArray[np.float64]:
    """(tolerance, run) the imperfections of Section 4's prose, in the order of the rows; NaN for a
    run without a stored arrangement."""
    settings = np.asarray(tolerances, dtype=np.float32)
    position = pd.Series(np.arange(len(rows)), index=rows["run_id"])
    counts = np.full((len(settings), len(rows)), np.nan)
    for run_ids, gap in gaps:
        places = position.reindex(run_ids).to_numpy(dtype=np.float64)
        known = np.isfinite(places)
        some, order = gap[known], places[known].astype(np.int64)
        for setting, tolerance in enumerate(settings):  # a NaN is above nothing
            counts[setting, order] = np.count_nonzero(some > tolerance, axis=1)
    return counts


def with_tolerance(rows: pd.DataFrame, gaps: Gaps, tolerance: float) -> pd.DataFrame:
    """The rows with the prose's imperfections counted at this tolerance."""
    return rows.assign(**{PROSE: counts_in_prose(rows, gaps, [tolerance])[0]})


def named(rows: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """The rows with a column `group`: the group fields' values in words."""
    texts = [
        rows[name].map({v: f"{name.replace('_', ' ')} {_shown(v)}" for v in rows[name].unique()})
        for name in groups
    ]
    return rows.assign(group=[", ".join(words) for words in zip(*texts, strict=True)])


def survival(strip: pd.DataFrame, setting: float) -> list[str]:
    """One line a group: over which settings sign and significance are as they are here."""
    lines = []
    for group, members in strip.groupby("group", sort=False):
        found = survives(members, setting)
        least, most = int(members["n"].min()), int(members["n"].max())
        n = f"n = {least:,}" + (f" to {most:,}" if most > least else "")
        if found is None:
            lines.append(f"**{group}**: not significant here ({n})")
            continue
        here = members.iloc[int(np.argmin(np.abs(members["setting"] - setting)))]
        sign = "negative" if here["sign"] < 0 else "positive"
        ends = members["setting"].min(), members["setting"].max()
        where = "throughout" if found == ends else f"from {found[0]:g} to {found[1]:g}"
        lines.append(f"**{group}**: {sign} and significant {where} ({n})")
    return lines


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)
