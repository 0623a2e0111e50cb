"""The report's sections on the claims, on what decays, and on other sizes."""

import numpy as np
import pandas as pd
import pytest

from dashboard.charts_conditions import conditions
from dashboard.report.build import Report, build
from dashboard.report.needs import Audits, Twins
from dashboard.report.page import page
from dashboard.report.sections import SECTIONS, claims, decay_groups, other_sizes
from db.connect import reader
from modadd.beyond import DECAY_SYMBOLS, DECAYED
from modadd.claims import CLAIMS
from modadd.claims.judging import AUDIT, TWINS
from modadd.claims.other_sizes import checks
from modadd.phases import Quantity, phases
from modadd.wording import difference_of_row

OURS = ["claims", "decay-groups", "other-sizes"]


@pytest.fixture(scope="module")
def engine(small_database):
    engine = reader(str(small_database))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def sections(engine):
    return {section.name: section for section in build(engine, OURS).sections}


def run_frame(n, **columns):
    """n runs with metrics drawn at random."""
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "status": "done",
            "modulus": 17,
            "radius_ratio": 1 + random.exponential(1, n),
            "grid_imperfections": random.integers(0, 100, n).astype(float),
            "validation_accuracy": random.random(n),
            "train_accuracy": random.random(n),
            "mean_abs_hidden_weight": random.random(n),
            "mean_abs_hidden_bias": random.random(n),
            **columns,
        }
    )


@pytest.fixture
def decayed():
    """Twenty runs of every condition."""
    factors = np.repeat(np.array(list(DECAYED)), 20, axis=0)
    return decay_groups.named(
        run_frame(len(factors), **dict(zip(DECAY_SYMBOLS, factors.T, strict=True)))
    )


def test_every_claim_is_a_row_and_a_paragraph_that_links_to_its_section(sections):
    section = sections["claims"]
    (listed,) = section.tables
    assert listed.rows["claim"].tolist() == [claim.says for claim in CLAIMS]
    paragraphs = [part for part in section.parts if isinstance(part, str)]
    assert len(paragraphs) == len(CLAIMS)
    for claim, paragraph in zip(CLAIMS, paragraphs, strict=True):
        assert claim.says in paragraph
        assert (f"](#{claim.shown})" in paragraph) == (claim.shown in SECTIONS)
    assert {claim.shown for claim in CLAIMS} - set(SECTIONS) == {""}


def test_a_claim_s_row_has_a_check_and_a_link_to_where_it_is_shown(sections):
    (listed,) = sections["claims"].tables
    table = page(Report("", (), (sections["claims"], sections["decay-groups"])), {})
    judged = listed.data[~listed.data["verdict"].isin(["not testable", "not yet computed"])]
    assert len(judged) > 10
    for row in judged.to_dict("records"):
        told = row["evidence here"].split("such as ")[-1]
        assert told in row["evidence"].split("; ")
        assert "✗" not in row["evidence"] or told.startswith("✗")
    linked = {row.split("</td>")[0] for row in table.split('<td class="short">')}
    assert '<a href="#decay-groups">decay-groups</a>' in linked
    assert "table-1" in linked  # which is no section of this page


def test_the_summary_counts_the_verdicts(sections):
    verdicts = sections["claims"].tables[0].rows["verdict"].value_counts()
    counted = {f"{count} {verdict}" for verdict, count in verdicts.items()}
    assert set(sections["claims"].ours.rstrip(".").split(", ")) == counted


@pytest.mark.parametrize("name", ["decay-groups", "other-sizes"])
def test_a_section_without_runs_says_what_is_missing(sections, name):
    section = sections[name]
    assert section.verdict == "not yet computed"
    assert not section.figures
    assert any(f"modadd reproduce {name}" in lack.command for lack in section.missing) or (
        len(section.missing) == 4
    )


def drawn(chart):
    return [pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()]


