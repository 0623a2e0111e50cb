"""What really moves an embedding: the loss' gradient at every pair sum, and AdamW's own step.

The paper's law (Sec. 5) is a model of these.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modadd.network import Classifier
from modadd.task import incidence, pairs, split
from modadd.training import TrainingConfig, train

Vectors = NDArray[np.float64]


class TrainingPairs(NamedTuple):
    """The pairs that a network is trained on.

    indices: (pair,) into `modadd.task.pairs`. residue: (pair,) (i + j) mod N. membership: (pair,
    token) how often a token stands in a pair: sums are membership @ embedding, and a field on the
    sums moves the tokens by membership.T @ field.
    """

    indices: NDArray[np.int64]
    residue: NDArray[np.int64]
    membership: Vectors


def training_pairs(config: TrainingConfig) -> TrainingPairs:
    """The config's training pairs, in the order of `modadd.task.pairs`."""
    indices = split(config.seed, config.modulus, config.train_fraction).training
    residue = pairs(config.modulus).residue[indices]
    return TrainingPairs(indices, residue, incidence(config.modulus)[indices])


def pair_sum_forces(
    sums: Vectors, residue: NDArray[np.int64], classifier: Classifier
) -> NDArray[np.float64]:
    """(snapshot, pair, dim) -∂ℓ_ij/∂x_ij of each pair's own cross-entropy ℓ_ij (nats), in float64.

    sums: (snapshot, pair, dim). residue: (pair,). classifier: leading axis snapshot.

    The loss is the mean of the ℓ_ij, so -∂L/∂x_ij is this over the number of training pairs: a
    constant of the run, which is left out so that coefficients do not depend on it.
    """
    W_h, b_h, W_o, b_o = (group.astype(np.float64) for group in classifier)
    before = sums @ W_h.swapaxes(1, 2) + b_h[:, None]
    output = np.maximum(before, 0) @ W_o.swapaxes(1, 2) + b_o[:, None]
    output -= output.max(axis=2, keepdims=True)
    slope = np.exp(output)
    slope /= slope.sum(axis=2, keepdims=True)
    slope[:, np.arange(len(residue)), residue] -= 1
    return np.asarray(-((slope @ W_o) * (before > 0)) @ W_h)


# A recomputed embedding that is further off than this, relative to its largest coordinate, belongs
# to another path: another machine rounds otherwise, and training amplifies it.
SAME_PATH = 1e-4


def updates(
    config: TrainingConfig, epochs: Sequence[int], embedding: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(snapshot, token, dim) Adam's part of the step after each epoch, over the learning rate.

    E(t+1) = (1 - λγ) E(t) + λ · update: Adam's move without the decay of Eq. 1. Its size is at most
    about 1 whatever the gradient's. embedding: (snapshot, token, dim), as stored at `epochs`.

    Adam's moments are not stored, so the run is computed again from its config, one step past each
    epoch. NaN where that does not lead to the stored embedding: on a machine that rounds otherwise,
    or for a run that did not begin at its config's initialisation.
    """
    wanted = sorted({*epochs, *(epoch + 1 for epoch in epochs)})
    path = {
        snapshot.epoch: snapshot.embedding[0].astype(np.float64)
        for snapshot in train([config], wanted)
    }
    here = np.stack([path[epoch] for epoch in epochs])
    there = np.stack([path[epoch + 1] for epoch in epochs])
    rate = config.learning_rate
    keep = 1 - rate * config.weight_decay * config.decay_embedding
    with np.errstate(over="ignore", invalid="ignore"):  # of a run about to diverge
        off = np.abs(here - embedding).max(axis=(1, 2))
        same = off <= SAME_PATH * np.abs(embedding).max(axis=(1, 2))
        return np.where(same[:, None, None], (there - keep * here) / rate, np.nan)
