"""A chart as plain data: a form, which is a Vega-Lite specification without rows, and its rows.

Altair copies all of a chart, time and again, as it becomes a part of another, which takes tens of
milliseconds: forms are put together as plain data instead. A browser that shows a form already
exchanges its rows alone.
"""

import copy
import json
from collections.abc import Iterable
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

Form = dict[str, Any]
ROWS = "rows"
_WHOLE = {"$schema": alt.SCHEMA_URL}
# Of parts whose colours mean different things.
APART = {"scale": {"color": "independent"}}

# What stands in a form stays where it stands: a chart may be a part of another.
alt.data_transformers.consolidate_datasets = False


class Drawn:
    """A form, and the datasets it names. A form is shared: it is never changed in place."""

    def __init__(self, form: Form, datasets: dict[str, pd.DataFrame]) -> None:
        self.form, self.datasets = form, datasets

    @property
    def spec(self) -> dict[str, Any]:
        """The whole as a dictionary of the caller's own, with DataFrames as datasets."""
        return {**_WHOLE, **copy.deepcopy(self.form), "datasets": dict(self.datasets)}

    def having(self, **properties: Any) -> "Drawn":
        """The chart with other properties at its top, as plain data or Altair's."""
        changed = {name: plain(value) for name, value in properties.items()}
        return Drawn({**self.form, **changed}, self.datasets)

    def having_param(self, name: str, **properties: Any) -> "Drawn":
        """The chart with other properties of one of its parameters."""
        params = [
            {**param, **properties} if param["name"] == name else param
            for param in self.form["params"]
        ]
        return self.having(params=params)

    def configure(self, **config: Any) -> "Drawn":
        """The chart with another config, as `alt.Chart.configure` takes it."""
        return self.having(config={name: plain(value) for name, value in config.items()})

    def to_dict(self) -> dict[str, Any]:
        """The specification with its rows in it, as `records`."""
        rows = {name: records(data) for name, data in self.datasets.items()}
        return {**_WHOLE, **copy.deepcopy(self.form), "datasets": rows}

    def to_json(self) -> str:
        """As `to_dict`, as text."""
        return json.dumps(self.to_dict())


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON has them: what is no number, or no finite one, is null."""
    finite = rows.replace([np.inf, -np.inf], np.nan)
    found: list[Any] = finite.astype(object).where(finite.notna(), None).to_dict("records")
    return found


def data(name: str = ROWS) -> alt.Chart:
    """A chart of the dataset with this name."""
    return alt.Chart(alt.NamedData(name))


def kinds(rows: pd.DataFrame, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The columns of these names as (name, Vega-Lite's letter for a number or a name): what a form
    has to know of the rows."""
    return tuple((name, _letter(rows[name])) for name in names)


def tips(columns: Iterable[tuple[str, str]]) -> list[alt.Tooltip]:
    """What is said of a mark that the pointer is on: columns of the rows, as `kinds` tells them."""
    return [
        alt.Tooltip(f"{name}:{letter}", title=name.replace("_", " ")) for name, letter in columns
    ]


def _letter(column: "pd.Series[Any]") -> str:
    is_number = pd.api.types.is_numeric_dtype(column) and column.dtype != bool
    return "Q" if is_number else "N"


def form(chart: Any) -> Form:
    """An Altair chart of named data as a form, for a page to give it its theme."""
    made = dict(chart.to_dict(validate=False))
    del made["$schema"]
    # Altair's own theme is sizes alone, which a chart has or takes from the page.
    view = made["config"]["view"]
    for size in ("continuousWidth", "continuousHeight"):
        view.pop(size, None)
    if not view:
        del made["config"]["view"]
    if not made["config"]:
        del made["config"]
    return made


def composed(how: str, parts: Iterable[Any], **properties: Any) -> Form:
    """Parts as one form. how: layer, hconcat, vconcat, or concat, which takes columns. parts: forms
    or Altair charts. properties: of the whole, as plain data or Altair's.

    Altair's own way copies each part whole, and all that is in it, several times over.
    """
    made, params = [], list(properties.pop("params", []))
    for part in parts:
        one = dict(part) if isinstance(part, dict) else form(part)
        for param in one.pop("params", []):
            if "select" in param and "views" not in param:  # it stays with the part it is of
                one["name"] = f"with_{param['name']}"
                param = {**param, "views": [one["name"]]}
            params.append(param)
        made.append(one)
    whole = {how: made, **{name: plain(value) for name, value in properties.items()}}
    return {**whole, "params": params} if params else whole


def joined(how: str, charts: Iterable[Drawn], **layout: Any) -> Drawn:
    """Charts with their rows as one, as `composed`."""
    datasets: dict[str, pd.DataFrame] = {}
    parts = []
    for place, chart in enumerate(charts):
        prefix = f"{place}-"
        datasets |= {prefix + name: rows for name, rows in chart.datasets.items()}
        parts.append(_renamed(chart.form, prefix))
    return Drawn(composed(how, parts, **layout), datasets)


def slider(name: str, value: int, last: int) -> dict[str, Any]:
    """A parameter from 0 to `last`, which a slider under the chart moves if there is a choice."""
    bind = {"input": "range", "min": 0, "max": last, "step": 1, "name": "snapshot"}
    return {"name": name, "value": value, **({"bind": bind} if last else {})}


def plain(value: Any) -> Any:
    """A part of Altair's as plain data; anything else as it is."""
    return value.to_dict() if isinstance(value, alt.SchemaBase) else value


def _renamed(part: Any, prefix: str) -> Any:
    """A part of a form, its data with a prefix to their names."""
    if isinstance(part, list):
        return [_renamed(one, prefix) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {"name": prefix + value["name"]}
        if key == "data" and "name" in value
        else _renamed(value, prefix)
        for key, value in part.items()
    }
