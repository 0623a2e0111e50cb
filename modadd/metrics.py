"""Metrics: numbers that describe a snapshot. One decorated function is one metric.

A metric takes `Measured` snapshots and returns (run,) numbers; NaN and inf stand for "undefined"
and are stored as NULL. Its version goes up whenever its numbers change, which makes every database
ask for `modadd measure`.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modadd import structures
from modadd.config import ConfigError, suggestion
from modadd.kernels import compiled_kernels_work
from modadd.network import Classifier, logits, unpack_classifier
from modadd.snapshots import Floats, Snapshot
from modadd.task import Split, pair_sums, pairs, split


class Evaluation(NamedTuple):
    """Of every pair, in the order of `modadd.task.pairs`: (run, pair) loss and correctness."""

    loss: NDArray[np.float64]
    correct: NDArray[np.bool_]


class Measured:
    """A snapshot, with what several metrics share computed once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.embedding = snapshot.embedding

    @cached_property
    def classifier(self) -> Classifier:
        """The parameters behind the embedding, with leading axis run."""
        assert self.snapshot.classifier is not None, "asked of a snapshot without a classifier"
        return unpack_classifier(self.snapshot.classifier, self.snapshot.configs[0])  # type: ignore[arg-type]  # runs with a classifier have a config with sizes

    @cached_property
    def evaluation(self) -> Evaluation:
        """Cross-entropy (nats) and correctness of every pair, in float64."""
        if compiled_kernels_work():
            from modadd.kernels import processor

            return Evaluation(*processor.evaluate(*self._network))
        output, residue = self._logits(1.0), self._residue
        highest = output.max(axis=2, keepdims=True)
        normaliser = np.log(np.exp(output - highest).sum(axis=2)) + highest[:, :, 0]
        target = np.take_along_axis(output, residue[None, :, None], axis=2)[:, :, 0]
        return Evaluation(normaliser - target, output.argmax(axis=2) == residue)

    def correct_at(self, scale: float) -> NDArray[np.bool_]:
        """(run, pair) correctness with all pair sums so many times as far from the origin."""
        if compiled_kernels_work():
            from modadd.kernels import processor

            return processor.classify(*self._network, scale)
        return self._logits(scale).argmax(axis=2) == self._residue

    @property
    def _network(self) -> tuple[Floats, Floats, int]:
        """Embeddings, flat classifiers, and the number of hidden units."""
        hidden = self.classifier.hidden_bias.shape[1]
        assert self.snapshot.classifier is not None  # or there were no `classifier` either
        return self.embedding, self.snapshot.classifier, hidden

    def _logits(self, scale: float) -> NDArray[Any]:
        classifier = Classifier(*(group.astype(np.float64) for group in self.classifier))
        return logits(scale * pair_sums(self.embedding.astype(np.float64)), classifier)

    @property
    def _residue(self) -> NDArray[np.int64]:
        return pairs(self.embedding.shape[1]).residue

    @cached_property
    def neighbours(self) -> structures.Neighbours:
        """What lies near each pair sum."""
        return structures.neighbours(self.embedding)

    @cached_property
    def training_pairs(self) -> NDArray[np.int64]:
        """(run, pair) the indices of each run's own training pairs."""
        return np.array([chosen.training for chosen in self._splits])

    @cached_property
    def validation_pairs(self) -> NDArray[np.int64]:
        """(run, pair) the indices of each run's own validation pairs."""
        return np.array([chosen.validation for chosen in self._splits])

    @cached_property
    def _splits(self) -> list[Split]:
        configs: Sequence[Any] = self.snapshot.configs
        return [split(c.seed, c.modulus, c.train_fraction) for c in configs]


class Metric(NamedTuple):
    """A registered metric. needs_classifier: only networks with stored parameters have it."""

    name: str
    version: int
    description: str
    source: str
    needs_classifier: bool
    compute: Callable[[Measured], NDArray[Any]]

    def applies_to(self, has_classifier: bool) -> bool:
        """Whether snapshots with or without a classifier can have this metric."""
        return has_classifier or not self.needs_classifier


METRICS: dict[str, Metric] = {}


def metric(
    *, description: str, source: str, version: int = 1, needs_classifier: bool = False
) -> Callable[[Callable[[Measured], NDArray[Any]]], Callable[[Measured], NDArray[Any]]]:
    """Register the decorated function as the metric of its name."""

    def register(
        function: Callable[[Measured], NDArray[Any]],
    ) -> Callable[[Measured], NDArray[Any]]:
        name = function.__name__
        METRICS[name] = Metric(name, version, description, source, needs_classifier, function)
        return function

    return register


