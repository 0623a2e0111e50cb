"""`modadd audit`: what it stores, what it prints, and that it does nothing twice."""

import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest
from test_jobs import QUICK, contents, sql

from db.connect import StoreError, open_for_writing, reader
from db.law import law_fits, law_moments
from db.law_trials import add_trials, teachers
from db.schema import law_scores_table
from jobs import audit, train
from modadd.audit import TARGETS, VERSION
from modadd.foretelling import STILL
from modadd.learned_law import MODELS
from modadd.learned_twins import LAWS


def score_of(run_id):
    return pd.DataFrame(
        [(run_id, "0-9", "law", 0.5)], columns=["run_id", "phase", "law", "r_squared"]
    )


def add_score(run_id):
    with open_for_writing("modadd.db") as engine:
        add_trials(
            engine, law_scores_table(), score_of(run_id), 1, teachers(engine, "mine", VERSION)
        )


def run(command, words, path):
    assert command([*map(str, words), "--database", str(path)]) == 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "trained.db"
    mine = ("--seeds", "0:3", "--weight-decay", 0, 1, "--experiment", "mine")
    run(train.command, (*QUICK, *mine), path)
    other = ("--seeds", 7, "--parameters", "final", "--experiment", "other")
    run(train.command, (*QUICK, *other), path)
    return path


@pytest.fixture(scope="module")
def trained_and_audited(trained, tmp_path_factory):
    path = shutil.copy(trained, tmp_path_factory.mktemp("audited") / "audited.db")
    run(audit.command, ("mine", "--epochs", 0), path)
    return path


@pytest.fixture
def networks(trained, own_directory):
    """Networks in a database of the test's own."""
    shutil.copy(trained, "modadd.db")


@pytest.fixture
def audited(trained_and_audited, own_directory):
    """The same after `modadd audit mine`."""
    shutil.copy(trained_and_audited, "modadd.db")


def test_every_snapshot_with_parameters_is_audited_once(modadd, networks):
    status, printed, errors = modadd("audit", "mine", "--epochs", 0, 20)
    assert status == 0
    assert "6 networks audited" in errors
    snapshots = sql("SELECT count(*) FROM classifiers JOIN experiment_runs USING (run_id) "
                    "WHERE experiment = 'mine'")[0][0]  # fmt: skip
    fits = sum(map(len, TARGETS.values()))
    assert sql("SELECT count(*) FROM law_fits") == [(fits * snapshots,)]
    assert sql("SELECT count(*) FROM law_fits WHERE r_squared IS NULL OR n IS NULL") == [(0,)]
    assert sql("SELECT DISTINCT snapshots = updates FROM audits") == [(1,)]
    assert "weight decay 1.0, n = 3" in printed

    before, revision = contents(), sql("SELECT revision FROM store")
    assert "0 networks audited" in modadd("audit", "mine", "--epochs", 0)[2]
    assert contents() == before
    assert sql("SELECT revision FROM store") == revision


def test_only_snapshots_whose_parameters_were_kept_are_audited(modadd, networks):
    assert modadd("audit", "other", "--epochs", 20)[0] == 0
    assert sql("SELECT DISTINCT epoch FROM law_fits") == [(20,)]


def test_a_number_of_fewer_networks_than_the_rest_says_its_n(modadd, audited):
    _, whole, _ = modadd("audit", "mine", "--epochs", 20)
    assert "n=2" not in whole
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE law_fits SET cosine = NULL, held_out_r_squared = NULL "
                           "WHERE run_id = 4 AND epoch = 20 AND fit = 'paper'")  # fmt: skip
        connection.execute("UPDATE law_fits SET cosine = NULL WHERE run_id = 4 AND fit = 'law'")
    _, printed, _ = modadd("audit", "mine", "--epochs", 20)
    fewer = [line for line in printed.splitlines() if "n=2" in line]
    assert [line.split()[0] for line in fewer] == ["1.0", "paper", "paper"]
    assert all(line.count("n=2") == 1 for line in fewer)


def test_an_audit_of_another_version_is_made_again(modadd, audited):
    before = contents()
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE audits SET version = 0 WHERE run_id < 3")
        connection.execute("UPDATE law_fits SET r_squared = 7 WHERE run_id < 3")
    assert "2 networks audited" in modadd("audit", "mine", "--epochs", 0)[2]
    assert contents() == before


