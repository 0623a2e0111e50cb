"""A filter over runs: what a page, a link or a query means by "these runs".

A `Filter` has a readable text form, as a URL carries it, and it is one SQL condition over the view
`<kind>_runs`. `kind=transformer&where=weight_decay:0.6..1;is_circle:1` are the networks that are
circles with a weight decay in [0.6, 1].
"""

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlencode

if TYPE_CHECKING:
    import pandas as pd

Value = float | str

STATUSES = ("done", "diverged")
KEYS = ("kind", "experiment", "structure", "status", "where")

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_MOST_VALUES = 200


class FilterError(ValueError):
    """A text that is no filter; the message states the rule, the text and the way out."""


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise FilterError(f"a name must be lower-case letters, digits and _, got {name!r}")


@dataclasses.dataclass(frozen=True)
class Between:
    """low <= column <= high; None is no bound. A run where the column is NULL does not pass."""

    column: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        _check_name(self.column)
        if self.low is None and self.high is None:
            raise FilterError(f"a range of {self.column} must have a bound: write 0.6.. or ..1")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise FilterError(f"the range of {self.column} is empty: {self.text}")

    @property
    def text(self) -> str:
        """`column:low..high`, either of which may be left out."""
        return f"{self.column}:{_shown(self.low)}..{_shown(self.high)}"

    @property
    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """A condition with `?` for its values, and the values."""
        if self.low is not None and self.high is not None:
            return f"{self.column} BETWEEN ? AND ?", (self.low, self.high)
        if self.low is not None:
            return f"{self.column} >= ?", (self.low,)
        assert self.high is not None
        return f"{self.column} <= ?", (self.high,)

    def passes(self, rows: "pd.DataFrame") -> "pd.Series[bool]":
        """Whether each row passes."""
        low, high = -math.inf if self.low is None else self.low, self.high
        return rows[self.column].between(low, math.inf if high is None else high)


@dataclasses.dataclass(frozen=True)
class OneOf:
    """The column has one of the values, all of them numbers or all of them text."""

    column: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        _check_name(self.column)
        if not self.values:
            raise FilterError(f"{self.column} must have a value: write {self.column}:1 or a,b")
        if len(self.values) > _MOST_VALUES:
            raise FilterError(f"{self.column} has more than {_MOST_VALUES} values: use a range")
        if len({isinstance(value, str) for value in self.values}) > 1:
            raise FilterError(f"the values of {self.column} must be all numbers or all text")

    @property
    def text(self) -> str:
        """`column:value,value`."""
        return f"{self.column}:{','.join(_shown(value) for value in self.values)}"

    @property
    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """A condition with `?` for its values, and the values."""
        if len(self.values) == 1:
            return f"{self.column} = ?", self.values
        return f"{self.column} IN ({', '.join('?' * len(self.values))})", self.values

    def passes(self, rows: "pd.DataFrame") -> "pd.Series[bool]":
        """Whether each row passes."""
        return rows[self.column].isin(self.values)


Condition = Between | OneOf

