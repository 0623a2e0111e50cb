import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.requests import sweep
from modadd.config import ConfigError, Configs, count, parameter
from modadd.particles import ParticleConfig
from modadd.simulators import SIMULATORS
from modadd.training import TrainingConfig

KINDS = [simulator.config for simulator in SIMULATORS.values()]


def values_of(field):
    """Values that a field's rule admits, read off the rule itself."""
    rule = field.metadata["rule"]
    if rule.choices:
        return st.sampled_from(rule.choices)
    if rule.pattern:
        return st.sampled_from([field.default, "0" * 64])
    low = rule.minimum if rule.minimum is not None else rule.above
    if field.type is int:
        return st.integers(int(low), min(int(rule.maximum or 60), 60))
    high = rule.maximum if rule.maximum is not None else 1e6
    return st.floats(low, high, exclude_min=rule.above is not None, allow_subnormal=False)


def configs(kind):
    fields = {field.name: values_of(field) for field in dataclasses.fields(kind)}
    # A split needs room for both sides: keep the fraction away from the edges.
    if "train_fraction" in fields:
        fields |= {"train_fraction": st.floats(0.4, 0.6)}
    return st.builds(kind, **fields)


def test_the_defaults_are_the_papers_values():
    training, particles = TrainingConfig(), ParticleConfig()
    assert (training.modulus, training.embedding_dim, training.hidden_size) == (17, 2, 32)
    assert (training.learning_rate, training.train_fraction, training.epochs) == (0.01, 0.8, 2000)
    assert (particles.modulus, particles.embedding_dim, particles.steps) == (17, 2, 100)
    assert (particles.repulsion, particles.attraction, particles.alignment) == (1, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_config_survives_json(kind, data):
    config = data.draw(configs(kind))
    again = kind.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert again.identity == config.identity


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["seed", "modulus", "embedding_dim", "dtype"])
def test_every_change_is_another_run(kind, name):
    other = {"seed": 1, "modulus": 19, "embedding_dim": 3, "dtype": "float64"}[name]
    assert kind().identity != dataclasses.replace(kind(), **{name: other}).identity


def test_equal_numbers_are_the_same_run():
    assert TrainingConfig(weight_decay=1).identity == TrainingConfig(weight_decay=1.0).identity
    assert TrainingConfig(weight_decay=-0.0).identity == TrainingConfig(weight_decay=0).identity


def test_identities_are_frozen_for_ever():
    # Every stored run is found by these hashes. A new field gets `since`, and they stay.
    assert (
        TrainingConfig(seed=7, weight_decay=0.6, modulus=23, dtype="float64").identity
        == "a6557fee6a42b7d01b5aaa1d7a085c4f97e948e4b8452e6b1f9e6b663a8b9ef8"
    )
    assert (
        ParticleConfig(seed=7, alignment=2.0, variance="total", softening=0.1).identity
        == "6c05589110b9f8469f6bb0a81adc4210a65a00dfeacc5404e04fa1e1c1c7bd2d"
    )
    assert TrainingConfig().identity.startswith("d664de66424a")
    assert ParticleConfig().identity.startswith("2af518060dbf")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LaterParticles(ParticleConfig):
    """Particles after a version that brought two fields."""

    hops: int = count(1, "how far", since="0.9")
    law: str = parameter("paper", "which law", since="0.9", choices=("paper", "other"))


@given(data=st.data())
def test_a_field_that_comes_later_leaves_stored_runs_what_they_are(data):
    before = data.draw(configs(ParticleConfig))
    after = LaterParticles.from_dict(before.to_dict())
    assert after.identity == before.identity
    assert dataclasses.replace(after, law="other").identity != before.identity
    assert dataclasses.replace(after, hops=2).identity != before.identity


