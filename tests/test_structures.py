import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import algorithm_1, algorithm_2, prose_imperfections

from modadd import structures
from modadd.task import pairs


def draw(runs, modulus, dim=2, seed=0):
    return np.random.default_rng(seed).normal(size=(runs, modulus, dim))


def circle(modulus, frequency=1):
    angles = 2 * np.pi * frequency * np.arange(modulus) / modulus
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)[None]


def lattice(modulus, step, width):
    """Token i at i·step mod modulus, read as a point of a grid `width` wide."""
    places = np.arange(modulus) * step % modulus
    return np.stack([places % width, places // width], axis=1)[None].astype(float)


def with_token(*place):
    """Seven tokens, one of which is at a place that is none."""
    embedding = draw(1, 7)
    embedding[0, 3] = place
    return embedding


ARRANGEMENTS = {
    "random": draw(3, 7),
    "random in 3 dimensions": draw(2, 6, 3),
    "random in 1 dimension": draw(2, 5, 1),
    "two tokens": draw(2, 2),
    # Exact arithmetic, so that ties are ties: progressions, grids, integer squares.
    "line": np.arange(7.0)[None, :, None] * [1.0, 0.0],
    "grid": lattice(9, 1, 3),
    "grid of another step": lattice(9, 2, 3),
    "integers": np.random.default_rng(1).integers(-2, 3, (6, 7, 2)).astype(float),
    "one place": np.ones((1, 5, 2)),
    "circle": circle(7),
    "faster circle": circle(7, 3),
}
NOWHERE = {
    "a token at NaN": with_token(np.nan, np.nan),
    "a token at minus NaN": with_token(-np.nan, 0),
    "a token at infinity": with_token(np.inf, 0),
    "a token at minus infinity": with_token(-np.inf, np.inf),
    "all at NaN": np.full((2, 5, 2), np.nan),
    "all at infinity": np.full((2, 5, 3), np.inf),
    "two tokens too far apart for a float": np.array([[[1e300, 0.0], [-1e300, 0.0]]]),
}


@pytest.fixture(params=[True, False], ids=["compiled", "readable"])
def engine(request, monkeypatch):
    """Once with the compiled kernels, once without."""
    monkeypatch.setattr(structures, "compiled_kernels_work", lambda: request.param)


@pytest.mark.parametrize("name", [*ARRANGEMENTS, *NOWHERE])
@np.errstate(all="ignore")
def test_imperfections_are_algorithm_2_ties_included(name, engine):
    embedding = {**ARRANGEMENTS, **NOWHERE}[name]
    listed = pairs(embedding.shape[1])
    found = structures.imperfect_pairs(embedding)
    for run, imperfect in zip(embedding, found, strict=True):
        ours = list(zip(listed.first[imperfect], listed.second[imperfect], strict=True))
        assert ours == algorithm_2(run)
    assert structures.grid_imperfections(embedding).tolist() == found.sum(axis=1).tolist()


@given(st.integers(2, 8), st.integers(1, 3), st.integers(0, 10_000))
def test_imperfections_on_small_integers_are_algorithm_2(modulus, dim, seed):
    embedding = np.random.default_rng(seed).integers(-2, 3, (1, modulus, dim)).astype("f4")
    assert structures.grid_imperfections(embedding)[0] == len(algorithm_2(embedding[0]))


@pytest.mark.parametrize("tolerance", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("name", ["random", "random in 3 dimensions", "circle", "grid"])
def test_prose_imperfections_are_section_4_in_loops(name, tolerance, engine):
    found = structures.imperfect_pairs_in_prose(ARRANGEMENTS[name], tolerance).sum(axis=1)
    expected = [prose_imperfections(run, tolerance) for run in ARRANGEMENTS[name]]
    assert found.tolist() == expected


AT_THE_ORIGIN = {"one place", "line", "grid", "integers", "grid of another step"}


@pytest.mark.parametrize("name", sorted(set(ARRANGEMENTS) - AT_THE_ORIGIN))
def test_circles_are_algorithm_1(name):
    embedding = ARRANGEMENTS[name]
    assert structures.is_circle(embedding).tolist() == [algorithm_1(run) for run in embedding]


@pytest.mark.parametrize("name", NOWHERE)
def test_an_arrangement_that_is_nowhere_is_no_circle_and_no_crash(name, engine):
    embedding = NOWHERE[name]
    assert not structures.is_circle(embedding)[0] or np.isfinite(embedding).all()
    for measure in (*MEASURES, structures.gaps_in_residue, structures.nearest_pairs):
        assert len(measure(embedding)) == len(embedding)
    readable = structures.nearest_pairs(embedding)
    assert readable.tolist() == structures.neighbours(embedding).nearest.tolist()


def test_a_circle_needs_a_ratio_strictly_below_the_threshold():
    embedding = np.array([[[1.0, 0.0], [0.0, 1.5]]])
    assert structures.radius_ratio(embedding).tolist() == [1.5]
    assert not structures.is_circle(embedding, threshold=1.5)[0]
    assert structures.is_circle(embedding, threshold=1.5000001)[0]


def test_the_circle_is_around_the_origin_not_the_centroid():
    assert structures.is_circle(circle(17))[0]
    assert not structures.is_circle(circle(17) + np.array([0.5, 0.0]))[0]


def test_a_token_at_the_origin_is_no_circle_and_no_crash():
    embedding = circle(5)
    embedding[0, 2] = 0
    assert math.isinf(structures.radius_ratio(embedding)[0])
    assert np.isnan(structures.radius_ratio(np.zeros((1, 5, 2)))[0])
    assert not structures.is_circle(np.zeros((1, 5, 2)))[0]


def test_a_perfect_line_clusters_its_sums_apart_from_the_wrap():
    # On a line i + j is exact: all pairs of one plain sum coincide, so the nearest is a true match
    # except for the two ends, which stand alone.
    embedding = np.arange(17.0)[None, :, None] * [1.0, 0.0]
    listed = pairs(17)
    imperfect = structures.imperfect_pairs(embedding)[0]
    lonely = {(0, 0), (0, 1), (15, 16), (16, 16)}
    found = set(zip(listed.first[imperfect], listed.second[imperfect], strict=True))
    assert found == lonely


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


MEASURES = (
    structures.radius_ratio,
    structures.grid_imperfections,
    structures.circularity,
    structures.representation_quality,
    lambda embedding: structures.imperfect_pairs_in_prose(embedding).sum(axis=1),
)


@given(
    seed=st.integers(0, 10_000),
    angle=st.floats(0, 6.28),
    factor=st.floats(0.01, 100),
    mirror=st.booleans(),
)
def test_structures_ignore_rotation_reflection_and_scale(seed, angle, factor, mirror):
    embedding = draw(1, 11, seed=seed)
    moved = factor * embedding @ rotation(angle).T * ([-1, 1] if mirror else [1, 1])
    for measure in MEASURES:
        np.testing.assert_allclose(measure(moved), measure(embedding), rtol=1e-9)


@given(seed=st.integers(0, 10_000), u=st.integers(1, 12), t=st.integers(0, 12))
def test_imperfections_ignore_an_affine_relabelling(seed, u, t):
    # 13 is prime, so every u is coprime to it: i → u·i + t maps residues to residues.
    embedding = draw(1, 13, seed=seed)
    relabelled = np.empty_like(embedding)
    relabelled[:, (u * np.arange(13) + t) % 13] = embedding
    for measure in MEASURES:
        np.testing.assert_allclose(measure(relabelled), measure(embedding), rtol=1e-9)


@pytest.mark.parametrize("frequency", [1, 2, 8])
def test_circularity_is_1_for_a_circle_of_any_frequency(frequency):
    assert structures.circularity(circle(17, frequency))[0] == pytest.approx(1)


def test_circularity_of_noise_is_far_from_1():
    assert structures.circularity(draw(200, 17)).mean() < 0.5
    assert np.isnan(structures.circularity(np.ones((1, 5, 2)))[0])


def test_circularity_weighs_the_highest_frequency_of_an_even_modulus_once():
    alternating = np.array([1.0, -1.0, 1.0, -1.0])[:, None] * [1.0, 0.0]
    slow = np.stack([np.cos(np.pi / 2 * np.arange(4)), np.zeros(4)], axis=1)
    # By Parseval each share is the frequency's variance: 1 and 1/2.
    assert structures.circularity((alternating + slow)[None])[0] == pytest.approx(2 / 3)


@pytest.mark.parametrize("modulus", [4, 5])
def test_all_parallelograms_of_a_coincident_arrangement_are_realised(modulus, engine):
    assert structures.representation_quality(np.ones((1, modulus, 2)))[0] == 1
    some, more = (structures.representation_quality(draw(5, modulus), at) for at in (0.1, 0.9))
    assert some.sum() < more.sum()


def test_a_circle_realises_no_parallelogram_but_mirrored_ones():
    # On a regular 17-gon E_i + E_j = 2 cos(π(i - j)/17) e^{iπ(i + j)/17}: sums of one residue lie
    # on one line through the origin and differ in length.
    assert structures.representation_quality(circle(17), tolerance=1e-9)[0] == 0


def test_scale_is_the_root_mean_square_distance_from_the_centroid():
    embedding = draw(3, 9, 3) + 5
    np.testing.assert_allclose(structures.scale(embedding) ** 2, embedding.var(axis=1).sum(axis=1))


@pytest.mark.parametrize("tolerance", [0.02, 0.1, 0.3])
def test_gaps_above_a_tolerance_are_the_imperfect_pairs_in_prose(tolerance):
    for tokens, dim in ((17, 2), (8, 3), (2, 1)):
        embedding = np.random.default_rng(tokens).normal(size=(5, tokens, dim)).astype("f4")
        gaps = structures.gaps_in_residue(embedding)
        expected = structures.imperfect_pairs_in_prose(embedding, tolerance)
        np.testing.assert_array_equal(gaps > tolerance, expected)


def test_gaps_do_not_depend_on_scale_or_place_and_coincident_tokens_have_none():
    embedding = np.random.default_rng(0).normal(size=(3, 7, 2))
    moved = structures.gaps_in_residue(4 * embedding + 3)
    np.testing.assert_allclose(moved, structures.gaps_in_residue(embedding), rtol=1e-4)
    assert not (structures.gaps_in_residue(np.ones((1, 7, 2))) > 0).any()
    assert structures.gaps_in_residue(np.empty((0, 7, 2))).shape == (0, 28)


def test_the_pair_sums_of_a_circle_lie_on_a_line_for_each_residue():
    for modulus in (7, 16, 17):
        assert structures.line_alignment(circle(modulus, 3)) == pytest.approx(1)


def test_a_shifted_circle_has_no_lines_through_the_origin():
    assert structures.line_alignment(np.add(circle(17), [0.3, 0.1]))[0] < 0.9


def test_pair_sums_that_point_everywhere_alike_have_the_least_alignment():
    for dim in (2, 3):  # the few pair sums of a residue exceed 1/D by about 1/(number of them)
        alignment = structures.line_alignment(draw(3, 301, dim))
        assert alignment.mean() == pytest.approx(1 / dim, abs=2 / 151)


def test_line_alignment_is_undefined_where_all_tokens_lie_at_the_origin():
    assert np.isnan(structures.line_alignment(np.zeros((1, 5, 2))))[0]


def test_what_the_paper_calls_a_circle_and_what_we_call_very_close():
    wide = np.array([[[1.0, 0.0], [0.0, 1.25]], [[1.0, 0.0], [0.0, 1.15]]])
    assert structures.is_circle(wide).tolist() == [False, True]
    embedding = draw(5, 17)
    expected = structures.imperfect_pairs_in_prose(embedding, 0.1)
    assert structures.imperfect_pairs_in_prose(embedding).tolist() == expected.tolist()
    assert structures.imperfect_pairs_in_prose(embedding, 0.2).sum() < expected.sum()


def test_nearest_pairs_of_many_tokens_are_found_in_pieces():
    embedding = draw(1, 25)
    found = structures.nearest_pairs(embedding)
    assert found.tolist() == structures.neighbours(embedding).nearest.tolist()
