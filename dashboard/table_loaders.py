"""What the Tables page works out of the runs of a filter, kept for whoever asks the same again."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard import cells, loaders
from dashboard.charts_tables import correlated, sensitivity
from dashboard.drawn import Drawn
from dashboard.opened import Database, cached
from dashboard.run_rows import marks, mixed
from dashboard.table_rows import (
    at_epoch,
    counts_in_prose,
    named,
    survival,
    with_tolerance,
)
from db.filters import Filter
from modadd.comparable import papers_rows
from modadd.paper import Row
from modadd.sensitivity import TOLERANCES, threshold_strip, tolerance_strip
from modadd.simulators import SIMULATORS
from modadd.structures import CIRCLE_THRESHOLD
from modadd.tables import Definitions, table

_STRIPS = {
    "threshold": "circle threshold (radius ratio)",
    "tolerance": "tolerance of the prose's rule",
}


class Asked(NamedTuple):
    """The choices of the page. groups: config fields. epoch: None for the end of each run.
    tolerance: of the prose's rule."""

    opened: Database
    chosen: Filter
    groups: tuple[str, ...]
    epoch: int | None
    definitions: Definitions
    tolerance: float

    @property
    def at_any_threshold(self) -> "Asked":
        """For what does not hang on the circle's threshold, to be kept while that is moved."""
        return self._replace(definitions=self.definitions._replace(threshold=CIRCLE_THRESHOLD))


def grouped(asked: Asked) -> pd.DataFrame:
    """The runs at the epoch, with their `group` in words and the prose's imperfections."""
    return _grouped(asked.at_any_threshold)


@cached(16)
def _grouped(asked: Asked) -> pd.DataFrame:
    opened, chosen, groups, epoch, definitions, tolerance = asked
    rows = named(loaders.runs(opened, chosen), groups)
    if epoch is not None:
        rows = at_epoch(rows, loaders.metrics_at(opened, chosen, epoch))
    if definitions.counting == "prose":
        rows = with_tolerance(rows, loaders.gaps(opened, chosen.kind, epoch), tolerance)
    return rows


class Table(NamedTuple):
    """found: cells (`modadd.tables.table`); wide: as the paper lays them out; mixed: the fields in
    which runs of one group differ."""

    found: pd.DataFrame
    wide: pd.DataFrame
    mixed: list[str]


@cached(16)
def laid_out(asked: Asked) -> Table:
    """The table, with the paper's rows where a group has the paper's config at the end."""
    reported, differing = _compared(asked.at_any_threshold)
    found = table(grouped(asked), asked.groups, reported, definitions=asked.definitions)
    return Table(found, cells.wide(found, asked.groups), differing)


@cached(16)
def _compared(asked: Asked) -> tuple[dict[Any, Row], list[str]]:
    """The paper's rows beside the groups, and the fields in which runs of one group differ."""
    rows, kind = grouped(asked), asked.chosen.kind
    reported = papers_rows(rows, kind, asked.groups) if asked.epoch is None else {}
    fields = list(SIMULATORS[kind].config.field_types())
    return reported, mixed(rows, fields, asked.groups)


class Scattered(NamedTuple):
    """rows: the runs with `structure` and whether they are `counted`; chart: their marks."""

    rows: pd.DataFrame
    chart: Drawn


@cached(16)
def scattered(asked: Asked) -> Scattered:
    """The runs behind the correlation."""
    rows, definitions = grouped(asked), asked.definitions
    circle = rows["radius_ratio"] < definitions.threshold
    counted = definitions.chosen(rows["radius_ratio"].to_numpy())
    counted &= rows.index.isin(definitions.counted(rows).index)
    shown = rows.assign(structure=circle.map({True: "circle", False: "grid"}), counted=counted)
    return Scattered(shown, correlated(marks(shown), *definitions.columns))


class Strip(NamedTuple):
    """rows: as `modadd.sensitivity` makes them; chart; words: what survives, a line a group."""

    rows: pd.DataFrame
    chart: Drawn
    words: list[str]


@cached(16)
def strips(asked: Asked) -> dict[str, Strip]:
    """The correlation over the circle's threshold and over the prose's tolerance."""
    groups, definitions = asked.groups, asked.definitions
    by_threshold, counts = _at_settings(asked.at_any_threshold)
    found: dict[str, tuple[pd.DataFrame, Any]] = {
        "threshold": (by_threshold, definitions.threshold),
        "tolerance": (
            tolerance_strip(grouped(asked), groups, definitions, counts), asked.tolerance
        ),
    }  # fmt: skip
    return {name: _strip(name, strip, groups, at) for name, (strip, at) in found.items()}


@cached(16)
def _at_settings(asked: Asked) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """The correlation by circle threshold, and the prose's imperfections by tolerance."""
    rows = grouped(asked)
    gaps = loaders.gaps(asked.opened, asked.chosen.kind, asked.epoch)
    by_threshold = threshold_strip(rows, asked.groups, asked.definitions)
    return by_threshold, counts_in_prose(rows, gaps, TOLERANCES)


def _strip(name: str, rows: pd.DataFrame, groups: tuple[str, ...], setting: float) -> Strip:
    shown = named(rows, groups)
    return Strip(rows, sensitivity(shown, setting, _STRIPS[name]), survival(shown, setting))
