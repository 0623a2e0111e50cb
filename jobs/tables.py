"""`modadd tables`: what the stored runs of an experiment show, beside the paper's numbers."""

import sys
from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Engine

from db.connect import open_for_reading
from db.queries import runs
from jobs.command import Parser, add_database_flag, run_command
from jobs.layout import lay_out
from modadd.config import ConfigError
from modadd.experiments import EXPERIMENTS, Experiment, experiment_named
from modadd.statistics import INTERVALS
from modadd.structures import CIRCLE_THRESHOLD
from modadd.tables import table

DESCRIPTION = "Print an experiment's table from the stored runs, cell by cell beside the paper's."
COUNTS = {"algorithm-2": "grid_imperfections", "prose": "imperfections_in_prose"}


def command(arguments: Sequence[str]) -> int:
    parser = Parser("tables", DESCRIPTION)
    parser.add_argument(
        "experiment",
        nargs="*",
        metavar="EXPERIMENT",
        default=["table-1", "table-2"],
        help=f"{', '.join(EXPERIMENTS)} (default: table-1 table-2)",
    )
    add_database_flag(parser)
    group = parser.add_argument_group("definitions")
    group.add_argument(
        "--threshold",
        type=float,
        default=CIRCLE_THRESHOLD,
        help="radius ratio below which an arrangement is a circle (default: 1.2, Algorithm 1)",
    )
    group.add_argument(
        "--imperfections",
        choices=COUNTS,
        default="algorithm-2",
        help="how grid imperfections are counted (default: algorithm-2; prose: Sec. 4's words)",
    )
    group.add_argument(
        "--interval",
        choices=INTERVALS,
        default="fisher-z",
        help="of the correlation (default: fisher-z, which the paper's table prints)",
    )
    parser.add_argument("--csv", action="store_true", help="one line a cell, unrounded")
    parsed = parser.parse_args(arguments)
    if not parsed.threshold >= 1:
        raise ConfigError(f"threshold must be >= 1, a ratio of radii, got {parsed.threshold:g}")
    engine = open_for_reading(parsed.database)
    options = {
        "threshold": parsed.threshold,
        "imperfections": COUNTS[parsed.imperfections],
        "interval": parsed.interval,
    }
    print_tables(engine, parsed.experiment, csv=parsed.csv, **options)
    return 0


def print_tables(
    engine: Engine, names: Sequence[str], *, csv: bool = False, **options: object
) -> None:
    """Print the tables of experiments to standard output; `options` are those of `table`.

    Raises:
        ConfigError: for an unknown experiment, or one without stored runs.
    """
    tables = [(experiment_named(name), _cells(engine, name, options)) for name in names]
    if csv:
        long = [cells.assign(experiment=experiment.name) for experiment, cells in tables]
        print(pd.concat(long).to_csv(index=False), end="")
        return
    print("\n\n".join(lay_out(experiment, cells) for experiment, cells in tables))


def _cells(engine: Engine, name: str, options: dict[str, object]) -> pd.DataFrame:
    experiment: Experiment = experiment_named(name)
    stored = runs(engine, experiment.kind, name)
    if stored.empty:
        raise ConfigError(f"no runs of {name} are stored: run `modadd reproduce {name}`")
    return table(
        stored,
        experiment.groups,
        experiment.reported,
        means=experiment.means,
        **options,  # type: ignore[arg-type]  # passed through from the flags, where they are checked
    )


if __name__ == "__main__":
    sys.exit(run_command("tables", command, sys.argv[1:]))
