"""Runs as rows that people read: structure in words, the fields that vary first, thumbnails."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modadd.statistics import Estimate, proportion
from modadd.structures import CIRCLE_THRESHOLD

# Of a scatter: as many as a browser draws in a third of a second.
MOST_MARKS = 3000
STRUCTURES = ("circle", "perfect grid", "imperfect grid")
# Said by other columns, or of no use to a reader.
_LAST = ("last_epoch", "wall_time", "config_hash", "job_id", "project_version", "git_commit")


def with_structure(rows: pd.DataFrame, threshold: float = CIRCLE_THRESHOLD) -> pd.DataFrame:
    """The rows with a column `structure`, one of `STRUCTURES`: a grid is whatever is no circle."""
    circle = rows["radius_ratio"] < threshold
    imperfect = rows["grid_imperfections"] > 0
    names = np.select([circle, imperfect], [STRUCTURES[0], STRUCTURES[2]], STRUCTURES[1])
    return rows.assign(structure=names)


def structure_shares(rows: pd.DataFrame) -> dict[str, Estimate]:
    """The share of each structure among the runs that did not diverge, with Wilson's interval."""
    done = rows[rows["status"] == "done"]
    return {
        name: proportion(int((done["structure"] == name).sum()), len(done)) for name in STRUCTURES
    }


def marks(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that a scatter draws: all, or so many of them by chance, the same each time."""
    if len(rows) <= MOST_MARKS:
        return rows
    return rows.sample(MOST_MARKS, random_state=0).sort_index()


def about_marks(rows: pd.DataFrame) -> str:
    """What is to be said where a scatter does not draw all of the rows, else nothing."""
    if len(rows) <= MOST_MARKS:
        return ""
    return f"{MOST_MARKS:,} of the {len(rows):,} runs are drawn, by chance; all of them count."


def varying(rows: pd.DataFrame, fields: Iterable[str]) -> list[str]:
    """Those of the config fields in which the runs differ, but for the seed; most values first."""
    differing = [name for name in fields if name != "seed" and name in rows and _differ(rows[name])]
    values = {name: rows[name].nunique() for name in differing}
    return sorted(differing, key=lambda name: -values[name])


def mixed(rows: pd.DataFrame, fields: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The config fields, but for the seed, in which runs of one group differ."""
    others = [name for name in varying(rows, fields) if name not in groups]
    if not others:
        return []
    counts = rows.groupby(list(groups), dropna=False)[others].nunique()
    return [name for name in others if (counts[name] > 1).any()]


def listed(fields: Sequence[str]) -> str:
    """The first of some fields in words."""
    return ", ".join(name.replace("_", " ") for name in fields[:6])


def pooled(rows: pd.DataFrame, fields: Sequence[str]) -> str:
    """In which config fields the runs differ that a share or mean is of, in words; "" for none."""
    differing = varying(rows, fields)
    return f"Pooled over several values of {listed(differing)}" if differing else ""


def column_order(rows: pd.DataFrame, fields: Sequence[str]) -> list[str]:
    """Columns to show: what tells runs apart first; what all share stays in the table's menu."""
    first = ["thumbnail", "run_id", "seed", *varying(rows, fields), "structure"]
    first += ["status"] if rows["status"].nunique() > 1 else []
    skipped = {*first, *fields, *_LAST, "status", "is_circle", "device", "threads"}
    return [*first, *(name for name in rows.columns if name not in skipped)]


def label(row: Mapping[Any, Any], fields: Sequence[str]) -> str:
    """A tile's name: its seed and the first field that varies."""
    parts = [f"{row['seed']}", *(f"{row[name]:g}" for name in fields[:1] if _number(row[name]))]
    return " · ".join(parts) + (" diverged" if row["status"] == "diverged" else "")


def thumbnail(arrangement: NDArray[np.float32], colours: Sequence[str]) -> str:
    """A data URI of an SVG: the tokens of a final arrangement (token, dim), in two dimensions."""
    points = np.zeros((len(arrangement), 2))
    points[:, : arrangement.shape[1]] = arrangement[:, :2]
    reach = float(np.abs(points).max()) or 1.0
    places = np.rint(40 * points / reach).astype(int).tolist()
    dots = "".join(
        f'<path stroke="{colour}" d="M{x} {-y}h.01"/>'
        for (x, y), colour in zip(places, colours, strict=True)
    )
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="56" height="56" viewBox="-48 -48 96 96">'
        f'<g stroke-width="13" stroke-linecap="round">{dots}</g></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def _differ(column: pd.Series) -> bool:
    """Whether a column has more than one value: cheaper than to count them."""
    return len(column) > 0 and bool((column != column.iloc[0]).any())


def _number(value: object) -> bool:
    return isinstance(value, int | float | np.number)
