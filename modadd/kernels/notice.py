"""One line when Numba begins to compile: whoever waits for seconds should know for what."""

import sys
from typing import Any

from numba.core import event

TEXT = "compiling for this processor: once, some 15 s, and kept on disk"


class _Notice(event.Listener):
    """Says it of the first kernel of ours that is not on disk yet."""

    said = False

    def on_start(self, event: Any) -> None:
        ours = event.data["dispatcher"].py_func.__module__.startswith("modadd.kernels.")
        if ours and not self.said:
            self.said = True
            print(TEXT, file=sys.stderr)

    def on_end(self, event: Any) -> None:
        """Required of a listener."""


def register() -> None:
    """Listen from now on."""
    event.register("numba:compile", _Notice())  # type: ignore[no-untyped-call]  # Numba leaves it so
