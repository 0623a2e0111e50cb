"""Every figure of the paper is drawn from what is stored: its marks are the database's values."""

import base64
import re
import zlib

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from dashboard.frames import DIGITS, UNITS
from dashboard.gallery import UNITS as TILE
from dashboard.regions import SIDE
from dashboard.report.sections.appendix_f import PLANES
from db.arrangements import classifiers, final_arrangements
from db.connect import reader
from modadd.network import logits, unpack_classifier
from modadd.task import pairs
from modadd.training import TrainingConfig

MEMBERS = (
    "SELECT * FROM {}_runs WHERE run_id IN (SELECT run_id FROM experiment_runs "
    "WHERE experiment = '{}') ORDER BY seed"
)


@pytest.fixture(scope="module")
def engine(report_database):
    opened = reader(str(report_database))
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def sections(report):
    return {section.name: section for section in report.sections}


@pytest.fixture(scope="module")
def figures(report):
    return {figure.name: figure for section in report.sections for figure in section.figures}


def drawn(figure):
    """The data of a figure's chart: name → rows."""
    spec = figure.chart.spec if hasattr(figure.chart, "spec") else figure.chart.to_dict()
    return {name: pd.DataFrame(rows) for name, rows in spec["datasets"].items()}


def picked(caption, label="run"):
    return [int(number) for number in re.findall(rf"{label} (\d+)", caption)]


def shown(name, figures, engine):
    """run_id → its last arrangement, of the runs whose panels a figure has, in their order."""
    runs = picked(figures[name].caption)
    if name == "figure-e-1":
        runs = pd.read_sql(MEMBERS.format("transformer", "appendix-e"), engine)["run_id"].tolist()
    assert runs
    return final_arrangements(engine, runs)


def places_of(marks):
    """(mark, 2) from -1 at a panel's left and lower edge to 1."""
    texts = marks[["x0", "x1"]].apply(lambda column: column.str[:DIGITS].astype(int))
    return texts.to_numpy() / (UNITS / 2) - 1


def assert_alike_but_for_scale(drawn_places, stored, steps):
    scale = np.abs(stored).max() / np.abs(drawn_places).max()
    np.testing.assert_allclose(scale * drawn_places, stored, atol=4 * scale / steps)


@pytest.mark.parametrize("name", [*(f"figure-{n}" for n in range(1, 6)), "figure-e-1"])
def test_the_tokens_drawn_are_the_stored_ones(name, figures, engine):
    data = drawn(figures[name])
    for at, arrangement in enumerate(shown(name, figures, engine).values()):
        assert_alike_but_for_scale(places_of(data[f"{at}-tokens"]), arrangement, UNITS)


@pytest.mark.parametrize("name", ["figure-3", "figure-4", "figure-e-1"])
def test_the_sums_drawn_are_of_the_stored_pairs_on_the_classifier_s_answers(name, figures, engine):
    data = drawn(figures[name])
    for at, (run_id, arrangement) in enumerate(shown(name, figures, engine).items()):
        sums, (first, second, _) = data[f"{at}-sums"], pairs(17)
        stored = arrangement[first] + arrangement[second]
        assert_alike_but_for_scale(places_of(sums), stored, UNITS)
        assert sums["residue"].tolist() == ((first + second) % 17).tolist()
        answers = logits(stored[None], unpack_classifier(
            classifiers(engine, run_id)[1][-1:], TrainingConfig()
        ))[0].argmax(axis=1)  # fmt: skip
        # A point of the picture may lie across the border from the sum in it.
        assert (behind(data[f"{at}-pictures"]["url"][0], places_of(sums)) == answers).mean() > 0.9


def behind(url, places):
    """The picture's palette entry at each of the places."""
    png = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    rows = zlib.decompressobj().decompress(png[png.index(b"IDAT") + 4 :])
    pixels = np.frombuffer(rows, np.uint8).reshape(SIDE, SIDE + 1)[:, 1:]
    column, row = np.clip((places * [1, -1] + 1) / 2 * SIDE, 0, SIDE - 1).astype(int).T
    return pixels[row, column]


