"""Independent code to test against: the paper's text word by word, in loops, and plain PyTorch."""

import math

import numpy as np
import torch

from modadd.network import group_counts, group_shapes, initial_parameters
from modadd.task import pairs, split


def listed_pairs(modulus):
    return [(i, j) for i in range(modulus) for j in range(i, modulus)]


def norm(vector):
    return math.sqrt(sum(float(c) * float(c) for c in vector))


def algorithm_1(embedding, threshold=1.2):
    norms = [norm(e) for e in embedding]
    return max(norms) / min(norms) < threshold


def algorithm_2(embedding):
    """Algorithm 2, line by line; returns the imperfect pairs."""
    modulus = len(embedding)
    imperfect = []
    for i, j in listed_pairs(modulus):
        min_dist, match = math.inf, False
        for k, m in listed_pairs(modulus):
            if (i, j) == (k, m):
                continue
            ours, theirs = embedding[i] + embedding[j], embedding[k] + embedding[m]
            dist = norm(ours - theirs)
            if dist < min_dist:
                min_dist = dist
                match = (i + j) % modulus == (k + m) % modulus
        if not match:
            imperfect.append((i, j))
    return imperfect


def prose_imperfections(embedding, tolerance):
    """Section 4's sentence: no other pair of the same modular sum is very close."""
    modulus = len(embedding)
    centroid = embedding.mean(axis=0)
    scale = math.sqrt(np.mean([norm(e - centroid) ** 2 for e in embedding]))
    count = 0
    for i, j in listed_pairs(modulus):
        others = [
            norm(embedding[i] + embedding[j] - embedding[k] - embedding[m])
            for k, m in listed_pairs(modulus)
            if (k, m) != (i, j) and (k + m - i - j) % modulus == 0
        ]
        count += not any(distance <= tolerance * scale for distance in others)
    return count


def four_cases(x_ij, x_kl, same, g_r, g_a, f_a):
    """The displayed equation of Section 6, case by case."""
    r = x_ij - x_kl
    direction = x_kl / norm(x_kl)
    facing = float(x_ij @ x_kl) > 0
    if not facing and same:
        return g_a * (x_kl - x_ij) / norm(r)
    if not facing and not same:
        return g_r * r / norm(r) ** 2
    if facing and same:
        return g_a * (x_kl - x_ij) / norm(r) + f_a * direction
    return g_r * r / norm(r) ** 2 - f_a * direction


def four_loops(positions, g_r, g_a, f_a, weighting):
    """The force on every particle, over all particles of all pairs of pairs."""
    modulus = len(positions)
    forces = np.zeros_like(positions)
    for i, j in listed_pairs(modulus):
        total = {True: np.zeros(positions.shape[1]), False: np.zeros(positions.shape[1])}
        partners = {True: 0, False: 0}
        for k, m in listed_pairs(modulus):
            if (k, m) == (i, j):
                continue
            same = (i + j) % modulus == (k + m) % modulus
            x_ij, x_kl = positions[i] + positions[j], positions[k] + positions[m]
            total[same] += four_cases(x_ij, x_kl, same, g_r, g_a, f_a)
            partners[same] += 1
        for same in (True, False):
            share = max(partners[same], 1) if weighting == "class-mean" else 1
            forces[i] += total[same] / share
            forces[j] += total[same] / share
    return forces


class PlainNetwork(torch.nn.Module):
    """One network of Section 3, with PyTorch's own layers and autograd."""

    def __init__(self, config):
        super().__init__()
        dtype = getattr(torch, config.dtype)
        flat = torch.as_tensor(initial_parameters([config])[0], dtype=dtype)
        groups = torch.split(flat, group_counts(config))
        shapes = group_shapes(config).values()
        E, W_h, b_h, W_o, b_o = (
            torch.nn.Parameter(group.clone().reshape(shape))
            for group, shape in zip(groups, shapes, strict=True)
        )
        self.embedding, self.hidden_weight, self.hidden_bias = E, W_h, b_h
        self.output_weight, self.output_bias = W_o, b_o

    def forward(self, first, second):
        x = self.embedding[first] + self.embedding[second]
        h = torch.relu(torch.nn.functional.linear(x, self.hidden_weight, self.hidden_bias))
        return torch.nn.functional.linear(h, self.output_weight, self.output_bias)

    def flat(self):
        return torch.cat([p.detach().ravel() for p in self.parameters()]).numpy()


def train_plainly(config, steps):
    """One model at a time, torch autograd and torch.optim.AdamW; the flat parameters at the end."""
    model = PlainNetwork(config)
    optimizer = torch.optim.AdamW(
        [
            {"params": [parameter], "weight_decay": config.weight_decay * factor}
            for parameter, factor in zip(model.parameters(), config.decay_factors, strict=True)
        ],
        lr=config.learning_rate,
    )
    listed = pairs(config.modulus)
    chosen = split(config.seed, config.modulus, config.train_fraction).training
    first, second, residue = (torch.tensor(array[chosen]) for array in listed)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(first, second), residue).backward()
        optimizer.step()
    return model.flat()
