"""Numba's compiler, for kernels whose machine code is kept on disk for later processes.

What is on disk is a convenience: code that is not whole, or not of this version of its source, is
made anew, and where there is no room for it the process goes on with what it compiled. Numba's own
cache trusts whatever its index names: a file cut short by a power failure ends every process, and
one that could not be replaced runs on as the code of another version.
"""

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps


def kept(**how: Any) -> Callable[[Any], Any]:
    """`numba.njit` with these options, and a cache on disk that may fail.

    The options are each file's own: only a change of that file makes its code stale.
    """

    def decorate(function: Any) -> Any:
        dispatcher = numba.njit(**how)(function)
        # What cache=True sets, of another class.
        dispatcher._cache = _Cache(function)
        return dispatcher

    return decorate


class _Cache(FunctionCache):
    """A file for each function, signature and processor: a digest, and the code in Numba's form.

    The digest is of that and of all that it was made from, so that neither damage nor a change
    passes for the code that is wanted.
    """

    told = False

    def __init__(self, function: Any) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]  # Numba's
        # Of the source that this process runs: the file may change beneath it.
        self._stamp = self._impl.locator.get_source_stamp()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        target_context.refresh()
        path, made_from = self._place(sig, target_context.codegen())
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, code = content[:_DIGEST], content[_DIGEST:]
        if digest != _digest(made_from, code):
            return None
        return self._impl.rebuild(target_context, pickle.loads(code))

    def save_overload(self, sig: Any, data: Any) -> None:
        if not self._impl.check_cachable(data):
            return
        path, made_from = self._place(sig, data.codegen)
        code: bytes = dumps(self._impl.reduce(data))  # type: ignore[no-untyped-call]  # Numba's
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(_digest(made_from, code) + code)
            os.replace(unfinished, path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            self._tell(error)

    def _place(self, sig: Any, codegen: Any) -> tuple[Path, str]:
        """Where the code lies, and what it is made from."""
        key = self._index_key(sig, codegen)  # type: ignore[no-untyped-call]  # Numba's
        name = hashlib.sha256(str(key[:2]).encode()).hexdigest()[:16]
        path = Path(self.cache_path) / f"{self._impl.filename_base}-{name}.code"
        return path, str((numba.__version__, self._stamp, key))

    def _tell(self, error: OSError) -> None:
        if not _Cache.told:
            _Cache.told = True
            warnings.warn(
                "compiled kernels could not be kept, and are compiled again next time: "
                f"{error} ({self.cache_path}); NUMBA_CACHE_DIR names another folder for them",
                RuntimeWarning,
                stacklevel=2,
            )


_DIGEST = hashlib.sha256().digest_size


def _digest(made_from: str, code: bytes) -> bytes:
    return hashlib.sha256(made_from.encode() + code).digest()
