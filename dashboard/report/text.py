"""The report's prose: `code`, *emphasis* and [links](#anchor), taken apart for any renderer."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from modadd.statistics import Estimate
from modadd.wording import said as said

_MARKED = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<link>[^\]]+)\]\((?P<target>[^)\s]+)\)|\*(?P<emphasis>\S(?:[^*]*\S)?)\*"
)


_MINUS = re.compile(r"(?<![\w.)\]-])-(?=\d)")
_SIZE = re.compile(r"\bn = (?=\d)")


class Span(NamedTuple):
    """A piece of prose. style: `plain`, `code`, `emphasis` or `link`, which has a target."""

    style: str
    text: str
    target: str = ""


def spans(prose: str) -> list[Span]:
    """The prose in pieces."""
    pieces = []
    end = 0
    for found in _MARKED.finditer(prose):
        if found.start() > end:
            pieces.append(Span("plain", prose[end : found.start()]))
        style = found.lastgroup if found.lastgroup != "target" else "link"
        assert style is not None
        pieces.append(Span(style, found[style], found["target"] or ""))
        end = found.end()
    if end < len(prose):
        pieces.append(Span("plain", prose[end:]))
    return pieces


def typeset(text: str) -> str:
    """The text with minus signs before numbers in place of hyphens, and each n on one line."""
    return _SIZE.sub("n\u00a0=\u00a0", _MINUS.sub("−", text))


def estimate_in(cell: Mapping[Any, Any]) -> Estimate:
    """The estimate in a row of `modadd.tables.table` or `modadd.phases.phases`."""
    return Estimate(cell["value"], cell["low"], cell["high"], int(cell["n"]))
