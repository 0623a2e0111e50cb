"""Keeping a run: the ordinary job computes and stores it, in a process of its own.

The dashboard's own connection only reads.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dashboard.opened import location
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
        handle, name = tempfile.mkstemp(prefix="modadd-", suffix=".log")
        self._log, self._said = Path(name), ""
        paths = [str(_ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        with os.fdopen(handle, "w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jobs.main", *words, "--database", location()],
                stdout=output,
                stderr=output,
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
        if self.running:
            return None
        if self._log.exists():
            self._said = self._log.read_text(encoding="utf-8", errors="replace").strip()
            self._log.unlink()
        if self._process.returncode == 0:
            return None
        unsaid = f"the job ended with status {self._process.returncode}"
        return self._said.splitlines()[-1] if self._said else unsaid

    def wait(self, seconds: float) -> None:
        """Wait for the job's end, at most so long."""
        self._process.wait(seconds)
