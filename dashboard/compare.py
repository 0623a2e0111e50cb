"""Two sets of runs beside each other as rows: structures, distributions, two runs overlaid."""

import math
from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.run_rows import STRUCTURES, structure_shares
from modadd import statistics
from modadd.procrustes import Overlay
from modadd.snapshots import Floats
from modadd.statistics import Estimate

# Metric → whose distribution is compared. Imperfections are those of the grids, as in the tables.
DISTRIBUTIONS = {
    "grid_imperfections": "imperfections of the grids",
    "radius_ratio": "radius ratio",
    "circularity": "circularity",
}
_MOST_STEPS = 400
_MOST_AXES = 3


class Side(NamedTuple):
    """What is compared of a set of runs. runs: with `structure`. shares: of each structure. values:
    metric of `DISTRIBUTIONS` that they have → its values among the runs that count, in order. Here
    and below, runs that diverged are left out."""

    runs: pd.DataFrame
    shares: dict[str, Estimate]
    values: dict[str, NDArray[np.float64]]


def side(runs: pd.DataFrame) -> Side:
    """Of runs with `structure`."""
    done = runs[runs["status"] == "done"]
    grids = (done["structure"] != "circle").to_numpy()
    values = {}
    for metric in DISTRIBUTIONS:
        if metric in done:
            numbers = done[metric].to_numpy(np.float64)
            counted = np.isfinite(numbers) & (grids | (metric != "grid_imperfections"))
            values[metric] = np.sort(numbers[counted])
    return Side(runs, structure_shares(runs), values)


def shared_metrics(sides: Mapping[str, Side]) -> list[str]:
    """The metrics that all sides have."""
    return [m for m in DISTRIBUTIONS if all(m in one.values for one in sides.values())]


def structures(sides: Mapping[str, Side]) -> pd.DataFrame:
    """A row a side and structure: side, structure, value (a share), low, high, n."""
    rows = [
        (name, structure, *share)
        for name, one in sides.items()
        for structure, share in one.shares.items()
    ]
    return pd.DataFrame(rows, columns=["side", "structure", "value", "low", "high", "n"])


def distribution(sides: Mapping[str, Side], metric: str) -> pd.DataFrame:
    """The steps of a metric's distribution: side, value, share (of runs at or below it), low, high
    (the band that holds the whole true distribution in 95 % of samples), n."""
    parts = []
    for name, one in sides.items():
        places, shares, half = statistics.distribution(one.values[metric])
        steps = _thinned(len(places))
        share = shares[steps]
        part = {
            "value": places[steps], "share": share, "side": name, "n": len(one.values[metric]),
            "low": np.clip(share - half, 0, None), "high": np.clip(share + half, None, 1),
        }  # fmt: skip
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def _thinned(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indices of so many steps as can be seen."""
    return np.unique(np.linspace(0, count - 1, min(count, _MOST_STEPS)).astype(np.int64))


def comparison(sides: Mapping[str, Side]) -> pd.DataFrame:
    """A row a quantity: quantity; of each side, called by what stands before a colon, its value
    with interval, and n; and p that the sides share one probability (Fisher's exact test) or one
    distribution (Kolmogorov-Smirnov)."""
    rows = []
    for name in STRUCTURES:
        both = [one.shares[name] for one in sides.values()]
        (first, n), (second, other_n) = [
            (0 if share.n == 0 else round(share.value * share.n), share.n) for share in both
        ]
        p = statistics.compare_counts(first, n, second, other_n)
        rows.append(_row(f"share of {name}s", both, p, percent=True))
    for metric in shared_metrics(sides):
        values = [one.values[metric] for one in sides.values()]
        p = statistics.compare_distributions(*values)
        means = [statistics.mean(some) for some in values]
        rows.append(_row(f"mean {DISTRIBUTIONS[metric]}", means, p))
    short = [name.split(":")[0] for name in sides]
    columns = [name for one in short for name in (one, f"n {one}")]
    return pd.DataFrame(rows, columns=["quantity", *columns, "p"])


def _row(
    name: str, both: list[Estimate], p: float, *, percent: bool = False
) -> tuple[str | int | float, ...]:
    parts: list[str | int] = []
    for estimate in both:
        parts += [_text(estimate, percent), estimate.n]
    return (name, *parts, p)


def _text(estimate: Estimate, percent: bool) -> str:
    value, low, high = (100 * part if percent else part for part in estimate[:3])
    if math.isnan(value):
        return ""
    form = ".1f" if percent or abs(value) >= 10 else ".3g"
    interval = "" if math.isnan(low) else f" [{low:{form}}, {high:{form}}]"
    return f"{value:{form}}{' %' if percent else ''}{interval}"


def overlaid(one: Floats, laid: Overlay) -> pd.DataFrame:
    """A row a token and pair of axes: token, other (the token laid over it), x, y, other_x,
    other_y, axes (both counted from 1). Of more than three dimensions the first three."""
    points, others = _flat(np.asarray(one)), _flat(laid.points)
    parts = [
        pd.DataFrame(
            {
                "token": np.arange(len(points)),
                "other": laid.tokens,
                "x": points[:, a],
                "y": points[:, b],
                "other_x": others[:, a],
                "other_y": others[:, b],
                "axes": f"{a + 1}, {b + 1}",
            }
        )
        for a, b in combinations(range(min(points.shape[1], _MOST_AXES)), 2)
    ]
    return pd.concat(parts, ignore_index=True)


def _flat(points: Floats) -> Floats:
    """A 1-D arrangement lies on a line of the plane."""
    return points if points.shape[1] > 1 else np.concatenate([points, np.zeros_like(points)], 1)


def in_words(laid: Overlay, modulus: int) -> str:
    """What was done to the one that is laid over the other, in Markdown."""
    turned = "turned over, " if laid.is_reflected else ""
    unit = "" if laid.unit == 1 else f"{laid.unit} · "
    shift = f" + {laid.shift}" if laid.shift else ""
    relabelled = (
        "each token on its namesake"
        if laid.unit == 1 and not laid.shift
        else f"token *i* matched with token {unit}*i*{shift} mod {modulus}"
    )
    return f"{turned}scaled by {laid.factor:.3g}, {relabelled}"
