"""The report's section on the force law says what the commands print and the database holds."""

import io
import shutil

import numpy as np
import pandas as pd
import pytest

from dashboard.law_rows import ORDER
from dashboard.report.sections import audit, audit_twins
from db.connect import open_for_reading
from db.filters import Filter
from db.law_trials import trials
from db.schema import law_scores_table
from modadd import learned_law
from modadd.audit import NULLS
from modadd.statistics import Estimate

COLUMNS = ["predictor", "measure", *Estimate._fields, "p", "note"]
MINE = Filter(kind="transformer", experiments=("trial",), status="done")


@pytest.fixture
def engine(law_database):
    with open_for_reading(str(law_database)) as opened:
        yield opened


def test_the_report_says_of_twins_what_the_command_prints(
    law_database, engine, modadd, own_directory
):
    rivals, sentence, company = audit_twins.beside_rivals(engine, MINE)
    copy = shutil.copy(law_database, own_directory / "copy.db")
    words = ("twins", "--experiment", "trial", "--epochs", 0, "--database", copy)
    printed = pd.read_csv(io.StringIO(modadd(*words, "--csv")[1]))
    found = rivals.data[rivals.data["epoch"] == 0].reset_index(drop=True)
    printed = printed.fillna({"note": ""})[found.columns]
    pd.testing.assert_frame_equal(found, printed, check_dtype=False)
    assert rivals.rows["n"].tolist() == [7, 7]
    horizon = " ".join(modadd(*words, "--horizon")[1].split())
    for row in company.rows.to_dict("records"):
        assert f"{row['twin']} {row['nothing moves']}" in horizon
    assert "at epoch 30, where standing still is 0." in sentence


def test_the_report_says_beside_the_rivals_whether_features_do_as_well(engine, monkeypatch):
    def told(ends):
        row = ("AUC gained", -0.02, -0.04, -0.01, len(ends.start), 0.01)
        rows = [("twin", *row, "on features"), ("twin", *row, "on nothing moves")]
        return pd.DataFrame(rows, columns=COLUMNS)

    monkeypatch.setattr(audit_twins, "foretold", told)
    _, sentence, *_ = audit_twins.beside_rivals(engine, MINE)
    assert "As far as can be told, no." in sentence
    assert "in 0, lower in 2 of 2" in sentence
    assert "its AUC less theirs is -0.020 [-0.040, -0.010] (n = 7)" in sentence


def test_the_report_scores_learnt_laws_as_they_are_stored(engine):
    (table,) = audit_twins.explained_by_learnt(engine, MINE)
    stored = trials(engine, law_scores_table(), learned_law.VERSION, MINE)
    expected = stored.groupby(["weight_decay", "phase", "law"])["r_squared"].median()
    assert len(expected) == 2 * len(learned_law.MODELS)
    found = table.data.set_index(["weight_decay", "epochs", "law"])["value"]
    np.testing.assert_allclose(found[expected.index], expected)


def cells(law, null, epoch=30):
    fits = {"law": law} | dict.fromkeys((*NULLS, "clustering", "alignment"), null)
    return pd.DataFrame(
        [(1.0, epoch, fit, low + 0.05, low, low + 0.1, 9) for fit, low in fits.items()],
        columns=["weight_decay", "epoch", "fit", "value", "low", "high", "n"],
    )


@pytest.mark.parametrize(
    ("law", "null", "verdict"),
    [(0.6, 0.0, "holds"), (0.3, 0.0, "holds partly"), (0.3, 0.25, "does not hold")],
)
def test_the_report_judges_the_law_by_its_rule(law, null, verdict):
    found, words = audit.judged(cells(law, null))
    assert found == verdict
    assert "n = 9" in words


def test_the_report_does_not_judge_without_intervals():
    assert audit.judged(cells(np.nan, np.nan))[0] == "not testable"


def test_the_report_does_not_judge_what_was_not_audited(small_database):
    assert audit.judged(cells(0.6, 0.0, epoch=0))[0] == "not yet computed"
    with open_for_reading(str(small_database)) as unaudited:
        found = audit.section(unaudited)
    assert found.verdict == "not yet computed"
    assert not found.parts


def test_the_report_lays_out_what_was_audited(engine, monkeypatch):
    monkeypatch.setattr(audit, "CHOSEN", Filter(experiments=("trial",)))
    found = audit.section(engine)
    assert not found.missing
    assert {part.name for part in (*found.figures, *found.tables)} == {
        "law-explained", "law-rivals", "law-twins", "law-foretold", "law-learnt-10", "law-curls",
        "law-settled", "law-accuracy-told", "law-twin-rivals", "law-horizon",
        "law-learnt-explained",
    }  # fmt: skip
    assert found.tables[0].rows["fit"].tolist() == list(ORDER)
    assert any(
        "Does the law explain the forces?" in part for part in found.parts if isinstance(part, str)
    )