def test_fields_that_come_later_are_told_apart():
    one, other = LaterParticles(hops=2), LaterParticles(law="other")
    both = LaterParticles(hops=2, law="other")
    assert len({one.identity, other.identity, both.identity}) == 3
    now = ParticleConfig.added_defaults()
    assert LaterParticles.added_defaults() == {**now, "hops": 1, "law": "paper"}


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (TrainingConfig, {"weight_decay": -1}, "weight_decay must be >= 0, got -1.0"),
        (TrainingConfig, {"weight_decay": float("nan")}, "weight_decay must be a finite num"),
        (TrainingConfig, {"weight_decay": 10**400}, "weight_decay must fit a float"),
        (TrainingConfig, {"learning_rate": 0}, "learning_rate must be > 0, got 0.0"),
        (TrainingConfig, {"modulus": 1}, "modulus must be >= 2, got 1"),
        (TrainingConfig, {"modulus": 2**31}, "modulus must be <= 2147483647, got 2147483648"),
        (TrainingConfig, {"epochs": 10**400}, "got a number of hundreds of digits"),
        (TrainingConfig, {"modulus": 17.0}, "modulus must be of type int, got 17.0"),
        (TrainingConfig, {"modulus": True}, "modulus must be of type int, got True"),
        (TrainingConfig, {"train_fraction": 0}, "train_fraction must be > 0 and <= 1, got 0.0"),
        (TrainingConfig, {"train_fraction": 1.1}, "train_fraction must be > 0 and <= 1, got 1.1"),
        (TrainingConfig, {"train_fraction": 1}, "none of 153 pairs is left for validation"),
        (TrainingConfig, {"train_fraction": 0.001}, "none of 153 pairs is left for training"),
        (TrainingConfig, {"initialization": "he"}, "must be one of glorot, torch, lecun, got 'he'"),
        (TrainingConfig, {"seed": -1}, "seed must be >= 0 and <="),
        (ParticleConfig, {"variance": "both"}, "variance must be one of per-axis, total"),
        (ParticleConfig, {"step_size": float("inf")}, "step_size must be a finite number, got inf"),
    ],
)
def test_a_broken_rule_is_named_with_the_value(kind, values, message):
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        kind(**values)


def test_an_unknown_key_names_the_nearest_one():
    with pytest.raises(ConfigError, match="did you mean 'weight_decay'"):
        TrainingConfig.from_dict({"wieght_decay": 1.0})


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_means(kind):
    for field in dataclasses.fields(kind):
        assert field.metadata["help"], field.name
        assert field.type in (int, float, str)


def test_configs_are_the_combinations_of_each_block_in_order():
    blocks = [
        ({"weight_decay": [0.0, 0.6], "hidden_size": [8, 16, 32]}, range(3, 8, 2)),
        ({}, [5]),
        ({"modulus": [7]}, []),
        ({"modulus": [11]}, [1, 0]),
    ]
    made = Configs(TrainingConfig, blocks)
    by_hand = [
        TrainingConfig(weight_decay=decay, hidden_size=hidden, seed=seed)
        for decay in (0.0, 0.6)
        for hidden in (8, 16, 32)
        for seed in (3, 5, 7)
    ]
    by_hand += [TrainingConfig(seed=5)] + [TrainingConfig(modulus=11, seed=s) for s in (1, 0)]
    assert list(made) == by_hand
    assert len(made) == len(by_hand)
    assert made[4:9] == by_hand[4:9]
    assert made[-1] == by_hand[-1]
    assert list(made.one_of_each()) == [*by_hand[:18:3], by_hand[18], by_hand[19]]
    with pytest.raises(IndexError):
        made[len(made)]


def test_no_configs_are_none():
    assert (
        list(Configs(TrainingConfig, [])) == list(Configs(TrainingConfig, []).one_of_each()) == []
    )


def test_a_sweep_has_each_run_once():
    values = {"weight_decay": [1, 1.0, 0.0, -0.0], "seeds": ["0:3", "2:5"], "epochs": [5, 5]}
    made = list(sweep("train", values).configs)
    assert len({config.identity for config in made}) == len(made) == 2 * 5
    assert [config.weight_decay for config in made] == [1.0] * 5 + [0.0] * 5