def test_the_marks_of_a_condition_are_its_share_and_interval(decayed):
    cells = decay_groups.cells(decayed, Quantity("circle"))
    chart = conditions(cells, list(DECAYED.values()), "circles", percent=True, baselines=("all",))
    marks = max(drawn(chart), key=len).set_index("condition")
    expected = phases(decayed, ["condition"], Quantity("circle")).set_index("condition")
    for name in DECAYED.values():
        assert marks.loc[name, "value"] == expected.loc[name, "value"]
        assert marks.loc[name, "low"] == pytest.approx(expected.loc[name, "low"])
    assert marks["baseline"].sum() == 1
    assert cells["condition"].tolist() == list(DECAYED.values())


def test_what_decays_is_said_in_words_from_the_runs(decayed, engine, monkeypatch):
    monkeypatch.setattr(decay_groups, "stored", lambda *_: decayed.drop(columns="condition"))
    section = decay_groups.section(engine)
    shares = decayed.groupby("condition")["radius_ratio"].apply(lambda r: (r < 1.2).mean())
    assert f"with decay of b_h alone {100 * shares['b_h alone']:.1f} %" in section.ours
    alone = shares[[name for name in shares.index if name.endswith(" alone")]]
    assert f"{alone[::-1].idxmax().removesuffix(' alone')} makes" in section.ours or (
        alone.value_counts().max() > 1
    )
    assert [len(table.rows) for table in section.tables] == [12, 11, 11]
    cells = section.tables[0].data
    circles = cells[cells["quantity"] == "circles"].set_index("condition")["value"]
    pd.testing.assert_series_equal(circles.sort_index(), shares.sort_index(), check_names=False)


def test_other_sizes_are_drawn_from_the_runs(engine, monkeypatch):
    columns = {
        field: np.tile(np.repeat([0.5, 0.9], 40), 2).astype(float)
        for field, _ in other_sizes.SWEPT.values()
    }
    rows = run_frame(160, **columns | {"modulus": 17}, weight_decay=np.repeat([0.0, 1.0], 80))
    monkeypatch.setattr(other_sizes, "stored", lambda *_: rows)
    section = other_sizes.section(engine)
    assert len(section.figures) == len(section.tables) == 4
    figure = next(f for f in section.figures if f.name == "train-fractions-phases")
    expected = phases(rows, ["weight_decay", "train_fraction"], Quantity("circle"))
    values = {round(v, 12) for data in drawn(figure.chart) for v in data["value"]}
    assert {round(v, 12) for v in expected["value"]} <= values


def test_the_checks_at_other_sizes_are_for_where_the_finding_is_clear():
    n = 60
    rows = run_frame(3 * n, weight_decay=np.repeat([0.0, 0.5, 1.0], n), hidden_size=8)
    rows["radius_ratio"] = np.where((rows["weight_decay"] == 1) & (rows.index % 2 == 0), 1.1, 2.0)
    rows["grid_imperfections"] -= 90 * rows["weight_decay"]
    rows["validation_accuracy"] = -rows["grid_imperfections"] + np.arange(3 * n) % 3
    assert [check.held for check in checks(rows, "hidden_size")] == [True, True, True]
    flipped = rows.assign(weight_decay=1 - rows["weight_decay"])
    assert [check.held for check in checks(flipped, "hidden_size")] == [False, False, True]


def test_a_difference_has_a_star_where_it_is_significant_among_all():
    row = {"difference": 0.145, "low": 0.1, "high": 0.19, "p_holm": 0.01}
    assert difference_of_row(row, percent=True) == "+14.5* [10.0, 19.0]"
    assert difference_of_row({**row, "p_holm": 0.2}) == "+0.145 [0.100, 0.190]"
    assert difference_of_row({**row, "difference": float("nan")}) == "–"


def test_the_claims_need_what_their_verdicts_are_made_from():
    named = {Audits: AUDIT, Twins: TWINS}
    assert {named.get(type(need), need.experiment) for need in claims.NEEDS} == {
        name.partition(" at ")[0] for claim in CLAIMS for name in claim.needs
    }
