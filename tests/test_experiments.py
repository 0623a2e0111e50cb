import pytest

from modadd.config import ConfigError
from modadd.experiments import EXPERIMENTS, experiment_named


def identities(name):
    return [config.identity for config in EXPERIMENTS[name].configs()]


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("table-1", 400), ("table-2", 300), ("appendix-b", 110), ("appendix-c", 80),
        ("appendix-d", 60), ("appendix-e", 14), ("appendix-f", 15), ("initialisation", 1200),
        ("step-size", 2700),
    ],
)  # fmt: skip
def test_experiments_have_their_runs_each_once(name, runs):
    assert len(set(identities(name))) == len(identities(name)) == runs


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("appendix-c", "table-1"), ("appendix-e", "table-1"), ("appendix-d", "table-2"),
        ("table-1", "initialisation"), ("table-2", "step-size"),
    ],
)  # fmt: skip
def test_runs_are_shared(part, whole):
    assert set(identities(part)) <= set(identities(whole))


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=str)
def test_every_reported_row_has_its_runs(experiment):
    groups = {
        tuple(getattr(config, field) for field in experiment.groups)
        for config in experiment.configs([0])
    }
    assert set(experiment.reported) <= groups
    assert experiment.place


def test_seeds_can_be_replaced():
    assert len(EXPERIMENTS["table-1"].configs(range(1000))) == 4000


def test_an_unknown_experiment_names_the_nearest_one():
    with pytest.raises(ConfigError, match="did you mean 'table-1'"):
        experiment_named("tabel-1")
