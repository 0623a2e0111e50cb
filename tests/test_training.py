import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import train_plainly

from modadd import training
from modadd.training import TrainingConfig, train


@pytest.fixture(autouse=True, params=["compiled kernel", "torch", "torch, run by run"])
def engine(request, monkeypatch):
    """Every test here runs on both engines, and as large networks are trained."""
    if request.param == "torch":
        monkeypatch.setattr(training, "compiled_kernels_work", lambda: False)
    if request.param == "torch, run by run":
        monkeypatch.setattr(training, "compiled_kernels_work", lambda: False)
        monkeypatch.setattr(training, "LARGE_NUMBERS", 0)


def flat(snapshot):
    embedding = snapshot.embedding.reshape(len(snapshot.embedding), -1)
    return np.concatenate([embedding, snapshot.classifier], axis=1)


def trained(configs, epochs):
    *_, last = train(configs, (epochs,))
    return flat(last)


MIXED = [
    TrainingConfig(seed=0, weight_decay=0.0, dtype="float64"),
    TrainingConfig(seed=1, weight_decay=1.0, dtype="float64"),
    TrainingConfig(seed=2, weight_decay=0.3, learning_rate=0.003, dtype="float64"),
    TrainingConfig(seed=3, weight_decay=1.0, initialization="torch", dtype="float64"),
    TrainingConfig(seed=4, decay_hidden_bias=0.0, decay_embedding=2.5, dtype="float64"),
]


def test_batched_training_equals_autograd_and_adamw_one_model_at_a_time():
    batch = trained(MIXED, 50)
    for config, ours in zip(MIXED, batch, strict=True):
        np.testing.assert_allclose(ours, train_plainly(config, 50), rtol=0, atol=1e-9)


def test_float32_is_float64_but_for_rounding():
    # Float32 rounds at 6e-8. In 50 steps that becomes 1e-6 (median) of parameters of size 1, on
    # either engine; but a slope near 0 may change its sign, and Adam makes a whole step of it, so
    # that one run in fifty drifts by 1e-3.
    configs = [TrainingConfig(seed=s, weight_decay=g) for s in range(20) for g in (0.0, 1.0)]
    exact = [dataclasses.replace(config, dtype="float64") for config in configs]
    drift = np.abs(trained(configs, 50) - trained(exact, 50)).max(axis=1)
    assert np.quantile(drift, 0.9) < 1e-5
    assert drift.max() < 0.05


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    modulus=st.integers(2, 11),
    dim=st.integers(1, 4),
    hidden=st.integers(1, 9),
    fraction=st.sampled_from([0.5, 0.67, 0.8]),
)
def test_any_shape_equals_plain_pytorch(modulus, dim, hidden, fraction):
    config = TrainingConfig(
        seed=5, modulus=modulus, embedding_dim=dim, hidden_size=hidden,
        train_fraction=fraction, dtype="float64",
    )  # fmt: skip
    np.testing.assert_allclose(
        trained([config], 10)[0], train_plainly(config, 10), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("weight_decay", [0.0, 1.0])
def test_a_run_does_not_depend_on_its_batch_companions(weight_decay):
    configs = [TrainingConfig(seed=seed, weight_decay=weight_decay) for seed in range(7)]
    together = trained(configs, 200)
    for index in (0, 3, 6):
        assert np.array_equal(trained(configs[index : index + 1], 200)[0], together[index])
    assert np.array_equal(trained(configs[::-1], 200)[::-1], together)


def test_a_run_may_start_from_another_ones_snapshot():
    config = TrainingConfig(seed=4)
    (before,) = train([config], (20,))
    (start,) = train([TrainingConfig(seed=9, weight_decay=0.0)], (0,), start=before)
    assert np.array_equal(flat(start), flat(before))
    (after,) = train([config], (1,), start=before)
    assert 0.009 < np.abs(flat(after) - 0.99 * flat(before)).max() < 0.02  # a first step of Adam's


def test_snapshots_do_not_depend_on_the_schedule():
    config = [TrainingConfig(seed=1)]
    dense = {s.epoch: flat(s) for s in train(config, range(31))}
    for snapshot in train(config, (0, 7, 30)):
        assert np.array_equal(flat(snapshot), dense[snapshot.epoch])


def test_epoch_0_is_the_initialisation():
    from modadd.network import initial_parameters

    (start,) = train([TrainingConfig(seed=3)], (0,))
    assert np.array_equal(flat(start), initial_parameters([TrainingConfig(seed=3)]).astype("f4"))


def test_a_snapshot_is_not_overwritten_by_later_steps():
    first, second = train([TrainingConfig()], (1, 2))
    assert not np.array_equal(first.embedding, second.embedding)


def test_a_diverging_run_leaves_its_companions_alone():
    wild = TrainingConfig(seed=0, learning_rate=1e38)
    tame = TrainingConfig(seed=1)
    *_, last = train([wild, tame], (50,))
    assert last.finite_runs().tolist() == [False, True]
    assert np.array_equal(flat(last)[1], trained([tame], 50)[0])


def test_decay_acts_on_the_chosen_group_alone():
    # Equation 1 in isolation: with a vanishing learning rate for the gradient's step there is
    # nothing but decay, so compare two runs that differ in one group's factor after one step.
    base = TrainingConfig(seed=2, weight_decay=0.5, dtype="float64", initialization="torch")
    plain, bare = trained([base, dataclasses.replace(base, decay_output_weight=0.0)], 1)
    start = flat(next(train([base], (0,))))[0]
    expected = np.zeros(691)
    expected[130:674] = 0.01 * 0.5 * start[130:674]
    np.testing.assert_allclose(bare - plain, expected, atol=1e-15)


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu_early_in_training():
    *_, cpu = train(MIXED, (50,), "cpu")
    *_, cuda = train(MIXED, (50,), "cuda")
    np.testing.assert_allclose(flat(cuda), flat(cpu), rtol=0, atol=1e-9)
