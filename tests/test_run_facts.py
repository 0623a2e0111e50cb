"""What is said about a run beside its picture: its command, and the runs nearest to it."""

import shlex

import pandas as pd
import pytest

from dashboard.run_facts import (
    COMMANDS,
    config_of,
    nearest_runs,
    neighbours_in_list,
    sweep_words,
)
from db.connect import open_for_reading
from db.queries import configs
from db.run_lists import run_details
from jobs.requests import KINDS
from modadd.simulators import SIMULATORS
from modadd.training import TrainingConfig
from modadd.twins import TwinConfig


def test_the_commands_are_the_jobs():
    by_themselves = {k: word for k, word in COMMANDS.items() if SIMULATORS[k].origin is None}
    assert {word: kind for kind, word in by_themselves.items()} == KINDS
    assert set(COMMANDS) == set(SIMULATORS)


def test_the_command_of_a_twin_names_its_network_and_epoch():
    twin = TwinConfig(seed=3, network_epoch=20, alignment=2.0)
    words = sweep_words(twin, "final", "none")
    assert words == ["twins", "--alignment", "2", "--network", twin.network, "--epochs", "20"]


@pytest.mark.parametrize(
    "words",
    [
        ("train", "--epochs", 3, "--seeds", 7, "--weight-decay", 0.3, "--learning-rate", 1e-3),
        ("train", "--epochs", 3, "--seeds", 2, "--parameters", "none", "--snapshots", "final"),
        ("simulate", "--steps", 3, "--seeds", 1, "--variance", "total", "--alignment", 0.5),
    ],
)
def test_the_command_makes_the_same_run_and_adds_nothing(modadd, words):
    modadd(*words)
    with open_for_reading("modadd.db") as engine:
        details = run_details(engine, 1)
        config = config_of(details["kind"], configs(engine, details["kind"])[1])
    assert config.identity == details["config_hash"]
    again = sweep_words(config, details["schedule"], details["kept_parameters"])
    status, _, printed = modadd(*shlex.split(shlex.join(again)))
    assert status == 0
    with open_for_reading("modadd.db") as engine:
        assert run_details(engine, 2) is None
    assert "0 runs computed, 1 were there" in printed


def rows_of(*configs):
    return pd.DataFrame([{"run_id": i + 1, **c.to_dict()} for i, c in enumerate(configs)])


def test_the_nearest_runs_differ_least():
    own = TrainingConfig(seed=1, weight_decay=0.3)
    rows = rows_of(
        own,
        TrainingConfig(seed=1, weight_decay=1.0),
        TrainingConfig(seed=1, weight_decay=0.6),
        TrainingConfig(seed=9, weight_decay=0.3),
        TrainingConfig(seed=2, weight_decay=0.3),
        TrainingConfig(seed=2, weight_decay=0.6),
    )
    found = nearest_runs(rows, own, 1)
    assert found["run_id"].tolist() == [3, 2, 5, 4]
    assert found["differs"].tolist() == ["weight decay 0.6", "weight decay 1", "seed 2", "seed 9"]


def test_the_runs_before_and_after():
    assert neighbours_in_list([2, 5, 9], 5) == (2, 9)
    assert neighbours_in_list([2, 5, 9], 1) == (None, 2)
    assert neighbours_in_list([], 1) == (None, None)
