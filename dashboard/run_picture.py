"""What the page of a run draws, from what is stored of it."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.forces_shown import force_arrows
from dashboard.frames import Frames, frames, most_frames
from dashboard.gallery import frames_of
from dashboard.regions import region_pictures
from dashboard.theme import residue_colours
from db.arrangements import Arrangements
from db.connect import StoreError
from modadd.config import Config
from modadd.particles import ParticleConfig
from modadd.task import split


class RunPicture(NamedTuple):
    """frames: as `dashboard.frames.frames`. pictures: the regions of each frame, none if they
    cannot be drawn; why: the reason then. arrows: the forces on particles, else None."""

    frames: Frames
    pictures: list[str]
    why: str
    arrows: pd.DataFrame | None


def picture(
    config: Config,
    run: Arrangements,
    classifiers: tuple[NDArray[np.int64], NDArray[np.float32]],
    low: int,
    high: int,
) -> RunPicture:
    """The run's stored epochs from low to high, or as many of them as a chart holds."""
    stored = [int(epoch) for epoch in run.epochs if low <= epoch <= high]
    kept = frames_of(stored or [int(run.epochs[-1])], most_frames(run.embeddings.shape[1]))
    embeddings = run.embeddings[np.searchsorted(run.epochs, kept)]
    numbers: Any = config
    if run.embeddings.shape[1:] != (numbers.modulus, numbers.embedding_dim):
        raise StoreError("the run's snapshots have other sizes than its config: restore a copy")
    if isinstance(config, ParticleConfig):
        shown = frames(kept, embeddings, None)
        flat = shown.dim > 2
        return RunPicture(
            shown, [], "", None if flat else force_arrows(embeddings, config, shown.reach)
        )
    parts = split(numbers.seed, numbers.modulus, numbers.train_fraction)
    shown = frames(kept, embeddings, parts)
    epochs, flat_parameters = classifiers
    if not len(epochs):
        why = "no parameters of this run were stored: run it again with `--parameters all`"
    elif shown.dim != 2:
        why = f"regions of a plane cannot show a classifier of {shown.dim} dimensions"
    elif shown.modulus > 256:
        why = "regions of more than 256 residues cannot be told apart"
    else:
        sizes = (numbers.modulus, numbers.embedding_dim, numbers.hidden_size)
        return RunPicture(shown, _pictures(shown, epochs, flat_parameters, sizes), "", None)
    return RunPicture(shown, [], why, None)


def _pictures(
    shown: Frames,
    epochs: NDArray[np.int64],
    parameters: NDArray[np.float32],
    sizes: tuple[int, int, int],
) -> list[str]:
    """A picture a frame, empty at an epoch without stored parameters."""
    has = np.isin(shown.epochs, epochs)
    at = np.searchsorted(epochs, np.asarray(shown.epochs)[has])
    made = iter(region_pictures(parameters[at], sizes, shown.sum_reach, residue_colours(sizes[0])))
    return [next(made) if stored else "" for stored in has]
