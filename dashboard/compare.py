"""Two sets of runs beside each other as rows: structures, distributions, two runs overlaid."""

import math
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

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


def structures(sides: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a side and structure: side, structure, value (a share), low, high, n.

    sides: name → runs with `structure`; here and below, runs that diverged are left out.
    """
    rows = [
        (side, name, *share)
        for side, runs in sides.items()
        for name, share in structure_shares(runs).items()
    ]
    return pd.DataFrame(rows, columns=["side", "structure", "value", "low", "high", "n"])


def measured(runs: pd.DataFrame, metric: str) -> pd.Series:
    """The values of one of `DISTRIBUTIONS` among the runs that count."""
    counted = runs["status"] == "done"
    if metric == "grid_imperfections":
        counted &= runs["structure"] != "circle"
    return runs.loc[counted, metric].dropna()


def distribution(sides: Mapping[str, pd.DataFrame], metric: str) -> pd.DataFrame:
    """The steps of a metric's distribution: side, value, share (of runs at or below it), low, high
    (the band that holds the whole true distribution in 95 % of samples), n."""
    parts = []
    for side, runs in sides.items():
        values = measured(runs, metric)
        places, shares, half = statistics.distribution(values)
        steps = _thinned(len(places))
        part = pd.DataFrame({"value": places[steps], "share": shares[steps]})
        band = {"low": (part["share"] - half).clip(0), "high": (part["share"] + half).clip(upper=1)}
        parts.append(part.assign(side=side, n=len(values), **band))
    return pd.concat(parts, ignore_index=True)


def _thinned(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indices of so many steps as can be seen."""
    return np.unique(np.linspace(0, count - 1, min(count, _MOST_STEPS)).astype(np.int64))


def comparison(sides: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a quantity: quantity; of each side, called by what stands before a colon, its value
    with interval, and n; and p that the sides share one probability (Fisher's exact test) or one
    distribution (Kolmogorov-Smirnov)."""
    rows = []
    shares = [structure_shares(runs) for runs in sides.values()]
    for name in STRUCTURES:
        both = [share[name] for share in shares]
        (first, n), (second, other_n) = [
            (0 if share.n == 0 else round(share.value * share.n), share.n) for share in both
        ]
        p = statistics.compare_counts(first, n, second, other_n)
        rows.append(_row(f"share of {name}s", both, p, percent=True))
    for metric, title in DISTRIBUTIONS.items():
        if all(metric in runs for runs in sides.values()):
            values = [measured(runs, metric) for runs in sides.values()]
            p = statistics.compare_distributions(*values)
            rows.append(_row(f"mean {title}", [statistics.mean(some) for some in values], p))
    short = [side.split(":")[0] for side in sides]
    columns = [name for side in short for name in (side, f"n {side}")]
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
