"""What a section of the report is made of. Plain data: both renderers lay out the same."""

import dataclasses
from typing import Any

import pandas as pd

from modadd.claims.checks import VERDICTS


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart with its caption.

    name: of its files and its anchor, unique in the report. label: as in "Figure 3". caption and
    all other texts: prose with `code`, *emphasis* and [links](#anchor). alt: what is to be seen,
    for who cannot see it. chart: what a function of `dashboard.charts*` returns. width: of the
    page, in (0, 1].
    """

    name: str
    label: str
    caption: str
    alt: str
    chart: Any
    width: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """A table with its caption.

    name, label, caption: as of a `Figure`. rows: as people read it; None or NaN is a dash. data:
    the same unrounded, for the CSV file (by default the rows). groups: how many of the first
    columns name a group of rows, said once each. note: under the table. links: the column whose
    cells are names of sections of the report, to be links there.
    """

    name: str
    label: str
    caption: str
    rows: pd.DataFrame
    data: pd.DataFrame | None = None
    groups: int = 1
    note: str = ""
    links: str = ""


Part = Figure | Table | str


@dataclasses.dataclass(frozen=True)
class Missing:
    """What a section lacks, and the command that makes it."""

    what: str
    command: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """One section: the paper's claim beside what came out.

    name: its anchor, the name of its file with hyphens. place: where in the paper. claim: the
    paper's, in one sentence. ours: our numbers in words, each with n and interval. verdict: one of
    `VERDICTS`, and rule: how it is decided. parts: figures, tables and paragraphs in order. seeds,
    sql, command: which runs these are, and how to have them again. missing: filled in by `build`.
    """

    name: str
    title: str
    place: str
    claim: str
    ours: str
    verdict: str
    rule: str
    parts: tuple[Part, ...]
    seeds: str
    sql: str
    command: str
    missing: tuple[Missing, ...] = ()

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, got {self.verdict!r}")

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures among the parts."""
        return tuple(part for part in self.parts if isinstance(part, Figure))

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables among the parts."""
        return tuple(part for part in self.parts if isinstance(part, Table))
