import numpy as np
import pytest
import torch
from reference import PlainNetwork

from modadd.config import ConfigError
from modadd.metrics import METRICS, Measured, check_metrics, measure
from modadd.particles import ParticleConfig, simulate
from modadd.snapshots import Snapshot
from modadd.structures import scale
from modadd.task import pairs, split
from modadd.training import TrainingConfig, train


@pytest.fixture(scope="module")
def network():
    configs = [TrainingConfig(seed=seed, weight_decay=0.6) for seed in range(4)]
    *_, last = train(configs, (300,))
    return last


@pytest.fixture(scope="module")
def particles():
    *_, last = simulate([ParticleConfig(seed=seed) for seed in range(4)], (30,))
    return last


def test_every_metric_measures_a_network(network):
    values = measure(network, tuple(METRICS))
    assert set(values) == set(METRICS)
    for name, numbers in values.items():
        assert numbers.shape == (4,), name
        assert np.isfinite(numbers).all(), name


def test_particles_have_the_metrics_of_arrangements_alone(particles):
    values = measure(particles, tuple(METRICS))
    assert set(values) == {name for name, m in METRICS.items() if not m.needs_classifier}
    assert "grid_imperfections" in values
    assert "train_loss" not in values


def test_every_metric_says_what_it_is():
    for name, metric in METRICS.items():
        assert name.isidentifier()
        assert metric.version >= 1
        assert metric.description, name
        assert metric.source, name


@pytest.mark.parametrize("name", METRICS)
def test_a_run_measures_alike_in_any_batch(name, network):
    alone = Snapshot(network.configs[2:3], 300, network.embedding[2:3], network.classifier[2:3])
    assert measure(alone, [name])[name][0] == measure(network, [name])[name][2]


ARRANGEMENT_METRICS = [name for name, m in METRICS.items() if not m.needs_classifier]


@pytest.mark.parametrize("name", ARRANGEMENT_METRICS)
def test_metric_ignores_rotation_and_reflection(name, network):
    angle = 0.7
    turn = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
    exact = network.embedding.astype(np.float64)
    turned = Snapshot(network.configs, 300, exact @ turn)
    straight = Snapshot(network.configs, 300, exact)
    np.testing.assert_allclose(
        measure(turned, [name])[name], measure(straight, [name])[name], rtol=1e-9
    )


def test_losses_and_accuracies_equal_pytorchs(network):
    values = measure(network, tuple(METRICS))
    listed = pairs(17)
    for run, config in enumerate(network.configs):
        model = PlainNetwork(config)
        flat = np.concatenate([network.embedding[run].ravel(), network.classifier[run]])
        torch.nn.utils.vector_to_parameters(torch.tensor(flat), model.parameters())
        sides = split(config.seed, 17, 0.8)
        for side, chosen in (("train", sides.training), ("validation", sides.validation)):
            first, second, residue = (torch.tensor(array[chosen]) for array in listed)
            output = model(first, second)
            loss = torch.nn.functional.cross_entropy(output, residue).item()
            accuracy = (output.argmax(dim=1) == residue).double().mean().item()
            assert values[f"{side}_loss"][run] == pytest.approx(loss, rel=1e-4)
            assert values[f"{side}_accuracy"][run] == pytest.approx(accuracy, abs=1e-12)


def test_weights_metrics_are_means_of_absolute_values(network):
    values = measure(network, tuple(METRICS))
    classifier = Measured(network).classifier
    for run in range(4):
        for name, group in (
            ("mean_abs_hidden_weight", classifier.hidden_weight),
            ("mean_abs_hidden_bias", classifier.hidden_bias),
            ("mean_abs_output_weight", classifier.output_weight),
        ):
            assert values[name][run] == pytest.approx(np.abs(group[run]).astype("f8").mean())


def test_a_classifier_without_biases_keeps_its_class_along_every_ray(network):
    classifier = Measured(network).classifier
    through = network.classifier.copy()
    hidden, output = classifier.hidden_weight[0].size, classifier.output_bias.shape[1]
    through[:, hidden : hidden + classifier.hidden_bias.shape[1]] = 0
    through[:, -output:] = 0
    rays = Snapshot(network.configs, 300, network.embedding, through)
    assert (measure(rays, ["rays_kept"])["rays_kept"] == 1).all()
    assert (measure(network, ["rays_kept"])["rays_kept"] < 1).any()


def test_embedding_variance_is_the_squared_scale(network):
    expected = scale(network.embedding.astype("f8")) ** 2
    measured = measure(network, ["embedding_variance"])["embedding_variance"]
    np.testing.assert_allclose(measured, expected)


def test_undefined_is_nan():
    still = Snapshot((ParticleConfig(modulus=5),), 0, np.zeros((1, 5, 2)))
    values = measure(still, ["radius_ratio", "circularity", "grid_imperfections"])
    assert np.isnan(values["radius_ratio"][0])
    assert np.isnan(values["circularity"][0])
    assert np.isfinite(values["grid_imperfections"][0])


def test_an_infinite_ratio_is_undefined():
    embedding = np.ones((1, 5, 2))
    embedding[0, 0] = 0
    snapshot = Snapshot((ParticleConfig(modulus=5),), 0, embedding)
    assert np.isnan(measure(snapshot, ["radius_ratio"])["radius_ratio"][0])


def test_an_unknown_metric_names_the_nearest_one():
    with pytest.raises(ConfigError, match="did you mean 'radius_ratio'"):
        check_metrics(["radius_ration"])
