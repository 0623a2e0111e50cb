"""One run as a chart: its panels, laid out once for many runs, with its data."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
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
    widths = {REACH: shown.reach, SUM_REACH: shown.sum_reach}
    datasets = {"tokens": shown.tokens.assign(**widths), "sums": shown.sums, **lines}
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
        LENGTH: int(series["epoch"].max()) if length is None else length,
    }
    template = _template(layout)
    params: list[dict[str, Any]] = [
        slider(FRAME, last if start is None else start, last),
        *({"name": name, "value": value} for name, value in values.items()),
        # In the data, since a chart whose parameters differ is another one to a browser, which then
        # lays it out anew.
        *({"name": name, "expr": f"(data('tokens')[0] || {{}}).{name} || 1"} for name in widths),
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
        names = [name for name in measures if name in series]
        value = series[names].to_numpy(np.float64).T.ravel()
        kept = value > 0 if scale == "log" else ~np.isnan(value)
        if kept.any():
            epoch = np.tile(series["epoch"].to_numpy(), len(names))
            measure = np.repeat([_NAMES.get(name, name) for name in names], len(series))
            long = {"epoch": epoch[kept], "measure": measure[kept], "value": value[kept]}
            found[title] = pd.DataFrame(long)
    return found
