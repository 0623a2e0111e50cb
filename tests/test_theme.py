import numpy as np
import pytest

from dashboard.theme import CATEGORIES, residue_colours

# Machado et al. 2009, severity 1, on linear sRGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
BACKGROUNDS = ("#ffffff", "#14161a")


def linear(colours):
    channels = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE Lab of linear sRGB, white point D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.clip(rgb, 0, 1) @ np.transpose(to_xyz) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def distances(colours, vision):
    seen = lab(linear(colours) @ np.transpose(VISION[vision]))
    return np.linalg.norm(seen[:, None] - seen[None, :], axis=2)


def contrast(colour, background):
    high, low = sorted(
        (linear([c])[0] @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (colour, background)),
        reverse=True,
    )
    return high / low


@pytest.mark.parametrize("vision", VISION)
def test_neighbouring_residues_differ_to_everyone(vision):
    gaps = distances(residue_colours(17), vision)
    assert min(gaps[i, (i + 1) % 17] for i in range(17)) > 15


def test_seventeen_residues_are_seventeen_colours():
    gaps = distances(residue_colours(17), "normal")
    assert gaps[~np.eye(17, dtype=bool)].min() > 8


@pytest.mark.parametrize("modulus", [1, 2, 3, 4, 16, 17, 113])
def test_every_modulus_has_a_colour_a_residue(modulus):
    colours = residue_colours(modulus)
    assert len(set(colours)) == len(colours) == modulus
    assert all(len(colour) == 7 for colour in colours)


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_categories_stand_out_from_both_backgrounds(background):
    assert min(contrast(colour, background) for colour in CATEGORIES) >= 3


@pytest.mark.parametrize("vision", VISION)
def test_categories_differ_to_everyone(vision):
    gaps = distances(CATEGORIES, vision)
    assert gaps[~np.eye(len(CATEGORIES), dtype=bool)].min() > 15
