"""The page of the force law: its numbers are the stored ones, and its charts draw them all."""

import json

import numpy as np
import pytest

from dashboard.charts_law import NULL, explained, rivals, strengths
from dashboard.charts_law_run import forces_chart, twin_chart
from dashboard.frames import DIGITS, UNITS
from dashboard.law_rows import (
    FORESHADOWS,
    GAINED,
    HELD_OUT,
    ORDER,
    STRENGTH_TITLES,
    STRENGTHS,
    foreshadowing,
    foretelling,
    led_by_laws,
    measured,
    paper_law,
    settling,
)
from dashboard.law_shown import forces_shown, twin_shown
from dashboard.run_facts import config_of
from db.arrangements import arrangements, classifiers
from db.connect import open_for_reading
from db.filters import Filter
from db.law import law_fits
from db.law_summaries import (
    before_the_end,
    branch_ends,
    count_audited,
    fit_medians,
    twin_counts,
    twins_of,
)
from db.law_trials import trials
from db.queries import runs
from db.schema import law_ends_table
from modadd import learned_twins
from modadd.audit import VERSION
from modadd.fate import circles_among, settled, settled_circles
from modadd.law_tables import law_table, rivals_table
from modadd.law_terms import LAW
from modadd.statistics import median_rank
from modadd.structures import CIRCLE_THRESHOLD


@pytest.fixture
def engine(law_database):
    with open_for_reading(str(law_database)) as opened:
        yield opened


def medians(engine, fits=ORDER, quantities=HELD_OUT):
    return fit_medians(engine, Filter(), fits, quantities, median_rank, VERSION)


def in_order(rows, *extra):
    keys = ["weight_decay", "epoch", *extra]
    return rows.sort_values(keys)[["value", "low", "high", "n"]].to_numpy(float)


def test_the_database_finds_the_medians_that_the_audit_prints(engine):
    columns = [*LAW, "rms", "r_squared", "held_out_r_squared", "cosine", "mean_cosine"]
    decays = runs(engine, "transformer", None)[["run_id", "weight_decay"]]
    fits = law_fits(engine, columns, VERSION).merge(decays, on="run_id")
    np.testing.assert_allclose(
        in_order(medians(engine), "fit"), in_order(rivals_table(fits), "fit"), rtol=1e-12
    )
    table = law_table(fits)
    for term in LAW:
        found = medians(engine, ("law",), {term: STRENGTHS[term]})
        printed = table[table["quantity"] == f"{term}_strength"]
        np.testing.assert_allclose(in_order(found), in_order(printed), rtol=1e-12)


def test_the_filter_chooses_whose_medians(engine):
    some = Filter.from_query({"where": "weight_decay:1;seed:0..5"})
    rows = fit_medians(engine, some, ("law",), HELD_OUT, median_rank, VERSION)
    assert set(rows["weight_decay"]) == {1.0}
    assert set(rows["n"]) == {6} == {count_audited(engine, some, VERSION)}
    other = VERSION + 1
    assert fit_medians(engine, some, ("law",), HELD_OUT, median_rank, other).empty
    assert count_audited(engine, some, other) == 0


def test_twins_are_counted_as_their_rows_say(engine):
    counts = twin_counts(engine, Filter(), {**paper_law(), "steps": 100}, CIRCLE_THRESHOLD)
    networks, twins = runs(engine, "transformer", None), runs(engine, "twin", None)
    twins = twins[twins["steps"] == 100]
    both = twins.merge(networks, left_on="network", right_on="config_hash", suffixes=("_t", ""))
    assert len(counts) == 2 * 2 * 2  # weight decays, epochs, predictors
    for row in foretelling(counts).query("predictor == 'twin'").to_dict("records"):
        mine = both[
            (both["weight_decay"] == row["weight_decay"]) & (both["network_epoch"] == row["epoch"])
        ]
        foretold, came = mine["is_circle_t"] == 1, mine["is_circle"] == 1
        assert row["n"] == len(mine) == 7
        assert row["both_circles"] == (foretold & came).sum()
        assert row["neither"] == (~foretold & ~came).sum()
        r = mine["grid_imperfections_t"].corr(mine["grid_imperfections"])
        assert row["correlation"] == pytest.approx(r)


