import math

import numpy as np
import pandas as pd
import pytest

from modadd import paper
from modadd.tables import Definitions, agreement, table, verdict


def runs(**columns):
    defaults = {"status": "done", "weight_decay": 1.0}
    frame = pd.DataFrame(columns)
    return frame.assign(**{k: v for k, v in defaults.items() if k not in frame})


SIX = runs(
    radius_ratio=[1.1, 1.19, 1.2, 3.0, 4.0, 5.0],
    grid_imperfections=[0.0, 0.0, 10.0, 20.0, 30.0, 45.0],
    imperfections_in_prose=[1.0, 1.0, 2.0, 2.0, 2.0, 2.0],
    validation_accuracy=[0.7, 0.8, 0.9, 0.6, 0.5, 0.1],
)


def cell(cells, quantity):
    (row,) = cells[cells["quantity"] == quantity].to_dict("records")
    return row


def test_cells_are_those_of_table_1():
    cells = table(SIX, ["weight_decay"])
    assert (cell(cells, "circles")["value"], cell(cells, "circles")["n"]) == (2 / 6, 6)
    assert cell(cells, "circle_accuracy")["value"] == pytest.approx(0.75)
    assert cell(cells, "grid_accuracy")["value"] == pytest.approx(0.525)
    assert cell(cells, "grid_imperfections")["value"] == pytest.approx(26.25)
    expected = np.corrcoef([10, 20, 30, 45], [0.9, 0.6, 0.5, 0.1])[0, 1]
    assert cell(cells, "correlation")["value"] == pytest.approx(expected)
    assert cell(cells, "correlation")["n"] == 4


def test_definitions_can_be_changed():
    wide = table(SIX, ["weight_decay"], definitions=Definitions(threshold=3.5))
    assert cell(wide, "circles")["value"] == pytest.approx(4 / 6)
    prose = table(SIX, ["weight_decay"], definitions=Definitions(counting="prose"))
    assert cell(prose, "grid_imperfections")["value"] == 2
    assert math.isnan(cell(prose, "correlation")["value"])  # constant: undefined, not 0


def test_diverged_runs_are_counted_and_left_out():
    mixed = pd.concat([SIX, SIX.assign(status="diverged", radius_ratio=1.0)])
    cells = table(mixed, ["weight_decay"])
    assert cell(cells, "diverged")["value"] == 6
    assert cell(cells, "circles")["n"] == 6


def test_particles_have_no_accuracies():
    cells = table(SIX.drop(columns="validation_accuracy"), ["weight_decay"])
    assert set(cells["quantity"]) == {"circles", "grid_imperfections", "diverged"}


def test_a_group_without_runs_of_a_structure_is_undefined():
    cells = table(SIX[:2], ["weight_decay"], paper.TABLE_1)
    assert math.isnan(cell(cells, "grid_imperfections")["value"])
    assert cell(cells, "grid_imperfections")["verdict"] == "not testable"


def test_every_printed_cell_of_the_paper_is_compared():
    cells = pd.concat(
        table(SIX.assign(weight_decay=group), ["weight_decay"], paper.TABLE_1)
        for (group,) in paper.TABLE_1
    )
    printed = sum(len(row) for row in paper.TABLE_1.values())
    assert (cells["paper_n"] > 0).sum() == printed == 19
    assert cells[cells["paper_n"] > 0]["p"].between(0, 1).all()


def test_a_group_that_the_paper_lacks_has_no_verdict():
    cells = table(SIX.assign(weight_decay=0.5), ["weight_decay"], paper.TABLE_1)
    assert (cells["verdict"] == "").all()


def test_means_of_other_metrics_can_be_added():
    cells = table(SIX, ["weight_decay"], means=["radius_ratio"])
    assert cell(cells, "radius_ratio")["value"] == pytest.approx(SIX["radius_ratio"].mean())
    assert cell(cells, "radius_ratio")["n"] == 6


def test_agreement_sums_squared_deviates_setting_by_setting():
    cells = pd.DataFrame(
        {"method": ["a", "a", "a", "b"], "size": [1, 2, 3, 1], "p": [0.05, 1.0, math.nan, 0.01]}
    )
    found = agreement(cells, ["method", "size"])
    assert found["method"].tolist() == ["a", "b"]
    assert found["cells"].tolist() == [2, 1]
    assert found["chi_squared"].tolist() == pytest.approx([1.959964**2, 2.575829**2])
    whole = agreement(cells, ["size"])
    assert whole["cells"].tolist() == [3]


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.05, "consistent"),
        (0.0499, "differs, p = 0.05"),
        (0.003, "differs, p = 0.003"),
        (1e-9, "differs, p < 0.0001"),
        (math.nan, "not testable"),
    ],
)
def test_verdicts_in_words(p, words):
    assert verdict(p) == words


def test_the_correlation_may_be_of_other_metrics_runs_and_kind():
    pair = ("radius_ratio", "validation_accuracy")
    whole = Definitions(pair=pair, members="all", correlation="spearman")
    found = cell(table(SIX, ["weight_decay"], definitions=whole), "correlation")
    # Ranks 1 … 6 against those of 0.7, 0.8, 0.9, 0.6, 0.5, 0.1: Σd² = 62.
    assert found["value"] == pytest.approx(1 - 6 * 62 / (6 * 35))
    assert found["n"] == 6
    circles = Definitions(pair=pair, members="circles")
    assert cell(table(SIX, ["weight_decay"], definitions=circles), "correlation")["n"] == 2


@pytest.mark.parametrize(
    "other", [{"correlation": "spearman"}, {"members": "all"}, {"pair": ("radius_ratio", "x")}]
)
def test_another_correlation_than_the_papers_is_not_compared_with_it(other):
    definitions = Definitions(**other)
    cells = table(SIX.assign(x=range(6)), ["weight_decay"], paper.TABLE_1, definitions=definitions)
    assert cell(cells, "correlation")["verdict"] == ""
    assert cell(cells, "circles")["verdict"]


def test_diverged_runs_may_count_too():
    mixed = pd.concat([SIX, SIX.assign(status="diverged", radius_ratio=1.0)])
    cells = table(mixed, ["weight_decay"], definitions=Definitions(diverged=True))
    assert cell(cells, "circles")["n"] == 12
    assert cell(cells, "diverged")["value"] == 6


def test_a_run_without_a_radius_ratio_is_a_grid():
    unknown = SIX.assign(radius_ratio=math.nan)
    assert cell(table(unknown, ["weight_decay"]), "correlation")["n"] == 6


def test_over_several_moduli_imperfections_are_shares_of_the_pairs_too():
    rows = SIX.assign(modulus=[4, 4, 4, 4, 9, 9])
    cells = table(rows, ["modulus"])
    shares = cells[cells["quantity"] == "grid_imperfect_share"].set_index("modulus")["value"]
    assert shares.loc[4] == pytest.approx((10 + 20) / 2 / 10)
    assert shares.loc[9] == pytest.approx((30 + 45) / 2 / 45)
    assert "grid_imperfect_share" not in set(table(SIX, ["weight_decay"])["quantity"])


def test_an_unknown_name_is_told_every_known_one_once(modadd, small_database):
    _, _, errors = modadd("tables", "xyz", "--database", small_database)
    known = errors.partition("known: ")[2].strip().split(", ")
    assert "table-1" in known
    assert len(known) == len(set(known))
