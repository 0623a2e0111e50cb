import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from db.arrangements import arrangements
from db.connect import open_for_reading, open_for_writing
from db.queries import runs, stored_runs
from jobs.loop import prepare_database, run_requests
from jobs.requests import sweep
from jobs.twins import twin_request
from jobs.twins_layout import lay_out
from jobs.workers import Resources
from modadd.config import ConfigError
from modadd.particles import ParticleConfig
from modadd.simulators import SIMULATORS
from modadd.training import TrainingConfig
from modadd.twins import LAW_FIELDS, TwinConfig, twins

QUICK = ("--epochs", 0, 20, "--steps", 5)


@pytest.fixture
def networks(small_database, own_directory):
    """A copy of the small database in the test's own directory."""
    shutil.copy(small_database, own_directory / "modadd.db")
    return "modadd.db"


def computed(*requests, database="modadd.db"):
    with open_for_writing(database) as engine:
        prepare_database(engine)
        return [summary for _, summary in run_requests(engine, requests, Resources())]


def path_of(config, database="modadd.db"):
    with open_for_reading(database) as engine:
        run_id = stored_runs(engine, [config.identity])[config.identity].run_id
        return arrangements(engine, [run_id])[run_id].embeddings


def test_a_twin_of_a_particle_runs_start_is_that_run():
    run = ParticleConfig(seed=4, alignment=2.0, steps=30)
    twin = TwinConfig(seed=4, alignment=2.0, steps=30, network=run.identity, network_epoch=0)
    computed(sweep("simulate", {"alignment": 2.0, "seeds": 4, "steps": 30}))
    computed(twin_request([twin], "all"))
    assert np.array_equal(path_of(run), path_of(twin))


def test_a_twin_from_the_middle_of_a_particle_run_is_the_rest_of_it():
    run = ParticleConfig(seed=4, steps=30)
    twin = TwinConfig(seed=4, steps=20, network=run.identity, network_epoch=10)
    computed(sweep("simulate", {"seeds": 4, "steps": 30}))
    computed(twin_request([twin], "all"))
    assert np.array_equal(path_of(run)[10:], path_of(twin))


def test_step_0_is_the_networks_embedding(networks, modadd):
    modadd("twins", *QUICK, "--seeds", 2, "--snapshots", "all")
    network = TrainingConfig(seed=2, weight_decay=0.3, epochs=300)
    (twin,) = twins([network], [20], {"steps": 5})
    with open_for_reading(networks) as engine:
        run_id = stored_runs(engine, [network.identity])[network.identity].run_id
        there = arrangements(engine, [run_id], [20])[run_id].embeddings[0]
    assert np.array_equal(path_of(twin)[0], there)


def test_the_command_stores_twins_once_and_prints_their_tables(networks, modadd):
    status, printed, errors = modadd("twins", *QUICK, "--seeds", "0:3")
    assert status == 0
    assert "24 runs computed" in errors  # 3 seeds, 4 weight decays, 2 epochs
    for title in ("Does it end as a circle?", "AUC", "Correlation", "Procrustes", "imperfect"):
        assert title in printed
    again = modadd("twins", *QUICK, "--seeds", "0:3")
    assert "0 runs computed, 24 were there" in again[2]
    assert again[1] == printed


def test_sql_finds_the_network_of_a_twin(networks, modadd):
    modadd("twins", *QUICK, "--seeds", 1)
    with sqlite3.connect(networks) as connection:
        linked = pd.read_sql(
            "SELECT n.seed, t.seed AS twins, n.weight_decay, t.network_epoch, t.is_circle "
            "FROM twin_runs AS t JOIN transformer_runs AS n ON n.config_hash = t.network",
            connection,
        )
    assert len(linked) == 8
    assert (linked["seed"] == linked["twins"]).all()
    assert set(linked["network_epoch"]) == {0, 20}


def test_one_network_alone_and_another_law(networks, modadd):
    network = TrainingConfig(seed=2, weight_decay=0.3, epochs=300)
    words = ("--network", network.identity, "--alignment", 2.0)
    status, printed, errors = modadd("twins", *QUICK, *words, "--csv")
    assert status == 0
    assert "2 runs computed" in errors
    assert printed.startswith("predictor,measure,value,low,high,n,p,note,weight_decay,epoch")
    assert len(path_of(*twins([network], [20], {"alignment": 2.0, "steps": 5}))) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--epochs", 11), "no network of these (48) keeps snapshots at every epoch of 11"),
        (("--epochs", 301), "epochs must be >= 0 and <= 300, the last one, got 301"),
        (
            ("--experiment", "table1"),
            "no networks of an experiment 'table1' (did you mean 'table-1'?)",
        ),
        (("--seeds", 99), "no runs of table-1 have these seeds and are done"),
        (("--network", "abc"), "no done network has the config_hash 'abc'"),
        (("--epochs", 0, "--step-size", 0), "step_size must be > 0"),
    ],
)
def test_bad_input_is_one_line_and_stores_nothing(networks, modadd, words, message):
    status, printed, errors = modadd("twins", *words)
    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1
    assert not printed
    with sqlite3.connect(networks) as connection:
        assert connection.execute("SELECT COUNT(*) FROM runs WHERE kind = 'twin'").fetchone() == (
            0,
        )


def test_missing_snapshots_say_how_to_make_them(networks, modadd):
    _, _, errors = modadd("twins", "--epochs", 0, 11, 13)
    assert "run what made them again with --snapshots 0,11,13" in errors


