"""Tables as rows of texts, for a page, a document, or a file of their own."""

from typing import Any, NamedTuple

import pandas as pd

from dashboard import typesetting
from dashboard.report.parts import Table
from modadd import spreadsheets


class Row(NamedTuple):
    """texts: of the cells. first: whether a group of rows begins with it."""

    texts: tuple[str, ...]
    first: bool


def cells_of(table: Table) -> list[Row]:
    """The head and the rows, the group's columns empty where they repeat what is above."""
    head = Row(tuple(str(name).replace("_", " ") for name in table.rows.columns), True)
    rows = [head]
    above: tuple[str, ...] = ()
    for values in table.rows.itertuples(index=False, name=None):
        texts = tuple(_text(value) for value in values)
        group = texts[: table.groups]
        repeats = group == above
        shown = ("",) * len(group) if repeats else group
        rows.append(Row((*shown, *texts[table.groups :]), not repeats or not group))
        above = group
    return rows


def to_csv(table: Table) -> str:
    """The unrounded values, in UTF-8 and with points."""
    data = table.rows if table.data is None else table.data
    return spreadsheets.to_csv(data)


def to_tex(table: Table) -> str:
    """A tabular of what people read."""
    head, *body = (row.texts for row in cells_of(table))
    return typesetting.to_latex(pd.DataFrame(body, columns=list(head)).replace("", " "))


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
