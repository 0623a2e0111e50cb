"""One network on trial, over its epochs: its forces as arrows, and its twin beside it."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts_panels import FRAME, Layout, arrows, sums_panel, tokens_panel
from dashboard.charts_run import Drawn
from dashboard.frames import Frames
from dashboard.law_shown import TERMS, WHOLE, ForcesShown, TwinShown
from dashboard.theme import BLUE, GREEN, PURPLE, QUIET, VERMILLION

_SIDE = 380
_TWIN_SIDE = 350
_WHOLE_COLOURS = dict(zip(WHOLE, (QUIET, VERMILLION), strict=True))
_TERM_COLOURS = dict(zip(TERMS, (VERMILLION, BLUE, GREEN, PURPLE), strict=True))


def forces_chart(shown: ForcesShown, start: int) -> Drawn:
    """The true forces beside the law's, then the law's terms, on the pair sums; a slider moves
    through the epochs. start: the frame shown first."""
    whole = shown.arrows["term"].isin(list(WHOLE))
    layout = _layout(shown.frames, "epoch", start)
    panels = []
    for data, colours in (("whole", _WHOLE_COLOURS), ("terms", _TERM_COLOURS)):
        over = arrows(layout.sum_reach, colours, "pair", data)
        panels.append(sums_panel(layout, (0, 1), _SIDE, over, legend=False))
    panels[0] = panels[0].properties(
        title=_title(layout, shown.scores, "R²", "forces on the training pairs' sums; click one")
    )
    panels[1] = panels[1].properties(title=_plain("The law's terms", "click one to see it alone"))
    chart = alt.hconcat(*panels, spacing=30).resolve_scale(color="independent")
    datasets = {
        "sums": shown.frames.sums,
        "whole": shown.arrows[whole],
        "terms": shown.arrows[~whole],
    }
    return _drawn(chart, layout, datasets)


def twin_chart(shown: TwinShown, start: int) -> Drawn:
    """Left the network's tokens and pair sums, right its twin's at the matching step."""
    network = _layout(shown.network, "epoch", start, "network-")
    twin = _layout(shown.twin, "step", start, "twin-")
    tokens, sums = [], []
    for layout, numbers, about in (
        (network, list[float](), "the network"),
        (twin, shown.apart, "its twin, at the step that is matched with the epoch"),
    ):
        panel = tokens_panel(layout, (0, 1), _TWIN_SIDE)
        title = _title(layout, numbers, "distance to the network", about)
        tokens.append(panel.properties(title=title))
        sums.append(sums_panel(layout, (0, 1), _TWIN_SIDE, legend=False))
    pairs = [alt.hconcat(*some, spacing=34) for some in (tokens, sums)]
    rows = [some.resolve_scale(color="independent") for some in pairs]
    chart = alt.vconcat(*rows, spacing=20).resolve_scale(color="independent")
    datasets: dict[str, pd.DataFrame] = {}
    for prefix, some in (("network-", shown.network), ("twin-", shown.twin)):
        datasets |= {prefix + "tokens": some.tokens, prefix + "sums": some.sums}
    return _drawn(chart, network, datasets)


def _layout(shown: Frames, unit: str, start: int, prefix: str = "") -> Layout:
    return Layout(
        epochs=tuple(shown.epochs), modulus=shown.modulus, dim=shown.dim, reach=shown.reach,
        sum_reach=shown.sum_reach, unit=unit, split=True, pictures=False, arrows=False, curves=(),
        start=start, length=shown.epochs[-1], prefix=prefix,
    )  # fmt: skip


def _drawn(chart: Any, layout: Layout, datasets: dict[str, pd.DataFrame]) -> Drawn:
    last = len(layout.epochs) - 1
    slider = alt.binding_range(min=0, max=last, step=1, name="snapshot") if last else alt.Undefined
    moving = chart.add_params(alt.param(name=FRAME, value=layout.start, bind=slider))
    return Drawn(dict(moving.configure_view(strokeOpacity=0.35).to_dict()), datasets)


def _title(layout: Layout, numbers: Sequence[float], called: str, about: str) -> alt.TitleParams:
    """The moment and, if there are any, its number in large; what the panel shows below."""
    now = f"'{layout.unit} ' + format({list(layout.epochs)}[{FRAME}], ',')"
    if len(numbers):
        listed = [f"{number:.2f}" if number == number else "–" for number in numbers]
        now += f" + ': {called} ' + {listed}[{FRAME}]"
    return _styled(alt.expr(now), about)


def _plain(title: str, subtitle: str) -> alt.TitleParams:
    return _styled(title, subtitle)


def _styled(title: Any, subtitle: Any) -> alt.TitleParams:
    return alt.TitleParams(
        title, subtitle=subtitle, anchor="start", fontSize=15, fontWeight=600,
        subtitleColor=QUIET, subtitlePadding=2,
    )  # fmt: skip
