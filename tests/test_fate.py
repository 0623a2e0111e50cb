import shutil
import sqlite3

import numpy as np
import pytest

from modadd.branches import BranchConfig, branches, perturbed
from modadd.config import ConfigError
from modadd.fate import foreshadowed, scatter, settled
from modadd.particles import ParticleConfig, simulate
from modadd.simulators import SIMULATORS
from modadd.training import TrainingConfig, train

QUICK = ("--seeds", "0:2", "--epochs", 0, 280)


def two_way(between, within, networks=200, count=4, seed=0):
    generator = np.random.default_rng(seed)
    own = between * generator.normal(size=(networks, 1))
    return own + within * generator.normal(size=(networks, count))


@pytest.mark.parametrize(("between", "within"), [(0, 1), (1, 1), (2, 1), (1, 0.1)])
def test_what_is_settled_is_the_share_of_variance_between_networks(between, within):
    found = settled(two_way(between, within))
    assert found.low <= between**2 / (between**2 + within**2) <= found.high
    assert found.n == 200


def test_the_interval_holds_the_true_share_19_times_in_20():
    found = [settled(two_way(1, 1, 30, 3, seed)) for seed in range(300)]
    assert 0.92 <= np.mean([share.low <= 0.5 <= share.high for share in found]) <= 0.98


def test_branches_that_all_end_alike_are_settled_and_constants_say_nothing():
    alike = settled(np.repeat(np.arange(5.0)[:, None], 3, axis=1))
    assert alike.value == 1
    assert np.isnan(alike.low)
    assert np.isnan(settled(np.ones((5, 3))).value)


def test_scatter_is_0_for_copies_turned_and_enlarged():
    ends = np.random.default_rng(0).normal(size=(6, 1, 17, 2))
    assert scatter(np.concatenate([ends, -3 * ends], axis=1)).value == pytest.approx(0, abs=1e-6)
    other = np.random.default_rng(1).normal(size=ends.shape)
    assert scatter(np.concatenate([ends, other], axis=1)).value > 0.7


def test_the_end_itself_foretells_the_end_and_noise_does_not():
    configs = [ParticleConfig(seed=seed, alignment=2.0) for seed in range(60)]
    (end,) = simulate(configs, (100,))
    generator = np.random.default_rng(0)
    outcomes = {f"noise {draw}": generator.random(60) for draw in range(10)}
    known = foreshadowed(end.embedding, end.embedding, outcomes)
    blind = foreshadowed(generator.normal(size=(60, 17, 2)), end.embedding, outcomes)

    def row(found, question, feature):
        chosen = (found["question"] == question) & (found["feature"] == feature)
        return found[chosen].iloc[0]

    assert row(known, "circle", "log radius ratio")["value"] == 1
    assert row(known, "circle", "all four")["value"] > 0.95
    for feature in ("log radius ratio", "circularity", "all four"):
        assert row(blind, "circle", feature)["low"] < 0.5 < row(blind, "circle", feature)["high"]
    held = [row(known, outcome, "log radius ratio") for outcome in outcomes]
    assert sum(found["low"] < 0 < found["high"] for found in held) >= 7  # 9.5 of 10 on average
    assert (known["n"] == 60).all()


def started(epoch=20):
    config = TrainingConfig(seed=3, epochs=60, weight_decay=0.3)
    (start,) = train([config], (epoch,))
    return config, start


def test_a_branch_is_its_network_but_for_the_perturbation():
    network, start = started()
    first, second, still = (
        BranchConfig.from_dict({**network.to_dict(), "branch": branch, "perturbation": size})
        for branch, size in ((0, 0.01), (1, 0.01), (0, 0.0))
    )
    moved = perturbed([first, second, still], start.of([0, 0, 0]))
    assert np.array_equal(moved.embedding[2], start.embedding[0])
    assert np.array_equal(moved.classifier[2], start.classifier[0])
    factors = moved.classifier[:2] / start.classifier
    assert factors.mean() == pytest.approx(1, abs=0.002)
    assert factors.std() == pytest.approx(0.01, rel=0.1)
    assert not np.array_equal(moved.embedding[0], moved.embedding[1])


def test_a_branch_depends_on_no_companion():
    network, start = started()
    configs = branches([network], [20], 3, 0.01)
    assert [config.epochs for config in configs] == [40] * 3
    run = SIMULATORS["branch"].run
    (together,) = run(configs, (40,), start=start.of([0, 0, 0]))
    (alone,) = run(configs[1:2], (40,), start=start)
    assert np.array_equal(alone.embedding[0], together.embedding[1])


def test_a_branch_must_leave_an_epoch_to_train():
    with pytest.raises(ConfigError, match="epochs must be >= 1, got 0"):
        branches([TrainingConfig(epochs=60)], [60], 1, 0.01)


@pytest.fixture
def networks(small_database, own_directory):
    shutil.copy(small_database, own_directory / "modadd.db")


@pytest.mark.usefixtures("networks")
def test_the_command_stores_branches_once_and_prints_their_tables(modadd):
    status, printed, errors = modadd("fate", *QUICK, "--branches", 2)
    assert status == 0
    assert "branches: 32 runs computed" in errors  # 2 seeds, 4 weight decays, 2 epochs, 2 each
    for title in ("Will it be a circle", "Final validation accuracy", "What is settled"):
        assert title in printed
    again = modadd("fate", *QUICK, "--branches", 2)
    assert "0 runs computed, 32 were there" in again[2]
    assert again[1] == printed
    with sqlite3.connect("modadd.db") as connection:
        query = (
            "SELECT COUNT(*) FROM branch_runs AS b JOIN transformer_runs AS n "
            "ON n.config_hash = b.network WHERE b.seed = n.seed AND b.epochs IN (300, 20)"
        )
        assert connection.execute(query).fetchone() == (32,)


@pytest.mark.usefixtures("networks")
def test_without_branches_nothing_is_computed(modadd):
    status, printed, errors = modadd("fate", *QUICK)
    assert (status, errors) == (0, "")
    assert "What is settled" not in printed


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--branches", -1), "branches must be >= 0, got -1"),
        (("--branches", 1, "--epochs", 300), "epochs must be >= 1, got 0"),
        (("--epochs", 11), "have no snapshot of epoch 11"),
        (("--branches", 1, "--epochs", 11), "lack some of 11"),
    ],
)
def test_bad_input_is_one_line(modadd, words, message):
    status, printed, errors = modadd("fate", "--seeds", 0, *words)
    assert (status, printed) == (2, "")
    assert message in errors
    assert errors.count("\n") == 1
