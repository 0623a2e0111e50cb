"""`modadd run`: the sweeps of a TOML file."""

import sys
from collections.abc import Sequence
from pathlib import Path

from jobs.command import Parser, add_job_flags, compute_requests, run_command
from jobs.requests import read_sweeps

DESCRIPTION = """Run the sweeps of a TOML file, for example

    [[train]]
    experiment = "small-moduli"
    modulus = [11, 13]
    weight_decay = [0.3, 1.0]
    seeds = "0:100"

    [[simulate]]
    alignment = 2
    seeds = ["0:50", 77]

Keys are those of the flags of `modadd train` and `modadd simulate`."""


def command(arguments: Sequence[str]) -> int:
    parser = Parser("run", DESCRIPTION)
    parser.add_argument("file", type=Path, help="the TOML file")
    add_job_flags(parser)
    parsed = parser.parse_args(arguments)
    return compute_requests(parsed, read_sweeps(parsed.file))


if __name__ == "__main__":
    sys.exit(run_command("run", command, sys.argv[1:]))
