import re

import numpy as np
import pandas as pd
import pytest
import vl_convert

from dashboard.charts_gallery import FRAME, TILE, WIDTH, gallery_chart
from dashboard.gallery import MOST_FRAMES, UNITS, frames_of, gallery
from dashboard.theme import on_paper, residue_colours
from db.arrangements import Arrangements

COLOURS = {3: residue_colours(3), 17: residue_colours(17)}


def run(epochs, *, tokens=3, dim=2, scale=1.0, seed=0):
    embeddings = np.random.default_rng(seed).normal(size=(len(epochs), tokens, dim)) * scale
    return Arrangements(np.array(epochs), embeddings.astype(np.float32))


def tiles(*ids):
    return pd.DataFrame({"run_id": ids, "structure": "circle", "label": "0"})


def places(shown, run_id, frame):
    """(token, 2) where a run's tokens are at a frame, read from their digits; y upwards."""
    paths = shown.tokens[shown.tokens["run_id"] == run_id]["path"]
    digits = [
        (path[6 * frame : 6 * frame + 3], path[6 * frame + 3 : 6 * frame + 6]) for path in paths
    ]
    x, y = np.array(digits, dtype=float).T / UNITS
    return np.stack([x - 0.5, 0.5 - y], axis=1)


def test_the_digits_are_the_arrangement_with_equal_scales():
    stored = {7: run([0, 10, 20])}
    shown = gallery(tiles(7), stored, [0, 10, 20], 4, COLOURS)
    for frame in range(3):
        drawn, given = places(shown, 7, frame), stored[7].embeddings[frame]
        factor = (drawn * given).sum() / np.square(given).sum()
        np.testing.assert_allclose(drawn, factor * given, atol=1 / UNITS)
        # One factor for both axes and all epochs: nothing jumps while scrubbing.
        assert factor == pytest.approx(0.38 / np.abs(stored[7].embeddings).max(), rel=0.01)


def test_a_run_shows_its_last_snapshot_before_a_frame_that_it_lacks():
    stored = {1: run([0, 10]), 2: run([0, 5, 10, 20], seed=1)}
    shown = gallery(tiles(1, 2), stored, [0, 5, 10, 20], 4, COLOURS)
    assert np.array_equal(places(shown, 1, 1), places(shown, 1, 0))
    assert np.array_equal(places(shown, 1, 3), places(shown, 1, 2))
    assert not np.array_equal(places(shown, 2, 3), places(shown, 2, 2))


def test_alike_tiles_share_one_scale():
    small, large = run([0], scale=1), run([0], scale=3)
    stored = {1: small, 2: large}
    own = gallery(tiles(1, 2), stored, [0], 4, COLOURS)
    alike = gallery(tiles(1, 2), stored, [0], 4, COLOURS, alike=True)
    assert np.abs(places(own, 1, 0)).max() == pytest.approx(np.abs(places(own, 2, 0)).max())
    ratio = np.abs(places(alike, 2, 0)).max() / np.abs(places(alike, 1, 0)).max()
    assert ratio == pytest.approx(
        np.abs(large.embeddings).max() / np.abs(small.embeddings).max(), 0.1
    )


def test_tiles_fill_row_by_row_in_the_order_given():
    stored = {number: run([0]) for number in range(1, 6)}
    shown = gallery(tiles(5, 3, 1, 2, 4), stored, [0], 2, COLOURS)
    assert shown.tiles[["column", "row"]].to_numpy().tolist() == [
        [0, 0], [1, 0], [0, 1], [1, 1], [0, 2],
    ]  # fmt: skip
    assert shown.rows == 3


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_any_dimension_is_drawn(dim):
    shown = gallery(tiles(1), {1: run([0], dim=dim)}, [0], 2, COLOURS)
    assert shown.tokens["path"].str.len().eq(6).all()


@pytest.mark.parametrize("scale", [0.0, 1e30])
def test_runs_that_collapse_or_explode_stay_in_their_tile(scale):
    shown = gallery(tiles(1), {1: run([0, 1], scale=scale)}, [0, 1], 2, COLOURS)
    assert shown.tokens["path"].str.fullmatch(r"\d{12}").all()


def test_a_run_without_arrangements_has_an_empty_tile():
    shown = gallery(tiles(1, 2), {1: run([0])}, [0], 2, COLOURS)
    assert len(shown.tiles) == 2
    assert set(shown.tokens["run_id"]) == {1}


def test_frames_keep_the_first_and_the_last_epoch():
    chosen = frames_of(range(0, 2001))
    assert (chosen[0], chosen[-1], len(chosen)) == (0, 2000, MOST_FRAMES)
    assert frames_of([0, 7]) == [0, 7]
    assert frames_of([]) == []


def test_the_chart_draws_square_tiles_and_binds_the_slider():
    stored = {number: run([0, 5, 9], tokens=17, seed=number) for number in range(30)}
    shown = gallery(tiles(*range(30)), stored, [0, 5, 9], 8, COLOURS)
    spec = gallery_chart(shown, ["run_id"]).to_dict()
    assert spec["width"] / shown.columns == spec["height"] / shown.rows
    assert spec["autosize"]["type"] == "pad"
    params = {param["name"]: param for param in spec["params"]}
    assert params[FRAME]["bind"]["max"] == 2
    assert TILE in params


@pytest.mark.parametrize("frames", [[0], [0, 5, 9]])
def test_the_chart_can_be_saved(frames):
    stored = {1: run(frames)}
    chart = gallery_chart(gallery(tiles(1), stored, frames, 8, COLOURS), ["run_id"])
    drawn = vl_convert.vegalite_to_svg(on_paper(chart).to_json())
    assert all(colour in drawn for colour in COLOURS[3])
    assert f"epoch {frames[-1]}" in drawn


@pytest.mark.parametrize("frame", [0, 2])
def test_the_marks_lie_where_the_tokens_are(frame):
    stored = {number: run([0, 5, 9], seed=number) for number in (1, 2, 3)}
    shown = gallery(tiles(1, 2, 3), stored, [0, 5, 9], 2, COLOURS)
    drawn = vl_convert.vegalite_to_svg(gallery_chart(shown, ["run_id"], start=frame).to_json())
    circles = re.findall(r'translate\(([-\d.]+),([-\d.]+)\)" d="M[^"]*A[^"]*"', drawn)
    digits = shown.tokens["path"].str.slice(6 * frame, 6 * frame + 6)
    side = WIDTH / shown.columns
    across = (shown.tokens["column"] + digits.str.slice(0, 3).astype(int) / UNITS) * side
    down = (shown.tokens["row"] + digits.str.slice(3, 6).astype(int) / UNITS) * side
    np.testing.assert_allclose(np.array(circles, float), np.stack([across, down], 1), atol=0.01)
