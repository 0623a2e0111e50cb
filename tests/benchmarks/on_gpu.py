"""How long whole sweeps take on a GPU, in the batches that a job would choose."""

import statistics
import time
from collections.abc import Sequence

import torch

from jobs.plan import BATCH_NUMBERS
from modadd.config import Config
from modadd.particles import ParticleConfig
from modadd.simulators import SIMULATORS
from modadd.training import TrainingConfig

ROUNDS = 3


def on_gpu(device: str = "cuda", counts: Sequence[int] = (400, 100_000, 10_000)) -> list[str]:
    """Rows of a table: networks as in Table 1, networks by the hundred thousand, simulations; from
    their configs to their ends, without metrics and writing."""
    if device == "cuda" and not torch.cuda.is_available():
        return ["No GPU is here."]
    rows = ["| sweep | seconds | range | µs a run-step |", "|---|---|---|---|"]
    kinds = (TrainingConfig, TrainingConfig, ParticleConfig)
    for kind, count in zip(kinds, counts, strict=True):
        configs = [kind(seed=seed) for seed in range(count)]
        taken = [_seconds(configs, device) for _ in range(ROUNDS)]
        steps, middle = configs[0].length, statistics.median(taken)
        title = f"{count:,} {SIMULATORS[kind.kind].title} × {steps:,} steps"
        spread = f"{min(taken):.3g} – {max(taken):.3g}"
        rows.append(f"| {title} | {middle:.3g} | {spread} | {middle / count / steps * 1e6:.3g} |")
    return rows


def _seconds(configs: Sequence[Config], device: str) -> float:
    simulator = SIMULATORS[configs[0].kind]
    worked, _ = simulator.numbers(configs[0])
    batch = BATCH_NUMBERS["cuda"] // worked
    started = time.perf_counter()
    for start in range(0, len(configs), batch):
        for _ in simulator.run(configs[start : start + batch], [configs[0].length], device):
            pass
    return time.perf_counter() - started
