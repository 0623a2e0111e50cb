"""What a worker does: compute a chunk of runs, measure every snapshot, return arrays."""

import contextlib
import ctypes
import dataclasses
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from db.store import RunRecord
from modadd.config import Config, ConfigError
from modadd.kernels import compiled_kernels_work
from modadd.metrics import METRICS, measure
from modadd.simulators import SIMULATORS
from modadd.snapshots import Snapshot

# Embeddings measured at a time: enough that NumPy's calls cost little, few enough for the cache.
MEASURED_TOGETHER = 2048


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chunk:
    """Runs of equal shape to be computed as one batch, at the epochs of `schedule`.

    start: where they begin, for kinds of runs that begin at stored snapshots.
    """

    kind: str
    configs: tuple[Config, ...]
    epochs: tuple[int, ...]
    schedule: str
    parameters: str
    device: str
    start: Snapshot | None = None

    @property
    def one_step(self) -> "Chunk":
        """Its first run alone, up to the first step alone."""
        start = None if self.start is None else self.start.of([0])
        return dataclasses.replace(self, configs=self.configs[:1], epochs=(0, 1), start=start)


def prepare_process() -> None:
    """`prepare_worker` for a process of its own."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare_worker()


def _end_with_parent() -> None:
    """Do not outlive a driver that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def prepare_worker() -> None:
    """Make this process fit for computing: called once by each worker, thread or process.

    glibc is to reuse freed arrays rather than hand them back to the system: the page faults of
    fresh arrays cost up to three times what the arithmetic does (measured: 80 against 23 ms a
    simulation).
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):  # glibc has it, musl does not
            trim_threshold, mmap_threshold = -1, -3
            libc.mallopt(mmap_threshold, 32 << 20)
            libc.mallopt(trim_threshold, 1 << 30)


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_kernels(chunk: Chunk) -> None:
    """Load, or compile, what a chunk and the metrics of its snapshots need in compiled code.

    Once in the driver, before workers would each do it. Of a GPU's chunks too: their metrics are
    measured on the processor; but nothing is trained there.
    """
    if compiled_kernels_work():
        little = chunk.one_step
        if chunk.device != "cpu":
            little = dataclasses.replace(little, device="cpu", epochs=(0,))
        compute(little)


def compute(chunk: Chunk) -> list[RunRecord]:
    """Compute a chunk. A run that diverges ends at its last finite snapshot, marked 'diverged'."""
    started = time.perf_counter()
    begin = {} if chunk.start is None else {"start": chunk.start}
    # Float64 runs are stored as float32 too; measured is what is stored, as far as it is finite.
    with np.errstate(over="ignore", invalid="ignore"), _within_a_gpus_memory():
        stream = SIMULATORS[chunk.kind].run(chunk.configs, chunk.epochs, chunk.device, **begin)
        kept = _as_stored(stream, len(chunk.epochs))
    # While a GPU waits for the next chunk, no core is at work but these.
    threads = 1 if chunk.device == "cpu" else usable_cores()
    finite, metrics = _measure_in_groups(kept, len(chunk.epochs), threads)
    share = (time.perf_counter() - started) / len(chunk.configs)
    lives = np.logical_and.accumulate(finite, axis=1).sum(axis=1)
    if not lives.all():
        raise ConfigError(f"{chunk.kind} runs must begin at finite numbers, these do not")
    return [_record(chunk, kept, metrics, run, int(lives[run]), share) for run in range(len(lives))]


@contextlib.contextmanager
def _within_a_gpus_memory() -> Iterator[None]:
    """Raise ConfigError where a GPU has too little memory, which nothing can tell beforehand."""
    try:
        yield
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch's, which is not loaded for this
            raise
        raise ConfigError(
            "runs must fit the GPU's memory, these do not: make them smaller, or use --device cpu"
        ) from error


def _as_stored(stream: Iterable[Snapshot], count: int) -> Snapshot:
    """So many snapshots as one batch in float32, all of the first run first."""
    embeddings = classifiers = None
    for index, snapshot in enumerate(stream):
        if embeddings is None:
            runs, *sizes = snapshot.embedding.shape
            embeddings = np.empty((runs, count, *sizes), np.float32)
            if snapshot.classifier is not None:
                classifiers = np.empty((runs, count, snapshot.classifier.shape[1]), np.float32)
        embeddings[:, index] = snapshot.embedding
        if classifiers is not None:
            classifiers[:, index] = snapshot.classifier
    assert embeddings is not None, "a schedule has at least one epoch"
    return Snapshot(
        tuple(config for config in snapshot.configs for _ in range(count)),
        snapshot.epoch,
        embeddings.reshape(-1, *sizes),
        None if classifiers is None else classifiers.reshape(-1, classifiers.shape[2]),
    )


def _measure_in_groups(
    kept: Snapshot, count: int, threads: int
) -> tuple[NDArray[np.bool_], dict[str, NDArray[np.float64]]]:
    """(run, snapshot) whether it is finite, and all metrics, each (run, snapshot), NaN where not.

    count: of the snapshots of each run.
    """

    def measured_from(start: int) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        some = kept.part(start, start + MEASURED_TOGETHER)
        alive = np.flatnonzero(some.finite_runs())
        if len(alive) < len(some.configs):
            some = some.of(alive)
        return start + alive, measure(some, tuple(METRICS)) if len(alive) else {}

    finite = np.zeros(len(kept.configs), np.bool_)
    metrics: dict[str, NDArray[np.float64]] = {}
    with ThreadPoolExecutor(threads) as pool:
        mapped = map if threads == 1 else pool.map
        for alive, values in mapped(measured_from, range(0, len(finite), MEASURED_TOGETHER)):
            finite[alive] = True
            for name, numbers in values.items():
                metrics.setdefault(name, np.full(len(finite), np.nan))[alive] = numbers
    of_runs = {name: values.reshape(-1, count) for name, values in metrics.items()}
    return finite.reshape(-1, count), of_runs


def _record(
    chunk: Chunk,
    kept: Snapshot,
    metrics: Mapping[str, NDArray[np.float64]],
    run: int,
    life: int,
    wall_time: float,
) -> RunRecord:
    """One run's share of the batch: its first `life` snapshots."""
    config, first = chunk.configs[run], run * len(chunk.epochs)
    lived = slice(first, first + life)
    first_kept = {"all": 0, "final": max(life - 1, 0), "none": life}[chunk.parameters]
    classifiers = np.empty(0, np.float32) if kept.classifier is None else kept.classifier[lived]
    return RunRecord(
        kind=chunk.kind,
        config_hash=config.identity,
        config=config.to_dict(),
        status="done" if life == len(chunk.epochs) else "diverged",
        schedule=chunk.schedule,
        kept_parameters=chunk.parameters,
        wall_time=wall_time,
        epochs=chunk.epochs[:life],
        embeddings=kept.embedding[lived],
        classifiers=classifiers[first_kept:],
        metrics={name: values[run, :life] for name, values in metrics.items()},
    )
