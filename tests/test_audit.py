"""The audit against what it must find: laws that hold, noise, nulls, autograd."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from modadd import law_terms as terms_module
from modadd.audit import TARGETS, audit
from modadd.force_fits import (
    FITS,
    coefficients,
    cosine,
    groups_of,
    mean_cosine,
    products,
    r_squared,
    squared_error,
)
from modadd.forces import pair_force
from modadd.law_terms import LAW, TERMS, law_terms, law_terms_readably, parallelograms
from modadd.network import logits, unpack_classifier
from modadd.training import TrainingConfig, train
from modadd.true_forces import pair_sum_forces, training_pairs, updates

CONFIG = TrainingConfig(seed=3, dtype="float64", weight_decay=0.6)
EPOCHS = [0, 5, 60]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.fixture(scope="module")
def trained():
    """Three snapshots of one network: embedding (3, token, dim), classifier (3, count)."""
    path = list(train([CONFIG], EPOCHS))
    return np.concatenate([s.embedding for s in path]), np.concatenate([s.classifier for s in path])


@pytest.fixture(scope="module")
def arrangement():
    """Pair sums of two arrangements of CONFIG's tokens, their residues, and their fields."""
    pairs = training_pairs(CONFIG)
    sums = pairs.membership @ draw(2, 17, 2)
    return sums, pairs.residue, law_terms(sums, pairs.residue)


def law_fit(fields, force):
    found = products(fields[:, : len(LAW)], force)
    return found, coefficients(found)


def test_the_true_force_is_what_autograd_finds(trained):
    embedding, classifier = trained
    pairs = training_pairs(CONFIG)
    parameters = unpack_classifier(classifier, CONFIG)
    sums = pairs.membership @ embedding
    ours = pair_sum_forces(sums, pairs.residue, parameters)
    x = torch.tensor(sums, requires_grad=True)
    W_h, b_h, W_o, b_o = map(torch.tensor, parameters)
    hidden = torch.relu(x @ W_h.mT + b_h[:, None])
    output = hidden @ W_o.mT + b_o[:, None]
    target = torch.tensor(pairs.residue).expand(len(sums), -1)
    torch.nn.functional.cross_entropy(
        output.flatten(0, 1), target.flatten(), reduction="sum"
    ).backward()
    np.testing.assert_allclose(ours, -x.grad.numpy(), rtol=0, atol=1e-12)


def test_the_true_force_is_the_slope_of_finite_differences(trained):
    embedding, classifier = trained
    pairs = training_pairs(CONFIG)
    parameters = unpack_classifier(classifier, CONFIG)
    sums = pairs.membership @ embedding

    def loss(points):
        output = logits(points, parameters)
        chosen = output[:, np.arange(len(pairs.residue)), pairs.residue]
        return np.log(np.exp(output).sum(axis=2)) - chosen

    step = 1e-6 * np.array([1.0, 0.0])
    slope = (loss(sums + step) - loss(sums - step)) / 2e-6
    force = pair_sum_forces(sums, pairs.residue, parameters)
    np.testing.assert_allclose(force[..., 0], -slope, atol=1e-5)


def test_the_update_is_that_of_torchs_adamw(trained):
    """Two steps of torch.optim.AdamW on the paper's own loss, their decay taken out by hand."""
    embedding, _ = trained
    pairs = training_pairs(CONFIG)
    (start,) = train([CONFIG], [0])
    groups = [torch.tensor(g[0]) for g in unpack_classifier(start.classifier, CONFIG)]
    parameters = [torch.tensor(start.embedding[0]), *groups]
    for parameter in parameters:
        parameter.requires_grad_()
    optimiser = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.6)
    path = [parameters[0].detach().numpy().copy()]
    for _ in range(2):
        E, W_h, b_h, W_o, b_o = parameters
        x = torch.tensor(pairs.membership) @ E
        output = torch.relu(x @ W_h.mT + b_h) @ W_o.mT + b_o
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(output, torch.tensor(pairs.residue)).backward()
        optimiser.step()
        path.append(E.detach().numpy().copy())
    theirs = [(after - (1 - 0.006) * before) / 0.01 for before, after in pairwise(path)]
    ours = updates(CONFIG, [0, 1], np.stack(path[:2]))
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    assert np.isnan(updates(CONFIG, [0, 1], np.stack([path[0], path[1] + 0.1]))[1]).all()
    assert embedding.shape == (3, 17, 2)


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("modulus", [2, 5, 8])
def test_compiled_terms_are_the_readable_ones(dim, modulus):
    config = TrainingConfig(modulus=modulus, embedding_dim=dim, train_fraction=0.7)
    pairs = training_pairs(config)
    tokens = draw(3, modulus, dim, seed=dim)
    tokens[2, 0] = tokens[2, -1]  # some sums coincide
    sums = pairs.membership @ tokens
    readable = law_terms_readably(sums, pairs.residue)
    np.testing.assert_allclose(law_terms(sums, pairs.residue), readable, atol=1e-9)


