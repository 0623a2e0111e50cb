"""The compiled kernels against the readable engines: the same numbers, the same distributions."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from numba import njit
from scipy.stats import fisher_exact, ks_2samp

import modadd.kernels
from modadd import metrics, structures
from modadd.config import ConfigError
from modadd.forces import ALIGNMENT_FORMS
from modadd.kernels import (
    cpu_evaluation,
    cpu_training,
    processor,
    torch_particles,
    torch_training,
)
from modadd.metrics import Measured, measure
from modadd.particles import ParticleConfig
from modadd.snapshots import Snapshot
from modadd.structures import CIRCLE_THRESHOLD
from modadd.training import TrainingConfig

KERNELS = Path(modadd.kernels.__file__).parent


def last(stream):
    *_, snapshot = stream
    return snapshot


def flat(snapshot):
    groups = [snapshot.embedding.reshape(len(snapshot.embedding), -1)]
    return np.concatenate(
        [*groups, *([] if snapshot.classifier is None else [snapshot.classifier])], axis=1
    )


@pytest.mark.parametrize(
    ("kernel", "constant", "of"),
    [
        (cpu_training, "TILES", "tiles.py"),
        (cpu_evaluation, "TILES", "tiles.py"),
        (cpu_evaluation, "TRAINING", "cpu_training.py"),
    ],
)
def test_a_kernel_is_stale_when_code_that_it_is_compiled_with_changes(kernel, constant, of):
    digest = hashlib.sha256((KERNELS / of).read_bytes()).hexdigest()[:16]
    told = f'set {constant} = "{digest}" in {kernel.__name__}'
    assert digest == getattr(kernel, constant), told


SHAPES = {
    "modulus": st.integers(2, 29),
    "embedding_dim": st.integers(1, 9),
    "hidden_size": st.integers(1, 70),
    "train_fraction": st.floats(0.02, 0.98),  # as few as one pair, as many as all but one
}


def made(seeds, shape, **fields):
    try:
        return [TrainingConfig(seed=seed, **shape, **fields) for seed in seeds]
    except ConfigError:  # no pair is left for a side
        reject()


@settings(max_examples=100)
@given(shape=st.fixed_dictionaries(SHAPES), weight_decay=st.sampled_from([0.0, 0.6]))
def test_training_of_any_shape_is_that_of_torch(shape, weight_decay):
    configs = made((1, 2), shape, weight_decay=weight_decay, dtype="float64")
    ours = flat(last(processor.train(configs, [50])))
    np.testing.assert_allclose(
        ours, flat(last(torch_training.train(configs, [50], "cpu"))), rtol=0, atol=1e-9
    )


@settings(max_examples=15)
@given(
    modulus=st.integers(3, 23),
    dim=st.integers(1, 4),
    softening=st.sampled_from([0.0, 0.3]),
    weighting=st.sampled_from(["class-mean", "none"]),
    force_scale=st.sampled_from(["normalised", "raw"]),
    variance=st.sampled_from(["per-axis", "total"]),
    form=st.sampled_from(ALIGNMENT_FORMS),
)
def test_simulations_of_any_shape_are_those_of_torch(
    modulus, dim, softening, weighting, force_scale, variance, form
):
    # On a line sums must meet, and unsoftened raw forces between them know no bound.
    assume(dim > 1 or softening or force_scale == "normalised")
    configs = [
        ParticleConfig(
            seed=seed, modulus=modulus, embedding_dim=dim, softening=softening,
            weighting=weighting, force_scale=force_scale, variance=variance,
            step_size=1e-3, alignment=alignment, alignment_form=form, dtype="float64",
        )
        for seed, alignment in ((1, 0.5), (2, 2.0))
    ]  # fmt: skip
    # Three steps: unsoftened sums that meet, as they must on a line, fly apart unpredictably.
    ours = flat(last(processor.simulate(configs, [3])))
    np.testing.assert_allclose(
        ours, flat(last(torch_particles.simulate(configs, [3], "cpu"))), rtol=0, atol=1e-9
    )


# Rounding grows from step to step, and fastest where alignment is answered by its reaction.
@pytest.mark.parametrize(
    ("form", "steps"), [(form, 20 if form == "reciprocal" else 50) for form in ALIGNMENT_FORMS]
)
def test_the_papers_simulations_are_those_of_torch(form, steps):
    configs = [
        ParticleConfig(seed=s, alignment=a, alignment_form=form, dtype="float64")
        for s in (1, 2) for a in (0.5, 2)
    ]  # fmt: skip
    for ours, theirs in zip(
        processor.simulate(configs, [0, 1, steps]),
        torch_particles.simulate(configs, [0, 1, steps], "cpu"),
        strict=True,
    ):
        np.testing.assert_allclose(ours.embedding, theirs.embedding, rtol=0, atol=1e-9)


def assert_the_same_in_any_company(networks, particles):
    """Bit by bit, of nine runs of each."""
    for engine, configs in ((processor.train, networks), (processor.simulate, particles)):
        together = flat(last(engine(configs, [0, 3, 40])))
        assert np.array_equal(flat(last(engine(configs, [40], threads=2))), together)
        assert np.array_equal(flat(last(engine(configs[::-1], [40])))[::-1], together)
        assert np.array_equal(flat(last(engine(configs[4:5], [7, 40])))[0], together[4])


def test_no_thread_batch_or_order_changes_a_bit():
    assert_the_same_in_any_company(
        [TrainingConfig(seed=seed, weight_decay=seed % 3 / 2) for seed in range(9)],
        [ParticleConfig(seed=seed, alignment=1 + seed % 2) for seed in range(9)],
    )


@settings(max_examples=10)
@given(shape=st.fixed_dictionaries(SHAPES), dtype=st.sampled_from(["float32", "float64"]))
def test_no_thread_batch_or_order_changes_a_bit_of_any_shape(shape, dtype):
    sizes = {"modulus": shape["modulus"] % 11 + 2, "embedding_dim": shape["embedding_dim"]}
    assert_the_same_in_any_company(
        made(range(9), shape, dtype=dtype),
        [ParticleConfig(seed=seed, dtype=dtype, **sizes) for seed in range(9)],
    )


def compare_distributions(count, weight_decay):
    """Two-sample tests after training: circles, accuracy, imperfections; no seed is in both."""
    names = ["validation_accuracy", "grid_imperfections", "radius_ratio"]
    configs = [TrainingConfig(seed=s, weight_decay=weight_decay) for s in range(2 * count)]
    kernel = measure(last(processor.train(configs[:count], [2000], threads=2)), names)
    batches = [configs[start : start + 50] for start in range(count, 2 * count, 50)]
    parts = [measure(last(torch_training.train(some, [2000], "cpu")), names) for some in batches]
    torch = {name: np.concatenate([part[name] for part in parts]) for name in names}
    circles = [int((v["radius_ratio"] < CIRCLE_THRESHOLD).sum()) for v in (kernel, torch)]
    p = {"circles": fisher_exact([circles, [count - found for found in circles]]).pvalue}
    p |= {name: ks_2samp(kernel[name], torch[name]).pvalue for name in names}
    print(f"\nkernel and torch, {count} networks each, weight decay {weight_decay}:", end=" ")
    print(f"circles {circles}; p", ", ".join(f"{value:.3f} {name}" for name, value in p.items()))
    assert min(p.values()) > 0.001


def test_training_ends_in_the_same_distribution_as_that_of_torch():
    compare_distributions(60, weight_decay=1.0)


@pytest.mark.stress
@pytest.mark.parametrize("weight_decay", [0.0, 0.6, 1.0])
def test_a_thousand_runs_end_in_the_same_distribution_as_those_of_torch(weight_decay):
    compare_distributions(1000, weight_decay)


ARRANGEMENTS = st.tuples(st.integers(2, 12), st.integers(1, 5), st.integers(0, 2**16)).map(
    # Whole numbers, so that many distances tie.
    lambda drawn: np.random.default_rng(drawn[2]).integers(-3, 4, (4, *drawn[:2])).astype(float)
)


@given(embedding=ARRANGEMENTS)
def test_neighbours_are_those_found_by_numpy_ties_and_all(embedding):
    compiled = structures.neighbours(embedding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structures, "compiled_kernels_work", lambda: False)
        readable = structures.neighbours(embedding)
    assert np.array_equal(compiled.nearest, readable.nearest)
    assert np.array_equal(compiled.alone, readable.alone)
    assert np.array_equal(compiled.realised, readable.realised)


@pytest.mark.parametrize("lost", [np.nan, np.inf])
def test_neighbours_of_what_lies_nowhere_are_those_found_by_numpy(lost, monkeypatch):
    embedding = np.random.default_rng(0).normal(size=(3, 9, 2))
    embedding[0, 4], embedding[1] = lost, lost
    with np.errstate(invalid="ignore"):
        compiled = structures.neighbours(embedding)
        monkeypatch.setattr(structures, "compiled_kernels_work", lambda: False)
        readable = structures.neighbours(embedding)
    assert np.array_equal(compiled.nearest, readable.nearest)
    assert np.array_equal(compiled.alone, readable.alone)
    assert np.array_equal(compiled.realised, readable.realised)


@given(embedding=ARRANGEMENTS)
def test_line_alignment_is_that_found_by_numpy(embedding):
    compiled = structures.line_alignment(embedding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structures, "compiled_kernels_work", lambda: False)
        readable = structures.line_alignment(embedding)
    np.testing.assert_allclose(compiled, readable, rtol=1e-12)


@pytest.mark.parametrize("sizes", [{}, {"modulus": 8, "embedding_dim": 3, "hidden_size": 5}])
def test_losses_are_those_found_by_numpy(sizes, monkeypatch):
    configs = [TrainingConfig(seed=s, weight_decay=g, **sizes) for s in range(3) for g in (0, 1)]
    taken = list(processor.train(configs, [0, 5, 400]))
    snapshot = Snapshot(
        tuple(configs * 3),
        400,
        np.concatenate([each.embedding for each in taken]),
        np.concatenate([each.classifier for each in taken]),
    )
    compiled, halved = Measured(snapshot).evaluation, Measured(snapshot).correct_at(0.5)
    monkeypatch.setattr(metrics, "compiled_kernels_work", lambda: False)
    readable = Measured(snapshot).evaluation
    assert np.array_equal(halved, Measured(snapshot).correct_at(0.5))
    assert not np.array_equal(halved, readable.correct)
    np.testing.assert_allclose(compiled.loss, readable.loss, rtol=1e-9, atol=1e-13)
    assert np.array_equal(compiled.correct, readable.correct)
    assert compiled.correct.any()
    assert not compiled.correct.all()


# Of float32, two units in the last place: as kernels are compiled, LLVM joins both parts of ln 2.
@pytest.mark.parametrize(("number", "tolerance"), [(np.float32, 2.4e-7), (np.float64, 4e-15)])
def test_exp_is_exp(number, tolerance):
    @njit(**cpu_training._HOW)
    def each(x, y):
        for index in range(len(x)):
            y[index] = cpu_training._exp(x[index])

    x = np.linspace(cpu_training.LOWEST, 0, 5001).astype(number)
    y = np.empty_like(x)
    each(x, y)
    np.testing.assert_allclose(y, np.exp(x.astype(np.float64)), rtol=tolerance)
    beyond = np.array([cpu_training.LOWEST * 1.001, -1e9, -np.inf, np.nan], number)
    each(beyond, y)
    assert np.array_equal(y[: len(beyond)], [0, 0, 0, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    "fields", [{"weight_decay": 0.0}, {"weight_decay": 10.0}, {"learning_rate": 0.1}]
)
def test_no_subnormal_numbers_arise(fields):
    """They would take a processor many times as long."""
    config = TrainingConfig(seed=0, epochs=3000, **fields)
    batch = processor._Training([config])
    end = np.empty((1, 1, batch.parameters.shape[1]), np.float32)
    corrections = processor._corrections(0, 3000).astype(np.float32)
    batch.advance(range(1), corrections, np.array([3000]), end)
    for numbers in (end, batch.moments):
        smallest = np.abs(numbers[numbers != 0]).min()
        assert smallest > np.finfo(np.float32).smallest_normal


@pytest.mark.parametrize("limit", [{"_SECONDS": 1e-4}, {"_BYTES": 9000}])
def test_a_run_does_not_depend_on_how_much_is_computed_at_a_time(limit, monkeypatch):
    configs, epochs = [TrainingConfig(seed=seed) for seed in range(2)], [0, 7, 7, 8, 50]
    in_one_go = list(processor.train(configs, epochs))
    (alone,) = processor.train(configs[1:], [50])
    for name, value in limit.items():
        monkeypatch.setattr(processor, name, value)
    in_parts = list(processor.train(configs, epochs))
    assert [snapshot.epoch for snapshot in in_parts] == epochs
    for part, whole in zip(in_parts, in_one_go, strict=True):
        assert np.array_equal(flat(part), flat(whole))
    assert np.array_equal(flat(alone)[0], flat(in_parts[-1])[1])


def test_a_run_that_diverges_shows_it_and_leaves_its_companions_alone():
    wild, tame = TrainingConfig(seed=1, learning_rate=1e38), TrainingConfig(seed=2)
    both = last(processor.train([wild, tame], [20]))
    assert both.finite_runs().tolist() == [False, True]
    assert np.array_equal(flat(both)[1], flat(last(processor.train([tame], [20])))[0])