def test_audits_of_two_versions_never_stand_side_by_side(modadd, audited):
    modadd("curl", "--experiment", "mine", "--seeds", 0, "--epochs", 0)
    assert sql("SELECT count(*) > 0 FROM law_curls") == [(1,)]
    add_score(1)
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE audits SET version = 0")
    modadd("train", *QUICK, "--seeds", 9, "--experiment", "later")
    (last,) = sql("SELECT max(run_id) FROM runs")[0]
    modadd("audit", "later", "--epochs", 0)
    for table in ("audits", "law_fits", "law_moments"):
        assert sql(f"SELECT DISTINCT run_id FROM {table}") == [(last,)]
    for table in ("law_curls", "law_scores"):
        assert sql(f"SELECT count(*) FROM {table}") == [(0,)]  # the learnt law was of those audits


def test_audits_of_another_version_are_not_read(modadd, audited):
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE audits SET version = 0 WHERE run_id = 1")
    status, printed, errors = modadd("curl", "--experiment", "mine", "--epochs", 0)
    assert (status, printed, errors.count("\n")) == (2, "", 1)
    assert "the database's audits are of version 0" in errors
    assert "run `modadd audit` again" in errors
    engine = reader("modadd.db")
    with pytest.raises(StoreError, match="of version 0"):
        law_moments(engine, "0-9", [2], VERSION)
    engine.dispose()


def test_trials_go_with_new_audits_beside_theirs_and_stay_with_others(modadd, audited):
    add_score(1)
    modadd("audit", "other", "--epochs", 20)
    assert sql("SELECT count(*) FROM law_scores") == [(1,)]
    modadd("train", *QUICK, "--seeds", 9, "--experiment", "mine")
    modadd("audit", "mine", "--epochs", 0)  # laws are learnt from one network more now
    assert sql("SELECT count(*) FROM law_scores") == [(0,)]


def test_the_parts_of_a_step_are_printed(modadd, audited):
    _, printed, _ = modadd("audit", "mine", "--epochs", 20)
    _, _, steps = printed.partition("AdamW's step over the learning rate")
    rows = [line.split() for line in steps.splitlines() if line[:3] in ("0.0", "1.0")]
    assert [row[:3] for row in rows] == [["0.0", "20", "3"], ["1.0", "20", "3"]]
    (decay,) = sql("SELECT avg(decay) FROM law_fits JOIN transformer_runs USING (run_id) WHERE "
                   "target = 'updates' AND epoch = 20 AND weight_decay = 0")  # fmt: skip
    assert decay == (0,)
    scales = sql("SELECT decay FROM law_fits JOIN transformer_runs USING (run_id) WHERE fit = "
                 "'outward' AND epoch = 20 AND weight_decay = 1 ORDER BY run_id")  # fmt: skip
    places = sql("SELECT embedding FROM snapshots JOIN transformer_runs USING (run_id) "
                 "JOIN audits USING (run_id) WHERE epoch = 20 AND weight_decay = 1 "
                 "ORDER BY run_id")  # fmt: skip
    stored = [np.frombuffer(blob, "<f4").astype(float) for (blob,) in places]
    size = [np.sqrt(np.square(embedding).mean()) for embedding in stored]
    assert [decay for (decay,) in scales] == pytest.approx(size)


def test_a_network_that_diverged_is_audited_without_a_warning(modadd):
    words = ("--learning-rate", 1e3, 1e38, "--epochs", 60, "--experiment", "mine")
    assert "of them diverged" in modadd("train", *words)[2]
    assert modadd("audit", "mine", "--epochs", 0)[0] == 0
    assert modadd("verify")[:2] == (0, "")


def test_an_audit_goes_with_its_run(modadd, audited):
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM runs WHERE run_id = 1")
    for table in ("law_fits", "audits", "law_moments"):
        assert sql(f"SELECT count(*) FROM {table} WHERE run_id = 1") == [(0,)]


def test_a_row_of_an_audit_is_found_by_run_and_epoch(modadd, audited):
    engine = reader("modadd.db")
    found = law_fits(engine, ["r_squared"], VERSION, experiment="mine", epochs=[20], run_ids=[2])
    engine.dispose()
    assert set(found["run_id"]) == {2}
    assert set(found["epoch"]) == {20}
    assert found.groupby("target")["fit"].count().to_dict() == {
        target: len(fits) for target, fits in TARGETS.items()
    }


def test_bad_input_is_one_clear_line(modadd, audited):
    status, _, errors = modadd("audit", "mein")
    assert status == 2
    assert "no runs of mein are stored that are networks (did you mean 'mine'?)" in errors
    status, _, errors = modadd("audit", "mine", "--epochs", 99)
    assert status == 2
    assert "no network of mine was audited at these epochs; known: 0, 1, 2" in errors


