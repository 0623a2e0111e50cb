"""Snapshots: what every simulator yields, and the schedule that says when."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modadd.config import Config, ConfigError

Floats = NDArray[np.floating[Any]]


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A batch of runs of equal shape at one epoch (for particles: one step).

    configs: one a run. embedding: (run, token, dim). classifier: (run, count), the flattened
    parameters behind the embedding (see `modadd.network`), or None if there are none.
    """

    configs: tuple[Config, ...]
    epoch: int
    embedding: Floats
    classifier: Floats | None = None

    def finite_runs(self) -> NDArray[np.bool_]:
        """(run,) whether every number of the run is finite; a run that is not has diverged."""
        finite = np.isfinite(self.embedding).all(axis=(1, 2))
        if self.classifier is not None:
            finite = finite & np.isfinite(self.classifier).all(axis=1)
        return np.asarray(finite)

    def part(self, start: int, stop: int) -> "Snapshot":
        """The runs start … stop - 1, without a copy."""
        return Snapshot(
            self.configs[start:stop],
            self.epoch,
            self.embedding[start:stop],
            None if self.classifier is None else self.classifier[start:stop],
        )

    def of(self, runs: Sequence[int] | NDArray[np.int64]) -> "Snapshot":
        """Some of the runs, by their places in the batch."""
        return Snapshot(
            tuple(self.configs[run] for run in runs),
            self.epoch,
            self.embedding[runs],
            None if self.classifier is None else self.classifier[runs],
        )


def joined(parts: Sequence[Snapshot]) -> Snapshot:
    """Batches at one epoch as a single batch."""
    classifiers = [part.classifier for part in parts if part.classifier is not None]
    return Snapshot(
        tuple(config for part in parts for config in part.configs),
        parts[0].epoch,
        np.concatenate([part.embedding for part in parts]),
        np.concatenate(classifiers) if classifiers else None,
    )


def check_batch(
    configs: Sequence[Any],
    epochs: Sequence[int],
    threads: int,
    start: Snapshot | None,
    parameters: int = 0,
) -> None:
    """What every engine takes for granted of a batch, compiled ones at the peril of the memory.

    parameters: how many a start must have behind the embedding.

    Raises:
        ConfigError: for no configs, or such of different shapes; for epochs that are not sorted;
            for no threads; for a start of another number of runs, or of another size.
    """
    if not len(configs):
        raise ConfigError("a batch must have at least one config, got none")
    other = next((c for c in configs if c.shape != configs[0].shape), None)
    if other is not None:
        raise ConfigError(
            "the configs of a batch must be of equal shape, got "
            f"{configs[0].shape} and {other.shape}: make a batch of each"
        )
    whole = all(isinstance(epoch, int | np.integer) and epoch >= 0 for epoch in epochs)
    if not whole or any(a > b for a, b in itertools.pairwise(epochs)):
        raise ConfigError(f"epochs must be sorted whole numbers >= 0, got {list(epochs)[:10]}")
    if threads < 1:
        raise ConfigError(f"threads must be >= 1, got {threads}")
    if start is None:
        return
    if len(start.embedding) != len(configs):
        raise ConfigError(
            f"a start must have a run for each config, got {len(start.embedding)} for "
            f"{len(configs)}: take them with `Snapshot.of`"
        )
    sizes = (configs[0].modulus, configs[0].embedding_dim)
    if start.embedding.shape[1:] != sizes:
        raise ConfigError(
            f"a start must have the tokens and dimensions of the configs, {sizes}, got "
            f"{start.embedding.shape[1:]}"
        )
    behind = 0 if start.classifier is None else start.classifier.shape[1]
    if parameters and behind != parameters:
        raise ConfigError(
            f"a start must have {parameters} parameters behind the embedding, got {behind}"
        )


MOST_SNAPSHOTS = 1_000_000
_MOST_LETTERS = 1_000_000  # of a specification


def schedule(specification: str, length: int) -> tuple[int, ...]:
    """The epochs to keep, sorted, from a specification such as `default` or `every:50,3,final`.

    Items, joined by commas, add up: `default` (0 … 10, then ever sparser steps: 59 epochs of
    2000), `all`, `final`, `every:K`, or an epoch number. The first and the final epoch are always
    kept, so that a run that diverges has a snapshot too.

    Raises:
        ConfigError: for an unknown item, or an epoch past the end.
    """
    if len(specification) > _MOST_LETTERS:
        raise ConfigError(
            f"snapshots must be written in at most {_MOST_LETTERS} letters, got "
            f"{len(specification)}: use default or every:K"
        )
    kept = {0, length}
    for item in specification.split(","):
        epochs = _epochs_of(item.strip(), length)
        if len(epochs) > MOST_SNAPSHOTS:
            raise ConfigError(
                f"snapshots must be at most {MOST_SNAPSHOTS} a run, {item} of {length} makes "
                f"{len(epochs)}: use default or every:K"
            )
        kept.update(epochs)
    return tuple(sorted(kept))


def _epochs_of(item: str, length: int) -> Sequence[int]:
    if item == "default":
        return dense_then_sparse(length)
    if item == "all":
        return range(length + 1)
    if item == "final":
        return (length,)
    if item.startswith("every:") and _is_number(item[6:]) and int(item[6:]) > 0:
        return range(0, length + 1, int(item[6:]))
    if _is_number(item):
        if int(item) > length:
            raise ConfigError(f"snapshots: epoch {item} is past the end, the last is {length}")
        return (int(item),)
    raise ConfigError(
        f"snapshots must list default, all, final, every:K or epoch numbers, got {item!r}"
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def dense_then_sparse(length: int) -> tuple[int, ...]:
    """Epochs 0 … 10, then steps of a fifth of the epoch's age, rounded to 1-2-5 numbers.

    No step exceeds a twentieth of the length. Structures form early: half of the snapshots lie in
    the first tenth of the run.
    """
    nice = [digit * 10**power for power in range(len(str(length)) + 1) for digit in (1, 2, 5)]
    epochs = [0]
    while epochs[-1] < length:
        now = epochs[-1]
        longest = max(1, min(now // 5, length // 20))
        step = max(number for number in nice if number <= longest and now % number == 0)
        epochs.append(min(now + step, length))
    return tuple(epochs)
