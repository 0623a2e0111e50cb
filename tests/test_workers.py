"""Results flow back from workers, or the job ends and says why."""

import multiprocessing
import os
import resource
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.thread import BrokenThreadPool
from pathlib import Path

import killing
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


def test_a_pool_that_is_given_no_work_is_closed_at_once(monkeypatch):
    # A thread that waited for another would wait so long, and the job end in a JobError.
    monkeypatch.setattr(workers, "_START_SECONDS", 5)
    for _ in range(200):
        with executor(Resources()):
            pass


def test_a_thread_that_cannot_be_made_ready_ends_the_job(monkeypatch):
    def no_memory_for_that():
        raise MemoryError

    monkeypatch.setattr(workers, "prepare_worker", no_memory_for_that)
    monkeypatch.setattr(workers, "_START_SECONDS", 0.5)
    with pytest.raises(JobError, match=r"died \(out of memory\?\); what is stored"):
        list(flowing(range(9)))
    assert not [thread for thread in threading.enumerate() if "compute" in thread.name]


def test_a_pool_that_breaks_while_it_is_filled_ends_the_job(monkeypatch):
    def broken(_pool, _work):  # as where the first thread dies before the second is asked for
        raise BrokenThreadPool

    monkeypatch.setattr(ThreadPoolExecutor, "submit", broken)
    with pytest.raises(JobError, match=r"died \(out of memory\?\); what is stored"):
        list(flowing(range(9)))


def test_a_thread_that_dies_before_it_can_say_so_ends_the_job(monkeypatch):
    def no_memory_for_that(_future, _error):
        raise SystemError("error return without exception set")

    monkeypatch.setattr(workers, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(Future, "set_exception", no_memory_for_that)
    with pytest.raises(JobError, match=r"a worker thread died \(out of memory\?\); what is stored"):
        list(flowing(range(9)))


def start_without_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize(),) * 2)
    try:
        list(flowing(range(4)))
    except JobError:
        os._exit(3)


def test_threads_that_have_no_memory_to_start_end_the_job():
    job = killing.in_a_process(start_without_memory)
    job.join(20)  # Python itself would wait without end
    job.kill()
    assert job.exitcode == 3


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
        pytest.raises(JobError, match=r"a worker died \(out of memory\?\)"),
        executor(Resources(workers=2)) as pool,
    ):
        list(flow(pool, square, range(6), 3, threading.Event()))
    assert not multiprocessing.active_children()
