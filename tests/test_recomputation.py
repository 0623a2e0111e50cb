"""What is said of runs that were computed again: on this machine, and on another."""

import numpy as np

from jobs.recomputation import Comparison, evenly, judged


class FakeRun:
    def __init__(self, run_id, job_id):
        self.run_id, self.job_id, self.last_epoch = run_id, job_id, 100


def compared(run_id, distances, job_id=1, by_kernel=True):
    epochs = np.array([0, 10, 50, 100])
    return Comparison(FakeRun(run_id, job_id), by_kernel, epochs, np.array(distances, dtype=float))


def test_another_machine_is_held_to_the_beginning_alone():
    ((fault, text),) = judged([compared(1, [0, 1e-6, 1e-2, 2])])
    assert not fault
    assert "the same but for rounding up to epoch 10 of 100" in text
    # One step of Adam in another direction, in one network of a thousand (test_engines_part).
    ((fault, text),) = judged([compared(1, [0, 3e-3, 1e-2, 2])])
    assert not fault
    assert "up to epoch 0 of 100" in text
    for distances in ([0, 0.1, 0.1, 2], [2e-3, 2e-3, 1e-2, 2]):
        ((fault, text),) = judged([compared(1, distances)])
        assert fault


def test_a_run_kept_at_its_end_alone_says_nothing_on_another_machine():
    only = Comparison(FakeRun(1, 1), True, np.array([0, 100]), np.array([0, 2.0]))
    assert [fault for fault, _ in judged([only])] == [False]


def test_one_run_of_a_job_that_comes_out_equal_binds_the_others():
    equal, rounded = compared(1, [0] * 4), compared(2, [0, 1e-9, 0, 0])
    assert [fault for fault, _ in judged([equal, rounded])] == [True]
    assert [fault for fault, _ in judged([rounded])] == [False]
    for other in ({"job_id": 2}, {"by_kernel": False}):
        assert [f for f, _ in judged([equal, compared(2, [0, 1e-9, 0, 0], **other)])] == [False]


def test_runs_to_compute_again_are_spread_over_all():
    assert evenly(range(1, 101), 3) == [1, 51, 100]
    assert evenly([4, 9], 5) == [4, 9]
