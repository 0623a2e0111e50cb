import pandas as pd
import pytest

from modadd import paper
from modadd.comparable import papers_experiment, papers_rows
from modadd.particles import ParticleConfig
from modadd.training import TrainingConfig


def frame(*configs):
    return pd.DataFrame([config.to_dict() for config in configs])


def test_the_papers_experiment_of_each_kind():
    assert papers_experiment("transformer").name == "table-1"
    assert papers_experiment("particle").name == "table-2"


def test_groups_of_the_papers_config_have_its_rows():
    rows = frame(*(TrainingConfig(seed=s, weight_decay=w) for s in range(3) for w in (0.3, 1.0)))
    found = papers_rows(rows, "transformer", ["weight_decay"])
    assert found == {key: paper.TABLE_1[key] for key in [(0.3,), (1.0,)]}
    particles = frame(*(ParticleConfig(seed=s, alignment=2.0) for s in range(3)))
    assert papers_rows(particles, "particle", ["alignment"]) == {(2.0,): paper.TABLE_2[(2.0,)]}


@pytest.mark.parametrize("other", [{"epochs": 20}, {"initialization": "torch"}, {"modulus": 13}])
def test_a_group_with_another_config_in_it_has_none(other):
    rows = frame(TrainingConfig(weight_decay=0.3), TrainingConfig(weight_decay=0.3, **other))
    assert papers_rows(rows, "transformer", ["weight_decay"]) == {}
    apart = papers_rows(rows, "transformer", [*other, "weight_decay"])
    assert list(apart.values()) == [paper.TABLE_1[(0.3,)]]


def test_a_group_that_mixes_the_papers_rows_has_none():
    rows = frame(TrainingConfig(weight_decay=0.3), TrainingConfig(weight_decay=1.0))
    assert papers_rows(rows, "transformer", ["modulus"]) == {}
    one = papers_rows(rows[:1], "transformer", ["modulus"])
    assert one == {(17,): paper.TABLE_1[(0.3,)]}


def test_a_setting_that_the_paper_lacks_has_none():
    assert papers_rows(frame(TrainingConfig(weight_decay=0.5)), "transformer", ["epochs"]) == {}
