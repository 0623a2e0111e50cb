"""The panels of one run as charts without their data: Figures 3 and 4 of the paper, and curves.

All panels follow one parameter, the frame; with several frames a slider moves it in the browser.
What differs from run to run (epochs, widths, lengths) is a parameter too, so that the panels of one
layout are made once, which takes longer than to fill them, here and in the browser.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt

from dashboard.drawn import APART, Form, composed, data
from dashboard.frames import DIGITS, UNITS
from dashboard.theme import BLUE, GREEN, QUIET, VERMILLION, residue_colours

# The parameters of the chart: see `dashboard.charts_run.run_chart`.
FRAME, EPOCHS, REACH, SUM_REACH, LENGTH = "frame", "epochs", "reach", "sum_reach", "last"
SIDE = 390
SMALL = 262
TERMS = {"repulsion": VERMILLION, "attraction": BLUE, "alignment": GREEN}
_MOST_RESIDUES = 24  # in a legend
_TITLE = 4  # between a panel and its title
LEGEND = 24  # more of it, where the panel beside has a legend between the two

# Title → (measures, scale); a panel of the curves each.
CURVES: dict[str, tuple[tuple[str, ...], Any]] = {
    "loss": (("train_loss", "validation_loss"), "log"),
    "accuracy": (("train_accuracy", "validation_accuracy"), "linear"),
    "grid imperfections": (("grid_imperfections",), "linear"),
    "radius ratio": (("radius_ratio",), "log"),
    "mean |W_h|": (("mean_abs_hidden_weight",), "linear"),
    "mean |b_h|": (("mean_abs_hidden_bias",), "linear"),
}


class Layout(NamedTuple):
    """What charts of runs have in common, so that it is made once.

    several: whether there is more than one frame; if not: no slider, and a title that names no
    epoch. split: whether pairs are for training or validation. curves: (title, whether it has two
    lines) of each panel. reach, sum_reach: half the panels' widths, or the parameters that hold
    them. prefix: of the names of its data, where several runs share a chart. name: over the
    tokens, if there is no slider. residues: whether the regions are numbered.
    """

    several: bool
    modulus: int
    dim: int
    unit: str
    split: bool
    pictures: bool
    arrows: bool
    curves: tuple[tuple[str, bool], ...]
    prefix: str = ""
    name: str = "Tokens"
    reach: float | str = REACH
    sum_reach: float | str = SUM_REACH
    residues: bool = False

    @property
    def token_digits(self) -> int:
        """Digits of a token's number."""
        return len(str(self.modulus - 1))


def panels(shown: Layout) -> list[Form]:
    """The panels of arrangement and pair sums: side by side, or a pair of dimensions each."""
    planes = [(a, b) for a in range(shown.dim) for b in range(a + 1, shown.dim)][:6] or [(0, 1)]
    side = SIDE if len(planes) == 1 else SMALL
    tokens = [tokens_panel(shown, axes, side) for axes in planes]
    sums = [sums_panel(shown, axes, side) for axes in planes]
    if len(planes) == 1:
        return [beside([*tokens, *sums], 34)]
    made = []
    for start in range(0, len(planes), 3):
        made += [beside(tokens[start : start + 3], 34), beside(sums[start : start + 3], 34)]
    return made


def beside(panels: Sequence[Form], spacing: int) -> Form:
    """The panels in a row."""
    return composed("hconcat", panels, spacing=spacing, resolve=APART)


def tokens_panel(shown: Layout, axes: tuple[int, int], side: int) -> Form:
    """The tokens, labelled, and the forces on them as arrows."""
    base = _placed(data(shown.prefix + "tokens"), axes, shown.reach).encode(
        tooltip=[alt.Tooltip("token:Q"), *_coordinates()]
    )
    small = shown.modulus > 40 or side < SIDE
    dots = base.mark_circle(size=90 if small else 210, opacity=1).encode(
        color=alt.Color("colour:N", scale=None, legend=None)
    )
    # Dark on every residue's colour, in both themes.
    labels = base.mark_text(fontSize=8 if small else 10.5, fontWeight=600, color="#101214").encode(
        text=alt.Text("token:N")
    )
    layers: list[Any] = [_origin(), dots, labels]
    if shown.arrows:
        above = alt.Legend(
            title=None, orient="none", legendX=SIDE - 250, legendY=-LEGEND - 4,
            direction="horizontal", symbolType="stroke",
        )  # fmt: skip
        layers[2:2] = arrows(REACH, TERMS, "token", legend=above)
    now = alt.expr(f"'{shown.unit} ' + format({EPOCHS}[{FRAME}], ',')")
    title = alt.TitleParams(
        now if shown.several else shown.name,
        subtitle=_explained("tokens; the cross is the origin", side), anchor="start", fontSize=15,
        fontWeight=600, subtitleColor=QUIET, subtitlePadding=2, offset=_TITLE,
    )  # fmt: skip
    # Of their own: the tokens' colours, which have no legend, would take the arrows' from them.
    return composed("layer", layers, resolve=APART, width=side, height=side, title=title)


