"""One network's forces as arrows on its pair sums, and its twin beside it, frame by frame."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.frames import Frames, coordinates, frames, most_frames
from dashboard.gallery import frames_of
from db.arrangements import Arrangements
from modadd.horizon import best_clock, path_distances
from modadd.law_terms import LAW, law_terms_readably
from modadd.network import unpack_classifier
from modadd.structures import scale
from modadd.task import split
from modadd.training import TrainingConfig
from modadd.true_forces import pair_sum_forces, training_pairs

#: What an arrow may be: the force itself and the law's fit to it, then the fit's four terms.
WHOLE = {"true force": "true", "the law": "law"}
TERMS = tuple(name.replace("_", ", ") for name in LAW)
MOST_PAIRS = 400
# Share of the panel's half-width that the longest arrows take, and snapshots computed at once.
_LONGEST = 0.22
_AT_ONCE = 8


class ForcesShown(NamedTuple):
    """frames: of the audited snapshots. arrows: a row a (training pair, kind): pair, term, x0, x1
    (tail), to_x0, to_x1 (head), texts as `dashboard.frames.coordinates`. scores: (frame,) R² of the
    law there."""

    frames: Frames
    arrows: pd.DataFrame
    scores: list[float]


class TwinShown(NamedTuple):
    """A network and its twin over the same frames. steps: the twin's at each frame; apart: their
    Procrustes distance there, labels held fixed."""

    network: Frames
    twin: Frames
    apart: list[float]


def forces_shown(
    config: TrainingConfig,
    run: Arrangements,
    classifiers: tuple[NDArray[np.int64], NDArray[np.float32]],
    fits: pd.DataFrame,
) -> ForcesShown:
    """fits: of the law to the run's pair sums, a row an epoch: epoch, r_squared and `LAW`.

    Places are over the arrangement's rms radius. All arrows of a frame have one scale, at which the
    true forces' rms is the same in every frame: their own size falls by orders of magnitude.
    """
    kept_epochs, parameters = classifiers
    known = np.intersect1d(np.intersect1d(run.epochs, kept_epochs), fits["epoch"])
    kept = frames_of([int(epoch) for epoch in known], most_frames(config.modulus))
    places = run.embeddings[np.searchsorted(run.epochs, kept)].astype(np.float64)
    fitted = fits.set_index("epoch").loc[kept]
    weights = fitted[list(LAW)].fillna(0).to_numpy()
    flat = parameters[np.searchsorted(kept_epochs, kept)]

    trained = training_pairs(config)
    sums = trained.membership @ places
    true = pair_sum_forces(sums, trained.residue, unpack_classifier(flat, config))
    size = np.sqrt(np.square(true).mean(axis=(1, 2)))
    terms = np.concatenate(
        [
            law_terms_readably(sums[start : start + _AT_ONCE], trained.residue)[:, : len(LAW)]
            for start in range(0, len(sums), _AT_ONCE)
        ]
    )
    terms = terms * weights[:, :, None, None]
    per_size = 1 / np.where(size > 0, size, np.inf)[:, None, None]
    kinds = {"true force": true, "the law": terms.sum(axis=1)}
    kinds |= {name: terms[:, place] for place, name in enumerate(TERMS)}
    parts = split(config.seed, config.modulus, config.train_fraction)
    # Early arrangements are a tenth as large as late ones: each frame is drawn at its own scale.
    extent = scale(places)[:, None, None]
    places = places / np.where(extent > 0, extent, 1)
    sums = trained.membership @ places
    shown = frames(kept, places, parts)
    pair = shown.sums["pair"].to_numpy()[trained.indices]
    arrows = [
        _arrows(sums, force * per_size, shown.sum_reach).assign(pair=pair, term=name)
        for name, force in kinds.items()
    ]
    return ForcesShown(
        shown, pd.concat(arrows, ignore_index=True), fitted["r_squared"].astype(float).tolist()
    )


def _arrows(sums: NDArray[np.float64], force: NDArray[np.float64], reach: float) -> pd.DataFrame:
    """Arrows of forces (frame, pair, dim) in units of the true forces' rms; 4 is the longest."""
    long = np.linalg.norm(force, axis=2, keepdims=True)
    shortened = force * np.minimum(1, 4 / np.maximum(long, 1e-300)) * (_LONGEST * reach / 4)
    tails, heads = coordinates(sums, reach), coordinates(sums + shortened, reach)
    return pd.DataFrame(
        {"x0": tails["x0"], "x1": tails["x1"], "to_x0": heads["x0"], "to_x1": heads["x1"]}
    )


def twin_shown(config: TrainingConfig, network: Arrangements, twin: Arrangements) -> TwinShown:
    """network: from the epoch on that the twin began at. twin: with all of its stored steps.

    The twin's step at each of the network's epochs is that that `modadd.horizon` matches it with.
    """
    kept = frames_of([int(e) for e in network.epochs], most_frames(config.modulus))
    trained = network.embeddings[np.searchsorted(network.epochs, kept)]
    apart = path_distances(trained, twin.embeddings)
    at = best_clock(np.nan_to_num(apart, nan=1.0))
    parts: Any = split(config.seed, config.modulus, config.train_fraction)
    return TwinShown(
        frames(kept, trained, parts),
        frames(twin.epochs[at].tolist(), twin.embeddings[at], parts),
        apart[np.arange(len(at)), at].tolist(),
    )
