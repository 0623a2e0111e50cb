"""Keeping a run: the ordinary job computes and stores it, in a process of its own.

The dashboard's own connection only reads.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from dashboard import loaders
from dashboard.run_facts import sweep_words
from dashboard.takeaway import terminal
from modadd.config import Config

_ROOT = Path(__file__).parent.parent


class Keeping:
    """A job that was started to store one run. command: as one would type it."""

    def __init__(self, config: Config) -> None:
        words = sweep_words(config)
        self.config = config
        self.command = terminal(*words)
        self._output: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # open as long as the job
        paths = [str(_ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jobs.main", *words, "--database", loaders.location()],
            stdout=self._output,
            stderr=self._output,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )

    @property
    def running(self) -> bool:
        """Whether the job has not ended yet."""
        return self._process.poll() is None

    @property
    def failure(self) -> str | None:
        """The last line that the job printed, if it ended with an error."""
        if self.running or self._process.returncode == 0:
            return None
        self._output.seek(0)
        lines = self._output.read().strip().splitlines()
        return lines[-1] if lines else f"the job ended with status {self._process.returncode}"

    def wait(self, seconds: float) -> None:
        """Wait for the job's end, at most so long."""
        self._process.wait(seconds)