def _explained(text: str, side: float) -> Any:
    """What stands under a title; nothing where it would run into the next panel."""
    return text if side >= SMALL else alt.Undefined


def sums_panel(
    shown: Layout, axes: tuple[int, int], side: int, over: Sequence[alt.Chart] = (),
    legend: bool = True,
) -> Form:  # fmt: skip
    """The pair sums by residue over the classifier's regions; imperfect pairs have a ring.

    over: layers on top of them, with a legend of their own colours.
    """
    digits, both = shown.token_digits, f"{2 * shown.token_digits} * {FRAME}"
    first = f"substring(datum.nearest, {both}, {both} + {digits})"
    second = f"substring(datum.nearest, {both} + {digits}, {both} + {2 * digits})"
    base = _placed(data(shown.prefix + "sums"), axes, shown.sum_reach).transform_calculate(
        i=f"toNumber({first})",
        j=f"toNumber({second})",
        nearest_pair="datum.i + ' + ' + datum.j",
        nearest_residue=f"(datum.i + datum.j) % {shown.modulus}",
        imperfect="datum.nearest_residue != datum.residue",
    )
    tooltip = [
        alt.Tooltip("pair:N"),
        alt.Tooltip("residue:Q"),
        alt.Tooltip("role:N", title="used for"),
        alt.Tooltip("nearest_pair:N", title="nearest pair"),
        alt.Tooltip("nearest_residue:Q", title="its residue"),
        alt.Tooltip("imperfect:N"),
        *_coordinates(),
    ]
    small = side < SIDE or shown.modulus > 25
    residues = alt.Legend(
        title="residue", symbolType="circle", symbolSize=70, rowPadding=0,
        symbolFillColor="transparent", symbolStrokeWidth=4,
    )  # fmt: skip
    told = legend and shown.modulus <= _MOST_RESIDUES and side == SIDE
    domain = list(range(shown.modulus))
    stroke = alt.Color(
        "residue:O",
        scale=alt.Scale(domain=domain, range=list(residue_colours(shown.modulus))),
        legend=residues if told else None,
    )
    dots: alt.Chart = base.mark_point(
        size=22 if small else 62, strokeWidth=1.8, opacity=1, shape="circle"
    ).encode(color=stroke, fill=alt.Fill("fill:N", scale=None, legend=None), tooltip=tooltip)
    if told:  # a click in the legend leaves a residue alone
        chosen = alt.selection_point(
            name="residues", fields=["residue"], bind="legend", toggle="true"
        )
        alone = alt.when(chosen).then(alt.value(1)).otherwise(alt.value(0.07))
        dots = dots.encode(opacity=alone).add_params(chosen)
    rings = base.transform_filter("datum.imperfect").mark_point(
        size=70 if small else 190, strokeWidth=1.4, opacity=1, color=QUIET, shape="circle"
    )
    layers: list[Any] = [_origin(), rings, dots]
    if shown.pictures:
        layers.insert(0, _regions(shown.prefix, side))
    if shown.residues:
        layers.insert(1, _residues(shown.prefix, axes, shown.sum_reach))
    about = "ring: imperfect" + ("; filled: training, hollow: validation" if shown.split else "")
    title = alt.TitleParams(
        "Pair sums", subtitle=_explained(about, side), anchor="start", fontSize=15, fontWeight=600,
        subtitleColor=QUIET, subtitlePadding=2, offset=_TITLE + (LEGEND + 4) * shown.arrows,
    )  # fmt: skip
    if over:
        layers.append(composed("layer", over))
    resolve = {"resolve": APART} if over else {}
    return composed("layer", layers, width=side, height=side, title=title, **resolve)


def place(text: str, reach: float | str) -> str:
    """The coordinate that a text of digits has at the frame, as an expression; reach: half
    the panel's width, or the name of the parameter that holds it."""
    start = f"{DIGITS} * {FRAME}"
    digits = f"substring({text}, {start}, {start} + {DIGITS})"
    return f"(toNumber({digits}) / {UNITS / 2:g} - 1) * {reach}"