def test_a_law_is_learnt_from_what_was_audited(modadd):
    modadd("train", *QUICK, "--seeds", "0:4", "--experiment", "mine")
    modadd("train", *QUICK, "--modulus", 5, 7, "--experiment", "sizes")
    assert "must hold networks of one size" in modadd("learn", "sizes")[2]
    status, _, errors = modadd("learn", "mine")
    assert status == 2
    assert "forces are unknown of 4 of these 4 networks: run `modadd audit mine` first" in errors
    modadd("audit", "mine", "--epochs", 0)
    before = contents()
    status, printed, errors = modadd("learn", "mine", "--starts", 0, "--functions")
    assert status == 0, errors
    assert "weight decay 1.0: particles from epoch 0, n = 4 networks" in printed
    assert "weight decay 1.0, epochs 10-49, n = 4 networks" in printed
    after = contents()
    made = ("law_ends", "law_scores")
    assert {name: rows for name, rows in after.items() if name not in made} == before
    assert sql("SELECT count(*), min(version) FROM law_scores") == [(4 * 2 * len(MODELS), 1)]
    (score,) = sql("SELECT avg(r_squared) FROM (SELECT r_squared, row_number() OVER (ORDER BY "
                   "r_squared) AS place FROM law_scores WHERE phase = '10-49' AND law = 'law') "
                   "WHERE place IN (2, 3)")[0]  # fmt: skip
    assert f"10-49   4  {score:.3f}" in printed
    (circles,) = sql("SELECT avg(radius_ratio < 1.2) FROM law_ends WHERE law = 'learnt'")[0]
    told = printed.split("share of circles")[-1]
    assert [
        line for line in told.splitlines() if line.startswith(f"learnt          {circles:.3f} [")
    ]
    assert sql("SELECT law, count(*) FROM law_ends GROUP BY law") == [
        (law, 4) for law in sorted((STILL, *LAWS))
    ]
    modadd("learn", "mine", "--starts", 0)
    assert contents() == after
    status, printed, _ = modadd("learn", "mine", "--csv")
    header, first, *_ = printed.splitlines()
    assert header == "function,at,value,low,high,n,law,weight_decay,phase"
    assert first.startswith("push_different,0.0,")


def test_a_law_is_learnt_from_the_networks_that_can_be_audited(modadd):
    few = (*QUICK, "--experiment", "mine")
    modadd("train", *few, "--seeds", "0:4")
    modadd("audit", "mine", "--epochs", 0)
    alone = modadd("learn", "mine", "--starts", 0)
    curls = modadd("curl", "--experiment", "mine", "--epochs", 20)
    modadd("train", *few, "--seeds", "4:6", "--snapshots", "final", "--parameters", "none")
    status, printed, errors = modadd("learn", "mine", "--starts", 0)
    assert (status, printed) == (0, alone[1])
    assert "weight decay 1.0: 2 of 6 networks are left out: not with forces" in errors
    status, printed, errors = modadd("curl", "--experiment", "mine", "--epochs", 20)
    assert (status, printed) == (0, curls[1])
    assert "2 of 6 networks are left out: they keep no parameters at some epoch of 20" in errors
    words = ("--epochs", 2, "--snapshots", "final", "--parameters", "none", "--experiment", "bare")
    modadd("train", *words)
    status, _, errors = modadd("learn", "bare")
    assert status == 2
    assert (
        "at least 4 networks with forces (parameters kept, hidden units that live), got 0" in errors
    )


def test_trials_of_fewer_networks_than_are_audited_are_not_stored(modadd, audited):
    with open_for_writing("modadd.db") as engine:
        taught_by = teachers(engine, "mine", VERSION)
        modadd("train", *QUICK, "--seeds", "8:10", "--experiment", "mine")
        modadd("audit", "mine", "--epochs", 0)
        with pytest.raises(StoreError, match="has 8 audited networks by now, and .* learnt from 6"):
            add_trials(engine, law_scores_table(), score_of(1), 1, taught_by)
    assert "law_scores" not in contents()


def test_a_law_cannot_be_learnt_from_what_is_not_there(modadd, audited):
    for words, message in (
        (
            ["mine"],
            "hidden units that live), got 3 at weight decay 0.0: train more, or choose others with "
            "--weight-decay",
        ),
        (["mine", "--weight-decay", 0.5], "no runs of mine are stored that are such networks"),
    ):
        status, _, errors = modadd("learn", *words)
        assert status == 2
        assert message in errors
    modadd("train", *QUICK, "--seeds", "3:6", "--weight-decay", 1, "--experiment", "mine")
    status, _, errors = modadd("learn", "mine", "--weight-decay", 1)
    assert status == 2
    assert "forces are unknown of 3 of these 6 networks: run `modadd audit mine` first" in errors
    modadd("audit", "mine", "--epochs", 0)
    status, _, errors = modadd("learn", "mine", "--weight-decay", 1, "--starts", 0, 99)
    assert status == 2
    assert "not all networks have a snapshot at epoch 99: see --starts" in errors
    assert "law_ends" not in contents()  # nothing of epoch 0 either
