import re

import numpy as np
import pandas as pd
import pytest
import vl_convert
from conftest import checked

from dashboard.charts_panels import CURVES, FRAME, REACH, place
from dashboard.charts_run import run_chart
from dashboard.forces_shown import term_forces
from dashboard.frames import DIGITS, UNITS, common_reach, frames
from dashboard.regions import middles, region_pictures, regions
from dashboard.run_picture import region_numbers
from dashboard.theme import on_paper, residue_colours
from modadd.forces import particle_forces
from modadd.network import Classifier, unpack_classifier
from modadd.particles import ParticleConfig
from modadd.structures import neighbours
from modadd.task import pair_sums, pairs, split


def walk(epochs=3, tokens=5, dim=2, seed=0):
    return np.random.default_rng(seed).normal(size=(epochs, tokens, dim)).astype(np.float32)


class Sizes:
    modulus, embedding_dim, hidden_size = 5, 2, 8


def read(texts, frame):
    return np.array([int(text[DIGITS * frame : DIGITS * (frame + 1)]) for text in texts])


def test_the_digits_are_the_arrangement_and_its_pair_sums():
    places = walk()
    shown = frames([0, 5, 9], places, None)
    for frame in range(3):
        for axis in range(2):
            x = (read(shown.tokens[f"x{axis}"], frame) / (UNITS / 2) - 1) * shown.reach
            np.testing.assert_allclose(x, places[frame, :, axis], atol=2 * shown.reach / UNITS)
            x = (read(shown.sums[f"x{axis}"], frame) / (UNITS / 2) - 1) * shown.sum_reach
            sums = pair_sums(places)[frame, :, axis]
            np.testing.assert_allclose(x, sums, atol=2 * shown.sum_reach / UNITS)


def test_training_pairs_are_filled_and_validation_pairs_hollow():
    parts = split(3, 5, 0.8)
    shown = frames([0, 5, 9], walk(), parts).sums
    hollow = np.flatnonzero(shown["fill"] == "transparent")
    assert hollow.tolist() == parts.validation.tolist()
    assert (shown.loc[parts.training, "role"] == "training").all()


@pytest.mark.parametrize("tokens", [5, 17])
def test_the_nearest_pair_is_the_structures(tokens):
    places = walk(tokens=tokens)
    shown = frames([0, 5, 9], places, None)
    listed, width = pairs(tokens), len(str(tokens - 1))
    expected = neighbours(places).nearest
    for pair, text in enumerate(shown.sums["nearest"]):
        for frame in range(3):
            part = text[2 * width * frame : 2 * width * (frame + 1)]
            nearest = expected[frame, pair]
            assert int(part[:width]) == listed.first[nearest]
            assert int(part[width:]) == listed.second[nearest]


def test_a_run_that_explodes_does_not_shrink_its_beginning():
    places = walk(epochs=9)
    places[-1] *= 1e30
    assert common_reach(places) < 100
    assert common_reach(np.zeros((2, 3, 2))) == 1


def test_regions_are_the_greatest_logit_with_y_upwards():
    # Residue 0 wins where y > 0, residue 1 where y < 0.
    up = Classifier(
        np.array([[[0.0, 1.0], [0.0, -1.0]]]), np.zeros((1, 2)), np.eye(2)[None], np.zeros((1, 2))
    )
    (answer,) = regions(up, 1.0, side=8)
    assert (answer[:4] == 0).all()
    assert (answer[4:] == 1).all()


def test_a_picture_is_a_png_a_snapshot():
    flat = np.random.default_rng(0).normal(size=(2, 3 * 2 + 3 + 5 * 3 + 5))
    pictures, _ = region_pictures(flat, (5, 2, 3), 1.0, residue_colours(5))
    assert len(pictures) == 2
    assert all(picture.startswith("data:image/png;base64,iVBOR") for picture in pictures)


def test_a_residue_s_number_stands_where_its_region_is_broadest():
    answers = np.zeros((2, 128, 128), np.uint8)
    answers[:, :, 64:] = 1  # the right half
    answers[:, 40, 20] = 2  # too small for a number
    answers[1] = 0
    found = middles(answers, 4, reach=10.0)
    assert found.shape == (2, 4, 2)
    np.testing.assert_allclose(found[0, 1, 0], 5, atol=0.5)
    assert -6 < found[0, 0, 0] < -4
    assert np.isnan(found[0, 2:]).all()
    assert np.isnan(found[1, 1:]).all()
    np.testing.assert_allclose(found[1, 0], 0, atol=1)


