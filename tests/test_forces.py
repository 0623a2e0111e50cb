import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import four_cases, four_loops

from modadd.forces import ALIGNMENT_FORMS, pair_force, pair_sum_forces, particle_forces
from modadd.task import pairs

COEFFICIENTS = {"repulsion": 0.7, "attraction": 1.3, "alignment": 2.0}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("same", [True, False])
def test_pair_force_is_the_papers_four_cases(dim, same):
    x, y = draw(50, dim, seed=dim), draw(50, dim, seed=dim + 10)
    ours = pair_force(x, y, np.full(50, same), **COEFFICIENTS)
    theirs = [four_cases(a, b, same, 0.7, 1.3, 2.0) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("modulus", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("weighting", ["class-mean", "none"])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_particle_forces_equal_four_loops(modulus, weighting, dim):
    positions = draw(3, modulus, dim, seed=modulus)
    ours = particle_forces(positions, weighting=weighting, **COEFFICIENTS)
    theirs = [four_loops(run, 0.7, 1.3, 2.0, weighting) for run in positions]
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("form", ALIGNMENT_FORMS)
def test_pair_sum_forces_sum_the_pair_force_over_all_partners(form):
    positions = draw(1, 17, 2)
    listed = pairs(17)
    x = positions[0][listed.first] + positions[0][listed.second]
    same = listed.residue[:, None] == listed.residue[None, :]
    forces = pair_force(x[:, None], x[None], same, alignment_form=form, **COEFFICIENTS)
    forces[np.arange(153), np.arange(153)] = 0  # a pair is no partner of itself
    ours = pair_sum_forces(positions, weighting="none", alignment_form=form, **COEFFICIENTS)
    np.testing.assert_allclose(ours[0], forces.sum(axis=1), atol=1e-9)


def test_class_means_balance_same_and_different_residues():
    # 8 same-residue partners and 144 others a pair: weights 1/8 and 1/144.
    positions = draw(2, 17, 2)
    balanced = pair_sum_forces(positions, weighting="class-mean", **COEFFICIENTS)
    same = pair_sum_forces(positions, weighting="none", repulsion=0, attraction=1.3, alignment=0)
    different = pair_sum_forces(
        positions, weighting="none", repulsion=0.7, attraction=0, alignment=0
    )
    clustering = pair_sum_forces(positions, repulsion=0.7, attraction=1.3, alignment=0)
    np.testing.assert_allclose(clustering, same / 8 + different / 144, atol=1e-12)
    assert not np.allclose(balanced, clustering)


def test_numpy_and_torch_agree():
    positions = draw(4, 17, 2)
    ours = particle_forces(positions, **COEFFICIENTS)
    theirs = particle_forces(torch.tensor(positions), **COEFFICIENTS)
    assert isinstance(theirs, torch.Tensor)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-10)


def test_coefficients_can_differ_by_run():
    positions = np.repeat(draw(1, 7, 2), 2, axis=0)
    both = particle_forces(positions, alignment=np.array([0.5, 2.0]))
    for index, alignment in enumerate((0.5, 2.0)):
        alone = particle_forces(positions[:1], alignment=alignment)
        np.testing.assert_allclose(both[index], alone[0], atol=1e-12)


def potential(x, y, same):
    """Equations 2 and 3 are minus the gradients of these energies."""
    distance = np.sqrt(((x - y) ** 2).sum(axis=-1))
    return np.where(same, 1.3 * distance, -0.7 * np.log(distance))


@pytest.mark.parametrize("same", [True, False])
def test_clustering_is_the_gradient_of_a_potential(same):
    x, y, same = draw(20, 2, seed=1), draw(20, 2, seed=2), np.full(20, same)
    step = 1e-6
    for axis in range(2):
        shift = step * np.eye(2)[axis]
        slope = (potential(x + shift, y, same) - potential(x - shift, y, same)) / (2 * step)
        force = pair_force(x, y, same, repulsion=0.7, attraction=1.3, alignment=0)
        np.testing.assert_allclose(force[:, axis], -slope, rtol=1e-6, atol=1e-7)


@given(st.booleans(), st.integers(0, 1000))
def test_clustering_is_reciprocal_and_does_not_know_the_origin(same, seed):
    x, y, shift = draw(3, 2, seed=seed)
    force = pair_force(x, y, np.array(same), alignment=0)
    back = pair_force(y, x, np.array(same), alignment=0)
    moved = pair_force(x + shift, y + shift, np.array(same), alignment=0)
    np.testing.assert_allclose(force, -back, atol=1e-12)
    np.testing.assert_allclose(force, moved, atol=1e-9)


@given(st.floats(-3, 3), st.integers(0, 100))
def test_the_law_turns_with_the_plane(angle, seed):
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    positions = draw(1, 7, 2, seed=seed)
    turned = particle_forces(positions @ rotation.T, **COEFFICIENTS)
    np.testing.assert_allclose(
        turned, particle_forces(positions, **COEFFICIENTS) @ rotation.T, atol=1e-8
    )


def test_alignment_is_not_reciprocal():
    x, y = np.array([2.0, 0.0]), np.array([1.0, 1.0])
    there, back = (
        pair_force(a, b, np.array(True), repulsion=0, attraction=0) for a, b in ((x, y), (y, x))
    )
    np.testing.assert_allclose(there, y / 2**0.5)
    np.testing.assert_allclose(back, x / 2)


@given(st.booleans(), st.integers(0, 1000))
def test_reciprocal_alignment_answers_every_force(same, seed):
    x, y = draw(2, 2, seed=seed)
    options = {"same_residue": np.array(same), "alignment_form": "reciprocal"}
    np.testing.assert_allclose(pair_force(x, y, **options), -pair_force(y, x, **options))


@pytest.mark.parametrize(("form", "conserved"), [("reciprocal", True), ("paper", False)])
def test_the_pair_sums_keep_their_momentum_if_every_force_is_answered(form, conserved):
    total = pair_sum_forces(draw(3, 17, 2), alignment_form=form, **COEFFICIENTS).sum(axis=1)
    assert np.allclose(total, 0, atol=1e-9) == conserved


def test_the_paper_s_alignment_is_that_within_residues_and_that_between_them():
    positions = draw(2, 17, 2)
    paper, same, different, none = (
        particle_forces(positions, alignment_form=form, alignment=alignment)
        for form, alignment in (
            ("paper", 1.5), ("same-only", 1.5), ("different-only", 1.5), ("paper", 0.0)
        )
    )  # fmt: skip
    np.testing.assert_allclose(same + different, paper + none, atol=1e-12)
    assert not np.allclose(same, different)


@given(st.booleans(), st.integers(0, 200))
def test_potential_alignment_points_as_equation_4_does(same, seed):
    x, y = draw(2, 3, seed=seed)
    paper, ours = (
        pair_force(x, y, np.array(same), repulsion=0, attraction=0, alignment_form=form)
        for form in ("paper", "potential")
    )
    np.testing.assert_allclose(ours, paper * np.linalg.norm(y) / 6**0.5, atol=1e-12)


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="alignment_form must be one of paper, reciprocal"):
        particle_forces(draw(1, 5, 2), alignment_form="none")


