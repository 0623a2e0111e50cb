import contextlib
import io
import math
import sqlite3

import numpy as np
import pandas as pd
import pytest

from modadd.beyond import DECAY_SYMBOLS, DECAYED
from modadd.claims import CLAIMS, frames_needed, judge_all
from modadd.claims.checks import VERDICTS, Check, above, below, verdict, within
from modadd.claims.judging import command_for
from modadd.differences import Difference
from modadd.experiments import EXPERIMENTS
from modadd.statistics import Estimate

BY_NAME = {claim.name: claim for claim in CLAIMS}


def finding(name, **frames):
    (found,) = judge_all([BY_NAME[name]], frames)
    return found


def estimate(low, high, n=50):
    return Estimate((low + high) / 2, low, high, n)


def difference(low, high):
    return Difference((low + high) / 2, low, high, 50, 60, 0.5)


@pytest.mark.parametrize(
    ("low", "high", "held"), [(0.1, 0.3, True), (-0.3, -0.1, False), (-0.1, 0.3, None)]
)
def test_a_check_is_decided_by_its_whole_interval(low, high, held):
    assert above("x", estimate(low, high)).held is held
    assert below("x", estimate(-high, -low)).held is held


def test_a_difference_too_small_to_matter_is_against():
    assert above("x", difference(-0.02, 0.03), matters=0.05).held is False
    assert above("x", difference(-0.02, 0.08), matters=0.05).held is None
    assert above("x", difference(0.01, 0.03), matters=0.05).held is True
    assert below("x", difference(-0.03, 0.02), matters=0.05).held is False


@pytest.mark.parametrize(
    ("low", "high", "held"),
    [(-1, 2, True), (4, 9, False), (-9, -4, False), (-1, 4, None), (-5, 5, None)],
)
def test_numbers_are_alike_if_their_difference_lies_within_the_margin(low, high, held):
    assert within("x", difference(low, high), 3).held is held


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([True, True], "holds"), ([True, None], "holds partly"), ([True, False], "holds partly"),
        ([False, None], "does not hold"), ([None, None], "undecided"), ([], "undecided"),
    ],
)  # fmt: skip
def test_the_verdict_of_several_checks(held, expected):
    assert verdict([Check("x", "", each) for each in held]) == expected
    untested = above("x", Estimate(0.5, math.nan, math.nan, 1))
    assert verdict([*(Check("x", "", each) for each in held), untested]) == expected


