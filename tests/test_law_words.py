"""The plain words on the law say what their rows show, whichever way that is."""

import numpy as np
import pandas as pd
import pytest

from dashboard.law_words import (
    conclusions,
    curled,
    explained,
    foretold,
    led,
    lost,
    needed,
    sealed,
    shaped,
)
from modadd.statistics import proportion

ESTIMATE = ["value", "low", "high", "n"]


def frame(rows, *labels):
    return pd.DataFrame(rows, columns=[*labels, *ESTIMATE])


def fits(law, decay=1.0, epoch=2000):
    row = (decay, epoch, "law", law, law - 0.1, law + 0.1, 9)
    return frame([row], "weight_decay", "epoch", "fit")


def twins(low):
    row = {"weight_decay": 1.0, "epoch": 0, "predictor": "twin", "odds_ratio": 4.0}
    row |= {"odds_low": low, "odds_high": 9.0, "correlation": 0.3, "low": 0.1, "high": 0.5, "n": 80}
    return pd.DataFrame([row])


@pytest.mark.parametrize(
    ("gain", "answer", "compared"),
    [(0.3, "In part.", "more"), (0.0, "As far as can be told, no.", "not surely more"),
     (-0.3, "As far as can be told, no.", "less")],
)  # fmt: skip
def test_a_law_is_compared_with_its_null_network_by_network(gain, answer, compared):
    told = explained(fits(0.5), fits(gain))
    assert f"forces?* {answer}" in told
    assert (
        f"0.50 [0.40, 0.60] (n = 9) at weight decay 1, epoch 2,000, {compared} than its null's "
        f"(paired difference {gain:.2f} ["
    ) in told


def test_a_law_that_is_worse_than_no_force_explains_nothing_whatever_its_null_does():
    told = explained(fits(-0.3), fits(0.3))
    assert "forces?* As far as can be told, no." in told
    assert "more than its null's" in told


def test_each_part_names_its_own_epoch():
    short = [fits(0.5, epoch=300), fits(0.3, decay=0.0)]
    told = explained(pd.concat(short), pd.concat(short))
    assert "0.50 [0.40, 0.60] (n = 9) at weight decay 1, epoch 300, more" in told
    assert "0.30 [0.20, 0.40] (n = 9) at weight decay 0, epoch 2,000, more" in told


def test_a_law_with_too_few_networks_is_not_compared():
    few = fits(0.5).assign(low=np.nan, high=np.nan, n=4)
    assert explained(few, few) == ""


def test_twins_foretell_only_where_the_odds_interval_leaves_1():
    assert "epoch 0 foretells" in foretold(twins(2.0))
    assert "does not foretell" in foretold(twins(0.5))
    assert "n = 80" in foretold(twins(2.0))


@pytest.mark.parametrize(
    ("intervals", "answer", "counts"),
    [
        ([(-0.08, 0.03), (-0.2, -0.1)], "As far as can be told, no.", "in 0, lower in 1 of 2"),
        ([(-0.08, 0.03), (0.1, 0.2)], "Not everywhere.", "in 1, lower in 0 of 2"),
        ([(0.05, 0.1), (0.1, 0.2)], "Yes.", "in 2, lower in 0 of 2"),
    ],
)
def test_a_twin_is_said_to_beat_features_only_where_it_does(intervals, answer, counts):
    rows = [(1.0, epoch, "twin", (low + high) / 2, low, high, 900)
            for epoch, (low, high) in zip((60, 200), intervals, strict=True)]  # fmt: skip
    rows.append((1.0, 60, "features and twin", 0.05, 0.03, 0.06, 900))
    told = needed(frame(rows, "weight_decay", "epoch", "predictor"))
    assert f"began at?* {answer}" in told
    assert counts in told
    assert "it gains in 1 of 1" in told
    low, high = intervals[0]
    assert (
        f"epoch 60, its AUC less theirs is {(low + high) / 2:.3f} [{low:.3f}, {high:.3f}]" in told
    )
    assert "n = 900" in told


def test_nothing_is_said_of_features_where_none_were_regressed_on():
    rows = [(1.0, 60, "twin", np.nan, np.nan, np.nan, 9)]
    assert not needed(frame(rows, "weight_decay", "epoch", "predictor"))
    assert not needed(frame([], "weight_decay", "epoch", "predictor"))