def measure(snapshot: Snapshot, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """The named metrics of a snapshot, each (run,) with NaN where undefined.

    A metric that needs a classifier is left out for a snapshot without one.
    """
    measured = Measured(snapshot)
    values = {}
    for name in names:
        chosen = METRICS[name]
        if chosen.applies_to(snapshot.classifier is not None):
            numbers = np.asarray(chosen.compute(measured), dtype=np.float64)
            values[name] = np.where(np.isfinite(numbers), numbers, np.nan)
    return values


def check_metrics(names: Sequence[str]) -> None:
    """Raise ConfigError for a name that is not registered, with the nearest one that is."""
    for name in names:
        if name not in METRICS:
            raise ConfigError(f"no metric {name!r}{suggestion(name, list(METRICS))}")


@metric(
    description="cross-entropy over the training pairs, nats",
    source="Sec. 3",
    needs_classifier=True,
)
def train_loss(measured: Measured) -> NDArray[Any]:
    return _means(measured.evaluation.loss, measured.training_pairs)


@metric(
    description="share of training pairs classified correctly",
    source="Sec. 3",
    needs_classifier=True,
)
def train_accuracy(measured: Measured) -> NDArray[Any]:
    return _means(measured.evaluation.correct, measured.training_pairs)


@metric(
    description="cross-entropy over the validation pairs, nats",
    source="Sec. 3",
    needs_classifier=True,
)
def validation_loss(measured: Measured) -> NDArray[Any]:
    return _means(measured.evaluation.loss, measured.validation_pairs)


@metric(
    description="share of validation pairs classified correctly",
    source="Sec. 3, Table 1",
    needs_classifier=True,
)
def validation_accuracy(measured: Measured) -> NDArray[Any]:
    return _means(measured.evaluation.correct, measured.validation_pairs)


@metric(
    description="largest over smallest distance of a token from the origin; a circle is < 1.2",
    source="Algorithm 1",
)
def radius_ratio(measured: Measured) -> NDArray[Any]:
    return structures.radius_ratio(measured.embedding)


@metric(description="pairs whose nearest other pair sum has another residue", source="Algorithm 2")
def grid_imperfections(measured: Measured) -> NDArray[Any]:
    return measured.neighbours.imperfect.sum(axis=1)


@metric(
    description="pairs with no other sum of their residue within 0.1 of the embedding's scale",
    source="Sec. 4 (prose)",
)
def imperfections_in_prose(measured: Measured) -> NDArray[Any]:
    return measured.neighbours.alone.sum(axis=1)


@metric(description="mean |W_h|", source="App. B, Fig. 6", needs_classifier=True)
def mean_abs_hidden_weight(measured: Measured) -> NDArray[Any]:
    return np.abs(measured.classifier.hidden_weight).mean(axis=(1, 2), dtype=np.float64)


@metric(description="mean |b_h|", source="App. B, Fig. 6", needs_classifier=True)
def mean_abs_hidden_bias(measured: Measured) -> NDArray[Any]:
    return np.abs(measured.classifier.hidden_bias).mean(axis=1, dtype=np.float64)


@metric(description="mean |W_o|", source="Sec. 7", needs_classifier=True)
def mean_abs_output_weight(measured: Measured) -> NDArray[Any]:
    return np.abs(measured.classifier.output_weight).mean(axis=(1, 2), dtype=np.float64)


@metric(description="mean squared distance of the tokens from their centroid", source="Sec. 6")
def embedding_variance(measured: Measured) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # of a run about to diverge: undefined
        return np.square(structures.scale(measured.embedding.astype(np.float64)))


@metric(
    description="share of the strongest Fourier frequency over tokens; 1 for a perfect circle",
    source="after Zhong et al. 2023",
)
def circularity(measured: Measured) -> NDArray[Any]:
    return structures.circularity(measured.embedding)


@metric(
    description="mean squared cosine between pair sums of a residue; 1 if on a line through 0",
    source="Sec. 5.2",
)
def line_alignment(measured: Measured) -> NDArray[Any]:
    return structures.line_alignment(measured.embedding)


@metric(
    description="share of the pairs classified correctly that still are at half their pair sum",
    source="Sec. 5.2: regions that start from the origin",
    needs_classifier=True,
)
def rays_kept(measured: Measured) -> NDArray[Any]:
    correct, halved = measured.evaluation.correct, measured.correct_at(0.5)
    with np.errstate(invalid="ignore"):
        return np.asarray((correct & halved).sum(axis=1) / correct.sum(axis=1))


@metric(
    description="RQI: share of mod-N parallelograms realised within 0.1 of the embedding's scale",
    source="after Liu et al. 2022",
)
def representation_quality(measured: Measured) -> NDArray[Any]:
    return measured.neighbours.realised


def _means(values: NDArray[Any], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """(run,) each run's mean over its own chosen pairs."""
    return np.asarray(np.take_along_axis(values, chosen, axis=1).mean(axis=1, dtype=np.float64))
