"""How both torch engines compute: steadily on a processor, without waiting on a GPU."""

from collections.abc import Callable, Iterator
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


def captured(
    step: Callable[[], None], warm_up: Callable[[], object], device: str
) -> Callable[[], None]:
    """`step` as a CUDA graph: its dozens of kernels start as one, and none waits for its launch.

    warm_up: what of the step changes nothing. It loads libraries, which a capture cannot. device:
    the one that the step's tensors are on, such as cuda or cuda:1.
    """
    with torch.cuda.device(device):
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it so
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            warm_up()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
    return graph.replay  # on the device of the capture, whichever is the current one
