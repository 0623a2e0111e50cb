"""Where runs begin that begin at a stored run's snapshot: checked, and handed to their chunks."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine

from db.starts import Origin, starts, stored_shapes
from jobs.compute import Chunk
from modadd.config import Config, ConfigError
from modadd.simulators import SIMULATORS
from modadd.snapshots import Snapshot


def check_starts(engine: Engine, kind: str, configs: Iterable[Config]) -> None:
    """Raise ConfigError unless every snapshot that the configs begin at is stored and fits them."""
    simulator = SIMULATORS[kind]
    if simulator.origin is None:
        return
    configs = list(configs)
    origins = [simulator.origin(config) for config in configs]
    stored = stored_shapes(engine, origins)
    missing = [origin for origin in origins if origin not in stored]
    if missing:
        raise ConfigError(_missing(missing))
    for config, origin in zip(configs, origins, strict=True):
        sizes: Any = config
        tokens, dim, has_classifier = stored[origin]
        if (tokens, dim) != (sizes.modulus, sizes.embedding_dim):
            raise ConfigError(
                f"modulus and embedding_dim must be {tokens} and {dim}, those of the run "
                f"{origin[0][:12]}, got {sizes.modulus} and {sizes.embedding_dim}"
            )
        if simulator.has_classifier and not has_classifier:
            raise ConfigError(
                f"the run {origin[0][:12]} must have its parameters at epoch {origin[1]}: "
                "train it with --parameters all"
            )


def _missing(missing: Sequence[Origin]) -> str:
    epochs = ",".join(map(str, sorted({epoch for _, epoch in missing})))
    runs = {identity for identity, _ in missing}
    return (
        f"the networks must have snapshots at the epochs asked for, {len(runs)} of them lack some "
        f"of {epochs}: run what made them again with --snapshots {epochs}"
    )


def with_start(engine: Engine, chunk: Chunk) -> Chunk:
    """The chunk with the snapshots that its runs begin at, if they do."""
    origin = SIMULATORS[chunk.kind].origin
    if origin is None:
        return chunk
    origins = [origin(config) for config in chunk.configs]
    found = starts(engine, origins)
    parameters = [found[wanted].parameters for wanted in origins]
    start = Snapshot(
        chunk.configs,
        0,
        np.stack([found[wanted].embedding for wanted in origins]),
        np.stack(parameters) if SIMULATORS[chunk.kind].has_classifier else None,  # type: ignore[arg-type]  # `check_starts` has seen that all are there
    )
    return dataclasses.replace(chunk, start=start)
