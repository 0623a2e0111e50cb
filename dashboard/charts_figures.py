"""Several runs' last arrangements in one chart, as the paper's figures have them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from dashboard.charts_panels import FRAME, Layout, beside, sums_panel, tokens_panel
from dashboard.drawn import APART, Drawn, Form, composed, slider
from dashboard.frames import ROLES, Frames


class Named(NamedTuple):
    """A run at one epoch. frames: as `dashboard.frames.frames` makes them of it. regions: its
    classifier's, as a data URI, or empty."""

    name: str
    frames: Frames
    regions: str = ""


def arrangements_chart(shown: Sequence[Named], side: int = 300) -> Drawn:
    """The tokens of each run, side by side, as in Figures 1, 2 and 5."""
    panels = [tokens_panel(_layout(run, at), (0, 1), side) for at, run in enumerate(shown)]
    return _drawn(panels, shown, {"columns": len(panels), "spacing": 30})


def classifiers_chart(shown: Sequence[Named], columns: int, side: int) -> Drawn:
    """Of each run the tokens, and the pair sums over the classifier's regions, as in Figures 3 and
    4 and Appendix E."""
    pairs = []
    for at, run in enumerate(shown):
        layout = _layout(run, at)
        both = (tokens_panel(layout, (0, 1), side), sums_panel(layout, (0, 1), side))
        pairs.append(beside(both, 18))
    return _drawn(pairs, shown, {"columns": columns, "spacing": 26})


def _layout(run: Named, at: int) -> Layout:
    frames = run.frames
    return Layout(
        several=False,
        modulus=frames.modulus,
        dim=frames.dim,
        reach=frames.reach,
        sum_reach=frames.sum_reach,
        unit="",
        split=bool(frames.sums["role"].isin(ROLES[:2]).any()),
        pictures=bool(run.regions),
        arrows=False,
        curves=(),
        prefix=f"{at}-",
        name=run.name,
    )


def _drawn(panels: Sequence[Form], shown: Sequence[Named], layout: dict[str, Any]) -> Drawn:
    """The panels as one chart."""
    datasets = {}
    for at, run in enumerate(shown):
        datasets[f"{at}-tokens"] = run.frames.tokens
        datasets[f"{at}-sums"] = run.frames.sums
        if run.regions:
            datasets[f"{at}-pictures"] = pd.DataFrame({"frame": [0], "url": [run.regions]})
    made = composed("concat", panels, params=[slider(FRAME, 0, 0)], resolve=APART, **layout)
    return Drawn(made, datasets).configure(view={"strokeOpacity": 0.35})
