"""One run as a chart: its panels, laid out once for many runs, with its data."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from dashboard.charts_curves import curves
from dashboard.charts_panels import (
    CURVES,
    EPOCHS,
    FRAME,
    LENGTH,
    REACH,
    SUM_REACH,
    Layout,
    panels,
)
from dashboard.drawn import Drawn, Form, composed, slider
from dashboard.frames import ROLES, Frames

_NAMES = {"train_loss": "training", "train_accuracy": "training"}
_NAMES |= {name.replace("train", "validation"): "validation" for name in _NAMES}


def run_chart(
    shown: Frames,
    series: pd.DataFrame,
    *,
    unit: str,
    start: int | None = None,
    pictures: Sequence[str] = (),
    arrows: pd.DataFrame | None = None,
    residues: pd.DataFrame | None = None,
    length: int | None = None,
) -> Drawn:
    """The arrangement, the pair sums and the curves of one run.

    series: column epoch, and any of the measures of `CURVES`. unit: "epoch" or "step". start: the
    frame shown first, by default the last. pictures: the regions of each frame, as data URIs.
    arrows: forces as `dashboard.forces_shown.force_arrows` lays them out. residues: the regions'
    numbers, as `dashboard.run_picture.region_numbers` lays them out. length: the last epoch of
    the curves' axis, by default the last of `series`.
    """
    lines = _lines(series)
    datasets = {"tokens": shown.tokens, "sums": shown.sums, **lines}
    if len(pictures):
        frames = range(len(pictures))
        datasets["pictures"] = pd.DataFrame({"frame": frames, "url": list(pictures)})
    if arrows is not None:
        datasets["arrows"] = arrows
    if residues is not None:
        datasets["residues"] = residues
    layout = Layout(
        several=len(shown.epochs) > 1,
        modulus=shown.modulus,
        dim=shown.dim,
        unit=unit,
        split=bool(shown.sums["role"].isin(ROLES[:2]).any()),
        pictures=bool(len(pictures)),
        residues=residues is not None,
        arrows=arrows is not None,
        curves=tuple((name, long["measure"].nunique() > 1) for name, long in lines.items()),
    )
    last = len(shown.epochs) - 1
    values: dict[str, Any] = {
        EPOCHS: shown.epochs,
        REACH: shown.reach,
        SUM_REACH: shown.sum_reach,
        LENGTH: int(series["epoch"].max()) if length is None else length,
    }
    template = _template(layout)
    params: list[dict[str, Any]] = [
        slider(FRAME, last if start is None else start, last),
        *({"name": name, "value": value} for name, value in values.items()),
        *template.get("params", []),
    ]
    return Drawn({**template, "params": params}, datasets)


@lru_cache(maxsize=64)
def _template(layout: Layout) -> Form:
    config = {"view": {"strokeOpacity": 0.35}}
    return composed("vconcat", [*panels(layout), *curves(layout)], spacing=26, config=config)


def _lines(series: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Title → columns epoch, measure, value, of each panel of the curves that has something."""
    found = {}
    for title, (measures, scale) in CURVES.items() if len(series) > 1 else ():
        long = series.melt("epoch", [name for name in measures if name in series], "measure")
        long = long.dropna()
        if scale == "log":
            long = long[long["value"] > 0]
        if not long.empty:
            named = long["measure"].map(lambda name: _NAMES.get(name, name))
            found[title] = long.assign(measure=named)
    return found