def test_figures_1_and_4_show_circles_and_figure_2_none(figures, engine):
    found = pd.read_sql("SELECT run_id, is_circle FROM transformer_runs", engine)
    circles = set(found[found["is_circle"] == 1]["run_id"])
    grid, circle = picked(figures["figure-1"].caption)
    assert circle in circles
    assert grid not in circles
    assert set(picked(figures["figure-4"].caption)) <= circles
    assert not set(picked(figures["figure-2"].caption)) & circles


def test_figure_6_is_the_query_s_means(sections, figures, engine):
    asked = pd.read_sql(text(sections["appendix-b"].sql.rstrip(";")), engine)
    marks = pd.concat(drawn(figures["figure-6"]).values())
    for column in ("weights", "biases"):
        for value in asked[column]:
            assert np.isclose(marks["value"].astype(float), value).any()


@pytest.mark.parametrize(("table", "group"), [(1, "weight_decay"), (2, "alignment")])
def test_the_charts_beside_the_paper_are_the_views_counts(table, group, figures, engine):
    asked = pd.read_sql(f"SELECT {group} AS place, circles, grids FROM table_{table}", engine)
    marks = pd.concat(drawn(figures[f"table-{table}-chart"]).values())
    here = marks[marks["source"] == "this database"]
    assert len(asked)
    for row in asked.itertuples():
        share = row.circles / (row.circles + row.grids)
        assert np.isclose(here[here[group] == row.place]["value"], share).any()


GALLERIES = {
    "figure-c-1": ("transformer", "appendix-c", "weight_decay = 1"),
    "figure-c-2": ("transformer", "appendix-c", "weight_decay = 0"),
    "figure-d-1": ("particle", "appendix-d", "alignment = 1"),
    "figure-d-2": ("particle", "appendix-d", "alignment = 2"),
    "figure-d-3": ("particle", "appendix-d", "alignment = 0.5"),
    "figure-f-1": ("transformer", "appendix-f", "embedding_dim = 3"),
    "figure-f-2": ("transformer", "appendix-f", "embedding_dim = 4"),
}


@pytest.mark.parametrize("name", GALLERIES)
def test_a_gallery_s_tiles_are_the_stored_arrangements_framed_by_structure(name, figures, engine):
    kind, experiment, condition = GALLERIES[name]
    members = MEMBERS.format(kind, experiment).replace("ORDER", f"AND {condition} ORDER")
    runs = pd.read_sql(members, engine)
    stored = final_arrangements(engine, runs["run_id"].tolist())
    dims = next(iter(stored.values())).shape[1]
    planes = PLANES.get(dims, ((0, 1),))
    data = drawn(figures[name]).values()
    tokens = next(rows for rows in data if "path" in rows)
    tiles = next(rows for rows in data if "left" in rows and "right" in rows)
    assert len(tiles) == len(runs) * len(planes)
    assert tiles["seed"].tolist() == runs["seed"].tolist() * len(planes)
    structures = np.where(
        runs["is_circle"] == 1, "circle",
        np.where(runs["grid_imperfections"] == 0, "perfect grid", "imperfect grid"),
    )  # fmt: skip
    assert tiles["structure"].tolist() == structures.tolist() * len(planes)
    expected = [stored[run][:, list(plane)] for plane in planes for run in runs["run_id"]]
    for tile, arrangement in zip(tiles["run_id"], expected, strict=True):
        paths = tokens[tokens["run_id"] == tile]["path"]
        digits = np.array([(int(path[:3]), int(path[3:])) for path in paths])
        # Downwards, and with a margin.
        assert_alike_but_for_scale((2 * digits / TILE - 1) * [1, -1], arrangement, TILE)


def test_the_accuracies_and_imperfections_drawn_are_the_query_s(sections, figures, engine):
    asked = pd.read_sql(text(sections["correlations"].sql.rstrip(";")), engine)
    marks = pd.concat(drawn(figures["accuracy-by-imperfections"]).values())
    columns = ["run_id", "grid_imperfections", "validation_accuracy"]
    found, wanted = (rows[columns].sort_values("run_id") for rows in (marks, asked))
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), wanted.reset_index(drop=True), check_dtype=False
    )
    counted = marks.set_index("run_id")["counted"].sort_index()
    assert (counted == (asked.set_index("run_id")["is_circle"] == 0).sort_index()).all()
