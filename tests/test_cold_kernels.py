"""The process that compiles a kernel computes what later ones do, which load it from disk."""

import importlib
import os
import pkgutil
import subprocess
import sys

import pytest
from numba.core.registry import CPUDispatcher

import modadd.kernels

# What Python calls; all else is called by these, and becomes a part of them.
ENTRIES = {
    "train_runs", "classify_runs", "evaluate_runs", "simulate_runs", "neighbours",
    "line_alignment", "law_terms", "hat_fields", "tabulated_forces",
}  # fmt: skip
DIGESTS = """
import hashlib
from modadd.particles import ParticleConfig, simulate
from modadd.training import TrainingConfig, train
for dim in (2, 3):
    for make, run, length in (ParticleConfig, simulate, 20), (TrainingConfig, train, 60):
        *_, last = run([make(seed=seed, embedding_dim=dim) for seed in range(4)], [length])
        print(hashlib.sha256(last.embedding.tobytes()).hexdigest())
"""


def compiled_functions():
    for found in pkgutil.iter_modules(modadd.kernels.__path__):
        if found.name.startswith("cpu_"):
            module = importlib.import_module(f"modadd.kernels.{found.name}")
            for name, function in vars(module).items():
                if isinstance(function, CPUDispatcher):
                    yield name, function.targetoptions


def test_what_rounds_by_how_it_is_optimised_is_a_part_of_what_calls_it():
    seen = dict(compiled_functions())
    assert set(seen) >= ENTRIES
    # Without fastmath no sum is rearranged, however it is optimised.
    free = [name for name in set(seen) - ENTRIES if seen[name].get("fastmath")]
    assert len(free) > 10
    assert [name for name in free if not seen[name].get("forceinline")] == []


@pytest.mark.stress
def test_who_compiles_computes_what_others_load(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", DIGESTS]
    cold, warm = (
        subprocess.run(command, env=environment, check=True, capture_output=True).stdout
        for _ in range(2)
    )
    assert len(set(cold.split())) == 4
    assert cold == warm


LOADED = """
from jobs.compute import Chunk, compute, load_kernels
from modadd.kernels import cpu_evaluation, cpu_structures, cpu_training
from modadd.training import TrainingConfig

def known():
    kernels = (cpu_training.train_runs, cpu_evaluation.evaluate_runs, cpu_evaluation.classify_runs,
               cpu_structures.neighbours, cpu_structures.line_alignment)
    return [len(kernel.signatures) for kernel in kernels]

def chunk(seeds, **more):
    configs = tuple(TrainingConfig(seed=seed, epochs=5) for seed in range(seeds))
    return Chunk(kind="transformer", configs=configs, epochs=(0, 2, 5), schedule="0,2,5",
                 parameters="all", device="cpu", **more)

load_kernels(chunk(2))
print(known())
for seeds in (1, 3):
    compute(chunk(seeds))
print(known())
"""


def test_a_driver_loads_all_that_its_workers_need_and_a_lone_run_needs_no_more():
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    before, after = done.splitlines()
    assert before == after == "[1, 1, 1, 1, 1]"
