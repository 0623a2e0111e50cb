"""How far a table's correlation hangs on its definitions: computed over a range of each."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from modadd.statistics import Z, olivoto_interval, spearman_spread
from modadd.tables import Definitions

THRESHOLDS = np.round(np.linspace(1.0, 3.0, 41), 2)
TOLERANCES = np.round(np.linspace(0.02, 0.5, 25), 2)

COLUMNS = ("setting", "r", "low", "high", "n", "sign")


class Correlations(NamedTuple):
    """(setting,) arrays: r, its 95 % interval and n; NaN where undefined."""

    r: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: NDArray[np.int64]

    @property
    def sign(self) -> NDArray[np.int64]:
        """(setting,) -1 or 1 where the interval leaves out 0, else 0."""
        return np.where(self.high < 0, -1, np.where(self.low > 0, 1, 0))


def correlations(
    x: ArrayLike, y: ArrayLike, members: NDArray[np.bool_], definitions: Definitions
) -> Correlations:
    """The correlation at many settings at once.

    x, y: (run,) or (setting, run), NaN where undefined. members: (setting, run) which runs count.
    The interval is Fisher's or Olivoto's; in place of the bootstrap's stands Fisher's.
    """
    both = np.stack([np.broadcast_to(np.asarray(v, np.float64), members.shape) for v in (x, y)])
    valid = members & np.isfinite(both).all(axis=0)
    both = _ranks(both, valid) if definitions.correlation == "spearman" else both
    n = valid.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(valid, both, 0).sum(axis=2) / n
        first, second = np.where(valid, both - means[:, :, None], 0)
        spreads = np.sqrt(np.square(first).sum(axis=1) * np.square(second).sum(axis=1))
        # Constant values leave rounding errors in the place of no spread.
        size = np.abs(np.where(valid, both, 0)).max(axis=2, initial=0).prod(axis=0)
        r = np.where(spreads > 1e-12 * size * n, (first * second).sum(axis=1) / spreads, np.nan)
    r = np.clip(r, -1, 1)
    return Correlations(r, *_intervals(r, n, definitions), n)


def threshold_strip(
    runs: pd.DataFrame,
    groups: Sequence[str],
    definitions: Definitions,
    thresholds: ArrayLike = THRESHOLDS,
) -> pd.DataFrame:
    """Rows (group fields…, then `COLUMNS`): the correlation by circle threshold."""
    settings = np.asarray(thresholds, dtype=np.float64)

    def at(members: pd.DataFrame, _: NDArray[np.int64]) -> Correlations:
        chosen = definitions.chosen(members["radius_ratio"].to_numpy(np.float64), settings[:, None])
        x, y = (members[name].to_numpy(np.float64) for name in definitions.columns)
        return correlations(x, y, chosen, definitions)

    return _strip(runs, groups, definitions, settings, at)


def tolerance_strip(
    runs: pd.DataFrame,
    groups: Sequence[str],
    definitions: Definitions,
    counts: NDArray[np.float64],
    tolerances: ArrayLike = TOLERANCES,
) -> pd.DataFrame:
    """Rows (group fields…, then `COLUMNS`): the correlation by the tolerance of the prose's rule.

    counts: (setting, run) the imperfections of the runs at each tolerance, in the order of `runs`;
    NaN where unknown.
    """
    column = definitions._replace(counting="prose").imperfections
    prose = definitions._replace(counting="prose")

    def at(members: pd.DataFrame, rows: NDArray[np.int64]) -> Correlations:
        chosen = prose.chosen(members["radius_ratio"].to_numpy(np.float64))
        x, y = (
            counts[:, rows] if name == column else members[name].to_numpy(np.float64)
            for name in prose.columns
        )
        return correlations(x, y, np.broadcast_to(chosen, (len(counts), len(rows))), prose)

    return _strip(runs, groups, definitions, np.asarray(tolerances, dtype=np.float64), at)


def survives(strip: pd.DataFrame, setting: float) -> tuple[float, float] | None:
    """The settings around this one, without a gap, at which sign and significance are as here.

    strip: of one group, by rising setting. None where the correlation here is not significant.
    """
    settings, signs = strip["setting"].to_numpy(), strip["sign"].to_numpy()
    here = int(np.argmin(np.abs(settings - setting)))
    if signs[here] == 0:
        return None
    other = np.flatnonzero(signs != signs[here])
    before, after = other[other < here], other[other > here]
    first = before[-1] + 1 if len(before) else 0
    last = after[0] - 1 if len(after) else len(settings) - 1
    return float(settings[first]), float(settings[last])


def _strip(
    runs: pd.DataFrame,
    groups: Sequence[str],
    definitions: Definitions,
    settings: NDArray[np.float64],
    at: Callable[[pd.DataFrame, NDArray[np.int64]], Correlations],
) -> pd.DataFrame:
    prose = definitions._replace(counting="prose")
    used = {*groups, *definitions.columns, *prose.columns, "status", "radius_ratio"}
    narrow = runs[[name for name in runs if name in used]]  # every part that is taken is a copy
    numbered = definitions.counted(narrow.assign(_row=np.arange(len(runs))))
    parts = []
    for values, members in numbered.groupby(list(groups), sort=True, dropna=False):
        found = at(members, members["_row"].to_numpy())
        own = dict(zip(groups, values, strict=True))
        parts.append(
            pd.DataFrame({**own, "setting": settings, **found._asdict(), "sign": found.sign})
        )
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*groups, *COLUMNS])
    )


def _ranks(both: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    from scipy import stats  # here, since it takes long to load and Pearson's r needs no ranks

    ranks = np.zeros_like(both)
    for setting, chosen in enumerate(valid):
        ranks[:, setting, chosen] = stats.rankdata(both[:, setting, chosen], axis=1)
    return ranks


def _intervals(
    r: NDArray[np.float64], n: NDArray[np.int64], definitions: Definitions
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # These formulae take arrays as they take numbers.
    if definitions.interval == "olivoto":
        formula: Any = olivoto_interval
        with np.errstate(divide="ignore"):
            low, high = formula(r, n)
        return low, high
    spread: Any = spearman_spread
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = spread(r) if definitions.correlation == "spearman" else 1.0
        half = Z * np.sqrt(variance / np.where(n > 3, n - 3, np.nan))
        return np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
