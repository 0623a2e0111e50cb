"""Reads of the snapshots that other runs begin at, found by the run's identity and the epoch."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, and_, select

from db.connect import StoreError
from db.schema import ClassifierSnapshot, Run, Snapshot
from db.store import FLOAT32

# As many values as one statement may safely bind on every database.
_BOUND = 10_000

Origin = tuple[str, int]  # (config_hash, epoch)


class StoredShape(NamedTuple):
    """What is known of a stored snapshot without reading it."""

    tokens: int
    dim: int
    has_classifier: bool


class Start(NamedTuple):
    """embedding: (token, dim). parameters: (count,), those behind the embedding, if kept."""

    embedding: NDArray[np.float32]
    parameters: NDArray[np.float32] | None


def stored_shapes(engine: Engine, origins: Sequence[Origin]) -> dict[Origin, StoredShape]:
    """Those of the snapshots that are stored, with their shapes."""
    columns = (Snapshot.tokens, Snapshot.dim, ClassifierSnapshot.epoch.is_not(None))
    return {
        origin: StoredShape(tokens, dim, bool(kept))
        for origin, (tokens, dim, kept) in _rows(engine, origins, columns)
    }


def starts(engine: Engine, origins: Sequence[Origin]) -> dict[Origin, Start]:
    """Those of the snapshots that are stored.

    Raises:
        StoreError: for a blob whose length is not its shape's.
    """
    columns = (Snapshot.tokens, Snapshot.dim, Snapshot.embedding, ClassifierSnapshot.parameters)
    found = {}
    for origin, (tokens, dim, embedding, parameters) in _rows(engine, origins, columns):
        if len(embedding) != tokens * dim * FLOAT32.itemsize:
            raise StoreError(
                f"the run {origin[0][:12]} has a snapshot whose length is not that of its shape"
            )
        numbers = None if parameters is None else np.frombuffer(parameters, dtype=FLOAT32)
        places = np.frombuffer(embedding, dtype=FLOAT32).reshape(tokens, dim)
        found[origin] = Start(places, numbers)
    return found


def _rows(
    engine: Engine, origins: Sequence[Origin], columns: Sequence[Any]
) -> Iterator[tuple[Origin, tuple[Any, ...]]]:
    """Of every wanted snapshot that is stored: the columns."""
    wanted = set(origins)
    hashes, epochs = sorted({h for h, _ in wanted}), sorted({epoch for _, epoch in wanted})
    same = and_(
        ClassifierSnapshot.run_id == Snapshot.run_id, ClassifierSnapshot.epoch == Snapshot.epoch
    )
    query = (
        select(Run.config_hash, Snapshot.epoch, *columns)
        .join(Snapshot, Snapshot.run_id == Run.run_id)
        .outerjoin(ClassifierSnapshot, same)
        .where(Snapshot.epoch.in_(epochs))
    )
    with engine.connect() as connection:
        for first in range(0, len(hashes), _BOUND):
            some = hashes[first : first + _BOUND]
            for row in connection.execute(query.where(Run.config_hash.in_(some))):
                origin = (row[0], row[1])
                if origin in wanted:
                    yield origin, tuple(row[2:])
