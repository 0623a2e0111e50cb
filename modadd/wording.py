"""Numbers as people read them: value, interval and n."""

from collections.abc import Mapping
from typing import Any

from modadd.differences import Difference
from modadd.statistics import Estimate
from modadd.tables import SIGNIFICANCE


def said(estimate: Estimate, *, percent: bool = False, decimals: int = 1) -> str:
    """An estimate in words: value, interval and n; "undefined" where it is."""
    value, low, high, n = estimate
    if percent:  # Student's t knows nothing of the ends of a share
        low, high = max(low, 0.0), min(high, 1.0)
    return _said(value, low, high, f"n = {n:,}", percent, decimals, "")


def difference_said(found: Difference, *, percent: bool = False, decimals: int = 1) -> str:
    """A difference in words, likewise, with both n; of shares, in percentage points."""
    n = f"n = {found.n:,} and {found.baseline_n:,}"
    return _said(*found[:3], n, percent, decimals, "+").replace(" %", " points")


def difference_of_row(row: Mapping[Any, Any], *, percent: bool = False) -> str:
    """A row of `modadd.differences.against`: difference, interval, and a star where it is tested
    and significant among all of its table."""
    value, low, high = (row[name] for name in ("difference", "low", "high"))
    if value != value:
        return "–"
    factor = 100 if percent else 1
    decimals = 1 if factor * (high - low) > 1 else 3
    star = "*" if row["p_holm"] < SIGNIFICANCE else ""
    ends = f"[{factor * low:.{decimals}f}, {factor * high:.{decimals}f}]"
    return f"{factor * value:+.{decimals}f}{star} {ends}"


def _said(
    value: float, low: float, high: float, n: str, percent: bool, decimals: int, sign: str
) -> str:
    if value != value:
        return f"undefined ({n})"
    factor, unit = (100, " %") if percent else (1, "")
    shown = f"{factor * value:{sign}.{decimals}f}{unit}"
    if low != low:
        return f"{shown} ({n})"
    return f"{shown} [{factor * low:.{decimals}f}, {factor * high:.{decimals}f}] ({n})"
