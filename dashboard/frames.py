"""One run over its epochs, as the chart takes it: a text a mark, in which a slider moves.

All places of a mark over the epochs are one text of digits: much less to send than a row a mark and
epoch, and the browser reads but the four digits that it shows.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.theme import residue_colours
from modadd.snapshots import Floats
from modadd.structures import nearest_pairs
from modadd.task import Split, pair_count, pair_sums, pairs

# A coordinate is a whole number below this, over the width of its panel.
DIGITS = 4
UNITS = 10**DIGITS
MOST_FRAMES = 120
# Pair sums times epochs: what a browser still takes in at once.
_MOST_PLACES = 60_000
_NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
ROLES = ("training", "validation", "pair")


class Frames(NamedTuple):
    """What the panels of one run draw.

    epochs: a frame each. reach, sum_reach: half the widths of the panels of the tokens and of the
    pair sums, the same at every epoch. tokens: a row a token: token, colour, x0, x1, … (texts of
    `DIGITS` a frame). sums: a row a pair: pair, residue, role (one of `ROLES`), colour, fill,
    x0, x1, …, and nearest: for each frame the two tokens of the nearest other pair (Algorithm 2),
    as many digits each as the greatest token has.
    """

    epochs: list[int]
    modulus: int
    dim: int
    reach: float
    sum_reach: float
    tokens: pd.DataFrame
    sums: pd.DataFrame


def most_frames(modulus: int) -> int:
    """How many epochs one chart holds."""
    return max(10, min(MOST_FRAMES, _MOST_PLACES // pair_count(modulus)))


def frames(epochs: Sequence[int], embeddings: Floats, split: Split | None) -> Frames:
    """epochs (frame,), embeddings (frame, token, dim). split: a network's, None for particles."""
    places = embeddings.astype(np.float64)
    modulus, dim = places.shape[1:]
    sums = pair_sums(places)
    colours = list(residue_colours(modulus))
    reach, sum_reach = common_reach(places), common_reach(sums)
    tokens = pd.DataFrame({"token": range(modulus), "colour": colours})
    listed = pairs(modulus)
    role = np.full(len(listed.residue), ROLES[2], dtype=object)
    if split is not None:
        role[split.training], role[split.validation] = ROLES[:2]
    colour = np.array(colours, dtype=object)[listed.residue]
    of_pairs = pd.DataFrame(
        {
            "pair": [f"{i} + {j}" for i, j in zip(listed.first, listed.second, strict=True)],
            "residue": listed.residue,
            "role": role,
            "colour": colour,
            "fill": np.where(role == ROLES[1], "transparent", colour),
            "nearest": _nearest_texts(places),
        }
    )
    return Frames(
        [int(epoch) for epoch in epochs],
        modulus,
        dim,
        reach,
        sum_reach,
        tokens.assign(**coordinates(places, reach)),
        of_pairs.assign(**coordinates(sums, sum_reach)),
    )


def common_reach(places: NDArray[np.float64]) -> float:
    """Half the width of a panel that shows places (frame, mark, dim) at every frame.

    Frames of a run that explodes do not count: their marks end at the panel's edge.
    """
    furthest = np.abs(places).max(axis=(1, 2), initial=0)
    bound = min(furthest.max(initial=0), 20 * float(np.median(furthest)))
    if not (math.isfinite(bound) and bound > 0):
        return 1.0
    needed = 1.08 * bound
    power = 10.0 ** math.floor(math.log10(needed))
    return next(nice * power for nice in _NICE if nice * power >= needed * (1 - 1e-9))


def coordinates(places: NDArray[np.float64], reach: float) -> dict[str, list[str]]:
    """x0, x1, … of places (frame, mark, dim): (mark,) texts of `DIGITS` a frame. At least two axes,
    so that a line lies in a plane."""
    texts = {}
    for axis in range(max(2, places.shape[2])):
        along = places[:, :, axis] if axis < places.shape[2] else np.zeros(places.shape[:2])
        units = np.rint((np.nan_to_num(along / reach) + 1) * UNITS / 2)
        texts[f"x{axis}"] = digits(np.clip(units, 0, UNITS - 1).astype(np.int64).T, DIGITS)
    return texts


def digits(numbers: NDArray[np.int64], width: int) -> list[str]:
    """(mark,) texts: the numbers (mark, frame), `width` digits each."""
    powers = 10 ** np.arange(width - 1, -1, -1)
    written = (numbers[..., None] // powers % 10 + ord("0")).astype(np.uint8)
    return [row.tobytes().decode() for row in written]


def _nearest_texts(places: NDArray[np.float64]) -> list[str]:
    listed = pairs(places.shape[1])
    nearest = nearest_pairs(places).T  # (pair, frame)
    tokens: NDArray[Any] = np.stack([listed.first[nearest], listed.second[nearest]], axis=2)
    return digits(tokens.reshape(len(nearest), -1), len(str(places.shape[1] - 1)))
