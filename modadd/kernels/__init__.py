"""Engines: the same dynamics, arranged for a device. Each is checked against independent code."""

import importlib.util
from functools import cache


@cache
def compiled_kernels_work() -> bool:
    """Whether Numba is there to compile the kernels for CPUs; torch serves without it."""
    try:
        return importlib.util.find_spec("numba") is not None
    except ValueError:  # blocked in this process
        return False