def _placed(chart: alt.Chart, axes: tuple[int, int], reach: float | str) -> alt.Chart:
    """The chart with its marks at the frame's coordinates, on axes of equal and constant scale."""
    x, y = (f"x{axis}" for axis in axes)
    scale = alt.Scale(domain=[alt.expr(f"-{reach}"), alt.expr(f"{reach}")], nice=False, zero=False)
    axis = alt.Axis(grid=False, tickCount=5, format=".6~g")
    return chart.transform_calculate(
        px=place(f"datum.{x}", reach), py=place(f"datum.{y}", reach)
    ).encode(
        x=alt.X("px:Q", scale=scale, axis=axis, title=f"dimension {axes[0] + 1}"),
        y=alt.Y("py:Q", scale=scale, axis=axis, title=f"dimension {axes[1] + 1}"),
    )


def _coordinates() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("px:Q", title="x", format=".3f"),
        alt.Tooltip("py:Q", title="y", format=".3f"),
    ]


def _origin() -> alt.Chart:
    cross = alt.Chart(alt.InlineData(values=[{"px": 0, "py": 0}]))
    return cross.mark_point(shape="cross", size=60, filled=True, color=QUIET, opacity=0.7).encode(
        x=alt.X("px:Q"), y=alt.Y("py:Q")
    )


def _regions(prefix: str, side: int) -> alt.Chart:
    return (
        data(prefix + "pictures")
        .transform_filter(f"datum.frame == {FRAME}")
        .mark_image(x=side / 2, y=side / 2, width=side, height=side, opacity=0.42, aspect=False)
        .encode(url=alt.Url("url:N"))
    )


def _residues(prefix: str, axes: tuple[int, int], reach: float | str) -> Form:
    """The number of the residue that a region answers, where the region is broadest."""
    base = _placed(data(prefix + "residues"), axes, reach)
    seen = base.transform_filter(f"substring(datum.seen, {FRAME}, {FRAME} + 1) == '1'")
    words = seen.encode(text=alt.Text("residue:N"))
    # A light rim: readable on the regions' colours in both themes.
    rim = words.mark_text(fontSize=14, fontWeight=700, stroke="white", strokeWidth=3, opacity=0.6)
    ink = words.mark_text(fontSize=14, fontWeight=700, color="#101214", opacity=0.8)
    return composed("layer", [rim, ink])


def arrows(
    reach: float | str,
    terms: Mapping[str, str],
    mark: str,
    rows: str = "arrows",
    legend: alt.Legend | None = None,
) -> list[alt.Chart]:
    """Forces as `dashboard.forces_shown.force_arrows` lays them out, by term in the terms' colours;
    a click in the legend leaves a term alone. mark: the column that says what a force acts on.
    reach: half the panel's width, or the parameter that holds it. rows: its data's name.
    legend: inside the panel if None.
    """
    scale = alt.Scale(domain=list(terms), range=list(terms.values()))
    inside = alt.Legend(title=None, orient="top-left", symbolType="stroke", offset=0)
    colour = alt.Color("term:N", scale=scale, legend=legend or inside)
    chosen = alt.selection_point(name=f"of_{rows}", fields=["term"], bind="legend", toggle="true")
    # Terms that are not chosen in the legend vanish; all of them show until one is.
    shown = alt.when(chosen).then(alt.value(1)).otherwise(alt.value(0))
    base = _placed(data(rows), (0, 1), reach).transform_calculate(
        qx=place("datum.to_x0", reach), qy=place("datum.to_x1", reach)
    )
    shafts = base.mark_rule(strokeWidth=1.8).encode(
        x2=alt.X2("qx:Q"), y2=alt.Y2("qy:Q"), color=colour, opacity=shown,
        tooltip=[f"{mark}:N", "term:N"],
    ).add_params(chosen)  # fmt: skip
    heads = (
        base.transform_calculate(
            length="sqrt(pow(datum.qx - datum.px, 2) + pow(datum.qy - datum.py, 2))",
            turn="90 - atan2(datum.qy - datum.py, datum.qx - datum.px) * 180 / PI",
        )
        .transform_filter(f"datum.length > {reach} / 60")
        .mark_point(shape="triangle", filled=True, size=45)
        .encode(
            x=alt.X("qx:Q"),
            y=alt.Y("qy:Q"),
            angle=alt.Angle("turn:Q", scale=None),
            color=alt.Color("term:N", scale=scale, legend=None),
            opacity=shown,
        )
    )
    return [shafts, heads]
