"""The classifier's regions as pictures: which residue it answers at each point of the plane, and
where to write each residue's number."""

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modadd.network import Classifier, logits, unpack_classifier
from modadd.snapshots import Floats

SIDE = 128  # points along a picture's side
_COARSE = 2  # of these points, how many make one where only a number's place is sought
_LEAST_DEPTH = 2  # such steps from the number's place to the region's edge, so that it fits in
_CHUNK = 1  # pictures at once: their logits then stay in the processor's cache


class Regions(NamedTuple):
    """pictures: a PNG a snapshot, as data URI. middles: (snapshot, residue, 2) the place that is
    deepest inside a residue's regions, NaN where they are too small for a number."""

    pictures: list[str]
    middles: NDArray[np.float64]


def region_pictures(
    flat: Floats, sizes: tuple[int, int, int], reach: float, colours: Sequence[str]
) -> Regions:
    """The regions of each classifier of flat (snapshot, count), of a 2-D embedding.

    sizes: modulus, embedding_dim, hidden_size. A picture spans [-reach, reach] on both axes, in
    the colour of the residue with the greatest logit.
    """
    classifier = unpack_classifier(flat.astype(np.float32), _Sizes(*sizes))
    answers = regions(classifier, reach)
    palette = bytes(int(colour[at : at + 2], 16) for colour in colours for at in (1, 3, 5))
    return Regions([_png(answer, palette) for answer in answers], middles(answers, sizes[0], reach))


class _Sizes:
    def __init__(self, modulus: int, embedding_dim: int, hidden_size: int) -> None:
        self.modulus, self.embedding_dim, self.hidden_size = modulus, embedding_dim, hidden_size


def regions(classifier: Classifier, reach: float, side: int = SIDE) -> NDArray[np.uint8]:
    """(snapshot, side, side) the residue with the greatest logit at points of the plane.

    Rows run from y = reach down to -reach, columns from x = -reach up to reach; each point is the
    middle of its cell. Only the first 256 residues can be told.
    """
    middles = (np.arange(side, dtype=np.float32) + 0.5) * (2 * reach / side) - reach
    x, y = np.meshgrid(middles, -middles)
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    count = len(classifier.hidden_bias)
    found = np.empty((count, side * side), np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):  # of a run about to diverge
        for start in range(0, count, _CHUNK):
            some = Classifier(*(group[start : start + _CHUNK] for group in classifier))
            found[start : start + _CHUNK] = logits(points[None], some).argmax(axis=2)
    return found.reshape(count, side, side)


def middles(answers: NDArray[np.uint8], modulus: int, reach: float) -> NDArray[np.float64]:
    """(snapshot, residue, 2) as `Regions` has them, of `regions`."""
    coarse = answers[:, ::_COARSE, ::_COARSE]
    depth = _depths(coarse)
    count, side = coarse.shape[:2]
    found = np.full((count, modulus, 2), np.nan)
    cell = 2 * reach / side
    for residue in range(modulus):
        inside = np.where(coarse == residue, depth, 0).reshape(count, -1)
        place = inside.argmax(axis=1)
        fits = inside.max(axis=1) >= _LEAST_DEPTH
        row, column = np.divmod(place, side)
        places = np.stack([(column + 0.5) * cell - reach, reach - (row + 0.5) * cell], axis=1)
        found[fits, residue] = places[fits]
    return found


def _depths(answers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How many steps up, down, left or right it takes at least to leave the region, or the picture,
    less one."""
    same = np.ones(answers.shape, bool)
    for axis in (1, 2):
        equal = np.diff(answers, axis=axis) == 0
        edge = np.zeros_like(same.take([0], axis))
        same &= np.concatenate([edge, equal], axis) & np.concatenate([equal, edge], axis)
    depth = np.zeros(answers.shape, np.uint8)
    while same.any():
        depth += same
        within = same.copy()
        within[:, 1:] &= same[:, :-1]
        within[:, :-1] &= same[:, 1:]
        within[:, :, 1:] &= same[:, :, :-1]
        within[:, :, :-1] &= same[:, :, 1:]
        same = within
    return depth


def _png(pixels: NDArray[np.uint8], palette: bytes) -> str:
    """A data URI of a picture whose pixels (row, column) index the palette (3 bytes a colour)."""
    height, width = pixels.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = pixels
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows.tobytes(), 6)))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in (*parts, (b"IEND", b"")))
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _part(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check
