"""Results flow back from workers, or the job ends and says why."""

import multiprocessing
import threading
from concurrent.futures import Future, ProcessPoolExecutor, wait

import pytest

from jobs import workers
from jobs.workers import JobError, Resources, executor, flow


def square(number):
    if number == 7:
        raise MemoryError
    return number * number


def flowing(numbers):
    with executor(Resources()) as pool:
        yield from flow(pool, square, numbers, 3, threading.Event())


def test_results_come_in_the_order_of_the_items():
    assert list(flowing(range(7))) == [0, 1, 4, 9, 16, 25, 36]


def test_what_fails_in_a_worker_fails_here():
    with pytest.raises(MemoryError):
        list(flowing(range(9)))


def test_a_thread_that_dies_before_it_can_say_so_ends_the_job(monkeypatch):
    def no_memory_for_that(_future, _error):
        raise SystemError("error return without exception set")

    monkeypatch.setattr(workers, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(Future, "set_exception", no_memory_for_that)
    with pytest.raises(JobError, match=r"a worker thread died \(out of memory\?\); what is stored"):
        list(flowing(range(9)))


def test_a_process_that_dies_while_others_start_ends_the_job(monkeypatch):
    submit = ProcessPoolExecutor.submit

    def submit_and_kill(pool, *words):
        task = submit(pool, *words)
        for process in list(pool._processes.values()):
            process.kill()
            process.join()
        wait([task])  # until the pool knows
        return task

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit_and_kill)
    with (
        pytest.raises(JobError, match="a worker process died"),
        executor(Resources(workers=2)) as pool,
    ):
        list(flow(pool, square, range(6), 3, threading.Event()))
    assert not multiprocessing.active_children()
