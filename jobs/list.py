"""`modadd list`: what can be run, what can be measured, and what is stored."""

import sys
from collections.abc import Sequence

import pandas as pd

from db.connect import NoDatabaseError, open_for_reading, without_password
from db.queries import experiment_counts, kind_counts
from jobs.command import Parser, add_database_flag, printable, run_command
from modadd.experiments import EXPERIMENTS
from modadd.metrics import METRICS
from modadd.simulators import SIMULATORS

DESCRIPTION = "List the experiments, the metrics, and what the database holds of them."


def command(arguments: Sequence[str]) -> int:
    parser = Parser("list", DESCRIPTION)
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    try:
        with open_for_reading(parsed.database) as engine:
            experiments, kinds = experiment_counts(engine), kind_counts(engine)
        state = f"Stored in {without_password(parsed.database)}"
    except NoDatabaseError as error:
        experiments = kinds = pd.DataFrame({"experiment": [], "kind": [], "runs": []})
        state = str(error)

    stored = dict(experiments.groupby("experiment")["runs"].sum().items())
    known = [
        (
            e.name,
            f"{stored.pop(e.name, 0)} stored, {len(e.configs())} planned",
            f"{e.title} ({e.place})",
        )
        for e in EXPERIMENTS.values()
    ]
    measured = [
        (m.name, f"version {m.version}", f"{m.description} ({m.source})") for m in METRICS.values()
    ]
    by_kind = [
        (_title(str(row["kind"])), f"{row['runs']} {row['status']}", "")
        for row in kinds.to_dict("records")
    ]
    _print_section("Experiments", known)
    if stored:
        own = [(str(name), f"{count} runs", "") for name, count in stored.items()]
        _print_section("Experiments of your own", own)
    _print_section("Metrics", measured)
    _print_section(state, by_kind)
    return 0


def _title(kind: str) -> str:
    """What people call such runs; a kind of another program's by its name."""
    return SIMULATORS[kind].title if kind in SIMULATORS else f"{kind!a}, unknown here"


def _print_section(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    print(title)
    for name, count, text in rows:
        print(printable(f"  {name:{widths[0]}}  {count:{widths[1]}}  {text}").rstrip())
    print()


if __name__ == "__main__":
    sys.exit(run_command("list", command, sys.argv[1:]))