def test_a_number_s_place_is_in_its_own_region():
    flat = np.random.default_rng(0).normal(size=(3, 8 * 2 + 8 + 5 * 8 + 5)).astype(np.float32)
    _, found = region_pictures(flat, (5, 2, 8), 2.0, residue_colours(5))
    answers = regions(unpack_classifier(flat, Sizes), 2.0)
    seen = np.isfinite(found[..., 0])
    assert seen.any()
    for snapshot, residue in zip(*np.nonzero(seen), strict=True):
        x, y = found[snapshot, residue]
        row, column = int((2 - y) / 4 * 128), int((x + 2) / 4 * 128)
        assert answers[snapshot, row, column] == residue


def test_the_numbers_of_regions_move_with_the_slider_and_vanish():
    places = np.array([[[1.0, -2.0]], [[np.nan, np.nan]], [[-4.0, 4.0]]])
    rows = region_numbers(places, 4.0)
    assert rows["seen"].tolist() == ["101"]
    assert read(rows["x0"], 0)[0] == round((1 / 4 + 1) * UNITS / 2)
    assert read(rows["x1"], 2)[0] == UNITS - 1


def test_the_picture_shows_the_residue_of_each_region():
    shown = frames([0, 9], walk(epochs=2), None)
    series = pd.DataFrame({"epoch": [0, 9], "radius_ratio": [3.0, 2.0]})
    places = np.full((2, 5, 2), np.nan)
    places[0, 3], places[1, 4] = (0.5, 0.5), (-0.5, 0.25)
    numbers = region_numbers(places, shown.sum_reach)
    drawn = {}
    for frame in (0, 1):
        chart = run_chart(shown, series, unit="epoch", start=frame, residues=numbers)
        svg = vl_convert.vegalite_to_svg(on_paper(chart).to_json())
        drawn[frame] = set(re.findall(r'font-size="14px" font-weight="700"[^>]*>(\d)<', svg))
    assert drawn == {0: {"3"}, 1: {"4"}}