def test_sums_that_face_away_feel_no_alignment():
    x, y = np.array([1.0, 0.0]), np.array([[-1.0, 0.5], [0.0, 1.0]])
    force = pair_force(x, y, np.array([True, True]), repulsion=0, attraction=0, alignment=1)
    assert not force.any()


def test_coincident_sums_and_the_origin_exert_no_force_without_direction():
    x = np.array([1.0, 0.0])
    assert not pair_force(x, x, np.array(True), alignment=0).any()
    assert not pair_force(x, x, np.array(False), alignment=0).any()
    assert not pair_force(x, 0 * x, np.array(True), attraction=0).any()
    assert not particle_forces(np.zeros((1, 5, 2))).any()
    assert np.isfinite(particle_forces(np.ones((1, 5, 2)))).all()


def test_softening_bounds_the_repulsion():
    x, near = np.array([0.0, 0.0]), np.array([1e-9, 0.0])
    hard = pair_force(x, near, np.array(False), alignment=0)
    soft = pair_force(x, near, np.array(False), alignment=0, softening=0.1)
    assert np.abs(hard).max() == pytest.approx(1e9)
    assert np.abs(soft).max() == pytest.approx(1e-7)


def test_an_unknown_weighting_is_refused():
    with pytest.raises(ValueError, match="weighting must be one of class-mean, none"):
        particle_forces(np.zeros((1, 3, 2)), weighting="mean")


def test_softened_forces_between_sums_at_right_angles_are_those_of_all_partners():
    # Whole numbers, so that many sums are at right angles exactly, where nothing aligns.
    positions = np.random.default_rng(0).integers(-2, 3, (1, 6, 2)).astype(float)
    listed = pairs(6)
    x = positions[0][listed.first] + positions[0][listed.second]
    assert ((x @ x.T) == 0).any()
    same = listed.residue[:, None] == listed.residue[None, :]
    law = {**COEFFICIENTS, "softening": 0.3}
    forces = pair_force(x[:, None], x[None], same, **law)
    forces[np.arange(21), np.arange(21)] = 0
    ours = pair_sum_forces(positions, weighting="none", **law)[0]
    np.testing.assert_allclose(ours, forces.sum(axis=1), atol=1e-9)
    on_particles = particle_forces(positions, weighting="none", **law)[0]
    np.testing.assert_allclose(on_particles[0], 2 * ours[0] + ours[1:6].sum(axis=0), atol=1e-9)
