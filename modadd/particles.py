"""The particle simulation (Sec. 6): force, step, restore mean and variance; no momentum."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from modadd.config import Config, Scalar, count, parameter
from modadd.forces import ALIGNMENT_FORMS, WEIGHTINGS, Array, particle_forces, partners
from modadd.kernels import compiled_kernels_work
from modadd.randomness import Stream, normal
from modadd.snapshots import Snapshot, check_batch
from modadd.task import pair_count


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParticleConfig(Config):
    """One simulation; the paper's values are the defaults.

    Open in the paper: step size, whether the force is normalised, whether the variance is constant
    per axis or in total, softening. The defaults come nearest to Table 2 among the options of the
    experiment `step-size`. Raises ConfigError as `Config` does.
    """

    kind: ClassVar[str] = "particle"

    modulus: int = count(17, "number of particles N", minimum=2)
    embedding_dim: int = count(2, "dimension D of the space")
    repulsion: float = parameter(1.0, "g_r (Eq. 2)", minimum=0)
    attraction: float = parameter(1.0, "g_a (Eq. 3)", minimum=0)
    alignment: float = parameter(1.0, "f_a (Eq. 4; paper: 0.5, 1, 2)", minimum=0)
    step_size: float = parameter(0.1, "how far a step moves along the force", above=0)
    steps: int = count(100, "steps of the simulation")
    force_scale: str = parameter(
        "normalised",
        "the force divided by its mean norm over the particles, or as it is",
        choices=("normalised", "raw"),
    )
    variance: str = parameter(
        "per-axis",
        "what is kept constant: each axis' variance or their total",
        choices=("per-axis", "total"),
    )
    weighting: str = parameter(
        "class-mean",
        "average over same- and different-residue partners, or sum",
        choices=WEIGHTINGS,
    )
    alignment_form: str = parameter(
        "paper",
        "Eq. 4, or a variant of it: see modadd.forces",
        choices=ALIGNMENT_FORMS,
        since="0.2",
    )
    softening: float = parameter(0.0, "ε: distances become √(r² + ε²)", minimum=0)
    dtype: str = parameter("float32", "arithmetic", choices=("float32", "float64"))

    @property
    def length(self) -> int:
        return self.steps

    @property
    def shape(self) -> tuple[Scalar, ...]:
        options = (self.force_scale, self.variance, self.weighting, self.alignment_form)
        return (self.modulus, self.embedding_dim, self.steps, *options, self.dtype)


def initial_positions(
    configs: Sequence[ParticleConfig], start: Snapshot | None = None
) -> NDArray[np.float64]:
    """(run, token, dim) ~ N(0, 1), each from its own seed; or those of `start`."""
    if start is not None:
        return start.embedding.astype(np.float64)
    modulus, dim = configs[0].modulus, configs[0].embedding_dim
    draws = [normal(config.seed, Stream.ARRANGEMENT, modulus * dim) for config in configs]
    return np.stack(draws).reshape(-1, modulus, dim)


NUMBER_SECONDS = 5.5e-10


def numbers(config: ParticleConfig) -> tuple[int, int]:
    """How many numbers a run works on in a step (one a pair of pairs in the plane, and more in
    space, as cost and memory grow) and in a snapshot."""
    dim = config.embedding_dim
    return pair_count(config.modulus) ** 2 * max(2, dim) // 2, config.modulus * dim


def step_seconds(config: ParticleConfig) -> float:
    """About what a step takes the compiled kernel on one core (Xeon, AVX-512)."""
    worked, _ = numbers(config)
    return worked * NUMBER_SECONDS


def kernel_serves(_config: ParticleConfig, device: str) -> bool:
    """Whether the compiled kernel simulates such a config, of whatever size, or torch does."""
    return device == "cpu" and compiled_kernels_work()


def simulate(
    configs: Sequence[ParticleConfig],
    epochs: Sequence[int],
    device: str = "cpu",
    threads: int = 1,
    start: Snapshot | None = None,
) -> Iterator[Snapshot]:
    """Simulate configs of equal shape as one batch; yield a Snapshot at each of the sorted steps.

    Step 0 is the random start as drawn. A run that diverges fills with NaN or inf and leaves its
    companions alone. device: any that torch knows. threads: how many cores share the runs on a CPU;
    they change no number. start: positions to begin with at step 0 in place of the random ones,
    such as a network's embedding.

    Raises:
        ConfigError: for what is no batch, see `modadd.snapshots.check_batch`.
    """
    check_batch(configs, epochs, threads, start)
    # Imported here: only those who simulate should wait for torch, or for the compiled kernels.
    if kernel_serves(configs[0], device):
        from modadd.kernels import processor

        return processor.simulate(configs, epochs, threads, start)
    from modadd.kernels import torch_particles

    return torch_particles.simulate(configs, epochs, device, start)


class Coefficients:
    """The numbers of a batch as (run,) columns, and the options that its runs share.

    As arrays like `reference`, the batch's positions, so that a step makes none anew.
    """

    def __init__(self, configs: Sequence[ParticleConfig], reference: Array) -> None:
        xp = array_namespace(reference)

        def column(name: str) -> Array:
            values = np.array([getattr(config, name) for config in configs])
            return xp.asarray(values, dtype=reference.dtype, device=reference.device)

        self.force = {
            name: column(name) for name in ("repulsion", "attraction", "alignment", "softening")
        }
        self.step_size = column("step_size")[:, None, None]
        self.options = configs[0]
        self.partners = partners(self.options.modulus, self.options.weighting, reference)


def step(positions: Array, coefficients: Coefficients) -> Array:
    """One step: x ← x + ηF, then zero mean and the constant variance are restored."""
    options = coefficients.options
    force = particle_forces(
        positions,
        weighting=coefficients.partners,
        alignment_form=options.alignment_form,
        **coefficients.force,
    )
    if options.force_scale == "normalised":
        force = divide_by_mean_norm(force)
    return restore_moments(positions + coefficients.step_size * force, options.variance)


def divide_by_mean_norm(force: Array) -> Array:
    """F / mean_i ‖F_i‖ of each run, for F (run, token, dim); a force that is 0 stays 0."""
    xp = array_namespace(force)
    norms = xp.sqrt(xp.sum(force * force, axis=-1, keepdims=True))
    mean = xp.mean(norms, axis=1, keepdims=True)
    return force / xp.where(mean > 0, mean, xp.ones_like(mean))


def restore_moments(positions: Array, variance: str) -> Array:
    """Positions (run, token, dim) with mean 0 and variance 1, per axis or averaged over the axes.

    Open in the paper: which constant. Any will do for a normalised force up to the step size; 1 is
    the variance of the initial distribution. An axis without extent stays as it is.
    """
    xp = array_namespace(positions)
    centred = positions - xp.mean(positions, axis=1, keepdims=True)
    squares = xp.mean(centred * centred, axis=1, keepdims=True)
    if variance == "total":
        squares = xp.mean(squares, axis=2, keepdims=True)
    return centred / xp.sqrt(xp.where(squares > 0, squares, xp.ones_like(squares)))
