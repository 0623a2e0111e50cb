"""The compiled kernels' engines: batches of runs on a processor's cores, a run a core at a time.

Where torch's products of whole matrices are faster: `modadd.training.kernel_serves`.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from modadd.forces import alignment_strengths, partner_weights, typical_length
from modadd.kernels import cpu_evaluation, cpu_particles
from modadd.kernels import cpu_training as kernel
from modadd.kernels.tiles import PADDING_BYTES
from modadd.network import group_counts, initial_parameters
from modadd.particles import ParticleConfig, initial_positions
from modadd.snapshots import Floats, Snapshot
from modadd.task import pair_count, pairs, split
from modadd.training import TrainingConfig, step_seconds


def train(
    configs: Sequence[TrainingConfig],
    epochs: Sequence[int],
    threads: int = 1,
    start: Snapshot | None = None,
) -> Iterator[Snapshot]:
    """Yield a Snapshot at each epoch; see `modadd.training.train`."""
    batch = _Training(configs, start)
    with _cores(threads, len(configs)) as on_each_run:
        done = 0
        for stops in _together(epochs, batch):
            corrections = _corrections(done, stops[-1].epoch).astype(batch.dtype)
            taken = np.array([stop.epoch - done for stop in stops])
            kept = np.empty((len(configs), len(stops), batch.parameters.shape[1]), batch.dtype)
            on_each_run(partial(batch.advance, corrections=corrections, taken=taken, kept=kept))
            done = stops[-1].epoch
            for place, stop in enumerate(stops):
                if stop.wanted:
                    yield batch.snapshot(stop.epoch, kept[:, place])


# What the kernel is asked for at a time: to call it takes as much as dozens of steps (measured, 0.2
# ms), since Python's own code and data have gone from the processor's cache by then; but who waits
# for a snapshot, or to interrupt, must not wait long.
_SECONDS, _BYTES = 1.0, 8 << 20


class _Stop(NamedTuple):
    """wanted: whether there is to be a snapshot, or the way is just long."""

    epoch: int
    wanted: bool


def _together(epochs: Sequence[int], batch: "_Training") -> Iterator[list[_Stop]]:
    """All epochs, as many at a time as take about `_SECONDS` of steps and `_BYTES` of snapshots."""
    steps = max(1, int(_SECONDS / len(batch.configs) / step_seconds(batch.configs[0])))
    most = max(1, _BYTES // batch.parameters.nbytes)
    between = range(steps, max(epochs, default=0), steps)
    stops = [*(_Stop(epoch, True) for epoch in epochs), *(_Stop(e, False) for e in between)]
    done, portion = 0, list[_Stop]()
    for stop in sorted(stops):
        if portion and (len(portion) == most or stop.epoch - done > steps):
            yield portion
            done, portion = portion[-1].epoch, []
        portion.append(stop)
    if portion:
        yield portion


class _Training:
    """The state of a batch of runs: parameters (run, count) and what the kernel wants to know."""

    def __init__(self, configs: Sequence[TrainingConfig], start: Snapshot | None = None) -> None:
        self.configs = tuple(configs)
        first = configs[0]
        self.sizes = (first.modulus, first.embedding_dim, first.hidden_size)
        self.dtype = np.dtype(first.dtype)
        self.parameters = initial_parameters(configs, start).astype(self.dtype)
        self.moments = np.zeros((len(configs), 2, self.parameters.shape[1]), self.dtype)

        chosen = np.array([split(c.seed, c.modulus, c.train_fraction).training for c in configs])
        listed = np.stack(pairs(first.modulus))[:, chosen].swapaxes(0, 1)
        #: (run, 3, pair) tokens and residue of every training pair
        self.pairs = _in_blocks(listed, self.dtype)
        #: (pair,) each pair's share in the mean loss, 0 for the padding
        self.share = np.zeros(self.pairs.shape[2], self.dtype)
        self.share[: chosen.shape[1]] = 1 / chosen.shape[1]

        counts = group_counts(first)
        decays = np.array([c.weight_decay * np.repeat(c.decay_factors, counts) for c in configs])
        rates = np.array([c.learning_rate for c in configs])
        self.rates = rates.astype(self.dtype)
        #: Eq. 1: θ ← θ − λγθ at every step
        self.shrink = (1 - rates[:, None] * decays).astype(self.dtype)
        #: by the first of the runs that share one: those of one thread
        self.workspaces: dict[int, tuple[NDArray[Any], ...]] = {}

    def advance(
        self, runs: range, corrections: NDArray[Any], taken: NDArray[np.int64], kept: NDArray[Any]
    ) -> None:
        """Take the steps of the corrections with each of the runs.

        taken: (stop,) after how many of them kept (run, stop, count) is to show the parameters.
        """
        part = slice(runs.start, runs.stop)
        if runs.start not in self.workspaces:
            work = _workspace(self.sizes, len(self.share), self.dtype)
            self.workspaces[runs.start] = work
        kernel.train_runs(
            self.parameters[part],
            self.moments[part],
            self.shrink[part],
            self.rates[part],
            corrections,
            taken,
            kept[part],
            self.pairs[part],
            self.share,
            self.sizes,
            self.workspaces[runs.start],
        )

    def snapshot(self, epoch: int, parameters: NDArray[Any]) -> Snapshot:
        """What the parameters (run, count) are, without a copy."""
        tokens, dim, _ = self.sizes
        embedding = parameters[:, : tokens * dim].reshape(-1, tokens, dim)
        return Snapshot(self.configs, epoch, embedding, parameters[:, tokens * dim :])


def evaluate(
    embeddings: Floats, classifiers: Floats, hidden: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(run, pair) the cross-entropy and correctness of all pairs, in float64.

    embeddings: (run, token, dim). classifiers: (run, count), flat, with so many hidden units.
    """
    E, flat, listed, sizes, correct, work = _evaluation(embeddings, classifiers, hidden)
    target, total = np.empty(correct.shape), np.empty(correct.shape)
    cpu_evaluation.evaluate_runs(E, flat, listed, sizes, correct, target, total, work)
    return target + np.log(total), correct