def test_gains_and_losses_are_counted_apart():
    rows = [(1.0, epoch, "learnt", 0.1, low, high, 50) for epoch, low, high in
            [(0, 0.01, 0.2), (20, -0.2, -0.1), (60, -0.1, 0.1), (200, -0.3, -0.1)]]  # fmt: skip
    told = led(frame(rows, "weight_decay", "epoch", "predictor"))
    assert "learnt better in 1, worse in 2 of 4" in told
    assert "n up to 50" in told


def test_where_the_law_leads_away_is_said_beside_where_it_leads_nearer():
    rows = [
        (1.0, 0, "nothing moves", -0.1, -0.2, -0.05, 20),
        (1.0, 60, "nothing moves", 0.0, -0.1, 0.1, 20),
        (0.0, 60, "nothing moves", 0.2, 0.1, 0.3, 20),
        (0.0, 60, "fitted", 0.2, 0.1, 0.3, 20),
    ]
    gained = frame(rows, "weight_decay", "epoch", "predictor")
    told = lost(gained)
    assert "at weight decay 0 nearer in 0, farther in 1 of 1" in told
    assert "at weight decay 1 nearer in 1, farther in 0 of 2" in told
    assert "nothing moves" not in led(gained)


def test_what_is_settled_is_said_of_the_first_epoch():
    rows = [(1.0, epoch, "imperfections", value, value - 0.1, value + 0.1, 20)
            for epoch, value in [(0, 0.6), (500, 0.9)]]  # fmt: skip
    assert "0.60 [0.50, 0.70] (n = 20)" in sealed(frame(rows, "weight_decay", "epoch", "predictor"))


PAPER, NONE = ("paper, f_a = 2", 45, 90), ("no alignment", 0, 1000)


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        ([("potential, f_a = 2", 0, 1000)], "As far as can be told, yes."),
        ([("potential, f_a = 2", 1, 1000)], "Almost: without it there are few."),
        ([("potential, f_a = 2", 1, 50)], "Cannot be told."),
        ([("potential, f_a = 2", 0, 50)], "Cannot be told."),
        ([("potential, f_a = 2", 20, 50)], "No."),
        ([("potential, f_a = 2", 1, 50), ("reciprocal, f_a = 2", 20, 50)], "No."),
        ([], "Cannot be told."),
    ],
)
def test_whether_the_circle_needs_the_papers_form(others, answer):
    rows = [(form, *proportion(circles, n)) for form, circles, n in (PAPER, NONE, *others)]
    told = shaped(frame(rows, "form"))
    assert f"alignment?* {answer} " in told
    assert all(form in told for form, _, _ in others)


def test_forms_that_make_circles_are_told_from_those_that_do_not_and_from_the_undecided():
    rows = [("paper, f_a = 2", 0.5, 0.4, 0.6, 90), ("no alignment", 0.0, 0.0, 0.004, 1000)]
    rows.append(("potential, f_a = 2", 0.02, 0.004, 0.105, 50))
    told = shaped(frame(rows, "form"))
    order = ["Circles come with", *("paper, f_a = 2", "under 1 %", "no alignment")]
    order += ["It cannot be told of", "potential, f_a = 2: 2.0 % [0.4, 10.5] (n = 50)"]
    assert [told.index(words) for words in order] == sorted(told.index(words) for words in order)


def test_the_answer_is_open_where_no_form_makes_circles():
    assert "Cannot be told." in shaped(frame([("potential, f_a = 1", 0, 0, 0.004, 900)], "form"))


def test_the_curl_is_that_of_the_last_epoch():
    rows = [(1.0, epoch, name, 0.1, 0.05, 0.15, 7) for epoch in (0, 2000)
            for name in ("paper", "fitted")]  # fmt: skip
    assert "epoch 2,000" in curled(frame(rows, "weight_decay", "epoch", "predictor"))


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_said_of_what_is_not_stored(known):
    nothing = pd.DataFrame(columns=["weight_decay", "epoch", "fit", "predictor", *ESTIMATE])
    some = fits(0.5) if known else nothing
    found = conclusions(
        fits=some, gains=some, twins=nothing, gained=nothing, nearer=nothing, settled=nothing,
        forms=nothing, curls=nothing,
    )  # fmt: skip
    assert len(found) == known
