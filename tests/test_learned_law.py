"""Learning a law: what was put into the forces is found again, and leads where it should."""

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from modadd import learned_law, learned_twins
from modadd.force_fits import products, squared_error
from modadd.law_terms import LAW, law_terms
from modadd.learned_law import (
    COSINES,
    DISTANCES,
    HATS,
    PHASES,
    functions,
    halves,
    hat_fields,
    hat_fields_readably,
    learn,
    moments,
    packed,
    scores,
    unpacked,
)
from modadd.learned_twins import (
    LAWS,
    ends,
    foretold_by_laws,
    outcomes,
    papers_law,
    populations,
    simulate_laws,
    tabulated_law,
)
from modadd.particles import ParticleConfig, simulate
from modadd.snapshots import Snapshot
from modadd.structures import grid_imperfections, is_circle
from modadd.task import pair_sums, pairs
from modadd.training import TrainingConfig, train
from modadd.true_forces import training_pairs

PAIRS = training_pairs(TrainingConfig(seed=3))


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.fixture(scope="module")
def fields():
    """(run, hat and term, pair, dim) of twelve arrangements."""
    sums = PAIRS.membership @ draw(12, 17, 2) / 2
    terms = law_terms(sums, PAIRS.residue)[:, : len(LAW)]
    return np.concatenate([hat_fields(sums, PAIRS.residue), terms], axis=1)


def found_in(fields, force):
    """The products as they are stored: a row a run."""
    each = [packed(products(one[None], own[None])) for one, own in zip(fields, force, strict=True)]
    return unpacked(each)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_compiled_hats_are_the_readable_ones(dim):
    tokens = draw(2, 17, dim, seed=dim)
    tokens[1, 0] = tokens[1, 5]  # some sums coincide
    sums = PAIRS.membership @ tokens
    readable = hat_fields_readably(sums, PAIRS.residue)
    np.testing.assert_allclose(hat_fields(sums, PAIRS.residue), readable, atol=1e-9)


def test_hats_of_equal_height_are_a_constant_law(fields):
    """Σ over the hats of `push_same` is -attraction: every distance gets 1."""
    same = [index for index, (name, _) in enumerate(HATS) if name == "push_same"]
    attraction = fields[:, len(HATS) + LAW.index("attraction")]
    np.testing.assert_allclose(fields[:, same].sum(axis=1), -attraction, atol=1e-12)


def test_functions_put_into_the_forces_are_learnt(fields):
    values = draw(len(HATS), seed=1)
    force = np.tensordot(values, fields[:, : len(HATS)], axes=(0, 1))
    found = found_in(fields, force)
    learnt = learn(found)
    missed = squared_error(found, np.broadcast_to(learnt, found.force.shape))
    assert missed.sum() < 1e-6 * found.squares.sum()
    again = np.tensordot(learnt[: len(HATS)], fields[:, : len(HATS)], axes=(0, 1))
    np.testing.assert_allclose(again, force, atol=1e-3 * np.abs(force).max())


def test_the_papers_law_is_learnt_where_it_is_the_truth(fields):
    strengths = np.array([2.0, 1.0, 1.5, 0.5])
    force = np.tensordot(strengths, fields[:, len(HATS) :], axes=(0, 1))
    found = found_in(fields, force)
    np.testing.assert_allclose(learn(found, "law")[len(HATS) :], strengths, rtol=1e-6)
    assert scores(found, "law") == pytest.approx(np.ones(12))
    table = functions(found)
    assert set(table["n"]) == {12}
    attraction = table[(table["function"] == "push_same") & (table["at"] > 0)]
    np.testing.assert_allclose(attraction["law"], -1, rtol=1e-6)
    near = table[(table["function"] == "push_different") & (table["at"] == 0.5)]
    assert near["law"].item() == pytest.approx(4)


def test_noise_has_no_law(fields):
    found = found_in(fields, draw(*fields[:, 0].shape, seed=2))
    for model in learned_law.MODELS:
        assert np.median(scores(found, model)) < 0.03


def test_moments_are_those_of_the_phase_and_every_snapshot_counts_alike():
    config = TrainingConfig(seed=3)
    path = list(train([config], [0, 5, 60]))
    embedding = np.concatenate([snapshot.embedding for snapshot in path])
    classifier = np.concatenate([snapshot.classifier for snapshot in path])
    found = moments(config, [0, 5, 60], embedding, classifier)
    assert {phase: count for phase, (count, _) in found.items()} == {"0-9": 2, "50-199": 1}
    for count, flat in found.values():
        # Forces of mean square 1 over 122 pairs and 2 dimensions.
        assert unpacked([flat]).squares == pytest.approx(244 * count)


def test_phases_follow_each_other_without_a_gap():
    bounds = list(PHASES.values())
    assert bounds[0][0] == 0
    assert all(before[1] + 1 == after[0] for before, after in pairwise(bounds))


def test_particles_under_the_papers_law_are_the_papers_simulation():
    start = draw(3, 17, 2)
    configs = tuple(ParticleConfig(seed=seed, dtype="float64") for seed in range(3))
    *_, last = simulate(configs, [10], start=Snapshot(configs, 0, start))
    ours = simulate_laws(start, [papers_law], steps=10)
    np.testing.assert_allclose(ours, last.embedding, atol=1e-8)