def classify(
    embeddings: Floats, classifiers: Floats, hidden: int, scale: float
) -> NDArray[np.bool_]:
    """(run, pair) the correctness of all pairs alone, for half the time, with all pair sums so many
    times as far from the origin. Networks as for `evaluate`."""
    E, flat, listed, sizes, correct, work = _evaluation(embeddings, classifiers, hidden)
    cpu_evaluation.classify_runs(E, flat, scale, listed, sizes, correct, work)
    return correct


def _evaluation(embeddings: Floats, classifiers: Floats, hidden: int) -> tuple[Any, ...]:
    """What the kernel wants to know of networks and all their pairs: embeddings and classifiers,
    pairs, sizes, where it writes correctness, and its workspace in float64."""
    runs, tokens, dim = embeddings.shape
    # Numba compiles anew for arrays that are laid out otherwise, or cannot be written.
    networks = [np.require(array, requirements=["C", "W"]) for array in (embeddings, classifiers)]
    wide, sizes = np.dtype(np.float64), (tokens, dim, hidden)
    listed = _in_blocks(np.stack(pairs(tokens)), wide)
    rows = _workspace(sizes, listed.shape[1], wide)
    more = np.empty((2, len(rows[-1])))
    theta = np.empty(tokens * dim + classifiers.shape[1])
    correct = np.empty((runs, pair_count(tokens)), np.bool_)
    return (*networks, listed, sizes, correct, (*rows, *more, theta))


