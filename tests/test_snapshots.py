import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modadd.config import ConfigError
from modadd.particles import ParticleConfig, simulate
from modadd.snapshots import dense_then_sparse, schedule
from modadd.training import TrainingConfig, train


def test_the_default_keeps_59_epochs_of_2000_half_of_them_early():
    epochs = schedule("default", 2000)
    assert len(epochs) == 59
    assert epochs[:11] == tuple(range(11))
    assert sum(epoch <= 200 for epoch in epochs) > 29


def test_the_default_keeps_the_epochs_that_analyses_ask_for():
    assert {0, 10, 20, 30, 60, 100, 200, 300, 500, 2000} <= set(schedule("default", 2000))


@given(st.integers(1, 200_000))
def test_steps_of_the_default_grow_and_end_at_the_end(length):
    epochs = dense_then_sparse(length)
    gaps = [later - earlier for earlier, later in itertools.pairwise(epochs)]
    assert epochs[0] == 0
    assert epochs[-1] == length
    assert gaps[:-1] == sorted(gaps[:-1])
    assert len(epochs) < 120


@pytest.mark.parametrize(
    ("specification", "length", "epochs"),
    [
        ("final", 50, (0, 50)),
        ("all", 3, (0, 1, 2, 3)),
        ("every:20", 50, (0, 20, 40, 50)),
        ("7, 3", 50, (0, 3, 7, 50)),
        ("every:25,3,final", 50, (0, 3, 25, 50)),
    ],
)
def test_items_of_a_schedule_add_up(specification, length, epochs):
    assert schedule(specification, length) == epochs


@pytest.mark.parametrize("specification", ["", "every:0", "every:", "-3", "daily", "1;2", "٣"])
def test_an_unknown_item_is_refused(specification):
    with pytest.raises(ConfigError, match="snapshots must list"):
        schedule(specification, 50)


def test_a_million_snapshots_are_the_most():
    with pytest.raises(ConfigError, match="must be at most 1000000 a run"):
        schedule("all", 2**31 - 1)
    with pytest.raises(ConfigError, match="snapshots must list"):
        schedule("9" * 5000, 50)


def test_an_epoch_past_the_end_is_refused():
    with pytest.raises(ConfigError, match="epoch 51 is past the end, the last is 50"):
        schedule("10,51", 50)


@pytest.mark.parametrize(("run", "config"), [(train, TrainingConfig), (simulate, ParticleConfig)])
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"configs": []}, "at least one config, got none"),
        ({"sizes": (17, 13)}, r"equal shape, got \(17, 2.* and \(13, 2.*: make a batch of each"),
        ({"epochs": [5, 3]}, r"epochs must be sorted whole numbers >= 0, got \[5, 3\]"),
        ({"epochs": [-1, 3]}, r"epochs must be sorted whole numbers >= 0, got \[-1, 3\]"),
        ({"epochs": [1.5]}, r"epochs must be sorted whole numbers >= 0, got \[1.5\]"),
        ({"threads": 0}, "threads must be >= 1, got 0"),
        ({"starts": 2}, "a start must have a run for each config, got 2 for 1"),
    ],
)
def test_what_is_no_batch_is_refused_before_anything_is_computed(run, config, change, complaint):
    sizes = change.get("sizes", (17,))
    configs = change.get("configs", [config(modulus=size) for size in sizes])
    (start,) = run([config(seed=seed) for seed in range(change.get("starts", len(sizes)))], [0])
    with pytest.raises(ConfigError, match=complaint):
        run(configs, change.get("epochs", [0, 1]), threads=change.get("threads", 1), start=start)


@pytest.mark.parametrize(("run", "config"), [(train, TrainingConfig), (simulate, ParticleConfig)])
def test_a_start_of_another_size_is_refused(run, config):
    (small,) = run([config(modulus=5)], [0])
    with pytest.raises(ConfigError, match=r"of the configs, \(40, 2\), got \(5, 2\)"):
        run([config(modulus=40)], [1], start=small)


def test_a_start_without_the_networks_parameters_is_refused():
    (particles,) = simulate([ParticleConfig()], [0])
    (narrow,) = train([TrainingConfig(hidden_size=8)], [0])
    for start, count in ((particles, 0), (narrow, 177)):
        with pytest.raises(ConfigError, match=f"657 parameters behind the embedding, got {count}"):
            train([TrainingConfig()], [1], start=start)
