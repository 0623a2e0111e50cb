"""The classifier's regions as pictures: which residue it answers at each point of the plane."""

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modadd.network import Classifier, logits, unpack_classifier
from modadd.snapshots import Floats

SIDE = 128  # points along a picture's side
_CHUNK = 1  # pictures at once: their logits then stay in the processor's cache


def region_pictures(
    flat: Floats, sizes: tuple[int, int, int], reach: float, colours: Sequence[str]
) -> list[str]:
    """A PNG as data URI for each classifier of flat (snapshot, count), of a 2-D embedding.

    sizes: modulus, embedding_dim, hidden_size. A picture spans [-reach, reach] on both axes, in
    the colour of the residue with the greatest logit.
    """
    classifier = unpack_classifier(flat.astype(np.float32), _Sizes(*sizes))
    answers = regions(classifier, reach)
    palette = bytes(int(colour[at : at + 2], 16) for colour in colours for at in (1, 3, 5))
    return [_png(answer, palette) for answer in answers]


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
