"""`make bench`: how fast, beside what others would write, in one run on this machine.

Contenders take turns, so that a busy moment hits all of them; shown are medians and the range.
The printed tables are appended to `results.md` beside this file. With names as arguments, such as
`bench.py training jobs`, it measures these sections alone.
"""

import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from curves import curves, torch_on_all_cores
from on_gpu import on_gpu
from peers import cdist_imperfections, jax_train, tree_imperfections, vmapped_torch
from reference import train_plainly
from whole_jobs import whole_jobs

from jobs.compute import usable_cores
from modadd.kernels import processor, torch_particles, torch_training
from modadd.particles import ParticleConfig
from modadd.structures import grid_imperfections
from modadd.training import TrainingConfig

ROUNDS = 5
RESULTS = Path(__file__).parent / "results.md"
CORES = usable_cores()
Contender = tuple[Callable[[], object], int]  # what to time, and how many units of work it does


def run_to_end(stream):
    *_, last = stream
    return last


def networks(count: int, **fields: float) -> list[TrainingConfig]:
    return [TrainingConfig(seed=seed, **fields) for seed in range(count)]


def training_contenders() -> dict[str, Contender]:
    def kernel(**fields: float) -> Contender:
        configs = networks(100, **fields)
        return lambda: run_to_end(processor.train(configs, [200], threads=CORES)), 100 * 200

    hundred = networks(100)
    return {
        "compiled kernel": kernel(),
        "compiled kernel, weight decay 0": kernel(weight_decay=0.0),
        "our torch engine, batch 50 a core": (
            lambda: run_to_end(torch_on_all_cores(torch_training.train, hundred, [100])), 100 * 100,
        ),
        "plain PyTorch loop": (lambda: train_plainly(hundred[0], 300), 300),
        "torch.func vmap, batch 100": (lambda: vmapped_torch(hundred, 50), 100 * 50),
        "JAX jit(vmap(scan)), batch 100": (lambda: jax_train(hundred, 100), 100 * 100),
    }  # fmt: skip


def simulation_contenders() -> dict[str, Contender]:
    configs = [ParticleConfig(seed=seed) for seed in range(100)]
    return {
        "compiled kernel": (
            lambda: run_to_end(processor.simulate(configs, [100], threads=CORES)), 100,
        ),
        "our torch engine, batch 25 a core": (
            lambda: run_to_end(
                torch_on_all_cores(torch_particles.simulate, configs[: 25 * CORES], [100])
            ),
            25 * CORES,
        ),
    }  # fmt: skip


def imperfection_contenders() -> dict[str, Contender]:
    embeddings = run_to_end(processor.train(networks(500), [2000], threads=CORES)).embedding
    expected = grid_imperfections(embeddings)
    assert np.array_equal(expected, tree_imperfections(embeddings))
    assert np.array_equal(expected, cdist_imperfections(embeddings))
    return {
        "compiled kernel, one core": (lambda: grid_imperfections(embeddings), 500),
        "scipy cKDTree, one core": (lambda: tree_imperfections(embeddings), 500),
        "torch.cdist, batch 50, one core": (
            lambda: cdist_imperfections(embeddings, threads=1), 500,
        ),
        f"torch.cdist, batch 50, {CORES} cores": (
            lambda: cdist_imperfections(embeddings, threads=CORES), 500,
        ),
    }  # fmt: skip


def check_peers() -> None:
    """Rivals are rivals only if they compute the same."""
    configs = networks(3)
    ours = run_to_end(processor.train(configs, [20]))
    for peer in (vmapped_torch, jax_train):
        np.testing.assert_allclose(peer(configs, 20)[0], ours.embedding, atol=1e-4)


def compare(contenders: dict[str, Contender], unit: str, scale: float) -> list[str]:
    """Rows of a table: median, range and ratio to the first contender."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for work, _ in contenders.values():
        work()
    for _ in range(ROUNDS):
        for name, (work, count) in contenders.items():
            started = time.perf_counter()
            work()
            times[name].append((time.perf_counter() - started) / count * scale)
    first = statistics.median(next(iter(times.values())))
    rows = [f"| | {unit} | range | times ours |", "|---|---|---|---|"]
    for name, taken in times.items():
        middle = statistics.median(taken)
        spread = f"{min(taken):.3g} – {max(taken):.3g}"
        rows.append(f"| {name} | {middle:.3g} | {spread} | {middle / first:.1f} |")
    return rows


def machine() -> str:
    model = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        lines = listed.read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if "model name" in line]
        model = names[0] if names else model
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numba", "numpy", "jax"))
    return f"{model}, {CORES} cores, {gpu}; Python {platform.python_version()}, {packages}"


SECTIONS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "training": (
        "Training, default sizes", lambda: compare(training_contenders(), "µs a run-step", 1e6),
    ),
    "simulation": (
        "Simulation, 100 steps", lambda: compare(simulation_contenders(), "ms a simulation", 1e3),
    ),
    "imperfections": (
        "grid_imperfections", lambda: compare(imperfection_contenders(), "µs an embedding", 1e6),
    ),
    "jobs": ("Whole jobs, from the command line", whole_jobs),
    "gpu": ("Whole sweeps on the GPU", on_gpu),
    "growth": ("Growth", curves),
}  # fmt: skip


def main() -> None:
    check_peers()
    wanted = sys.argv[1:] or list(SECTIONS)
    lines = [f"## {datetime.now(UTC):%Y-%m-%d}: {machine()}"]
    print(lines[0], flush=True)
    for title, measured in (SECTIONS[name] for name in wanted):
        part = ["", f"### {title}", "", *measured()]
        print("\n".join(part), flush=True)
        lines += part
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, "", ""]))


if __name__ == "__main__":
    main()
