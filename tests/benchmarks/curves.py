"""How the cost of training grows, kernel beside torch: each curve varies one default size."""

import resource
import time
from typing import Any

from jobs.compute import Chunk, compute
from jobs.workers import usable_cores
from modadd.kernels import processor, torch_training
from modadd.snapshots import schedule
from modadd.training import TrainingConfig, numbers

CORES = usable_cores()
SIZES: dict[str, list[dict[str, int]]] = {
    "tokens N": [{"modulus": n} for n in (5, 17, 31, 59, 113)],
    "hidden units H": [{"hidden_size": h} for h in (8, 32, 128, 512)],
    "dimension D": [{"embedding_dim": d} for d in (2, 8, 64)],
    "N and H": [{"modulus": 113, "hidden_size": h} for h in (128, 512)],
}


def curves() -> list[str]:
    """Rows of tables: µs a run-step, and what it costs to train many runs and keep snapshots."""
    rows = [
        "| varied | | kernel, µs a run-step | torch | torch / kernel |",
        "|---|---|---|---|---|",
    ]
    for title, points in SIZES.items():
        for sizes in points:
            kernel, peer = _run_step(sizes)
            named = ", ".join(f"{name} = {value}" for name, value in sizes.items())
            rows.append(f"| {title} | {named} | {kernel:.3g} | {peer:.3g} | {peer / kernel:.1f} |")
    return [*rows, "", *_many_runs(), "", *_snapshots()]


def _run_step(sizes: dict[str, int]) -> tuple[float, float]:
    """µs a run-step on all cores: our kernel and our torch engine."""
    worked, _ = numbers(TrainingConfig(**sizes))
    steps = max(3, min(500, 100_000_000 // worked // 50))
    runs = max(CORES, min(50, 600_000 // worked))
    configs = [TrainingConfig(seed=seed, **sizes) for seed in range(runs)]
    return (
        _least(lambda epochs: processor.train(configs, epochs, threads=CORES), steps, runs),
        _least(lambda epochs: torch_training.train(configs, epochs, "cpu"), steps, runs),
    )


def _least(train: Any, steps: int, runs: int) -> float:
    taken = []
    for _ in range(3):
        stream = train([1, 1 + steps])
        next(stream)
        started = time.perf_counter()
        next(stream)
        taken.append((time.perf_counter() - started) / steps / runs * 1e6)
    return min(taken)


def _many_runs() -> list[str]:
    """Seconds by number of runs, in one batch a core of at most 1000; and the memory."""
    rows = ["| runs × 20 epochs | seconds | µs a run-step | peak memory, MB |", "|---|---|---|---|"]
    for runs in (10, 100, 1000, 10_000, 100_000):
        started = time.perf_counter()
        for start in range(0, runs, 1000):
            configs = [TrainingConfig(seed=s) for s in range(start, min(start + 1000, runs))]
            for _ in processor.train(configs, [20], threads=CORES):
                pass
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        rows.append(f"| {runs:,} | {seconds:.2f} | {seconds / runs / 20 * 1e6:.3g} | {peak} |")
    return rows


def _snapshots() -> list[str]:
    """Seconds of one chunk of 50 networks by the snapshots kept, metrics included."""
    rows = ["| snapshots of 2000 epochs | seconds for 50 networks on one core |", "|---|---|"]
    configs = tuple(TrainingConfig(seed=seed) for seed in range(50))
    for specification in ("final", "default", "every:10", "every:2"):
        epochs = schedule(specification, 2000)
        chunk = Chunk(
            kind="transformer", configs=configs, epochs=epochs, schedule=specification,
            parameters="all", device="cpu",
        )  # fmt: skip
        started = time.perf_counter()
        compute(chunk)
        rows.append(f"| {len(epochs)} ({specification}) | {time.perf_counter() - started:.2f} |")
    return rows
