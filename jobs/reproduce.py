"""`modadd reproduce`: the paper's experiments, and its tables beside its own numbers."""

import importlib
import sys
import threading
from collections.abc import Sequence

from db.connect import open_for_reading
from jobs.command import Parser, add_job_flags, add_keep_flags, compute_requests, run_command
from jobs.loop import computing
from jobs.requests import experiment_request, parse_seeds
from modadd.experiments import EXPERIMENTS
from modadd.kernels import compiled_kernels_work

DESCRIPTION = "Run the paper's experiments, as far as they are not stored, and print its tables."


def command(arguments: Sequence[str]) -> int:
    parser = Parser("reproduce", DESCRIPTION)
    parser.add_argument(
        "experiment",
        nargs="*",
        metavar="EXPERIMENT",
        help=f"{', '.join(EXPERIMENTS)} (default: all that are the paper's)",
    )
    parser.add_argument(
        "--seeds", nargs="+", metavar="SEED", help="instead of the experiment's own, as in 0:1000"
    )
    add_keep_flags(parser, "as the kind of run has it")
    add_job_flags(parser)
    parsed = parser.parse_args(arguments)
    seeds = None if parsed.seeds is None else parse_seeds(parsed.seeds)
    names = parsed.experiment or [e.name for e in EXPERIMENTS.values() if not e.ours]
    requests = [
        experiment_request(
            name, seeds=seeds, snapshots=parsed.snapshots, parameters=parsed.parameters
        )
        for name in names
    ]
    threading.Thread(target=_load_ahead, daemon=True).start()
    status = compute_requests(parsed, requests)
    if status == 0:
        from jobs.tables import print_tables

        # Appendices are pictures: of the whole paper, print the tables alone.
        shown = parsed.experiment or [name for name in names if EXPERIMENTS[name].reported]
        with open_for_reading(parsed.database) as engine:
            print_tables(engine, shown)
        others = [name for name in names if name not in shown]
        if others:
            print(f"stored too, for `modadd tables NAME`: {', '.join(others)}", file=sys.stderr)
    return status


def _load_ahead() -> None:
    """Load the kernels while the database is prepared, and while the cores compute, what prints.

    Not before: the kernels would wait for Python's lock after every call that gives it back.
    """
    if compiled_kernels_work():
        importlib.import_module("modadd.kernels.processor")
    computing.wait()
    importlib.import_module("jobs.tables")


if __name__ == "__main__":
    sys.exit(run_command("reproduce", command, sys.argv[1:]))