def test_without_compiled_kernels_the_readable_terms_serve(arrangement, monkeypatch):
    sums, residue, fields = arrangement
    monkeypatch.setattr(terms_module, "compiled_kernels_work", lambda: False)
    np.testing.assert_allclose(law_terms(sums, residue), fields, atol=1e-9)


def test_the_terms_of_the_law_add_up_to_the_papers_force(arrangement):
    """Sum `pair_force` over all partners of each class: the paper's four cases, term by term."""
    sums, residue, fields = arrangement
    strengths = {"repulsion": 0.7, "attraction": 1.3, "alignment": 2.0}
    for p in (0, 17, 121):
        others = np.arange(len(residue)) != p
        expected = 0
        for alike in (True, False):
            of = others & ((residue == residue[p]) == alike)
            partners = sums[:, of]
            force = pair_force(sums[:, p : p + 1], partners, np.full(of.sum(), alike), **strengths)
            expected = expected + force.mean(axis=1)
        ours = np.tensordot([0.7, 1.3, 2.0, 2.0], fields[:, :4, p], axes=(0, 1))
        np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_the_parallelograms_move_tokens_down_the_effective_loss():
    pairs = training_pairs(CONFIG)
    tokens = torch.tensor(draw(1, 17, 2), requires_grad=True)
    x = torch.tensor(pairs.membership) @ tokens
    first, second = np.triu_indices(len(pairs.residue), k=1)
    alike = pairs.residue[first] == pairs.residue[second]
    gaps = x[0, first[alike]] - x[0, second[alike]]
    (gaps.square().sum(dim=1).mean() / tokens.square().sum()).backward()
    embedding = tokens.detach().numpy()
    pull = law_terms(pairs.membership @ embedding, pairs.residue)[:, TERMS.index("far_attraction")]
    field = parallelograms(embedding, pairs.membership, pairs.residue, pull)
    np.testing.assert_allclose(pairs.membership.T @ field, -tokens.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", FITS)
def test_a_force_that_is_a_law_gives_back_its_coefficients(name, trained):
    embedding, _ = trained
    pairs = training_pairs(CONFIG)
    fields = law_terms(pairs.membership @ embedding, pairs.residue)
    pull = fields[:, TERMS.index("far_attraction")]
    beside = parallelograms(embedding, pairs.membership, pairs.residue, pull)
    fields = np.concatenate([fields, beside[:, None]], axis=1)
    groups = groups_of(FITS[name], (*TERMS, "parallelogram"))
    strengths = np.arange(1.0, 1 + len(groups))
    force = np.tensordot(strengths @ groups, fields, axes=(0, 1))
    found = products(fields, force).of(groups)
    chosen = coefficients(found, free=FITS[name].free)
    np.testing.assert_allclose(chosen, np.tile(strengths, (3, 1)), rtol=1e-5)
    np.testing.assert_allclose(r_squared(found, chosen), 1, atol=1e-9)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_noise_lowers_r_squared_as_theory_says(noise, arrangement):
    """R² of 1/(1 + σ²), plus what as many coefficients find in noise: σ²/(1 + σ²) · 4/n."""
    sums, _, fields = arrangement
    law = np.tensordot([2.0, 1.0, 1.5, 0.5], fields[:1, :4], axes=(0, 1))
    law /= np.sqrt(np.square(law).mean())
    drawn = noise * draw(2000, *sums.shape[1:], seed=5)
    found, chosen = law_fit(np.repeat(fields[:1], 2000, axis=0), law + drawn)
    expected = 1 / (1 + noise**2) + noise**2 / (1 + noise**2) * 4 / law.size
    scores = r_squared(found, chosen)
    assert scores.mean() == pytest.approx(expected, abs=4 * scores.std() / np.sqrt(2000) + 2e-3)


def test_nonnegative_least_squares_are_those_of_scipy(arrangement):
    from scipy.optimize import nnls

    _, _, fields = arrangement
    for seed in range(20):
        force = draw(2, *fields.shape[2:], seed=seed)
        found, chosen = law_fit(fields, force)
        for index in range(2):
            matrix = fields[index, :4].reshape(4, -1).T
            expected, residual = nnls(matrix, force[index].ravel())
            np.testing.assert_allclose(chosen[index], expected, atol=1e-7)
            assert squared_error(found, chosen)[index] == pytest.approx(residual**2)


def test_in_sample_r_squared_is_the_squared_cosine(arrangement):
    _, _, fields = arrangement
    found, chosen = law_fit(fields, fields[:, 0] + draw(*fields[:, 0].shape))
    np.testing.assert_allclose(cosine(found, chosen) ** 2, r_squared(found, chosen), atol=1e-10)
    assert mean_cosine(fields[:, 0], 3 * fields[:, 0]) == pytest.approx(1)


def test_fits_ignore_how_the_plane_is_turned_and_scales_change_no_score(trained):
    embedding, classifier = trained
    pairs = training_pairs(CONFIG)
    force = pair_sum_forces(
        pairs.membership @ embedding, pairs.residue, unpack_classifier(classifier, CONFIG)
    )
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    fields = law_terms(pairs.membership @ embedding, pairs.residue)
    turned = law_terms(pairs.membership @ (embedding @ turn), pairs.residue)
    larger = law_terms(pairs.membership @ (3 * embedding), pairs.residue)
    found, chosen = law_fit(fields, force)
    again, same = law_fit(turned, force @ turn)
    np.testing.assert_allclose(same, chosen, atol=1e-9)
    np.testing.assert_allclose(r_squared(again, same), r_squared(found, chosen), atol=1e-9)
    scaled, rescaled = law_fit(larger, 2 * force)
    np.testing.assert_allclose(rescaled, chosen * [6, 2, 2, 2], atol=1e-9)
    np.testing.assert_allclose(r_squared(scaled, rescaled), r_squared(found, chosen), atol=1e-9)


def test_every_fit_of_a_network_is_made_and_no_null_foretells(trained):
    embedding, classifier = trained
    fits = audit(CONFIG, embedding, classifier, updates(CONFIG, EPOCHS, embedding))
    assert [(fit.target, fit.fit) for fit in fits] == [
        (target, name) for target, names in TARGETS.items() for name in names
    ]
    by_name = {(fit.target, fit.fit): fit for fit in fits}
    law = by_name["pair_sums", "law"]
    assert law.n == 244
    assert by_name["tokens", "law"].n == 34
    assert law.columns["held_out_r_squared"][2] > 0.15
    for null in ("shuffled-labels", "rotated-forces", "random-embedding"):
        assert by_name["pair_sums", null].columns["held_out_r_squared"][2] < 0.05
    for null in ("rotated-forces", "random-embedding"):
        # 34 numbers and four coefficients: each null holds something in sample, nothing out of it.
        assert by_name["tokens", null].columns["held_out_r_squared"][2] < 0.1
    for target in ("pair_sums", "tokens"):
        free = by_name[target, "free"].columns["r_squared"]
        assert (free >= by_name[target, "law"].columns["r_squared"] - 1e-12).all()
    assert np.isnan(by_name["pair_sums", "parallelogram"].columns["repulsion"]).all()


def test_a_rival_moves_tokens_by_what_it_does_to_their_pair_sums(trained):
    """By hand, through scipy: the distance law's two fields, summed over each token's pairs."""
    from scipy.optimize import nnls

    embedding, classifier = trained
    fits = audit(CONFIG, embedding, classifier, np.full(embedding.shape, np.nan))
    (ours,) = (fit for fit in fits if (fit.target, fit.fit) == ("tokens", "distance"))
    pairs = training_pairs(CONFIG)
    sums = pairs.membership @ embedding
    force = pair_sum_forces(sums, pairs.residue, unpack_classifier(classifier, CONFIG))
    far = [TERMS.index("far_repulsion"), TERMS.index("far_attraction")]
    fields = pairs.membership.T @ law_terms(sums, pairs.residue)[2, far]
    moved = (pairs.membership.T @ force[2]).ravel()
    expected, missed = nnls(fields.reshape(2, -1).T, moved)
    chosen = [ours.columns[role][2] for role in ("repulsion", "attraction")]
    np.testing.assert_allclose(chosen, expected, rtol=1e-6)
    assert ours.columns["r_squared"][2] == pytest.approx(1 - missed**2 / (moved @ moved))


def test_an_unknown_update_leaves_its_fits_undefined_and_no_other(trained):
    embedding, classifier = trained
    fits = audit(CONFIG, embedding, classifier, np.full(embedding.shape, np.nan))
    for fit in fits:
        undefined = np.isnan(fit.columns["r_squared"])
        assert undefined.all() if fit.target == "updates" else not undefined.any()
