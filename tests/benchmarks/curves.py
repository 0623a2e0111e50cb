"""How the cost of runs grows, kernel beside torch: each curve varies a size or two."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jobs.compute import Chunk, compute, usable_cores
from modadd.config import Config
from modadd.kernels import processor, torch_particles, torch_training
from modadd.particles import ParticleConfig
from modadd.snapshots import Snapshot, schedule
from modadd.task import pair_count
from modadd.training import TrainingConfig, kernel_serves, numbers, products

CORES = usable_cores()
SIZES: dict[str, list[dict[str, int]]] = {
    "tokens N": [{"modulus": n} for n in (5, 17, 31, 59, 113)],
    "hidden units H": [{"hidden_size": h} for h in (8, 32, 128, 512)],
    "dimension D": [{"embedding_dim": d} for d in (2, 8, 64)],
    "N and H": [
        {"modulus": n, "hidden_size": h}
        for n, hidden in ((113, (128, 512, 2048, 3072, 4096)), (307, (32, 512)))
        for h in hidden
    ],
    "D and H": [
        {"modulus": n, "embedding_dim": d, "hidden_size": h}
        for h, of_n in (
            (512, {59: (64, 128, 256, 512), 31: (512,)}),
            (32, {59: (1024,), 113: (256,), 199: (256,)}),
        )
        for n, dims in of_n.items()
        for d in dims
    ],
}


def curves() -> list[str]:
    """Rows of tables: µs a run-step, and what it costs to train many runs and keep snapshots."""
    rows = [
        "| varied | | kernel, µs a run-step | torch | torch / kernel | serves |",
        "|---|---|---|---|---|---|",
    ]
    for title, points in SIZES.items():
        for sizes in points:
            kernel, peer = _run_step(sizes)
            named = ", ".join(f"{name} = {value}" for name, value in sizes.items())
            serves = "kernel" if kernel_serves(TrainingConfig(**sizes), "cpu") else "torch"
            figures = f"{kernel:.3g} | {peer:.3g} | {peer / kernel:.2g}"
            rows.append(f"| {title} | {named} | {figures} | {serves} |")
    more = (_particles(), _epochs(), _many_runs(), _snapshots(), _first_commands())
    return [*rows, *(row for part in more for row in ("", *part))]


def _run_step(sizes: dict[str, int]) -> tuple[float, float]:
    """µs a run-step on all cores: our kernel, and our torch engine as jobs would have it."""
    config = TrainingConfig(**sizes)
    steps = max(2, min(500, 200_000_000 // products(config)))
    # torch computes a lone one twice
    runs = max(2 * CORES, min(50, 600_000 // numbers(config)[0]))
    configs = [TrainingConfig(seed=seed, **sizes) for seed in range(runs)]
    return (
        _least(lambda epochs: processor.train(configs, epochs, threads=CORES), steps, runs),
        _least(
            lambda epochs: torch_on_all_cores(torch_training.train, configs, epochs), steps, runs
        ),
    )


def torch_on_all_cores(
    engine: Any, configs: Sequence[Config], epochs: Sequence[int]
) -> Iterator[list[Snapshot]]:
    """One of our torch engines, with a share of the configs on each core."""
    streams = [engine(configs[core::CORES], epochs, "cpu") for core in range(CORES)]
    with ThreadPoolExecutor(CORES) as pool:
        for _ in epochs:
            yield list(pool.map(next, streams))


def _least(train: Any, steps: int, runs: int) -> float:
    """µs a run-step: what so many steps take besides what one takes, with all that is before it."""

    def least(epoch: int) -> float:
        taken = []
        for _ in range(3):
            started = time.perf_counter()
            list(train([epoch]))
            taken.append(time.perf_counter() - started)
        return min(taken)

    return (least(1 + steps) - least(1)) / steps / runs * 1e6


def _particles() -> list[str]:
    """µs a step of a simulation, on all cores, and ns of a core for every two pair sums in it."""
    rows = [
        "| particles | | kernel, µs a step | torch | torch / kernel | ns a core, two pair sums |",
        "|---|---|---|---|---|---|",
    ]
    sizes = [{"modulus": n} for n in (5, 17, 31, 59, 113)]
    sizes += [{"modulus": 17, "embedding_dim": d} for d in (3, 8, 64)]
    for fields in sizes:
        couples = pair_count(fields["modulus"]) ** 2
        steps = max(2, 5_000_000 // couples // fields.get("embedding_dim", 2))
        runs = 2 * CORES if couples < 1_000_000 else CORES
        configs = [ParticleConfig(seed=seed, **fields) for seed in range(runs)]
        kernel = _least(
            lambda epochs, of=configs: processor.simulate(of, epochs, threads=CORES), steps, runs
        )
        peer = _least(
            lambda epochs, of=configs: torch_on_all_cores(torch_particles.simulate, of, epochs),
            min(steps, 20),
            runs,
        )
        named = ", ".join(f"{name} = {value}" for name, value in fields.items())
        each = f"{kernel * CORES * 1000 / couples:.2g}"
        figures = f"{kernel:.3g} | {peer:.3g} | {peer / kernel:.2g} | {each}"
        rows.append(f"| simulation | {named} | {figures} |")
    return rows


def _first_commands() -> list[str]:
    """Whole commands where nothing is compiled yet, and where all is."""
    rows = ["| table-1 and table-2 of one seed | seconds |", "|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        for place, what in enumerate(("the first command, which compiles", "the second")):
            words = ["reproduce", "table-1", "table-2", "--seeds", "0"]
            command = [sys.executable, "-m", "jobs.main", *words]
            command += ["--database", f"{folder}/{place}.db"]
            started = time.perf_counter()
            subprocess.run(command, check=True, env=environment, capture_output=True)
            rows.append(f"| {what} | {time.perf_counter() - started:.1f} |")
    return rows


def _epochs() -> list[str]:
    """µs a run-step by the number of epochs: γ = 0 too, whose numbers become ever smaller."""
    rows = ["| epochs of 20 networks | µs a run-step | with weight decay 0 |", "|---|---|---|"]
    for epochs in (200, 2000, 20_000):
        found = []
        for decay in (1.0, 0.0):
            configs = [TrainingConfig(seed=seed, weight_decay=decay) for seed in range(20)]
            started = time.perf_counter()
            list(processor.train(configs, [epochs], threads=CORES))
            found.append(f"{(time.perf_counter() - started) / 20 / epochs * 1e6:.3g}")
        rows.append(f"| {epochs:,} | {' | '.join(found)} |")
    return rows


def _many_runs() -> list[str]:
    """Whole commands by number of runs: `modadd` picks the batches; start-up and writing count."""
    rows = [
        "| runs × 20 epochs, stored | seconds | µs a run | peak memory, MB |",
        "|---|---|---|---|",
    ]
    for runs in (10, 100, 1000, 10_000, 100_000):
        with tempfile.TemporaryDirectory() as folder:
            words = ["train", "--seeds", f"0:{runs}", "--epochs", "20", "--snapshots", "final"]
            words += ["--parameters", "none", "--database", f"{folder}/new.db"]
            command = [sys.executable, "-m", "jobs.main", *words]
            launched = [sys.executable, "-c", _LAUNCHER, *command]
            told = subprocess.run(launched, check=True, stdout=subprocess.PIPE, text=True).stdout
        seconds, peak = map(float, told.split())
        each = f"{seconds / runs * 1e6:,.0f}"
        rows.append(f"| {runs:,} | {seconds:.2f} | {each} | {peak / 1024:.0f} |")
    return rows


# A small process between: a program's peak memory counts from what launched it, which is us.
_LAUNCHER = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
seconds = time.perf_counter() - started
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


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
