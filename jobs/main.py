"""`modadd`: the door to all commands."""

import gc
import importlib
import sys

from modadd import __version__
from modadd.config import suggestion

COMMANDS = {
    "reproduce": "run the paper's experiments and print its tables",
    "train": "train networks over a sweep of configs",
    "simulate": "run particle simulations over a sweep of configs",
    "run": "run the sweeps of a TOML file",
    "report": "write the whole paper, regenerated, as a web page and a PDF",
    "tables": "print the tables from what is stored",
    "audit": "put the force law on trial: what it explains of the true forces",
    "learn": "learn the force law from the true forces, and simulate it",
    "twins": "start particles from networks' embeddings: do they end alike?",
    "curl": "how far is the force law from a gradient, at networks' embeddings?",
    "claims": "say of each of the paper's claims what came out",
    "fate": "when is a network's end settled? from snapshots and perturbed branches",
    "measure": "measure metrics on every stored snapshot",
    "verify": "check every stored run, and compute some again",
    "backup": "copy the database while it is in use",
    "upgrade": "bring a database of an older version up to date",
    "list": "list experiments, metrics and what is stored",
}


# A command's objects are arrays and the libraries' own, which hold no garbage worth looking for at
# every turn; nor at the end, when the process frees all at once. (Measured: looking took 0.7 of 3.4
# s of a short command, and still 0.1 s at every 100,000: libraries alone load 300,000.)
COLLECTED_AT = (1_000_000, 20, 20)


def main() -> int:
    """Run the command that the first argument names; the process's exit status."""
    gc.set_threshold(*COLLECTED_AT)
    try:
        return _run(*(sys.argv[1:] or ["--help"]))
    except OSError as error:  # nowhere to print: a command itself says so
        print(f"modadd: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the command itself looks out for it
        print("modadd: interrupted", file=sys.stderr)
        return 130
    finally:
        gc.freeze()


def _run(name: str, *arguments: str) -> int:
    if name in ("-h", "--help"):
        print(_usage())
        return 0
    if name == "--version":
        print(f"modadd {__version__}")
        return 0
    # Imported here, and of the commands only the one that runs, so that help comes at once.
    from jobs.command import BAD_INPUT, run_command

    if name not in COMMANDS:
        message = f"no command {name!r}{suggestion(name, list(COMMANDS))}"
        print(f"modadd: error: {message}", file=sys.stderr)
        return BAD_INPUT
    return run_command(name, importlib.import_module(f"jobs.{name}").command, arguments)


def _usage() -> str:
    commands = "\n".join(f"  {name:10} {text}" for name, text in COMMANDS.items())
    usage, also = "usage: modadd COMMAND [--help] ...", "Each is also `python -m jobs.COMMAND`."
    return f"{usage}\n\n{commands}\n\n{also}"


if __name__ == "__main__":
    sys.exit(main())