# In the paper's words (Sec. 4): a grid is whatever is no circle. Imperfections are counted.
_GRID = OneOf("is_circle", (0.0,))
STRUCTURES: dict[str, tuple[Condition, ...]] = {
    "circle": (OneOf("is_circle", (1.0,)),),
    "grid": (_GRID,),
    "imperfect grid": (_GRID, Between("grid_imperfections", 1.0)),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Filter:
    """Which runs: of one kind, and all of what follows; what is empty or None lets all pass.

    experiments: names, any of which. structure: one of `STRUCTURES`. status: one of `STATUSES`.
    where: conditions on columns of the run view, at most one a column.

    Raises:
        FilterError: for a value that breaks its rule.
    """

    kind: str = "transformer"
    experiments: tuple[str, ...] = ()
    structure: str | None = None
    status: str | None = None
    where: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        _check_name(self.kind)
        if self.structure is not None and self.structure not in STRUCTURES:
            raise FilterError(f"structure must be one of {_listed(STRUCTURES)}: {self.structure!r}")
        if self.status is not None and self.status not in STATUSES:
            raise FilterError(f"status must be one of {_listed(STATUSES)}: {self.status!r}")
        for column in self.columns:
            if self.columns.count(column) > 1:
                raise FilterError(f"where has {column} twice: write its values with commas")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `where` asks for."""
        return tuple(condition.column for condition in self.where)

    def having(self, *conditions: Condition) -> Self:
        """This filter with the conditions, each in the place of the one on its column, if any."""
        new = {condition.column for condition in conditions}
        kept = (condition for condition in self.where if condition.column not in new)
        return dataclasses.replace(self, where=(*kept, *conditions))

    def to_query(self) -> dict[str, str]:
        """The parts that say something, as readable texts by URL key."""
        query = {
            "kind": self.kind,
            "experiment": ",".join(quote(name, safe="") for name in self.experiments),
            "structure": self.structure or "",
            "status": self.status or "",
            "where": ";".join(condition.text for condition in self.where),
        }
        return {key: text for key, text in query.items() if text}

    @property
    def url(self) -> str:
        """The filter as the part of a URL that follows the `?`."""
        return urlencode(self.to_query(), safe=",;:.")

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """The inverse of `to_query`; other keys are left alone.

        Raises:
            FilterError: for text that is no filter.
        """
        names = (unquote(name) for name in query.get("experiment", "").split(","))
        conditions = query.get("where", "").split(";")
        return cls(
            kind=query.get("kind") or "transformer",
            experiments=tuple(name for name in names if name),
            structure=query.get("structure") or None,
            status=query.get("status") or None,
            where=tuple(parse_condition(text) for text in conditions if text.strip()),
        )

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All that is asked of a run's own row: but for the experiments, which no row tells."""
        status = () if self.status is None else (OneOf("status", (self.status,)),)
        structure = () if self.structure is None else STRUCTURES[self.structure]
        return (*status, *structure, *self.where)

    def condition(self) -> tuple[str, dict[str, Value]]:
        """SQL over the columns of `<kind>_runs` with `:v0`, `:v1`, …, and their values."""
        parts, values = self._parts()
        text = _and(parts)
        for index in range(len(values)):
            text = text.replace("?", f":v{index}", 1)
        return text, {f"v{index}": value for index, value in enumerate(values)}

    def sql(self, columns: Iterable[str] = ("*",)) -> str:
        """The same as a query that stands alone, values and all, to be copied."""
        text = _with_values(*self._parts())
        return f"SELECT {', '.join(columns)}\nFROM {self.kind}_runs\nWHERE {text}\nORDER BY run_id;"

    def _parts(self) -> tuple[list[str], list[Value]]:
        parts: list[str] = []
        values: list[Value] = []
        if self.experiments:
            marks = ", ".join("?" * len(self.experiments))
            member = f"SELECT run_id FROM experiment_runs WHERE experiment IN ({marks})"
            parts.append(f"run_id IN ({member})")
            values += self.experiments
        for condition in self.conditions:
            text, bound = condition.sql
            parts.append(text)
            values += bound
        return parts, values


def in_sql(conditions: Iterable[Condition]) -> str:
    """Conditions that must all hold, values and all, in one line."""
    parts = [condition.sql for condition in conditions]
    values = [value for _, bound in parts for value in bound]
    return _with_values([text for text, _ in parts], values).replace("\n ", "")


def _with_values(parts: Iterable[str], values: Iterable[Value]) -> str:
    pieces = _and(parts).split("?")
    literals = [*map(_literal, values), ""]
    return "".join(piece + literal for piece, literal in zip(pieces, literals, strict=True))


def parse_condition(text: str) -> Condition:
    """`column:low..high` or `column:value,value`.

    Raises:
        FilterError: for anything else.
    """
    column, colon, values = text.strip().partition(":")
    if not colon or not values.strip():
        raise FilterError(f"a condition must be column:low..high or column:a,b, got {text!r}")
    _check_name(column)
    low, dots, high = values.partition("..")
    if dots:
        return Between(column, _bound(column, low), _bound(column, high))
    words = [unquote(word) for word in values.split(",")]
    numbers = [_number(word) for word in words]
    if any(number is None for number in numbers):
        return OneOf(column, tuple(words))
    return OneOf(column, tuple(number for number in numbers if number is not None))


def _bound(column: str, text: str) -> float | None:
    if not text.strip():
        return None
    number = _number(text)
    if number is None:
        raise FilterError(f"the bounds of {column} must be numbers, got {text!r}")
    return number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _shown(value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return quote(value, safe=" ")
    return f"{int(value)}" if value == int(value) and abs(value) < 2**53 else repr(float(value))


def _literal(value: Value) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else _shown(value)


def _and(parts: Iterable[str]) -> str:
    return "\n  AND ".join(parts) or "1 = 1"


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(names)