def datasets(chart):
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def test_the_charts_draw_every_row(engine):
    rows, fitted = medians(engine), medians(engine, ("law",), STRENGTHS)
    some = rows[rows["fit"].isin(["law", "shuffled-labels"])]
    for chart, drawn in (
        (explained(some, {"shuffled-labels": NULL}, "R²"), some),
        (rivals(rows, ORDER, 30), rows),
        (strengths(fitted, STRENGTH_TITLES), fitted),
    ):
        values = {row["value"] for row in datasets(chart) if "n" in row}
        assert values == set(drawn["value"])


def test_a_few_networks_without_intervals_are_drawn(engine):
    rows = medians(engine).assign(low=np.nan, high=np.nan)
    spec = rivals(rows, ORDER, 30).to_dict()
    json.dumps({name: part for name, part in spec.items() if name != "datasets"}, allow_nan=False)


def one_network(engine):
    row = runs(engine, "transformer", None).iloc[0].to_dict()
    run_id = int(row["run_id"])
    return row, run_id, config_of("transformer", row)


def moved(rows, frame):
    """(arrow, axis) from tail to head, in units of the panel."""
    at = slice(DIGITS * frame, DIGITS * (frame + 1))
    ends = [rows[name].str[at].astype(int).to_numpy() for name in ("x0", "x1", "to_x0", "to_x1")]
    return np.stack([ends[2] - ends[0], ends[3] - ends[1]], axis=1) / UNITS


def test_arrows_explain_as_much_of_the_true_forces_as_the_audit_stored(engine):
    _, run_id, config = one_network(engine)
    fits = law_fits(engine, ["r_squared", *LAW], VERSION, run_ids=[run_id])
    fits = fits[(fits["target"] == "pair_sums") & (fits["fit"] == "law")]
    run = arrangements(engine, [run_id])[run_id]
    shown = forces_shown(config, run, classifiers(engine, run_id), fits)
    assert shown.frames.epochs == [0, 10, 20, 30]
    kinds = dict(tuple(shown.arrows.groupby("term")))
    for frame, score in enumerate(shown.scores):
        true, law = moved(kinds["true force"], frame), moved(kinds["the law"], frame)
        assert 1 - np.square(true - law).sum() / np.square(true).sum() == pytest.approx(
            score, abs=0.08
        )  # the longest arrows are cut, and drawn in whole units
    forces_chart(shown, 0).to_json()


def test_a_twin_begins_where_its_network_is(engine):
    row, run_id, config = one_network(engine)
    twin = twins_of(engine, row["config_hash"]).query("steps == 60")["run_id"].iloc[0]
    paths = arrangements(engine, [run_id, int(twin)])
    shown = twin_shown(config, paths[run_id], paths[int(twin)])
    assert shown.apart[0] == pytest.approx(0, abs=1e-5)
    assert shown.twin.epochs == sorted(shown.twin.epochs)
    twin_chart(shown, 0).to_json()


def test_the_page_shows_every_part_of_a_database_that_has_it(open_page, law_database):
    shown = open_page("law", law_database)
    said = " ".join(note.value for note in shown.info)
    assert "of 14 that are audited" in " ".join(caption.value for caption in shown.caption)
    assert "audit" not in said
    assert "has no twin" not in said
    for words in ("No curl", "No branches", "No particles"):
        assert words not in said


def test_what_is_settled_is_what_the_branches_show(engine):
    branches = branch_ends(engine, Filter())
    assert len(branches) == 2 * 7 * 2 * 2  # weight decays, networks, epochs, branches
    rows = settling(branches)
    one = branches.query("weight_decay == 1 and epoch == 10")
    ends = one.pivot(index="network", columns="branch", values="accuracy").to_numpy(float)
    row = rows.query("weight_decay == 1 and epoch == 10 and predictor == 'accuracy'").iloc[0]
    assert row["value"] == pytest.approx(settled(ends).value)
    assert row["n"] == 7
    circles = one.pivot(index="network", columns="branch", values="circle").to_numpy(float)
    row = rows.query("weight_decay == 1 and epoch == 10 and predictor == 'circle'").iloc[0]
    assert (row["circles"], row["split"]) == circles_among(circles)
    shares = [share.value for share in (settled_circles(circles), settled(circles))]
    np.testing.assert_array_equal([row["value"]] * 2, shares)
    lacking = settling(branches.drop(one.index[0]))
    assert lacking.query("weight_decay == 1 and epoch == 10")["n"].unique() == [6]


