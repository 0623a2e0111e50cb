"""Engines: the same dynamics, arranged for a device. Each is checked against independent code."""

import importlib
import importlib.util
import warnings
from functools import cache


@cache
def compiled_kernels_work() -> bool:
    """Whether Numba is there to compile the kernels for CPUs; torch serves without it.

    Where Numba is there and cannot be used, a warning says why.
    """
    try:
        if importlib.util.find_spec("numba") is None:
            return False
    except ValueError:  # blocked in this process
        return False
    try:
        if importlib.import_module("numba").config.DISABLE_JIT:
            raise ImportError("NUMBA_DISABLE_JIT is set")
        importlib.import_module("modadd.kernels.cpu_structures")  # the quickest to load
        importlib.import_module("modadd.kernels.notice").register()
    except Exception as error:  # whatever a Numba that does not fit its surroundings raises
        way_out = "; NUMBA_CACHE_DIR names a folder for them" if "cache" in str(error) else ""
        warnings.warn(
            "torch serves, many times slower, since Numba cannot compile the kernels: "
            f"{error}{way_out}",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True
