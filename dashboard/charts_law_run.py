"""One network on trial, over its epochs: its forces as arrows, and its twin beside it."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts_panels import FRAME, Layout, arrows, beside, sums_panel, tokens_panel
from dashboard.drawn import APART, Drawn, Form, composed, plain, slider
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
    layout = _layout(shown.frames, "epoch")
    panels = []
    for data, colours in (("whole", _WHOLE_COLOURS), ("terms", _TERM_COLOURS)):
        over = arrows(layout.sum_reach, colours, "pair", data)
        panels.append(sums_panel(layout, (0, 1), _SIDE, over, legend=False))
    about = "forces on the training pairs' sums; click one"
    panels[0]["title"] = _title(shown.frames.epochs, "epoch", shown.scores, "R²", about)
    panels[1]["title"] = _styled("The law's terms", "click one to see it alone")
    datasets = {
        "sums": shown.frames.sums,
        "whole": shown.arrows[whole],
        "terms": shown.arrows[~whole],
    }
    return _drawn(beside(panels, 30), shown.frames.epochs, start, datasets)


def twin_chart(shown: TwinShown, start: int) -> Drawn:
    """Left the network's tokens and pair sums, right its twin's at the matching step."""
    tokens, sums = [], []
    of_twin = "its twin, at the step that is matched with the epoch"
    for frames, prefix, unit, numbers, about in (
        (shown.network, "network-", "epoch", list[float](), "the network"),
        (shown.twin, "twin-", "step", shown.apart, of_twin),
    ):
        layout = _layout(frames, unit, prefix)
        panel = tokens_panel(layout, (0, 1), _TWIN_SIDE)
        title = _title(frames.epochs, unit, numbers, "distance to the network", about)
        tokens.append({**panel, "title": title})
        sums.append(sums_panel(layout, (0, 1), _TWIN_SIDE, legend=False))
    rows = [beside(some, 34) for some in (tokens, sums)]
    chart = composed("vconcat", rows, spacing=20, resolve=APART)
    datasets: dict[str, pd.DataFrame] = {}
    for prefix, some in (("network-", shown.network), ("twin-", shown.twin)):
        datasets |= {prefix + "tokens": some.tokens, prefix + "sums": some.sums}
    return _drawn(chart, shown.network.epochs, start, datasets)


def _layout(shown: Frames, unit: str, prefix: str = "") -> Layout:
    return Layout(
        several=len(shown.epochs) > 1, modulus=shown.modulus, dim=shown.dim, reach=shown.reach,
        sum_reach=shown.sum_reach, unit=unit, split=True, pictures=False, arrows=False, curves=(),
        prefix=prefix,
    )  # fmt: skip


def _drawn(
    chart: Form, epochs: Sequence[int], start: int, datasets: dict[str, pd.DataFrame]
) -> Drawn:
    params = [slider(FRAME, start, len(epochs) - 1), *chart.get("params", [])]
    made = Drawn({**chart, "params": params}, datasets)
    return made.configure(view={"strokeOpacity": 0.35})


def _title(
    epochs: Sequence[int], unit: str, numbers: Sequence[float], called: str, about: str
) -> Form:
    """The moment and, if there are any, its number in large; what the panel shows below."""
    now = f"'{unit} ' + format({list(epochs)}[{FRAME}], ',')"
    if len(numbers):
        listed = [f"{number:.2f}" if number == number else "–" for number in numbers]
        now += f" + ': {called} ' + {listed}[{FRAME}]"
    return _styled(alt.expr(now), about)


def _styled(title: Any, subtitle: Any) -> Form:
    styled = alt.TitleParams(
        title, subtitle=subtitle, anchor="start", fontSize=15, fontWeight=600,
        subtitleColor=QUIET, subtitlePadding=2,
    )  # fmt: skip
    return dict(plain(styled))