def test_snapshots_at_the_end_tell_the_end(engine):
    snapshots = before_the_end(engine, Filter(), [*FORESHADOWS, "unheard_of"], range(10**4))
    assert set(FORESHADOWS) < set(snapshots)
    circle = snapshots["epoch"] == 0
    _, accuracies = foreshadowing(snapshots.assign(grid_imperfections=snapshots["accuracy"]))
    told = accuracies[accuracies["predictor"] == "imperfections"]
    np.testing.assert_allclose(told["value"], 1)
    circles, _ = foreshadowing(
        snapshots.assign(is_circle=circle, radius_ratio=np.where(circle, 1.1, 3.0))
    )
    assert circles["value"].isna().all()  # at each epoch all are circles, or none


def test_the_same_networks_foretell_at_every_epoch(engine):
    snapshots = before_the_end(engine, Filter(), list(FORESHADOWS), range(10**4))
    one = snapshots.query("weight_decay == 1").iloc[0]
    short = snapshots[(snapshots["run_id"] != one["run_id"]) | (snapshots["epoch"] == 0)]
    ends = short.drop_duplicates("run_id").set_index("weight_decay")["is_circle"]
    circles, accuracies = foreshadowing(short)
    for rows in (circles, accuracies):
        assert rows.groupby("weight_decay")["n"].agg(["min", "max"]).loc[1].tolist() == [6, 6]
        assert rows.query("weight_decay != 1")["n"].min() == 7
    others = circles.query("weight_decay != 1")
    assert (others["circles"] == ends[others["weight_decay"].iloc[0]].sum()).all()


def test_where_laws_lead_is_shown_as_the_command_prints_it(engine):
    ends = trials(engine, law_ends_table(), learned_twins.VERSION, Filter())
    assert len(ends) == 7 * (1 + len(learned_twins.LAWS))
    rows = measured(led_by_laws(ends), "distance")
    mine = ends.query("weight_decay == 1 and law == 'paper'")
    row = rows.query("weight_decay == 1 and predictor == 'paper'").iloc[0]
    assert row["value"] == pytest.approx(mine["distance"].mean())
    assert trials(engine, law_ends_table(), 0, Filter()).empty  # of another version


def test_each_part_without_data_says_the_command_that_makes_it(open_page, small_database):
    shown = open_page("law", small_database)
    said = " ".join(note.value for note in shown.info)
    for words in (
        "audit", "twins", "reproduce alignment-forms", "learn", "curl", "fate --branches 3",
    ):  # fmt: skip
        assert f"modadd {words}" in said


def test_what_the_law_gains_on_its_null_is_the_median_of_the_networks_differences(engine):
    found = medians(engine, ("law",), GAINED).set_index(["weight_decay", "epoch"])
    decays = runs(engine, "transformer", None)[["run_id", "weight_decay"]]
    fits = law_fits(engine, ["held_out_r_squared"], VERSION).merge(decays, on="run_id")
    fits = fits[fits["target"] == "pair_sums"]
    wide = fits.pivot(
        index=["weight_decay", "epoch", "run_id"], columns="fit", values="held_out_r_squared"
    )
    by_hand = (wide["law"] - wide["shuffled-labels"]).groupby(level=[0, 1]).median()
    assert len(found) == len(by_hand) > 1
    np.testing.assert_allclose(found["value"], by_hand.loc[found.index], rtol=1e-12)


def test_what_goes_on_below_the_axis_of_the_rivals_is_marked(engine):
    rows = medians(engine).assign(low=-5.0)
    (panel, *_) = rivals(rows, ORDER, 300).spec["hconcat"]
    (mark,) = [layer for layer in panel["layer"] if layer["mark"].get("shape")]
    (left, _) = mark["encoding"]["x"]["scale"]["domain"]
    assert mark["encoding"]["x"]["datum"] == left > -5
    assert f"< {left}" in json.dumps(mark["transform"])
