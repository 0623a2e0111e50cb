"""Twins: particle simulations that begin at a network's own embedding.

The paper shows that particles end in the same kinds of structures as embeddings (Sec. 6). A twin
asks for more: does the force law lead *this* embedding where training leads it?
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from modadd.config import Scalar, count, parameter
from modadd.particles import ParticleConfig
from modadd.training import TrainingConfig


def network_parameter() -> str:
    """The field that names the run whose snapshot another one begins at, by its identity."""
    of_default: str = parameter(
        TrainingConfig().identity, "identity of the run it begins at", pattern="[0-9a-f]{64}"
    )
    return of_default


def network_epoch_parameter() -> int:
    """The field with the epoch of that snapshot."""
    epoch: int = count(0, "epoch of the snapshot it begins at", minimum=0)
    return epoch


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwinConfig(ParticleConfig):
    """A particle simulation that begins at a network's embedding; else as `ParticleConfig`.

    seed: the network's, so that the two are found together; the simulation itself draws nothing.
    Step 0 is the embedding as it is. From step 1 on its moments are those of every simulation, so
    the embedding's own scale only sets how far the first step goes in proportion.
    Raises ConfigError as `Config` does.
    """

    kind: ClassVar[str] = "twin"

    network: str = network_parameter()
    network_epoch: int = network_epoch_parameter()


# What a twin does not take from its network: the particles' law and how it is stepped.
LAW_FIELDS = tuple(
    name
    for name in ParticleConfig.field_types()
    if name not in ("seed", "modulus", "embedding_dim")
)


# The epochs that twins begin at unless others are named: before, while and after structures form.
STARTS = (0, 10, 20, 60, 100, 200, 500)


def twins(
    networks: Iterable[TrainingConfig], epochs: Sequence[int], law: Mapping[str, Scalar]
) -> list[TwinConfig]:
    """The twins of each network from each of the epochs, by network, then by epoch.

    law: of `LAW_FIELDS` those that differ from the defaults. Raises ConfigError as `Config` does.
    """
    return [
        TwinConfig.from_dict(
            {
                **law,
                "seed": network.seed,
                "modulus": network.modulus,
                "embedding_dim": network.embedding_dim,
                "network": network.identity,
                "network_epoch": epoch,
            }
        )
        for network in networks
        for epoch in epochs
    ]
