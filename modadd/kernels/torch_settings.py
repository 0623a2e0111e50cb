"""How both torch engines compute on a processor."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def steady_arithmetic() -> Iterator[None]:
    """Compute on this thread alone, and round subnormal floats to zero.

    Threads inside an operation of these sizes would mostly wait for each other, and a result would
    depend on how many there are. Without weight decay, confident logits make the softmax and Adam's
    second moments subnormal; a CPU then takes 2 to 4 times as long for numbers that change nothing.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)