def test_the_terms_add_up_to_the_force():
    config = ParticleConfig(alignment=2.0, repulsion=0.5, softening=0.1)
    places = walk(epochs=4, tokens=17).astype(np.float64)
    terms = term_forces(places, config)
    whole = particle_forces(places, repulsion=0.5, alignment=2.0, softening=0.1)
    np.testing.assert_allclose(sum(terms.values()), whole, atol=1e-9)


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_the_panels_have_equal_and_constant_scales(dim):
    shown = frames([0, 5, 9], walk(dim=dim), None)
    series = pd.DataFrame({"epoch": [0, 5, 9], "radius_ratio": [3.0, 2.0, np.nan]})
    chart = run_chart(shown, series, start=1, unit="epoch")
    every = [panel for row in chart.spec["vconcat"] for panel in row["hconcat"]]
    panels = [panel for panel in every if str(panel["title"]["text"]) not in CURVES]
    assert len(every) == len(panels) + 1
    assert len(panels) == 2 * max(1, dim * (dim - 1) // 2)
    for panel in panels:
        assert panel["width"] == panel["height"]
        for layer in panel["layer"]:
            scales = {str(layer["encoding"][axis].get("scale")) for axis in "xy"}
            assert len(scales) == 1
    (frame,) = (param for param in chart.spec["params"] if param["name"] == FRAME)
    assert (frame["value"], frame["bind"]["max"]) == (1, 2)
    assert FRAME in place("datum.x0", REACH)
    assert "epoch" in vl_convert.vegalite_to_svg(on_paper(chart).to_json())


def drawn_rules(chart):
    """The x coordinates at which the picture has vertical rules."""
    svg = vl_convert.vegalite_to_svg(on_paper(chart).to_json())
    marks = re.findall(r'class="mark-rule role-mark[^>]*>(.*?)</g>', svg)
    return [float(x) for mark in marks for x in re.findall(r"translate\(([\d.]+),", mark)]


def test_every_curve_marks_the_epoch_of_the_slider():
    series = pd.DataFrame({"epoch": [0, 5, 9], "radius_ratio": [3.0, 2.0, 1.0], "loss": 1.0})
    series = series.assign(train_loss=[3.0, 2.0, 1.0])
    chart = run_chart(frames([0, 5, 9], walk(), None), series, unit="epoch")
    first, last = drawn_rules(chart.having_param(FRAME, value=0)), drawn_rules(chart)
    assert len(first) == len(last) == 2
    assert first == [0, 0]
    assert min(last) > 100


def test_runs_of_one_layout_share_all_but_their_data():
    series = pd.DataFrame({"epoch": [0, 5, 9], "radius_ratio": [3.0, 2.0, 1.0]})
    one = run_chart(frames([0, 5, 9], walk(), None), series, unit="epoch")
    wider = run_chart(frames([0, 5, 9], 5 * walk(4), None), series, unit="epoch")
    assert one.form == wider.form
    assert one.datasets["tokens"][REACH][0] < wider.datasets["tokens"][REACH][0]
    later = run_chart(frames([0, 5, 7, 99], walk(4), None), series, unit="epoch")
    assert one.form["vconcat"] is later.form["vconcat"]
    assert one.form["params"] != later.form["params"]


def test_panels_are_as_wide_as_their_run_needs():
    series = pd.DataFrame({"epoch": [0, 5, 9], "radius_ratio": [3.0, 2.0, 1.0]})
    for places in (walk(), 5 * walk(), 0 * walk()):
        shown = frames([0, 5, 9], places, None)
        svg = vl_convert.vegalite_to_svg(on_paper(run_chart(shown, series, unit="epoch")).to_json())
        axes = re.findall(r"axis[^\"]*for a linear scale with values from (\S+) to ([^ \"]+)", svg)
        assert axes == [(f"−{reach:g}", f"{reach:g}") for reach in shown[3:5] for _ in "xy"]


def test_the_curves_are_the_series_without_what_is_undefined():
    series = pd.DataFrame({"epoch": [0, 5, 9], "train_loss": [3.0, 0.0, np.nan]})
    chart = run_chart(frames([0, 5, 9], walk(), None), series, start=0, unit="epoch")
    assert chart.spec["datasets"]["loss"][["epoch", "value"]].to_numpy().tolist() == [[0, 3.0]]


def test_a_run_in_the_url_is_shown_whatever_the_filter(open_page, small_database):
    shown = open_page("run", small_database, run="1", where="seed:1e9..")
    assert shown.title[0].value.startswith("Run 1:")


def test_a_run_that_is_not_there_is_one_line(open_page, small_database):
    for text in ("99999", "x", "-1", "1e9"):
        shown = open_page("run", small_database, run=text)
        assert "The database has no run" in shown.warning[0].value
        assert shown.title


def test_a_number_that_no_run_has_gives_way_to_that_of_the_run_on_screen(open_page, small_database):
    shown = open_page("run", small_database)
    first = shown.number_input[0].value
    checked(shown.number_input[0].set_value(99999).run())
    assert "The database has no run '99999'" in shown.warning[0].value
    assert shown.number_input[0].value == first
    checked(shown.number_input[0].set_value(first + 1).run())
    assert not shown.warning
    assert shown.title[0].value.startswith(f"Run {first + 1}:")


def test_a_diverged_run_says_so(open_page, small_database):
    shown = open_page("run", small_database, status="diverged")
    assert "This run diverged after epoch" in " ".join(box.value for box in shown.info)


def test_a_run_without_stored_parameters_says_how_to_get_them(open_page, modadd):
    modadd("train", "--epochs", 3, "--parameters", "none")
    shown = open_page("run", run="1")
    assert "--parameters all" in " ".join(box.value for box in shown.info)


def test_next_goes_to_the_filters_next_run(open_page, small_database):
    shown = open_page("run", small_database, where="weight_decay:1", experiment="table-1")
    first = shown.title[0].value
    (button,) = (button for button in shown.button if button.label == "Next")
    button.click()
    shown.run()
    assert not shown.exception
    assert shown.title[0].value != first
