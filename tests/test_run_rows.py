from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from dashboard.charts_runs import BRUSH, scatter
from dashboard.run_rows import (
    MOST_MARKS,
    about_marks,
    column_order,
    label,
    marks,
    structure_shares,
    thumbnail,
    varying,
    with_structure,
)
from dashboard.theme import residue_colours
from modadd.statistics import proportion

ROWS = pd.DataFrame(
    {
        "run_id": [1, 2, 3, 4],
        "seed": [0, 1, 2, 3],
        "modulus": [17] * 4,
        "weight_decay": [0.0, 0.3, 0.6, 0.3],
        "initialization": ["glorot", "glorot", "torch", "torch"],
        "status": ["done", "done", "done", "diverged"],
        "radius_ratio": [1.1, 1.2, 5.0, None],
        "grid_imperfections": [3.0, 0.0, 9.0, None],
    }
)
FIELDS = ["seed", "modulus", "weight_decay", "initialization"]


def test_structures_are_the_papers():
    assert with_structure(ROWS)["structure"].tolist() == [
        "circle", "perfect grid", "imperfect grid", "perfect grid",
    ]  # fmt: skip
    assert with_structure(ROWS, threshold=1.3)["structure"][1] == "circle"


def test_shares_leave_diverged_runs_out():
    shares = structure_shares(with_structure(ROWS))
    assert {share.n for share in shares.values()} == {3}
    assert shares["circle"] == proportion(1, 3)
    assert sum(share.value for share in shares.values()) == pytest.approx(1)


def test_fields_that_tell_runs_apart_come_first():
    assert varying(ROWS, FIELDS) == ["weight_decay", "initialization"]
    order = column_order(with_structure(ROWS), FIELDS)
    assert order[:5] == ["thumbnail", "run_id", "seed", "weight_decay", "initialization"]
    assert "modulus" not in order
    assert "status" in order


def test_a_label_says_seed_and_field_and_that_a_run_diverged():
    rows = ROWS.to_dict("records")
    assert label(rows[2], ["weight_decay"]) == "2 · 0.6"
    assert label(rows[3], ["initialization"]) == "3 diverged"


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_a_thumbnail_is_an_svg_with_a_dot_a_token(dim):
    points = np.random.default_rng(0).normal(size=(5, dim)).astype(np.float32)
    uri = thumbnail(points, residue_colours(5))
    scheme, _, svg = uri.partition(",")
    assert scheme == "data:image/svg+xml;base64"
    dots = ElementTree.fromstring(b64decode(svg)).findall(".//{*}path")
    assert [dot.get("stroke") for dot in dots] == list(residue_colours(5))


def test_the_scatters_marks_are_the_runs_with_both_values():
    chart = scatter(with_structure(ROWS), "grid_imperfections", "radius_ratio")
    assert chart.datasets["rows"]["run_id"].tolist() == [1, 2, 3]
    assert chart.form["params"][0]["name"] == BRUSH
    same = scatter(with_structure(ROWS), "seed", "seed")
    assert same.datasets["rows"]["seed"].tolist() == [0, 1, 2, 3]


def test_a_scatter_draws_some_of_many_runs_and_says_so():
    few = pd.DataFrame({"run_id": range(MOST_MARKS)})
    assert marks(few) is few
    assert about_marks(few) == ""
    many = pd.DataFrame({"run_id": range(10_000), "weight_decay": [0.0, 0.3, 0.6, 1.0] * 2500})
    drawn = marks(many)
    assert len(drawn) == drawn["run_id"].nunique() == MOST_MARKS
    assert drawn.equals(marks(many))
    # By chance: every group is there about as often as among all.
    assert drawn["weight_decay"].value_counts().between(650, 850).all()
    assert about_marks(many).startswith("3,000 of the 10,000 runs are drawn")
