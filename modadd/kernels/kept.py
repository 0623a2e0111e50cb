"""Numba's compiler, for kernels whose machine code is kept on disk for later processes.

What is on disk is a convenience: where it cannot be read (a file cut short by a power failure) a
kernel is compiled anew, and where it cannot be written the process goes on with what it compiled.
Numba's own cache ends in EOFError or OSError there, every time, until someone deletes the file.
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache


def kept(**how: Any) -> Callable[[Any], Any]:
    """`numba.njit` with these options, and a cache on disk that may fail.

    The options are each file's own: Numba looks only there to tell whether what it kept is stale.
    """

    def decorate(function: Any) -> Any:
        dispatcher = njit(**how)(function)
        # What cache=True sets, of another class.
        dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
        return dispatcher

    return decorate


class _Cache(FunctionCache):
    told = False

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # whatever `pickle` makes of bytes that are none of its own
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except Exception as error:
            if not _Cache.told:
                _Cache.told = True
                warnings.warn(
                    "compiled kernels could not be kept, and are compiled again next time: "
                    f"{error} ({self.cache_path}); NUMBA_CACHE_DIR names another folder for them",
                    RuntimeWarning,
                    stacklevel=2,
                )
