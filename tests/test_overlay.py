"""Two runs laid over each other, as rows, words and charts."""

import numpy as np
import pandas as pd
import pytest
import vl_convert

from dashboard.charts_compare import overlay_chart, residual_chart
from dashboard.compare import in_words, overlaid
from dashboard.theme import on_paper
from modadd.procrustes import overlay, relabellings


def points(dim, seed=0):
    return np.random.default_rng(seed).normal(size=(2, 17, dim))


@pytest.mark.parametrize(("dim", "panels"), [(1, 1), (2, 1), (3, 3), (5, 3)])
def test_the_overlay_has_a_panel_a_pair_of_axes_with_equal_scales(dim, panels):
    one, other = points(dim)
    laid = overlay(one, other)
    rows = overlaid(one, laid)
    assert rows["axes"].nunique() == panels
    assert rows.head(17)["x"].tolist() == one[:, 0].tolist()
    assert rows.head(17)["other_x"].tolist() == laid.points[:, 0].tolist()
    assert rows.head(17)["other"].tolist() == laid.tokens.tolist()
    spec = overlay_chart(rows).to_dict()
    assert spec["autosize"]["type"] == "pad"
    for panel in spec.get("hconcat", [spec]):
        assert panel["width"] == panel["height"]
        x, y = (panel["layer"][0]["encoding"][axis]["scale"]["domain"] for axis in "xy")
        assert np.ptp(x) == pytest.approx(np.ptp(y))


@pytest.mark.parametrize(("size", "place"), [(1, 0), (3e-5, 7), (4e5, -1e9)])
def test_the_overlay_holds_all_its_tokens_whatever_their_size_and_place(size, place):
    one, other = size * points(2) + place
    rows = overlaid(one, overlay(one, other))
    encoding = overlay_chart(rows).form["layer"][0]["encoding"]
    drawn = [rows[[axis, f"other_{axis}"]].to_numpy() for axis in "xy"]
    for places, axis in zip(drawn, "xy", strict=True):
        low, high = encoding[axis]["scale"]["domain"]
        assert low < places.min() <= places.max() < high
        assert high - low < 2 * max(np.ptp(places) for places in drawn)


def test_what_was_done_is_said_in_words():
    one = points(2)[0]
    labels = relabellings(17)
    copy = np.empty_like(one)
    copy[labels[2 * 17 + 5]] = one * [1, -1] / 2
    assert in_words(overlay(one, copy), 17) == (
        "turned over, scaled by 2, token *i* matched with token 3 · *i* + 5 mod 17"
    )
    assert in_words(overlay(one, one), 17) == "scaled by 1, each token on its namesake"


def test_the_residuals_are_all_in_the_bars():
    residuals = np.random.default_rng(0).random(300)
    chart = residual_chart(pd.DataFrame({"residual": residuals}), 0.4)
    bars = chart.to_dict()["datasets"]
    counted = [sum(row["runs"] for row in rows) for rows in bars.values() if "runs" in rows[0]]
    assert counted == [300]


def test_the_charts_can_be_saved():
    one, other = points(2)
    charts = [
        overlay_chart(overlaid(one, overlay(one, other))),
        residual_chart(pd.DataFrame({"residual": [0.1, 0.2]}), 0.1),
    ]
    for chart in charts:
        assert vl_convert.vegalite_to_svg(on_paper(chart).to_json()).startswith("<svg")
