"""`modadd verify` finds nothing in audits and trials of laws, and every one of these faults."""

import shutil
from itertools import product

import pandas as pd
import pytest
from planted import plant

from db.connect import open_for_writing
from db.law_trials import add_trials, teachers
from jobs import audit, simulate, train
from jobs.law_verification import TRIALS
from modadd.audit import VERSION

FAULTS = {
    "a wrong coefficient": (
        "UPDATE law_fits SET repulsion = repulsion + 0.01 WHERE run_id = 2 AND epoch = 10 "
        "AND target = 'pair_sums' AND fit = 'law'",
        "run 2: repulsion of law_fits 10 pair_sums law is not what the audit finds",
    ),
    "an R² that was lost": (
        "UPDATE law_fits SET r_squared = NULL WHERE run_id = 1 AND epoch = 20 AND fit = 'law' "
        "AND target = 'tokens'",
        "run 1: r_squared of law_fits 20 tokens law is not what the audit finds",
    ),
    "missing fits": (
        "DELETE FROM law_fits WHERE run_id = 1 AND epoch = 0 AND fit = 'shuffled-labels'",
        "run 1: law_fits lacks 3 rows and has 0 unasked",
    ),
    "fits of an epoch without a snapshot": (
        "UPDATE law_fits SET epoch = 7 WHERE run_id = 2 AND epoch = 10 AND target = 'tokens'",
        "run 2: law_fits lacks 13 rows and has 13 unasked",
    ),
    "products that are all 0": (
        "UPDATE law_moments SET products = zeroblob(length(products)) WHERE run_id = 1",
        "run 1: products of law_moments",
    ),
    "a BLOB cut short": (
        "UPDATE law_moments SET products = substr(products, 1, 20) WHERE run_id = 1",
        "run 1: products of law_moments",
    ),
    "a wrong count": (
        "UPDATE audits SET snapshots = 9 WHERE run_id = 2",
        "run 2: snapshots of audits is not what the audit finds",
    ),
    "an audit of another version": (
        "UPDATE audits SET version = version - 1 WHERE run_id = 2",
        "audits: 1 are of another version, which nothing reads: run `modadd audit`",
    ),
    "an audit of what is no network": (
        "INSERT INTO audits SELECT 3, version, snapshots, updates FROM audits WHERE run_id = 2",
        "run 3: it is audited, but is no network",
    ),
    "scores of another version": (
        "UPDATE law_scores SET version = version + 1 WHERE run_id = 2",
        "rows are of another version, which nothing reads: run `modadd learn`",
    ),
    "ends of another version": (
        "UPDATE law_ends SET version = version + 1 WHERE run_id = 2",
        "rows are of another version, which nothing reads: run `modadd learn`",
    ),
    "fits without a table of audits": (
        "DROP TABLE audits",
        "rows of law_fits, but it is not audited",
    ),
    "an audit of a network without parameters": (
        "DELETE FROM classifiers WHERE run_id = 1; UPDATE runs SET kept_parameters = 'none' "
        "WHERE run_id = 1",
        "run 1: it is audited, but keeps no parameters",
    ),
    "fits without an audit": (
        "DELETE FROM audits WHERE run_id = 2",
        "rows of law_fits, but it is not audited",
    ),
    "an orphan": (
        "INSERT INTO law_fits (run_id, epoch, target, fit, n) VALUES (99, 0, 'tokens', 'law', 34)",
        "law_fits: 1 rows belong to a row of runs that is not there",
    ),
    "a trial where there is no snapshot": (
        "UPDATE law_ends SET epoch = 11 WHERE run_id = 1",
        "run 1: law_ends at epoch 11, which snapshots lack",
    ),
    "a trial without one of its laws": (
        "DELETE FROM law_ends WHERE run_id = 2 AND law = 'paper'",
        "run 2: law_ends at epoch 10 lacks paper",
    ),
    "a trial of a law that nobody tries": (
        "INSERT INTO law_ends SELECT run_id, epoch, 'mine', version, 1, 0, 0 FROM law_ends "
        "WHERE law = 'paper' AND run_id = 2",
        "run 2: law_ends at epoch 10 has unasked mine",
    ),
    "a curl of more than there is": (
        "UPDATE law_curls SET curl_share = 1.5 WHERE run_id = 1 AND law = 'paper'",
        "run 1: law_curls at epoch 10 has curl_share 1.5 of paper",
    ),
    "a score without end": (
        "UPDATE law_scores SET r_squared = 9e999 WHERE run_id = 2 AND law = 'law'",
        "run 2: law_scores at phase 10-49 has r_squared inf of law",
    ),
    "a score of a phase without forces": (
        "UPDATE law_scores SET phase = '200-999' WHERE run_id = 1",
        "run 1: law_scores at phase 200-999, which law_moments lack",
    ),
    "a score that is missing": (
        "DELETE FROM law_scores WHERE run_id = 2 AND law = 'all learnt'",
        "run 2: law_scores at phase 10-49 lacks all learnt",
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two audited networks, and rows as of trials of every law at epoch 10, or in its phase."""
    path = tmp_path_factory.mktemp("audited") / "made.db"
    to = ["--database", str(path)]
    train.command(
        ["--seeds", "0:2", "--epochs", "20", "--snapshots", "every:10", "--experiment", "mine", *to]
    )
    audit.command(["mine", "--epochs", "0", *to])
    simulate.command(["--steps", "2", *to])
    places = {"epoch": 10, "phase": "10-49"}
    with open_for_writing(str(path)) as engine:
        taught_by = teachers(engine, "mine", VERSION)
        for table, version, laws, _ in TRIALS:
            rows = pd.DataFrame(list(product((1, 2), laws)), columns=["run_id", "law"])
            numbers = {column.name: 1.0 for column in table.columns if column.name not in rows}
            add_trials(engine, table, rows.assign(**numbers | places), version, taught_by)
    return path


@pytest.fixture
def copy(made, own_directory):
    return shutil.copy(made, own_directory / "copy.db")


def test_what_was_audited_is_what_is_audited_again(copy, modadd):
    status, printed, errors = modadd("verify", "--database", copy)
    assert (status, printed) == (0, "")
    assert "2 audits" in errors


@pytest.mark.parametrize("name", FAULTS)
def test_every_planted_fault_is_found(name, copy, modadd):
    statement, expected = FAULTS[name]
    plant(copy, *statement.split("; "))
    status, printed, _ = modadd("verify", "--database", copy)
    assert status == 1
    assert expected in printed
