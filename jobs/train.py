"""`modadd train`: train networks."""

import sys
from collections.abc import Sequence

from jobs.command import run_command
from jobs.sweep import run_sweep

DESCRIPTION = "Train networks on modular addition and store them; what is stored stays as it is."


def command(arguments: Sequence[str]) -> int:
    return run_sweep("train", DESCRIPTION, arguments)


if __name__ == "__main__":
    sys.exit(run_command("train", command, sys.argv[1:]))