def decay_groups(n, circles):
    """n runs a condition, those shares of which are circles (0.1 where it is not said)."""
    frames = []
    for factors, name in DECAYED.items():
        count = round(n * circles.get(name, 0.1))
        ratio = np.where(np.arange(n) < count, 1.1, 2.0)
        frames.append(
            pd.DataFrame({"status": "done", "radius_ratio": ratio}).assign(
                **dict(zip(DECAY_SYMBOLS, factors, strict=True))
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(
    ("n", "circles", "expected"),
    [
        (200, {"none": 0.0, "b_h alone": 0.2, "all": 0.3, "all but b_h": 0.1}, "holds"),
        (200, {"none": 0.0, "b_h alone": 0.2, "all": 0.3, "all but b_h": 0.3}, "holds partly"),
        (400, {"none": 0.0, "b_h alone": 0.0, "all": 0.02, "all but b_h": 0.02}, "does not hold"),
        (10, {"none": 0.0, "b_h alone": 0.1, "all": 0.2, "all but b_h": 0.1}, "undecided"),
    ],
)
def test_whether_decay_of_the_biases_makes_circles(n, circles, expected):
    found = finding("biases-for-alignment", **{"decay-groups": decay_groups(n, circles)})
    assert found.verdict == expected
    assert all(f"n = {n} and {n}" in text for text in found.evidence)


def table_1(n=100, slope=-1.0, noise=0.05, seed=0):
    """Grids whose accuracy follows their imperfections, at two weight decays."""
    random = np.random.default_rng(seed)
    imperfections = random.integers(0, 100, 2 * n).astype(float)
    accuracy = 0.5 + slope * (imperfections - 50) / 200 + random.normal(0, noise, 2 * n)
    return pd.DataFrame(
        {
            "status": "done",
            "weight_decay": np.repeat([0.0, 1.0], n),
            "modulus": 17,
            "radius_ratio": 2.0,
            "grid_imperfections": imperfections,
            "validation_accuracy": accuracy,
        }
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (table_1(), "holds"),
        (table_1(slope=1), "does not hold"),
        (table_1(slope=0), "does not hold"),
        (table_1(n=6, noise=0.2), "undecided"),
        (pd.concat([table_1(), table_1(slope=0).assign(weight_decay=2.0)]), "holds partly"),
    ],
)
def test_whether_imperfections_correlate_with_accuracy(rows, expected):
    assert finding("imperfections-correlate", **{"table-1": rows}).verdict == expected


def test_diverged_runs_count_for_nothing():
    rows = pd.concat([table_1(), table_1(slope=1).assign(status="diverged")])
    found = finding("imperfections-correlate", **{"table-1": rows})
    assert found.verdict == "holds"
    assert "(n = 100)" in found.evidence[0]
    assert found.runs == 200


def test_what_is_not_stored_names_the_command():
    for frames in ({}, {"decay-groups": pd.DataFrame()}):
        found = finding("biases-for-alignment", **frames)
        assert found.verdict == "not yet computed"
        assert found.evidence == ("run `modadd reproduce decay-groups`",)
    assert finding("fully-account", **{"table-1": table_1()}).evidence == ("run `modadd twins`",)


def test_a_job_that_was_stopped_early_breaks_no_claim(modadd):
    """Of every experiment, runs of its first config alone."""
    modadd("train", "--weight-decay", 0, "--seeds", "0:3", "--epochs", 20, "--experiment", "any")
    modadd("simulate", "--alignment", 0.5, "--seeds", "0:3", "--steps", 20, "--experiment", "any")
    with contextlib.closing(sqlite3.connect("modadd.db")) as connection, connection:
        connection.execute("DELETE FROM experiment_runs")
        connection.executemany(
            "INSERT INTO experiment_runs SELECT ?, run_id FROM runs WHERE kind = ?",
            [(one.name, one.kind) for one in EXPERIMENTS.values()],
        )
    status, printed, _ = modadd("claims")
    assert status == 0
    assert "run `modadd reproduce table-1`" in printed
    assert modadd("claims", "--short")[0] == 0
    sections = ("claims", "decay-groups", "other-sizes")
    assert modadd("report", "--no-compute", "--to", "draft", "--only", *sections)[0] == 0


def test_claims_about_other_things_say_why_they_cannot_be_tested():
    untestable = [claim for claim in CLAIMS if claim.checks is None]
    for found in judge_all(untestable, {}):
        assert found.verdict == "not testable"
        assert found.evidence == (found.claim.rule,)


def test_every_claim_says_what_where_and_by_which_rule():
    assert len(BY_NAME) == len(CLAIMS) >= 30
    for claim in CLAIMS:
        assert claim.says.endswith(".") or claim.name.startswith("table-")
        assert claim.place.startswith(("Abstract", "Sec. ", "App. "))
        assert claim.rule
        assert bool(claim.needs) == (claim.checks is not None)


def test_every_frame_is_one_that_a_command_makes():
    for name, source in frames_needed(CLAIMS).items():
        assert command_for(name).startswith("`modadd ")
        assert source.experiment in (*EXPERIMENTS, "twins")


def test_the_command_says_of_every_claim_what_came_out(modadd, small_database):
    status, printed, _ = modadd("claims", "--database", small_database, "--csv")
    assert status == 0
    rows = pd.read_csv(io.StringIO(printed))
    assert len(rows) == len(CLAIMS)
    assert set(rows["verdict"]) <= set(VERDICTS)
    by_says = rows.set_index("claim")
    assert by_says.loc[BY_NAME["biases-for-alignment"].says, "verdict"] == "not yet computed"
    assert "n = 12" in by_says.loc[BY_NAME["decay-makes-circles"].says, "evidence"]


def test_the_command_takes_claims_by_name_and_sums_up(modadd, small_database):
    words = ("claims", "table-2", "deep-learning", "--database", small_database)
    status, printed, _ = modadd(*words)
    assert status == 0
    assert "rule: no cell differs" in printed
    assert "\n2 claims: " in printed
    assert "rule: " not in modadd(*words, "--short")[1]
    status, _, errors = modadd("claims", "table-3", "--database", small_database)
    assert status == 2
    assert "no claim 'table-3'" in errors


def test_an_empty_database_says_what_to_run(modadd, own_directory):
    modadd("simulate", "--steps", 1)
    status, printed, _ = modadd("claims")
    assert status == 0
    assert "run `modadd reproduce table-1`" in printed
