import dataclasses

import numpy as np
import pytest

from modadd import particles
from modadd.forces import particle_forces
from modadd.particles import (
    ParticleConfig,
    divide_by_mean_norm,
    initial_positions,
    restore_moments,
    simulate,
)
from modadd.training import TrainingConfig, train


@pytest.fixture(autouse=True, params=["compiled kernel", "torch"])
def engine(request, monkeypatch):
    """Every test here runs on both engines."""
    compiled = request.param == "compiled kernel"
    monkeypatch.setattr(particles, "compiled_kernels_work", lambda: compiled)


def simulated(configs, step):
    *_, last = simulate(configs, (step,))
    return last.embedding


def test_a_step_is_force_then_step_then_restored_moments():
    config = ParticleConfig(seed=3, alignment=2.0, dtype="float64")
    x = initial_positions([config])
    force = particle_forces(x, alignment=2.0)
    force /= np.linalg.norm(force, axis=2).mean()
    moved = x + 0.1 * force
    centred = moved - moved.mean(axis=1)
    expected = centred / centred.std(axis=1)
    np.testing.assert_allclose(simulated([config], 1), expected, atol=1e-9)


def test_a_simulation_may_start_from_a_networks_embedding():
    (network,) = train([TrainingConfig(seed=4)], (100,))
    (start,) = simulate([ParticleConfig(seed=9)], (0,), start=network)
    assert np.array_equal(start.embedding, network.embedding)


def test_variance_per_axis_or_in_total():
    x = np.random.default_rng(0).normal(size=(2, 17, 3)) * [1, 2, 5] + 4
    per_axis, total = restore_moments(x, "per-axis"), restore_moments(x, "total")
    for restored in (per_axis, total):
        np.testing.assert_allclose(restored.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(per_axis.var(axis=1), 1)
    np.testing.assert_allclose(total.var(axis=1).sum(axis=1), 3)
    spreads = total.std(axis=1)
    np.testing.assert_allclose(spreads / spreads[:, :1], x.std(axis=1) / x.std(axis=1)[:, :1])


def test_normalised_forces_have_mean_norm_1():
    force = divide_by_mean_norm(np.random.default_rng(0).normal(size=(3, 17, 2)) * 7)
    np.testing.assert_allclose(np.linalg.norm(force, axis=2).mean(axis=1), 1)
    assert not divide_by_mean_norm(np.zeros((1, 4, 2))).any()


def test_particles_in_one_place_stay_there():
    x = np.full((1, 5, 2), 3.0)
    restored = restore_moments(x, "per-axis")
    assert not restored.any()
    assert np.isfinite(restored).all()


@pytest.mark.parametrize("force_scale", ["normalised", "raw"])
def test_a_simulation_does_not_depend_on_its_batch_companions(force_scale):
    configs = [
        ParticleConfig(seed=seed, alignment=0.5 * seed, force_scale=force_scale)
        for seed in range(5)
    ]
    together = simulated(configs, 20)
    for index in (0, 4):
        assert np.array_equal(simulated(configs[index : index + 1], 20)[0], together[index])
    assert np.array_equal(simulated(configs[::-1], 20)[::-1], together)


def test_step_0_is_the_start_as_drawn():
    config = ParticleConfig(seed=9)
    (start,) = simulate([config], (0,))
    assert np.array_equal(start.embedding, initial_positions([config]).astype("f4"))
    assert start.classifier is None


@pytest.mark.parametrize("modulus", [2, 3, 6])
@pytest.mark.parametrize("dim", [1, 2, 4])
def test_any_shape_runs_and_stays_finite(modulus, dim):
    config = ParticleConfig(modulus=modulus, embedding_dim=dim)
    assert np.isfinite(simulated([config], 5)).all()


def test_alignment_makes_circles():
    # Table 2 in small: no circles at 0.5, about half at 2.
    from modadd.structures import is_circle

    def circles(alignment):
        configs = [ParticleConfig(seed=seed, alignment=alignment) for seed in range(25)]
        return int(is_circle(simulated(configs, 100)).sum())

    assert circles(0.5) == 0
    assert circles(2.0) >= 8


def test_options_change_the_run():
    base = ParticleConfig(seed=1)
    plain = simulated([base], 5)
    for change in (
        {"variance": "total"}, {"force_scale": "raw"}, {"weighting": "none"}, {"softening": 0.5},
        {"alignment_form": "reciprocal"}, {"alignment_form": "potential"},
        {"alignment_form": "same-only"}, {"alignment_form": "different-only"},
        {"repulsion": 2.0}, {"attraction": 2.0}, {"alignment": 2.0}, {"step_size": 0.2},
    ):  # fmt: skip
        assert not np.allclose(simulated([dataclasses.replace(base, **change)], 5), plain), change


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu_early_on():
    configs = [ParticleConfig(seed=seed, dtype="float64") for seed in range(3)]
    *_, cpu = simulate(configs, (10,), "cpu")
    *_, cuda = simulate(configs, (10,), "cuda")
    np.testing.assert_allclose(cuda.embedding, cpu.embedding, atol=1e-8)
