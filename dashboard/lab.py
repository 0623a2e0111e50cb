"""A run that is computed while one looks: its stream of snapshots, and what was measured of it.

Nothing here touches the database, and nothing that computes is loaded before the first step.
"""

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dashboard.charts_panels import CURVES
from dashboard.forces_shown import force_arrows
from dashboard.frames import frames
from dashboard.regions import region_pictures
from dashboard.run_picture import RunPicture, region_numbers
from dashboard.theme import residue_colours
from modadd.config import Config, ConfigError
from modadd.metrics import METRICS, measure
from modadd.network import initial_parameters
from modadd.particles import ParticleConfig, initial_positions, simulate
from modadd.snapshots import Snapshot
from modadd.task import split
from modadd.training import TrainingConfig, train

# What keeps a step, and the drawing of it, well below a second.
LIMITS = {"modulus": 41, "embedding_dim": 4, "hidden_size": 256, "epochs": 20_000, "steps": 5_000}
_MEASURED = [name for measures, _ in CURVES.values() for name in measures]


class Origin(NamedTuple):
    """Where a run begins instead of at its own seed's start: a snapshot, and what it is."""

    snapshot: Snapshot
    text: str


class LiveRun:
    """A config and its stream: at epoch 0 until it is advanced.

    Raises:
        ConfigError: for a config past `LIMITS`, or an origin of another shape.
    """

    def __init__(self, config: Config, origin: Origin | None = None) -> None:
        _check_limits(config)
        self.config, self.origin = config, origin
        self.now = first_snapshot(config, origin)
        self.rows: list[dict[str, float]] = []
        self.diverged = False
        self._stream: Iterator[Snapshot] | None = None

    @property
    def finished(self) -> bool:
        """Whether there is no further step."""
        return self.diverged or self.now.epoch >= self.config.length

    @property
    def series(self) -> pd.DataFrame:
        """A row each time the run was looked at: epoch and the measures of the curves."""
        return pd.DataFrame(self.rows or [{"epoch": 0}])

    def advance(self, steps: int) -> None:
        """Take up to that many steps, and measure where they led.

        A run that diverges stays at the last finite snapshot that was seen.
        """
        if self._stream is None:
            self._stream = _start(self.config, self.origin)
            next(self._stream)
            self._measure()
        for _ in range(min(steps, self.config.length - self.now.epoch)):
            following = next(self._stream)
            if not following.finite_runs().all():
                self.diverged = True
                break
            self.now = following
        self._measure()

    def _measure(self) -> None:
        names = [name for name in _MEASURED if name in METRICS]
        values = measure(self.now, names)
        self.rows.append(
            {"epoch": self.now.epoch, **{name: float(found[0]) for name, found in values.items()}}
        )

    def picture(self) -> RunPicture:
        """What the run looks like now."""
        config: Any = self.config
        epochs, places = [self.now.epoch], np.asarray(self.now.embedding)
        if isinstance(config, ParticleConfig):
            shown = frames(epochs, places, None)
            flat = shown.dim <= 2
            return RunPicture(
                shown, [], "", force_arrows(places, config, shown.reach) if flat else None
            )
        shown = frames(epochs, places, split(config.seed, config.modulus, config.train_fraction))
        if shown.dim != 2 or self.now.classifier is None:
            return RunPicture(shown, [], "", None)
        sizes = (config.modulus, config.embedding_dim, config.hidden_size)
        colours = residue_colours(config.modulus)
        drawn = region_pictures(self.now.classifier, sizes, shown.sum_reach, colours)
        numbers = region_numbers(drawn.middles, shown.sum_reach)
        return RunPicture(shown, drawn.pictures, "", None, numbers)


def kernels_loaded() -> bool:
    """Whether what computes is in memory already, so that a step comes at once."""
    return "modadd.kernels.processor" in sys.modules or "torch" in sys.modules


def first_snapshot(config: Config, origin: Origin | None) -> Snapshot:
    """Epoch 0 as the stream will have it, without loading what computes.

    Raises:
        ConfigError: if the origin has another shape than the config.
    """
    start = None if origin is None else origin.snapshot
    if start is not None:
        _check_shape(config, start)
    if isinstance(config, ParticleConfig):
        return Snapshot((config,), 0, initial_positions([config], start))
    assert isinstance(config, TrainingConfig)
    flat = initial_parameters([config], start)
    embedding, classifier = np.split(flat, [config.modulus * config.embedding_dim], axis=1)
    shape = (1, config.modulus, config.embedding_dim)
    return Snapshot((config,), 0, embedding.reshape(shape), classifier)


def _start(config: Config, origin: Origin | None) -> Iterator[Snapshot]:
    start = None if origin is None else origin.snapshot
    every = range(config.length + 1)
    if isinstance(config, ParticleConfig):
        return simulate([config], every, start=start)
    assert isinstance(config, TrainingConfig)
    return train([config], every, start=start)


def _check_limits(config: Config) -> None:
    for name, value in config.to_dict().items():
        if name in LIMITS and isinstance(value, int) and value > LIMITS[name]:
            raise ConfigError(
                f"{name} must be <= {LIMITS[name]} in the Lab, got {value}: larger runs are the "
                "jobs' work"
            )


def _check_shape(config: Any, start: Snapshot) -> None:
    _, tokens, dim = start.embedding.shape
    if (tokens, dim) != (config.modulus, config.embedding_dim):
        raise ConfigError(
            f"to go on from a run, modulus and embedding_dim must stay {tokens} and {dim}, got "
            f"{config.modulus} and {config.embedding_dim}"
        )
    if isinstance(config, TrainingConfig):
        there: Any = start.configs[0]
        if start.classifier is None:
            raise ConfigError("particles have no classifier to train on: start a network anew")
        if there.hidden_size != config.hidden_size:
            raise ConfigError(
                f"to go on from a network, hidden_size must stay {there.hidden_size}, got "
                f"{config.hidden_size}"
            )
