"""What others would write: the rivals of `bench.py`. Each trains or measures the same as ours."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
from scipy.spatial import cKDTree

from modadd.network import group_counts, group_shapes, initial_parameters
from modadd.structures import pair_sums
from modadd.task import pairs, split
from modadd.training import TrainingConfig


def data(configs):
    """(run, pair) tokens i and j and the residue of every run's training pairs."""
    chosen = [split(c.seed, c.modulus, c.train_fraction).training for c in configs]
    return [np.stack([column[some] for some in chosen]) for column in pairs(configs[0].modulus)]


def groups(configs):
    """E, W_h, b_h, W_o, b_o at epoch 0, each with leading axis run, float32."""
    flat = initial_parameters(configs).astype(np.float32)
    parts = np.split(flat, np.cumsum(group_counts(configs[0]))[:-1], axis=1)
    shapes = group_shapes(configs[0]).values()
    return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def torch_loss(theta, i, j, residue):
    E, W_h, b_h, W_o, b_o = theta
    hidden = torch.relu((E[i] + E[j]) @ W_h.T + b_h)
    return torch.nn.functional.cross_entropy(hidden @ W_o.T + b_o, residue)


def vmapped_torch(configs: list[TrainingConfig], steps: int) -> list[np.ndarray]:
    """torch.func: vmap(grad(loss)) over runs, and AdamW on the stacked parameters."""
    theta = [torch.as_tensor(group) for group in groups(configs)]
    batch = [torch.as_tensor(column) for column in data(configs)]
    gradient = torch.func.vmap(torch.func.grad(torch_loss))
    first, second = ([torch.zeros_like(group) for group in theta] for _ in range(2))
    rate, decay = configs[0].learning_rate, configs[0].weight_decay
    for step in range(1, steps + 1):
        slopes = gradient(tuple(theta), *batch)
        torch._foreach_mul_(theta, 1 - rate * decay)
        torch._foreach_lerp_(first, slopes, 0.1)
        torch._foreach_mul_(second, 0.999)
        torch._foreach_addcmul_(second, slopes, slopes, 0.001)
        root = torch._foreach_sqrt(second)
        torch._foreach_div_(root, (1 - 0.999**step) ** 0.5)
        torch._foreach_add_(root, 1e-8)
        torch._foreach_addcdiv_(theta, first, root, -rate / (1 - 0.9**step))
    return [group.numpy() for group in theta]


def jax_loss(theta, i, j, residue):
    E, W_h, b_h, W_o, b_o = theta
    hidden = jax.nn.relu((E[i] + E[j]) @ W_h.T + b_h)
    logits = hidden @ W_o.T + b_o
    return optax.softmax_cross_entropy_with_integer_labels(logits, residue).mean()


@partial(jax.jit, static_argnames=("rate", "decay", "steps"))
def _jax_train(theta, batch, rate, decay, steps):
    optimiser = optax.adamw(rate, weight_decay=decay)

    def train(theta, i, j, residue):
        def step(state, _):
            theta, moments = state
            slope = jax.grad(jax_loss)(theta, i, j, residue)
            updates, moments = optimiser.update(slope, moments, theta)
            return (optax.apply_updates(theta, updates), moments), None

        (theta, _), _ = jax.lax.scan(step, (theta, optimiser.init(theta)), length=steps)
        return theta

    return jax.vmap(train)(theta, *batch)


def jax_train(configs: list[TrainingConfig], steps: int) -> list[np.ndarray]:
    """JAX: jit(vmap(scan)) with optax.adamw."""
    theta = tuple(jnp.asarray(group) for group in groups(configs))
    batch = [jnp.asarray(column) for column in data(configs)]
    trained = _jax_train(theta, batch, configs[0].learning_rate, configs[0].weight_decay, steps)
    return [np.asarray(group) for group in jax.block_until_ready(trained)]


def tree_imperfections(embeddings: np.ndarray) -> np.ndarray:
    """grid_imperfections by SciPy's k-d tree, an embedding at a time."""
    residue = pairs(embeddings.shape[1]).residue
    counts = []
    for sums in pair_sums(embeddings.astype(np.float64)):
        _, nearest = cKDTree(sums).query(sums, k=2)
        counts.append((residue[nearest[:, 1]] != residue).sum())
    return np.array(counts)


def cdist_imperfections(embeddings: np.ndarray, batch: int = 50, threads: int = 1) -> np.ndarray:
    """grid_imperfections by torch.cdist, in batches that stay in the cache."""
    torch.set_num_threads(threads)
    residue = torch.as_tensor(pairs(embeddings.shape[1]).residue.copy())
    counts = []
    for some in torch.as_tensor(pair_sums(embeddings.astype(np.float64))).split(batch):
        distances = torch.cdist(some, some, compute_mode="donot_use_mm_for_euclid_dist")
        distances.diagonal(dim1=1, dim2=2).fill_(torch.inf)
        counts.append((residue[distances.argmin(dim=2)] != residue).sum(dim=1))
    return torch.cat(counts).numpy()
