"""Batched training in torch, the gradients written out: the readable reference, on any device.

Everything leads with run, and pairs are the last axis, so that every product is one `bmm`. All
parameters lie in one buffer, group after group, so that AdamW is a handful of operations, while
each group is contiguous (a strided `bmm` falls back to a loop over runs).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modadd.kernels.torch_settings import captured, steady_arithmetic
from modadd.network import group_counts, group_shapes, initial_parameters, parameter_count
from modadd.snapshots import Snapshot, joined
from modadd.task import incidence, pairs, split
from modadd.training import TrainingConfig, is_large

# Pairs are padded to whole cache lines: products round by where a run lies in memory otherwise.
ALIGNMENT = 16
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # torch.optim.AdamW's defaults


def train(
    configs: Sequence[TrainingConfig],
    epochs: Sequence[int],
    device: str,
    start: Snapshot | None = None,
) -> Iterator[Snapshot]:
    """Yield a Snapshot at each epoch; see `modadd.training.train`."""
    if device == "cpu" and is_large(configs[0]) and len(configs) > 1:
        yield from _one_by_one(configs, epochs, start)
        return
    batch = _Batch(configs, device, start)
    step = batch.step
    if device.startswith("cuda"):
        step = captured(step, batch.backpropagate, device)
    done = 0
    for epoch in epochs:
        with steady_arithmetic():
            for _ in range(done, epoch):
                step()
        done = epoch
        yield batch.snapshot(epoch)


def _one_by_one(
    configs: Sequence[TrainingConfig], epochs: Sequence[int], start: Snapshot | None
) -> Iterator[Snapshot]:
    """`train` where a batch of one run fills the cache already."""
    streams = [
        train([config], epochs, "cpu", None if start is None else start.of([run]))
        for run, config in enumerate(configs)
    ]
    for parts in zip(*streams, strict=True):
        yield joined(parts)


class _Batch:
    """The state of a batch of runs, and one step of it."""

    def __init__(
        self, configs: Sequence[TrainingConfig], device: str, start: Snapshot | None
    ) -> None:
        self.kept = tuple(configs)
        # torch multiplies a single matrix by another routine than a batch of them, which rounds
        # differently: a lone run is computed twice, so that it is the same in any company. A large
        # one never has company.
        copies = 2 if len(self.kept) == 1 and not (device == "cpu" and is_large(configs[0])) else 1
        configs = self.kept * copies
        parameters = np.tile(initial_parameters(self.kept, start), (copies, 1))
        first = configs[0]
        dtype = getattr(torch, first.dtype)

        def tensor(array: object) -> Tensor:
            return torch.as_tensor(np.asarray(array), dtype=dtype, device=device)

        self.parameters = tensor(_by_group(parameters, first))
        self.gradient = torch.zeros_like(self.parameters)
        self.first_moment = torch.zeros_like(self.parameters)
        self.second_moment = torch.zeros_like(self.parameters)
        #: β₁ᵗ and β₂ᵗ after t steps; on the device, so that every step is the same program
        self.betas = torch.tensor([BETA_1, BETA_2], dtype=torch.float64, device=device)
        self.beta_powers = torch.ones_like(self.betas)
        self.theta = _group_views(self.parameters, first)
        self.slope = _group_views(self.gradient, first)

        chosen = [split(c.seed, c.modulus, c.train_fraction).training for c in configs]
        #: (run, token, pair) how often a token stands in a training pair
        self.incidence = tensor(_padded(incidence(first.modulus)[chosen].swapaxes(1, 2)))
        #: (pair,) each pair's share in the mean loss, 0 for the padding
        self.share = tensor(_padded(np.full(len(chosen[0]), 1 / len(chosen[0]))))
        #: (run, residue, pair) one-hot targets, times the share
        residues = pairs(first.modulus).residue[chosen]
        self.target = tensor(_padded(np.eye(first.modulus)[residues].swapaxes(1, 2))) * self.share

        # Workspaces: allocating them anew at every step would cost more than the arithmetic.
        runs, _, trained = self.incidence.shape
        self.x = self.incidence.new_empty(runs, first.embedding_dim, trained)
        self.h = self.incidence.new_empty(runs, first.hidden_size, trained)
        self.dh = torch.empty_like(self.h)
        self.o, self.do = torch.empty_like(self.target), torch.empty_like(self.target)

        counts = group_counts(first)
        rates = np.array([np.full(sum(counts), c.learning_rate) for c in configs])
        decays = [np.repeat(c.weight_decay * np.array(c.decay_factors), counts) for c in configs]
        self.learning_rate = tensor(_by_group(rates, first))
        #: Eq. 1: θ ← θ − λγθ at every step
        self.shrink = tensor(_by_group(1 - rates * np.array(decays), first))

    def step(self) -> None:
        self.backpropagate()
        self.update()

    def backpropagate(self) -> None:
        """Write ∂(mean cross-entropy)/∂θ of every run into `gradient`."""
        E, W_h, b_h, W_o, b_o = self.theta
        dE, dW_h, db_h, dW_o, db_o = self.slope

        x, h, dh, o, do = self.x, self.h, self.dh, self.o, self.do

        torch.bmm(E.mT, self.incidence, out=x)  # pair sums
        torch.bmm(W_h, x, out=h).add_(b_h[:, :, None]).relu_()
        torch.bmm(W_o, h, out=o).add_(b_o[:, :, None])

        torch.softmax(o, dim=1, out=do).mul_(self.share).sub_(self.target)
        torch.bmm(do, h.mT, out=dW_o)
        torch.sum(do, dim=2, out=db_o)
        torch.bmm(W_o.mT, do, out=dh).mul_(h.sign_())  # h >= 0, so its sign is ReLU'
        torch.bmm(dh, x.mT, out=dW_h)
        torch.sum(dh, dim=2, out=db_h)
        dx = torch.bmm(W_h.mT, dh, out=x)
        torch.bmm(self.incidence, dx.mT, out=dE)

    def update(self) -> None:
        """AdamW (Loshchilov & Hutter 2019): decay decoupled from the gradient, then Adam's step."""
        self.parameters.mul_(self.shrink)
        self.first_moment.lerp_(self.gradient, 1 - BETA_1)
        self.second_moment.mul_(BETA_2).addcmul_(self.gradient, self.gradient, value=1 - BETA_2)
        self.beta_powers.mul_(self.betas)
        first, second = (1 - self.beta_powers).unbind()  # what makes the moments unbiased
        root = self.second_moment.sqrt().div_(second.sqrt()).add_(EPSILON)
        move = torch.div(self.first_moment, root, out=root).mul_(self.learning_rate)
        self.parameters.sub_(move.div_(first))

    def snapshot(self, epoch: int) -> Snapshot:
        runs = len(self.kept)
        embedding, *classifier = [group[:runs].cpu().numpy() for group in self.theta]
        flat = np.concatenate([group.reshape(runs, -1) for group in classifier], axis=1)
        return Snapshot(self.kept, epoch, embedding.copy(), flat)


def _padded(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last axis, that of the pairs, filled with zeros up to a multiple of `ALIGNMENT`."""
    missing = -array.shape[-1] % ALIGNMENT
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)])


def _by_group(flat: NDArray[np.float64], sizes: TrainingConfig) -> NDArray[np.float64]:
    """(run, count) as one buffer in which each group's numbers of all runs lie together."""
    groups = np.split(flat, np.cumsum(group_counts(sizes))[:-1], axis=1)
    return np.concatenate([group.ravel() for group in groups])


def _group_views(buffer: Tensor, sizes: TrainingConfig) -> list[Tensor]:
    """Views of the buffer as the parameter groups, each (run, *shape)."""
    runs = len(buffer) // parameter_count(sizes)
    parts = torch.split(buffer, [runs * count for count in group_counts(sizes)])
    shapes = group_shapes(sizes).values()
    return [part.view(runs, *shape) for part, shape in zip(parts, shapes, strict=True)]
