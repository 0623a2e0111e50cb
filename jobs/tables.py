"""`modadd tables`: what the stored runs of an experiment show, beside the paper's numbers."""

import sys
from collections.abc import Iterator, Sequence

import pandas as pd
from sqlalchemy import Engine

from db.connect import open_for_reading
from db.queries import experiment_counts, runs
from jobs.command import Parser, add_database_flag, run_command
from jobs.layout import lay_out, lay_out_differences
from jobs.requests import parse_seeds
from modadd.config import ConfigError, suggestion
from modadd.differences import against
from modadd.experiment import Experiment
from modadd.experiments import EXPERIMENTS
from modadd.simulators import SIMULATORS
from modadd.spreadsheets import to_csv
from modadd.statistics import INTERVALS
from modadd.structures import CIRCLE_THRESHOLD
from modadd.tables import COUNTS, THE_PAPERS, Definitions, table

DESCRIPTION = "Print an experiment's table from the stored runs, cell by cell beside the paper's."


def command(arguments: Sequence[str]) -> int:
    parser = Parser("tables", DESCRIPTION)
    parser.add_argument(
        "experiment",
        nargs="*",
        metavar="EXPERIMENT",
        help=f"{', '.join(EXPERIMENTS)}, or one of your own (default: table-1 table-2)",
    )
    add_database_flag(parser)
    parser.add_argument("--seeds", nargs="+", metavar="SEED", help="of these seeds alone: 0:100")
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
    definitions = Definitions(parsed.threshold, parsed.imperfections, parsed.interval)
    seeds = None if parsed.seeds is None else parse_seeds(parsed.seeds)
    with open_for_reading(parsed.database) as engine:
        names = parsed.experiment or _stored_of(engine, ["table-1", "table-2"])
        print_tables(engine, names, definitions, seeds=seeds, csv=parsed.csv)
    return 0


def print_tables(
    engine: Engine,
    names: Sequence[str],
    definitions: Definitions = THE_PAPERS,
    *,
    seeds: Sequence[int] | None = None,
    csv: bool = False,
) -> None:
    """Print the tables of experiments to standard output, over the runs of the seeds, or all.

    Raises:
        ConfigError: for an unknown experiment, or one without stored runs.
    """
    stored = [_experiment(engine, name, seeds) for name in names]
    if csv:
        long = [_cells(*one, definitions).assign(experiment=one[0].name) for one in stored]
        print(to_csv(pd.concat(long)), end="")
        return
    print("\n\n".join(text for one in stored for text in _texts(*one, definitions)))


def _cells(experiment: Experiment, rows: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    means, reported = experiment.means, experiment.reported
    return table(rows, experiment.groups, reported, means=means, definitions=definitions)


def _texts(experiment: Experiment, rows: pd.DataFrame, definitions: Definitions) -> Iterator[str]:
    """The experiment's table, and its rows against each of its baselines."""
    yield lay_out(experiment, _cells(experiment, rows, definitions), definitions)
    for baseline in experiment.baselines:
        found = against(rows, experiment.groups, baseline, experiment.means, definitions)
        yield lay_out_differences(experiment, baseline, found)


def _stored_of(engine: Engine, names: Sequence[str]) -> list[str]:
    """Those of the experiments that have runs; all of them if none has."""
    stored = set(experiment_counts(engine)["experiment"])
    for name in names:
        if name not in stored:
            print(f"no runs of {name} are stored: run `modadd reproduce {name}`", file=sys.stderr)
    return [name for name in names if name in stored] or list(names)


def _experiment(
    engine: Engine, name: str, seeds: Sequence[int] | None
) -> tuple[Experiment, pd.DataFrame]:
    """The experiment of that name and its stored runs."""
    counts = experiment_counts(engine)
    kinds = counts[counts["experiment"] == name]["kind"].unique()
    if name in EXPERIMENTS and len(kinds) == 0:
        raise ConfigError(f"no runs of {name} are stored: run `modadd reproduce {name}`")
    if len(kinds) == 0:
        known = list(dict.fromkeys([*EXPERIMENTS, *counts["experiment"]]))
        raise ConfigError(f"no experiment {name!r}{suggestion(name, known)}")
    if len(kinds) > 1:
        raise ConfigError(f"{name} holds {' and '.join(kinds)} runs, a table shows one kind")
    stored = runs(engine, kinds[0], name)
    if seeds is not None:
        stored = stored[stored["seed"].isin(seeds)]
        if stored.empty:
            raise ConfigError(f"no runs of {name} have these seeds: see `modadd list`")
    return EXPERIMENTS.get(name) or _own_experiment(name, kinds[0], stored), stored


def _own_experiment(name: str, kind: str, stored: pd.DataFrame) -> Experiment:
    """A user's experiment: its rows are made by the fields that vary, but for the seed."""
    fields = [field for field in SIMULATORS[kind].config.field_types() if field != "seed"]
    varying = [field for field in fields if stored[field].nunique() > 1]
    return Experiment(
        name, SIMULATORS[kind].title, "your own", kind, (), tuple(varying or ["modulus"]), {}
    )


if __name__ == "__main__":
    sys.exit(run_command("tables", command, sys.argv[1:]))
