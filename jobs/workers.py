"""Workers: where chunks are computed, how results flow back, and how all of it stops."""

import contextlib
import dataclasses
import mmap
import multiprocessing
import shutil
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from itertools import islice
from pathlib import Path
from typing import TypeVar

from jobs.compute import prepare_process, prepare_worker, usable_cores
from modadd.config import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")


_LOOK_SECONDS = 1.0  # between looks at whether a result can still come
_START_SECONDS = 30.0  # in which all threads of a pool must have started
_THREAD_BYTES = 16 << 20  # that one thread may take to start: its stack (8 MB), and what it runs


class JobError(Exception):
    """A job could not go on; what it stored before is safe."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resources:
    """Where to compute. workers: 0 for threads of this process, else spawned processes."""

    device: str = "cpu"
    workers: int = 0

    @property
    def width(self) -> int:
        """How many chunks are computed at a time."""
        if self.workers:
            return self.workers
        return 1 if self.device == "cuda" else usable_cores()


@contextlib.contextmanager
def executor(resources: Resources) -> Iterator[Executor]:
    """Threads of this process, or spawned processes; any other Executor would serve as well.

    Raises:
        JobError: if a process dies, or there is no memory for threads.
    """
    pool: Executor
    if resources.workers:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(resources.workers, context, prepare_process)
    else:
        pool = _threads(resources.width)
    try:
        if resources.workers:
            with _ignoring_interrupts():  # which the processes inherit: Ctrl-C is the driver's
                for _ in range(resources.workers):  # a process is started for each
                    pool.submit(int)
        yield pool
    except BrokenExecutor as error:
        # The pool overlooks a process that starts while it ends the others, and waits for it.
        for process in multiprocessing.active_children():
            process.kill()
        raise JobError(f"a worker {_DIED}") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _threads(width: int) -> ThreadPoolExecutor:
    """So many threads, all of them started while there surely is memory for them: Python waits
    without end for one that dies for want of it before it can say that it lives.

    Raises:
        JobError: if there is too little memory.
    """
    try:
        mmap.mmap(-1, width * _THREAD_BYTES).close()
    except OSError as error:
        raise JobError(f"a worker {_DIED}") from error
    pool = ThreadPoolExecutor(width, "compute", prepare_worker)
    together = threading.Barrier(width + 1)
    try:
        for _ in range(width):  # a thread each, for none is done before all are there
            pool.submit(together.wait)
        together.wait(_START_SECONDS)
    except (threading.BrokenBarrierError, BrokenExecutor) as error:  # the latter from `submit`
        raise JobError(f"a worker {_DIED}") from error
    finally:
        together.abort()  # so that none waits for one that does not come
    return pool


@contextlib.contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets; the second one ends the program at once."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: object) -> None:
        stopping.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print("\nstopping after the runs in hand (again to stop at once)", file=sys.stderr)

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def flow(
    pool: Executor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    window: int,
    stopping: threading.Event,
) -> Iterator[Result]:
    """Results in the order of the items, of which at most `window` are under way.

    The order makes run_ids, and so an interrupted and resumed database, the same as one made in
    one go. Once `stopping` is set, what is being computed still comes, the rest does not.

    Raises:
        BrokenExecutor: if a process dies, of which `executor` makes a JobError.
        JobError: if a thread dies.
    """
    waiting = iter(items)
    under_way: deque[Future[Result]] = deque()
    try:
        while True:
            room = 0 if stopping.is_set() else window - len(under_way)
            under_way.extend(pool.submit(function, item) for item in islice(waiting, room))
            if not under_way:
                return
            oldest = under_way.popleft()
            if not (stopping.is_set() and oldest.cancel()):
                yield _result(pool, oldest)
    finally:
        for future in under_way:
            future.cancel()


def on_every_core(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`map` on threads, for work that few long calls outside Python's lock make up.

    Raises:
        JobError: if a thread dies.
    """
    resources = Resources()
    with executor(resources) as pool:
        yield from flow(pool, function, items, resources.width, threading.Event())


_DIED = "died (out of memory?); what is stored is safe, start the same command again to finish"


def _result(pool: Executor, future: Future[Result]) -> Result:
    """What the future comes to. A thread without memory may die before it can say of its item that
    it failed; nobody else would, and the wait would have no end."""
    while not future.done():
        wait([future], _LOOK_SECONDS)
        if isinstance(pool, ThreadPoolExecutor) and not all(t.is_alive() for t in pool._threads):
            wait([future], _LOOK_SECONDS)  # the last thing that it did
            if not future.done():
                raise JobError(f"a worker thread {_DIED}")
    return future.result()


def choose_device(wanted: str) -> str:
    """`cpu` or `cuda` for auto, cpu or cuda.

    Raises:
        ConfigError: if CUDA is wanted and there is none.
    """
    if wanted == "cpu" or (wanted == "auto" and not _has_nvidia_driver()):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise ConfigError("device cuda needs a CUDA GPU and a torch built for it: use cpu")
    return "cpu"


def _has_nvidia_driver() -> bool:
    """Whether to ask torch for a GPU, which takes seconds to load."""
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None


def device_name(device: str) -> str:
    """The device as provenance knows it: `cpu`, or the GPU's name."""
    if device == "cpu":
        return "cpu"
    import torch

    return torch.cuda.get_device_name()