def _in_blocks(listed: NDArray[np.int64], dtype: np.dtype[Any]) -> NDArray[np.uint32]:
    """Pairs (..., pair), padded with the last of them so that they fall into equal blocks. (A pair
    that is none of them may overflow where they do not, and 0 times that is NaN.)

    Without a sign: of any other index Numba asks, every time, whether it counts from the end
    (measured: 5 % of a training step).
    """
    count = listed.shape[-1]
    padded = _block(count, dtype) * -(-count // kernel.BLOCK)
    widths = [(0, 0)] * (listed.ndim - 1) + [(0, padded - count)]
    # In one order, of a lone run too: Numba compiles anew for another.
    return np.pad(listed, widths, mode="edge").astype(np.uint32, order="C")


def _block(count: int, dtype: np.dtype[Any]) -> int:
    """How many of the pairs pass through together: whole vectors, at most about `BLOCK`."""
    blocks, padding = -(-count // kernel.BLOCK), PADDING_BYTES // dtype.itemsize
    return -(-count // (blocks * padding)) * padding


def _workspace(
    sizes: tuple[int, int, int], pairs: int, dtype: np.dtype[Any]
) -> tuple[NDArray[Any], ...]:
    """Pair sums, hidden units, logits, and two rows for the softmax, of one block of pairs."""
    tokens, dim, hidden = sizes
    rows = _aligned((dim + hidden + tokens + 2, _block(pairs, dtype)), dtype)
    x, h, o, highest, total = np.split(rows, np.cumsum([dim, hidden, tokens, 1]))
    return x, h, o, highest[0], total[0]


def _corrections(done: int, epoch: int) -> NDArray[np.float64]:
    """(step, 2) 1/(1 - β₁ᵗ) and √(1/(1 - β₂ᵗ)): what makes Adam's moments unbiased."""
    steps = np.arange(done + 1, epoch + 1)
    first, second = (1 - beta**steps for beta in (kernel.BETA_1, kernel.BETA_2))
    return np.stack([1 / first, np.sqrt(1 / second)], axis=1)


def _aligned(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An empty array that begins with a cache line: vectors across two lines take twice as long."""
    line = 64
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.empty(count + line, np.uint8)
    start = -room.ctypes.data % line
    return room[start : start + count].view(dtype).reshape(shape)


@contextmanager
def _cores(threads: int, runs: int) -> Iterator[Callable[[Callable[[range], None]], None]]:
    """A function that shares the runs 0 … runs - 1 out among threads and waits for all."""
    width = min(threads, runs)
    cuts = [runs * part // width for part in range(width + 1)]
    parts = [range(start, stop) for start, stop in itertools.pairwise(cuts)]
    if width == 1:
        yield lambda work: work(parts[0])
        return
    with ThreadPoolExecutor(width) as pool:
        yield lambda work: list(pool.map(work, parts)).clear()


def simulate(
    configs: Sequence[ParticleConfig],
    epochs: Sequence[int],
    threads: int = 1,
    start: Snapshot | None = None,
) -> Iterator[Snapshot]:
    """Yield a Snapshot at each step asked for; see `modadd.particles.simulate`."""
    first = configs[0]
    dtype = np.dtype(first.dtype)
    positions = initial_positions(configs, start).astype(dtype)
    coefficients = np.array([_coefficients(config) for config in configs]).astype(dtype)
    count = pair_count(first.modulus)
    padding = -count % cpu_particles.VECTOR
    listed = np.pad(np.stack(pairs(first.modulus)), ((0, 0), (0, padding))).astype(np.int32)
    listed[2, count:] = -1
    weights = partner_weights(first.modulus, first.weighting).astype(dtype)
    reacts = first.alignment_form == "reciprocal"
    pull = 1 / typical_length(first.embedding_dim) if first.alignment_form == "potential" else 0
    options = (
        first.force_scale == "normalised",
        first.variance == "per-axis",
        reacts,
        dtype.type(pull),
    )

    def advance(runs: range, steps: int) -> None:
        cpu_particles.simulate_runs(
            positions[runs.start : runs.stop],
            steps,
            coefficients[runs.start : runs.stop],
            listed,
            weights,
            options,
            _aligned((2 * first.embedding_dim + 2, count + padding), dtype),
        )

    done = 0
    with _cores(threads, len(configs)) as on_each_run:
        for epoch in epochs:
            steps = epoch - done
            on_each_run(partial(advance, steps=steps))
            done = epoch
            yield Snapshot(tuple(configs), epoch, positions.copy())


def _coefficients(config: ParticleConfig) -> tuple[float, ...]:
    """g_r, g_a, f_a within and between residues, ε², η."""
    together, apart = alignment_strengths(config.alignment, config.alignment_form)
    clustering = (config.repulsion, config.attraction)
    return (*clustering, together, apart, config.softening**2, config.step_size)
