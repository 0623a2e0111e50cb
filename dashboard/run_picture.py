"""What the page of a run draws, from what is stored of it."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.forces_shown import force_arrows
from dashboard.frames import Frames, coordinates, frames, most_frames
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
    cannot be drawn; why: the reason then. arrows: the forces on particles, else None. residues:
    where each residue's number stands in its regions (`region_numbers`), if they are drawn."""

    frames: Frames
    pictures: list[str]
    why: str
    arrows: pd.DataFrame | None
    residues: pd.DataFrame | None = None


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
        return RunPicture(shown, *_regions(shown, epochs, flat_parameters, sizes))
    return RunPicture(shown, [], why, None)


def region_numbers(middles: NDArray[np.float64], reach: float) -> pd.DataFrame:
    """A row a residue: residue, x0, x1 (as `dashboard.frames.coordinates`), and seen: for each
    frame 1 or 0, whether its number is shown. middles: as `dashboard.regions.Regions`."""
    seen = np.isfinite(middles[..., 0]).T
    texts = ["".join("1" if one else "0" for one in row) for row in seen]
    placed = coordinates(np.nan_to_num(middles), reach)
    return pd.DataFrame({"residue": range(len(texts)), "seen": texts, **placed})


def _regions(
    shown: Frames,
    epochs: NDArray[np.int64],
    parameters: NDArray[np.float32],
    sizes: tuple[int, int, int],
) -> tuple[list[str], str, None, pd.DataFrame]:
    """What follows the frames in a `RunPicture`: nothing is drawn without stored parameters."""
    has = np.isin(shown.epochs, epochs)
    at = np.searchsorted(epochs, np.asarray(shown.epochs)[has])
    made = region_pictures(parameters[at], sizes, shown.sum_reach, residue_colours(sizes[0]))
    pictures = np.full(len(has), "", dtype=object)
    pictures[has] = made.pictures
    middles = np.full((len(has), sizes[0], 2), np.nan)
    middles[has] = made.middles
    return pictures.tolist(), "", None, region_numbers(middles, shown.sum_reach)
