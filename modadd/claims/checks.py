"""Checks: a number laid against a limit by its interval, and the verdict of several of them.

The rule is the same for every claim of `modadd.claims`. A check comes out *for* the claim if the
whole 95 % interval lies on the claimed side of the limit; *against*, if the whole interval lies on
the other side of it, or if it leaves out every difference large enough to matter; else it is
*open*. All for: the claim holds. Some for: it holds partly. None for, and some against: it does not
hold. All open: undecided, there are too few runs. A number without an interval is not tested.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from modadd.differences import Difference
from modadd.statistics import Estimate
from modadd.wording import difference_said, said

HOLDS, PARTLY, FAILS = "holds", "holds partly", "does not hold"
UNDECIDED, UNTESTABLE, UNCOMPUTED = "undecided", "not testable", "not yet computed"
VERDICTS = (HOLDS, PARTLY, FAILS, UNDECIDED, UNTESTABLE, UNCOMPUTED)

# The smallest effects that matter here: 5 percentage points, and 5 % of the 153 pairs.
POINTS = 0.05
IMPERFECTIONS = 0.05 * 153

_MARKS = {True: "✓", False: "✗", None: "?"}


class Check(NamedTuple):
    """what: is compared. text: the number with interval and n. held: for, against, or open.
    tested: whether there is an interval at all."""

    what: str
    text: str
    held: bool | None
    tested: bool = True

    def __str__(self) -> str:
        return f"{_MARKS[self.held] if self.tested else '–'} {self.what}: {self.text}"


def above(
    what: str,
    number: Estimate | Difference,
    limit: float = 0.0,
    *,
    matters: float = 0.0,
    percent: bool = False,
    decimals: int = 1,
) -> Check:
    """Whether the number lies above the limit; less than `matters` above it is against."""
    low, high = number[1], number[2]
    held = True if low > limit else False if high < limit + matters else None
    return Check(what, _text(number, percent, decimals), held, not math.isnan(low))


def below(
    what: str,
    number: Estimate | Difference,
    limit: float = 0.0,
    *,
    matters: float = 0.0,
    percent: bool = False,
    decimals: int = 1,
) -> Check:
    """Whether the number lies below the limit; less than `matters` below it is against."""
    low, high = number[1], number[2]
    held = True if high < limit else False if low > limit - matters else None
    return Check(what, _text(number, percent, decimals), held, not math.isnan(low))


def within(what: str, number: Difference, margin: float, *, percent: bool = False) -> Check:
    """Whether the difference is smaller than the margin either way."""
    low, high = number.low, number.high
    inside, outside = -margin < low and high < margin, high < -margin or low > margin
    held = True if inside else False if outside else None
    return Check(what, _text(number, percent, 1), held, not math.isnan(low))


def verdict(checks: Sequence[Check]) -> str:
    """Of all checks together, by the rule at the top of this module."""
    held = [check.held for check in checks if check.tested]
    if held and all(held):
        return HOLDS
    if any(held):
        return PARTLY
    return FAILS if False in held else UNDECIDED


def _text(number: Estimate | Difference, percent: bool, decimals: int) -> str:
    if isinstance(number, Difference):
        return difference_said(number, percent=percent, decimals=decimals)
    return said(number, percent=percent, decimals=decimals)