def test_a_tabulated_law_is_the_sum_of_its_hats(monkeypatch):
    values, positions = draw(len(HATS)), draw(2, 17, 2)
    compiled = tabulated_law(values)(positions)
    monkeypatch.setattr(learned_law, "compiled_kernels_work", lambda: False)
    np.testing.assert_allclose(compiled, tabulated_law(values)(positions), atol=1e-9)


def test_a_learnt_law_of_the_papers_form_moves_particles_as_the_papers_does():
    """Constant attraction alone is piecewise linear: the table says it exactly."""
    start = draw(2, 17, 2)
    values = np.array([-1.0 if name == "push_same" else 0.0 for name, _ in HATS])

    def attraction(positions):
        return law_terms(pair_sums(positions), pairs(17).residue)[:, LAW.index("attraction")]

    ours = simulate_laws(start, [tabulated_law(values)], steps=5)
    np.testing.assert_allclose(ours, simulate_laws(start, [attraction], steps=5), atol=1e-9)


def test_no_network_is_foretold_by_a_law_learnt_from_itself(fields, monkeypatch):
    """Forces of one half of the networks are changed: only the other half's particles move."""
    few = partial(simulate_laws, steps=8)
    monkeypatch.setattr(learned_twins, "simulate_laws", few)
    half = np.arange(12) % 2 == 0
    force = np.tensordot([2.0, 1.0, 1.5, 0.5], fields[:, len(HATS) :], axes=(0, 1))
    changed = np.where(half[:, None, None], draw(*force.shape), force)
    start = draw(12, 17, 2, seed=4)
    before = ends(start, [found_in(fields, force)], half)
    after = ends(start, [found_in(fields, changed)], half)
    assert tuple(before) == LAWS
    for law in ("fitted", "learnt in turn"):
        assert np.array_equal(before[law][half], after[law][half])
        assert not np.allclose(before[law][~half], after[law][~half])
    assert np.array_equal(before["paper"], after["paper"])


def test_particles_that_end_where_the_network_ends_foretell_it():
    start, network = draw(20, 17, 2), draw(20, 17, 2, seed=5)
    angle = 2 * np.pi * np.arange(17) / 17
    network[:8] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    led = outcomes(start, network, {"paper": start, "learnt": network})
    circles, counts = is_circle(network), grid_imperfections(network)
    ends = led.assign(is_circle=circles[led["run"]], imperfections=counts[led["run"]])
    table = foretold_by_laws(ends)
    cells = table.set_index(["law", "measure"])["value"]
    assert cells["learnt", "distance"] == pytest.approx(0, abs=1e-6)
    assert cells["learnt", "AUC of circles"] == 1
    assert cells["learnt", "correlation of imperfections"] == pytest.approx(1)
    assert cells["learnt", "distance gained"] == pytest.approx(cells["paper", "distance"])
    assert cells["nothing moves", "distance"] == cells["paper", "distance"]
    assert set(table["n"]) == {20}


def test_no_network_is_scored_with_coefficients_of_its_own(fields):
    """Forces of the first half are changed: how the other half is explained changes, not by whom
    the first half is."""
    force = np.tensordot([2.0, 1.0, 1.5, 0.5], fields[:, len(HATS) :], axes=(0, 1))
    half = halves(12)
    assert half.sum() == 6
    changed = np.where(half[:, None, None], draw(*force.shape), force)
    explained = scores(found_in(fields, changed), "law")
    assert explained[half].max() < 0.5  # noise, by the true law
    common = learn(found_in(fields[half], changed[half]), "law")
    other = found_in(fields[~half], changed[~half])
    missed = squared_error(other, np.broadcast_to(common, other.force.shape))
    np.testing.assert_allclose(explained[~half], 1 - missed / other.squares)


def test_populations_are_counted_beside_the_networks_own():
    laws = pd.DataFrame(
        {
            "law": ["paper"] * 4 + ["learnt"] * 4,
            "radius_ratio": [1.1, 1.1, 1.3, np.nan, 1.3, 1.3, 1.3, 1.3],
            "grid_imperfections": [1.0, 2.0, 3.0, np.nan, 4.0, 4.0, 4.0, 4.0],
            "is_circle": [1, 0, 0, 0] * 2,
            "imperfections": [2.0, 2.0, 2.0, 6.0] * 2,
        }
    )
    table = populations(laws).set_index(["law", "measure"])
    assert table["value"].to_dict() == {
        ("the networks", "share of circles"): 0.25, ("the networks", "imperfections"): 3.0,
        ("paper", "share of circles"): 0.5, ("paper", "imperfections"): 2.0,
        ("learnt", "share of circles"): 0.0, ("learnt", "imperfections"): 4.0,
    }  # fmt: skip
    assert table["n"].tolist() == [4, 4, 4, 3, 4, 4]
    assert table.loc[("learnt", "share of circles"), "high"] > 0.3  # Wilson's


def test_knots_rise_and_leave_the_papers_step_between_two_of_them():
    assert (np.diff(DISTANCES) > 0).all()
    assert (np.diff(COSINES) > 0).all()
    assert 0 not in COSINES
