"""The network (Sec. 3), a "simplified transformer with constant attention", in NumPy.

    x = E_a + E_b;  h = ReLU(W_h x + b_h);  o = W_o h + b_o

Parameters of many runs lie in one flat array (run, count), in the order E, W_h, b_h, W_o, b_o,
each row-major. What follows the embedding is the classifier of Sec. 5.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from modadd.randomness import Stream, normal, uniform
from modadd.snapshots import Floats, Snapshot


class Sizes(Protocol):
    """What a config must tell for a network to be built from it."""

    @property
    def modulus(self) -> int: ...
    @property
    def embedding_dim(self) -> int: ...
    @property
    def hidden_size(self) -> int: ...


class Initial(Sizes, Protocol):
    """What a config must tell for a network to be initialised from it."""

    @property
    def seed(self) -> int: ...
    @property
    def initialization(self) -> str: ...


class Classifier(NamedTuple):
    """Views of a flat classifier array: what turns a pair sum into logits.

    hidden_weight: W_h (run, hidden, dim). hidden_bias: b_h (run, hidden).
    output_weight: W_o (run, token, hidden). output_bias: b_o (run, token).
    """

    hidden_weight: Floats
    hidden_bias: Floats
    output_weight: Floats
    output_bias: Floats


# The parameter groups in the order of the flat array; `TrainingConfig.decay_<group>` scales each.
GROUPS = ("embedding", *Classifier._fields)


def group_shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter group of one network, in the order of the flat array."""
    tokens, dim, hidden = sizes.modulus, sizes.embedding_dim, sizes.hidden_size
    shapes = ((tokens, dim), (hidden, dim), (hidden,), (tokens, hidden), (tokens,))
    return dict(zip(GROUPS, shapes, strict=True))


def group_counts(sizes: Sizes) -> list[int]:
    """How many numbers each parameter group holds, in the order of the flat array."""
    return [math.prod(shape) for shape in group_shapes(sizes).values()]


def parameter_count(sizes: Sizes) -> int:
    """All parameters of one network: 691 at the paper's sizes."""
    return sum(group_counts(sizes))


def unpack_classifier(flat: Floats, sizes: Sizes) -> Classifier:
    """Views into `flat`, (run, count): the four parameter groups behind the embedding.

    Raises:
        ValueError: if the count does not fit the sizes.
    """
    _, *shapes = group_shapes(sizes).values()
    _, *counts = group_counts(sizes)
    if flat.shape[1] != sum(counts):
        raise ValueError(f"a classifier has {sum(counts)} parameters, got {flat.shape[1]}")
    parts = np.split(flat, np.cumsum(counts[:-1]), axis=1)
    views = (part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True))
    return Classifier(*views)


def logits(points: Floats, classifier: Classifier) -> Floats:
    """(run, point, token): the classifier at any points (run, point, dim) of the plane."""
    W_h, b_h, W_o, b_o = classifier
    hidden = np.maximum(points @ W_h.swapaxes(1, 2) + b_h[:, None], 0)
    return hidden @ W_o.swapaxes(1, 2) + b_o[:, None]


def initial_parameters(
    configs: Sequence[Initial], start: Snapshot | None = None
) -> NDArray[np.float64]:
    """(run, count) flat parameters at epoch 0 of configs of equal sizes, each from its own seed.

    Or those of `start`, a snapshot with a classifier, of as many runs.

    Open in the paper: the initialisation. `glorot` (W Glorot-uniform, b = 0) comes nearest to
    Table 1, then `torch` (W, b ~ U(±1/√fan_in)), then `lecun` (W ~ N(0, 1/fan_in), b = 0); see the
    experiment `initialisation`. E ~ N(0, 1) in all three.
    """
    if start is not None:
        assert start.classifier is not None, "asked to start from a snapshot without a classifier"
        groups = [start.embedding.reshape(len(configs), -1), start.classifier]
        return np.concatenate(groups, axis=1, dtype=np.float64)
    return np.stack([_initial_parameters_of(config) for config in configs])


def _initial_parameters_of(config: Initial) -> NDArray[np.float64]:
    seed, draw = config.seed, _INITIALIZATIONS[config.initialization]
    embedding, W_h, b_h, W_o, b_o = group_counts(config)
    hidden_size, modulus, dim = config.hidden_size, config.modulus, config.embedding_dim
    groups = [
        normal(seed, Stream.ARRANGEMENT, embedding),
        draw(seed, Stream.HIDDEN_WEIGHT, W_h, dim, hidden_size),
        draw(seed, Stream.HIDDEN_BIAS, b_h, dim, hidden_size),
        draw(seed, Stream.OUTPUT_WEIGHT, W_o, hidden_size, modulus),
        draw(seed, Stream.OUTPUT_BIAS, b_o, hidden_size, modulus),
    ]
    return np.concatenate(groups)


_BIASES = (Stream.HIDDEN_BIAS, Stream.OUTPUT_BIAS)


def _glorot(
    seed: int, stream: Stream, count: int, fan_in: int, fan_out: int
) -> NDArray[np.float64]:
    if stream in _BIASES:
        return np.zeros(count)
    return np.sqrt(6 / (fan_in + fan_out)) * (2 * uniform(seed, stream, count) - 1)


def _torch(seed: int, stream: Stream, count: int, fan_in: int, fan_out: int) -> NDArray[np.float64]:
    return (2 * uniform(seed, stream, count) - 1) / np.sqrt(fan_in)


def _lecun(seed: int, stream: Stream, count: int, fan_in: int, fan_out: int) -> NDArray[np.float64]:
    if stream in _BIASES:
        return np.zeros(count)
    return normal(seed, stream, count) / np.sqrt(fan_in)


_INITIALIZATIONS = {"glorot": _glorot, "torch": _torch, "lecun": _lecun}
INITIALIZATIONS = tuple(_INITIALIZATIONS)
