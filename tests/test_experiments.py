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
        ("step-size", 2700), ("decay-groups", 2400), ("moduli", 960), ("hidden-sizes", 640),
        ("train-fractions", 960), ("learning-rates", 800),
        ("alignment-forms", 11_000),
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


@pytest.mark.parametrize("name", ["moduli", "hidden-sizes", "train-fractions", "learning-rates"])
def test_what_goes_beyond_the_paper_holds_the_papers_own_sizes(name):
    papers = {config.identity for config in EXPERIMENTS["table-1"].configs(range(40))}
    assert papers <= set(identities(name))


def test_decay_of_all_groups_is_the_papers_own_and_every_group_is_tried_alone_and_spared():
    experiment = EXPERIMENTS["decay-groups"]
    papers = {config.identity for config in EXPERIMENTS["table-1"].configs(range(200))}
    assert len(papers & set(identities("decay-groups"))) == 200
    assert sorted(sum(factors) for factors in experiment.names) == [0] + [1] * 5 + [4] * 5 + [5]
    assert experiment.names[0.0, 0.0, 1.0, 0.0, 0.0] == "b_h alone"
    assert experiment.names[1.0, 0.0, 1.0, 1.0, 1.0] == "all but W_h"
    groups = {tuple(getattr(c, f) for f in experiment.groups) for c in experiment.configs([0])}
    assert groups == set(experiment.names)
    assert set(experiment.baselines) <= groups


def test_decay_of_no_group_trains_as_without_weight_decay():
    from modadd.training import TrainingConfig, train

    none = [c for c in EXPERIMENTS["decay-groups"].configs([5]) if not any(c.decay_factors)]
    *_, ours = train(none, (100,))
    *_, papers = train([TrainingConfig(seed=5, weight_decay=0.0)], (100,))
    assert (ours.embedding == papers.embedding).all()
    assert (ours.classifier == papers.classifier).all()


def test_seeds_can_be_replaced():
    assert len(EXPERIMENTS["table-1"].configs(range(1000))) == 4000


def test_an_unknown_experiment_names_the_nearest_one():
    with pytest.raises(ConfigError, match="did you mean 'table-1'"):
        experiment_named("tabel-1")
