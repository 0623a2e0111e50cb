"""Many arrangements as small multiples that share one epoch: from stored arrays to what is drawn.

Each tile shows the first two dimensions, with the origin at its centre and equal scales. A run's
scale is the same at every epoch, so that nothing jumps while one scrubs.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from db.arrangements import Arrangements

MOST_TILES = 200
MOST_FRAMES = 60
# A place in a tile is two whole numbers below this: three digits each.
UNITS = 1000
_MARGIN = 0.12


class Gallery(NamedTuple):
    """What the chart draws.

    frames: the epochs of the slider. tiles: a row a run: run_id, column, row, label, and whatever
    the tooltip shows. tokens: a row a (run, token): run_id, token, colour, column, row, and its
    path: for each frame three digits for x and three for y, downwards, in `UNITS` of the tile. One
    text a token is much less to send than a row a token and frame.
    """

    frames: list[int]
    tiles: pd.DataFrame
    tokens: pd.DataFrame
    columns: int
    rows: int


def frames_of(epochs: Sequence[int], most: int = MOST_FRAMES) -> list[int]:
    """The first and the last epoch and as many between as fit, evenly by their position."""
    if len(epochs) <= most:
        return list(epochs)
    positions = np.rint(np.linspace(0, len(epochs) - 1, most)).astype(int)
    return [epochs[position] for position in positions]


def gallery(
    tiles: pd.DataFrame,
    stored: Mapping[int, Arrangements],
    frames: Sequence[int],
    columns: int,
    colours: Mapping[int, Sequence[str]],
    *,
    alike: bool = False,
) -> Gallery:
    """Lay out the runs of `tiles` (with a column run_id), in that order, row by row.

    stored: run_id → arrangements; a run without any has an empty tile. At a frame that a run lacks,
    it shows the snapshot before. colours: number of tokens → a colour a token. alike: one scale
    for all runs, instead of each run its own.
    """
    positions = np.arange(len(tiles))
    placed = tiles.assign(column=positions % columns, row=positions // columns)
    rows = int(placed["row"].max()) + 1 if len(placed) else 0
    paths = {run: _over_frames(stored[run], frames) for run in placed["run_id"] if run in stored}
    reaches = {run: float(np.abs(path).max()) or 1.0 for run, path in paths.items()}
    common = float(np.quantile(list(reaches.values()), 0.9)) if reaches else 1.0
    tokens: list[tuple[object, ...]] = []
    for run, column, row in placed[["run_id", "column", "row"]].itertuples(index=False):
        if run in paths:
            written = _digits(paths[run], common if alike else reaches[run])
            named = zip(range(len(written)), colours[len(written)], written, strict=True)
            tokens += [(run, column, row, *token) for token in named]
    drawn = pd.DataFrame(tokens, columns=["run_id", "column", "row", "token", "colour", "path"])
    return Gallery(list(frames), placed, drawn, columns, rows)


def _over_frames(run: Arrangements, frames: Sequence[int]) -> NDArray[np.float64]:
    """(frame, token, 2) the last snapshot at or before each frame; a 1-D arrangement lies flat."""
    index = np.searchsorted(run.epochs, np.asarray(frames), side="right") - 1
    points = run.embeddings[np.maximum(index, 0)][:, :, :2].astype(np.float64)
    if points.shape[2] == 1:
        points = np.concatenate([points, np.zeros_like(points)], axis=2)
    return points


def _digits(path: NDArray[np.float64], reach: float) -> list[str]:
    """(token,) the path of each token of (frame, token, 2), as `Gallery` writes it."""
    within = np.clip(path / reach, -1, 1) * (0.5 - _MARGIN) * [1, -1] + 0.5
    units = np.rint(UNITS * within).astype(np.int64).transpose(1, 0, 2)
    digits = np.stack([units // 100, units // 10 % 10, units % 10], axis=-1) + ord("0")
    return [token.tobytes().decode() for token in digits.astype(np.uint8)]