def test_networks_that_keep_too_little_are_left_out_and_counted(modadd):
    """As after `modadd report`, which adds seeds of which it keeps the end alone."""
    few = ("--epochs", 20, "--experiment", "mine")
    modadd("train", *few, "--seeds", "0:3", "--snapshots", "0,10,20")
    whole = modadd("twins", "--experiment", "mine", "--epochs", 0, 10, "--steps", 5, "--csv")
    modadd("train", *few, "--seeds", "3:5", "--snapshots", "final", "--parameters", "none")
    modadd("train", *few, "--seeds", 5, "--snapshots", "0,20", "--parameters", "none")
    status, printed, errors = modadd(
        "twins", "--experiment", "mine", "--epochs", 0, 10, "--steps", 5, "--csv"
    )
    assert (status, printed) == (0, whole[1])
    assert "3 of 6 networks are left out: they keep no snapshots at some epoch of 0, 10" in errors
    words = ("--experiment", "mine", "--epochs", 10)
    left_out = "3 of 6 networks are left out: they keep no {} at some epoch of 10"
    assert left_out.format("snapshots") in modadd("fate", *words)[2]
    status, _, errors = modadd("fate", *words, "--branches", 2)
    assert status == 0
    assert left_out.format("parameters") in errors
    assert "6 runs computed" in errors


def test_by_default_commands_begin_at_epochs_that_the_networks_reach(modadd):
    words = ("--modulus", 11, "--epochs", 20, "--seeds", "0:4", "--experiment", "short")
    assert modadd("train", *words)[0] == modadd("audit", "short")[0] == 0
    for command in (("twins",), ("fate", "--branches", 2), ("learn",), ("curl",)):
        for name in (("short",), ("--experiment", "short")):
            status, _, errors = modadd(*command, *name)
            assert (status, "error" in errors) == (0, False)
    for kind, starts in (("twin", {0, 10}), ("branch", {0, 10})):
        with open_for_reading("modadd.db") as engine:
            assert set(runs(engine, kind)["network_epoch"]) == starts


def test_a_twin_begins_at_a_stored_snapshot():
    with pytest.raises(ConfigError, match="1 of them lack some of 7: .* with --snapshots 7"):
        computed(twin_request([TwinConfig(network_epoch=7)]))


def test_a_twin_must_have_its_networks_sizes():
    computed(sweep("simulate", {"seeds": 4, "steps": 3, "modulus": 5}))
    twin = TwinConfig(network=ParticleConfig(seed=4, steps=3, modulus=5).identity)
    with pytest.raises(ConfigError, match="modulus and embedding_dim must be 5 and 2"):
        computed(twin_request([twin]))


def test_a_network_is_named_by_a_whole_identity():
    with pytest.raises(ConfigError, match="network must be a text like"):
        TwinConfig(network="d664")


def test_the_default_twin_begins_at_the_default_network():
    assert TwinConfig().network == TrainingConfig().identity
    assert SIMULATORS["twin"].origin(TwinConfig()) == (TrainingConfig().identity, 0)


def test_a_twin_is_a_particle_simulation_in_every_field_of_the_law():
    own = {"seed", "modulus", "embedding_dim", "network", "network_epoch"}
    assert set(LAW_FIELDS) == set(TwinConfig.field_types()) - own
    assert replace(TwinConfig(), alignment=2.0).identity != TwinConfig().identity


def test_the_horizon_begins_where_twin_and_network_are_one(networks, modadd):
    words = ("--seeds", "0:2", "--epochs", 0, "--steps", 5, "--horizon")
    status, printed, _ = modadd("twins", *words)
    assert status == 0
    rows = [line.split() for line in printed.splitlines() if line[:1] in ("0", "1")]
    first, last = rows[0], rows[-1]
    assert first[:5] == ["0", "0", "0", "2", "0.000"]
    assert float(last[4]) > 0.1


def test_a_horizon_that_cannot_be_told_is_refused_before_anything_is_computed(networks, modadd):
    before = Path(networks).read_bytes()
    status, printed, errors = modadd("twins", "--seeds", 0, "--epochs", 300, "--horizon")
    assert (status, printed) == (2, "")
    assert "they share 1 from epoch 300 on" in errors
    assert Path(networks).read_bytes() == before


def test_the_horizon_tells_ties_from_losses(networks, modadd):
    words = ("--seeds", "0:2", "--epochs", 0, "--steps", 5, "--step-size", 0.01)
    _, printed, _ = modadd("twins", *words, "--variance", "total", "--horizon")
    first = next(line.split() for line in printed.splitlines() if line[:1] == "0")
    assert first[-4:] == ["0.00", "1.00", "0.00", "–"]  # at the start, which both share


def test_a_cell_says_its_n_where_undefined_values_leave_fewer():
    cell = {"predictor": "twin", "weight_decay": 1.0, "epoch": 0, "p": float("nan"), "note": ""}
    numbers = {"value": 0.5, "low": 0.4, "high": 0.6}
    kappa = {**cell, **numbers, "measure": "pairs' kappa", "n": 8}
    distance = {**cell, **numbers, "measure": "distance", "n": 10}
    printed = lay_out(pd.DataFrame([kappa, distance]))
    assert "0.50 [0.40, 0.60] n=8" in printed
    assert printed.count("n=") == 1
