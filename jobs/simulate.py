"""`modadd simulate`: run particle simulations."""

import sys
from collections.abc import Sequence

from jobs.command import run_command
from jobs.sweep import run_sweep

DESCRIPTION = "Run particle simulations and store them; what is stored stays as it is."


def command(arguments: Sequence[str]) -> int:
    return run_sweep("simulate", DESCRIPTION, arguments)


if __name__ == "__main__":
    sys.exit(run_command("simulate", command, sys.argv[1:]))
