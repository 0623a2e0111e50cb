import numpy as np
import pytest
import torch
from reference import PlainNetwork
from scipy import stats

from modadd.network import (
    group_shapes,
    initial_parameters,
    logits,
    parameter_count,
    unpack_classifier,
)
from modadd.particles import ParticleConfig, initial_positions
from modadd.task import pair_sums, pairs
from modadd.training import TrainingConfig


def test_the_papers_network_has_691_parameters():
    assert parameter_count(TrainingConfig()) == 691


@pytest.mark.parametrize("sizes", [(17, 2, 32), (2, 1, 1), (6, 4, 3)])
def test_forward_pass_equals_plain_pytorch(sizes):
    modulus, dim, hidden = sizes
    configs = [
        TrainingConfig(
            seed=seed, modulus=modulus, embedding_dim=dim, hidden_size=hidden, dtype="float64",
            initialization="torch", train_fraction=0.7,
        )
        for seed in range(3)
    ]  # fmt: skip
    flat = initial_parameters(configs)
    count = modulus * dim
    embedding = flat[:, :count].reshape(3, modulus, dim)
    ours = logits(pair_sums(embedding), unpack_classifier(flat[:, count:], configs[0]))
    listed = pairs(modulus)
    first, second = torch.tensor(listed.first), torch.tensor(listed.second)
    for config, output in zip(configs, ours, strict=True):
        theirs = PlainNetwork(config)(first, second).detach().numpy()
        np.testing.assert_allclose(output, theirs, atol=1e-12)


def groups_of_many(initialization):
    configs = [TrainingConfig(seed=seed, initialization=initialization) for seed in range(300)]
    flat = initial_parameters(configs)
    parts = np.split(flat, np.cumsum([34, 64, 32, 544]), axis=1)
    return [part.ravel() for part in parts]


def uniform_within(bound):
    return stats.uniform(-bound, 2 * bound).cdf


@pytest.mark.parametrize(
    ("initialization", "hidden", "output"),
    [
        ("glorot", uniform_within((6 / 34) ** 0.5), uniform_within((6 / 49) ** 0.5)),
        ("torch", uniform_within(2**-0.5), uniform_within(32**-0.5)),
        ("lecun", stats.norm(0, 2**-0.5).cdf, stats.norm(0, 32**-0.5).cdf),
    ],
)
def test_initial_weights_have_their_distribution(initialization, hidden, output):
    E, W_h, b_h, W_o, b_o = groups_of_many(initialization)
    assert stats.kstest(E, "norm").pvalue > 0.01
    assert stats.kstest(W_h, hidden).pvalue > 0.01
    assert stats.kstest(W_o, output).pvalue > 0.01
    if initialization == "torch":
        assert stats.kstest(b_h, hidden).pvalue > 0.01
        assert stats.kstest(b_o, output).pvalue > 0.01
    else:
        assert not b_h.any()
        assert not b_o.any()


def test_a_network_and_a_simulation_of_one_seed_start_alike():
    flat = initial_parameters([TrainingConfig(seed=7)])
    positions = initial_positions([ParticleConfig(seed=7)])
    assert np.array_equal(flat[0, :34].reshape(17, 2), positions[0])


def test_the_hidden_size_does_not_shift_the_embedding():
    small, large = (
        initial_parameters([TrainingConfig(seed=7, hidden_size=hidden)])[0, :34]
        for hidden in (8, 128)
    )
    assert np.array_equal(small, large)


def test_a_classifier_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="has 657 parameters, got 656"):
        unpack_classifier(np.zeros((1, 656)), TrainingConfig())


def test_group_shapes_follow_the_flat_order():
    assert list(group_shapes(TrainingConfig())) == [
        "embedding", "hidden_weight", "hidden_bias", "output_weight", "output_bias",
    ]  # fmt: skip
