"""Branches: a network's training taken up again at one of its epochs, slightly perturbed.

If branches of one network end alike, its fate was sealed by then; if they scatter, it was not.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modadd.config import count, parameter
from modadd.randomness import Stream, normal
from modadd.snapshots import Snapshot
from modadd.training import TrainingConfig, train
from modadd.twins import network_epoch_parameter, network_parameter


@dataclasses.dataclass(frozen=True, kw_only=True)
class BranchConfig(TrainingConfig):
    """Training that begins at a network's perturbed parameters; else as `TrainingConfig`.

    seed: the network's, whose training pairs it keeps. epochs: how many follow. The optimiser
    begins anew: Adam's moments are 0, since they are not stored.
    Raises ConfigError as `TrainingConfig` does.
    """

    kind: ClassVar[str] = "branch"

    network: str = network_parameter()
    network_epoch: int = network_epoch_parameter()
    branch: int = count(0, "which of the network's branches from that epoch", minimum=0)
    perturbation: float = parameter(
        0.01, "ε: each parameter θ becomes θ (1 + ε z), z ~ N(0, 1)", minimum=0
    )


def branches(
    networks: Iterable[TrainingConfig], epochs: Sequence[int], number: int, perturbation: float
) -> list[BranchConfig]:
    """So many branches of each network from each of the epochs, each trained to the network's age.

    Raises:
        ConfigError: for an epoch that is not before the network's last one.
    """
    return [
        BranchConfig.from_dict(
            {
                **network.to_dict(),
                "epochs": network.epochs - epoch,
                "network": network.identity,
                "network_epoch": epoch,
                "branch": branch,
                "perturbation": perturbation,
            }
        )
        for network in networks
        for epoch in epochs
        for branch in range(number)
    ]


def train_branches(
    configs: Sequence[BranchConfig],
    epochs: Sequence[int],
    device: str = "cpu",
    threads: int = 1,
    start: Snapshot | None = None,
) -> Iterator[Snapshot]:
    """`modadd.training.train` from the perturbed parameters of `start`, the networks' snapshots."""
    assert start is not None, "asked to branch off nothing"
    begin = perturbed(configs, start) if len(configs) else start  # no batch: `train` says so
    return train(configs, epochs, device, threads, begin)


def perturbed(configs: Sequence[BranchConfig], start: Snapshot) -> Snapshot:
    """The snapshot with every parameter θ of each run become θ (1 + ε z)."""
    assert start.classifier is not None, "asked to branch off a snapshot without parameters"
    factors = np.stack(
        [
            _factors(config, start.embedding[0].size + start.classifier.shape[1])
            for config in configs
        ]
    )
    embedding, classifier = np.split(factors, [start.embedding[0].size], axis=1)
    return dataclasses.replace(
        start,
        embedding=start.embedding * embedding.reshape(start.embedding.shape),
        classifier=start.classifier * classifier,
    )


def _factors(config: BranchConfig, size: int) -> NDArray[np.float64]:
    draws = normal(config.seed, Stream.PERTURBATION, size, config.branch)
    return 1 + config.perturbation * draws
