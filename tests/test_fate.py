import shutil
import sqlite3

import numpy as np
import pytest

from db.connect import open_for_reading
from jobs.fate import MEASURED
from jobs.networks import measured_at, stored_networks
from modadd.branches import BranchConfig, branches, perturbed, train_branches
from modadd.config import ConfigError
from modadd.discrimination import area_under_curve
from modadd.fate import circles_among, foreshadowed, scatter, settled, settled_circles
from modadd.particles import ParticleConfig, simulate
from modadd.simulators import SIMULATORS
from modadd.structures import is_circle
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


def of_counts(*counts, branches=3):
    """Networks of which so many branches are circles, as (network, branch) of 0 and 1."""
    return (np.arange(branches) < np.array(counts)[:, None]).astype(float)


@pytest.mark.parametrize("few", [(3, 2), (3, 1), (3, 3, 3, 2)])
def test_an_outcome_of_few_networks_gets_no_interval(few):
    rare = of_counts(*few, *[0] * (50 - len(few)))
    for outcome in (rare, 1 - rare):
        found = settled_circles(outcome)
        assert found.value == pytest.approx(settled(outcome).value)
        assert np.isnan([found.low, found.high]).all()
        assert found.n == 50


def test_branches_that_are_all_circles_or_none_have_no_interval():
    alike = settled_circles(of_counts(*[3] * 10, *[0] * 10))
    assert alike.value == 1
    assert np.isnan(alike.low)
    assert np.isnan(settled_circles(np.zeros((50, 3))).value)


def chances(shape, networks=100, count=4, seed=0):
    """Branches of networks whose chances of a circle are Beta(shape, shape): half are circles, and
    the ICC is 1 / (2 shape + 1)."""
    generator = np.random.default_rng(seed)
    own = generator.beta(shape, shape, size=(networks, 1))
    return (generator.random((networks, count)) < own).astype(float)


@pytest.mark.parametrize("shape", [0.1, 0.5, 2])
def test_the_interval_of_circles_holds_the_true_share_19_times_in_20(shape):
    found = [settled_circles(chances(shape, seed=seed)) for seed in range(200)]
    true = 1 / (2 * shape + 1)
    assert np.mean([share.low <= true <= share.high for share in found]) >= 0.9
    assert settled_circles(chances(shape)) == found[0]  # the seed is fixed


def test_one_split_network_of_many_leaves_the_upper_end_at_1():
    found = settled_circles(of_counts(*[3] * 9, 2, *[0] * 40))
    assert found.low < found.value < found.high == 1


def test_circles_and_splits_are_counted_by_network():
    assert circles_among(of_counts(3, 2, 1, 0, 0)) == (3, 2)


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


def test_metrics_of_the_snapshot_foretell_like_its_features():
    configs = [ParticleConfig(seed=seed, alignment=2.0) for seed in range(60)]
    (end,) = simulate(configs, (100,))
    accuracy = np.random.default_rng(0).random(60)
    outcomes, measured = {"accuracy": accuracy}, {"training loss": (accuracy, -1)}
    known = foreshadowed(end.embedding, end.embedding, outcomes, measured)
    told = known[known["feature"] == "training loss"].set_index("question")
    assert told.loc["accuracy", "value"] == 1
    area = area_under_curve(-accuracy, is_circle(end.embedding))
    assert tuple(told.loc["circle", ["value", "low", "high", "n"]]) == area
    without = foreshadowed(end.embedding, end.embedding, outcomes)
    assert without.equals(known[known["feature"] != "training loss"].reset_index(drop=True))


def test_what_is_unknown_foretells_nothing():
    configs = [ParticleConfig(seed=seed, alignment=2.0) for seed in range(8)]
    (end,) = simulate(configs, (100,))
    unknown = {"validation accuracy": (np.full(8, np.nan), 1)}
    found = foreshadowed(end.embedding, end.embedding, {"accuracy": np.arange(8.0)}, unknown)
    blank = found[found["feature"].isin(["all four", *unknown])]  # all four: of too few networks
    assert len(blank) == 4
    assert blank[["value", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("epoch", [0, 280])
def test_metrics_at_an_epoch_are_the_stored_series(small_database, epoch):
    with open_for_reading(str(small_database)) as engine:
        run_ids = stored_networks(engine, "table-1", [1, 0]).run_ids[::-1]
        found = measured_at(engine, run_ids, epoch)
    with sqlite3.connect(small_database) as connection:
        for metric in MEASURED:
            query = f"SELECT run_id, {metric} FROM series WHERE epoch = ?"
            stored = dict(connection.execute(query, (epoch,)).fetchall())
            assert found[metric].tolist() == [stored[run_id] for run_id in run_ids]


def started(epoch=20):
    config = TrainingConfig(seed=3, epochs=60, weight_decay=0.3)
    (start,) = train([config], (epoch,))
    return config, start


def test_no_branches_are_refused_as_no_networks_are():
    _, start = started()
    with pytest.raises(ConfigError, match="must have at least one config, got none"):
        train_branches([], [3], start=start.of([]))


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
    for heading in ("validation accuracy", "training loss", "with circles"):
        assert heading in printed
    assert " split)" in printed
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
        (("--branches", -1), "branches must be 0 or at least 2 to compare, got -1"),
        (("--branches", 1), "branches must be 0 or at least 2 to compare, got 1"),
        (("--branches", 2, "--epochs", 0, 300), "branches must begin before the last epoch, 300"),
        (("--branches", 10**9, "--epochs", 0), "branches must be at most 1000000 in all, got"),
        (
            ("--branches", 2, "--epochs", 0, "--perturbation", 1e308),
            "branch runs must begin at finite numbers",
        ),
        (("--epochs", 11), "keeps snapshots at every epoch of 11"),
        (("--epochs", 10**20), "an epoch must be 0 to 2147483647, got '100000000000000000000'"),
        (("--branches", 2, "--epochs", 11), "--snapshots 11 --parameters all"),
    ],
)
def test_bad_input_is_one_line(modadd, words, message):
    """A branch that diverges at once has nothing that could be stored."""
    status, printed, errors = modadd("fate", "--seeds", 0, *words)
    assert (status, printed) == (2, "")
    assert message in errors
    assert errors.count("\n") == 1
