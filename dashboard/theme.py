"""Colours and the look of charts: what stands the light and the dark theme, and colour blindness.

Charts on a page take text and background from the page's theme; charts on paper (`on_paper`) are
drawn on white.
"""

import functools
import math
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

# Those of Okabe & Ito's colours that keep a contrast of 3:1 on white and on the dark background.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
CATEGORIES = (BLUE, VERMILLION, GREEN, PURPLE)
OURS, PAPER = BLUE, VERMILLION
STRUCTURE_COLOURS = {"circle": BLUE, "perfect grid": GREEN, "imperfect grid": VERMILLION}
# Readable on both backgrounds: rules, frames, text of second rank.
QUIET = "#8a8f98"

# For charts of thousands of marks, which a browser draws many times faster so than as SVG.
AS_CANVAS = {"embedOptions": {"renderer": "canvas"}}

LIGHTNESSES = (0.50, 0.66, 0.82)
CHROMA = 0.13

# Björn Ottosson's OKLab: LMS cube roots from lightness, a, b; then linear sRGB from LMS.
_TO_LMS = np.array(
    [
        [1, 0.3963377774, 0.2158037573],
        [1, -0.1055613458, -0.0638541728],
        [1, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@functools.lru_cache(maxsize=64)
def residue_colours(modulus: int) -> tuple[str, ...]:
    """One `#rrggbb` a residue: the hue goes round once, as residues do, and the lightness varies,
    so that neighbours differ to the colour-blind too."""
    residues = np.arange(modulus)
    hue = 2 * math.pi * residues / modulus + 0.4
    # The last residue is the first one's neighbour: it must not share its lightness.
    step = residues % len(LIGHTNESSES)
    if modulus > 1 and step[-1] == 0:
        step[-1] = 1
    lightness = np.array(LIGHTNESSES)[step]
    lab = np.stack([lightness, CHROMA * np.cos(hue), CHROMA * np.sin(hue)], axis=1)
    return tuple("#" + "".join(f"{channel:02x}" for channel in rgb) for rgb in _srgb(lab))


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.int64]:
    linear = np.clip((lab @ _TO_LMS.T) ** 3 @ _TO_RGB.T, 0, 1)
    encoded = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return np.rint(255 * encoded).astype(np.int64)


def on_paper(chart: Any) -> Any:
    """The chart as it is saved to a file: on white, in a font that any machine has."""
    return chart.configure(
        background="white",
        font="Helvetica, Arial, sans-serif",
        axis=alt.AxisConfig(
            domainColor="#555",
            gridColor="#e6e6e6",
            labelColor="#222",
            tickColor="#555",
            titleColor="#222",
        ),
        title=alt.TitleConfig(color="#222"),
        view=alt.ViewConfig(stroke=None),
        legend=alt.LegendConfig(labelColor="#222", titleColor="#222"),
    )
