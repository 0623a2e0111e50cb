"""`modadd`: the door to all commands."""

import importlib
import sys

from jobs.command import BAD_INPUT, run_command
from modadd import __version__
from modadd.config import suggestion

COMMANDS = {
    "reproduce": "run the paper's experiments and print its tables",
    "train": "train networks over a sweep of configs",
    "simulate": "run particle simulations over a sweep of configs",
    "run": "run the sweeps of a TOML file",
    "tables": "print the tables from what is stored",
    "measure": "measure metrics on every stored snapshot",
    "list": "list experiments, metrics and what is stored",
}


def main() -> int:
    """Run the command that the first argument names; the process's exit status."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print(_usage())
        return 0
    if name == "--version":
        print(f"modadd {__version__}")
        return 0
    if name not in COMMANDS:
        message = f"no command {name!r}{suggestion(name, list(COMMANDS))}"
        print(f"modadd: error: {message}", file=sys.stderr)
        return BAD_INPUT
    # Only the command that runs is imported, so that help and lists come at once.
    return run_command(
        name, lambda words: importlib.import_module(f"jobs.{name}").command(words), arguments
    )


def _usage() -> str:
    commands = "\n".join(f"  {name:10} {text}" for name, text in COMMANDS.items())
    usage, also = "usage: modadd COMMAND [--help] ...", "Each is also `python -m jobs.COMMAND`."
    return f"{usage}\n\n{commands}\n\n{also}"


if __name__ == "__main__":
    sys.exit(main())
