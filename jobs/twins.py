"""`modadd twins`: particle simulations from networks' own embeddings, and what they foretell."""

import argparse
import sys
from collections.abc import Iterator, Sequence

import pandas as pd
from sqlalchemy import Engine

from db.connect import open_for_reading
from jobs.command import (
    Parser,
    add_experiment,
    add_field_flags,
    add_job_flags,
    add_keep_flags,
    compute_requests,
    epoch_number,
    run_command,
)
from jobs.horizon import check_horizon, print_horizon
from jobs.networks import (
    Networks,
    done_runs,
    ends_of,
    keeping,
    places_at,
    stored_networks,
)
from jobs.requests import Request, parse_seeds
from jobs.twins_layout import lay_out
from modadd.config import ConfigError
from modadd.foretelling import Ends, foretold
from modadd.spreadsheets import to_csv
from modadd.twins import LAW_FIELDS, STARTS, TwinConfig, twins

DESCRIPTION = """Start the particle simulation from stored networks' own embeddings, store these
twins beside their networks, and print what they foretell of the networks' ends. The networks need
snapshots at the epochs, such as those of

    modadd reproduce table-1 --seeds 0:1000 --snapshots 10,20,60,100,200,500 --parameters none"""


def command(arguments: Sequence[str]) -> int:
    parser = Parser("twins", DESCRIPTION)
    add_network_flags(parser, STARTS)
    parser.add_argument(
        "--horizon",
        action="store_true",
        help="keep every step, and print how long twins keep their networks company instead; the "
        "default steps outrun a network's first 20 epochs, finer ones do not: --variance total "
        "--step-size 0.01 --steps 1000",
    )
    parser.add_argument("--csv", action="store_true", help="one line a number, unrounded")
    add_keep_flags(parser, "final", has_classifier=False)
    group = parser.add_argument_group("the law that the twins follow")
    add_field_flags(group, TwinConfig, LAW_FIELDS, several=False)
    add_job_flags(parser)
    parsed = parser.parse_args(arguments)
    networks, epochs = asked_networks(parsed), sorted(set(parsed.epochs))
    law = {name: getattr(parsed, name) for name in LAW_FIELDS if getattr(parsed, name) is not None}
    configs = twins(networks.configs, epochs, law)
    kept = "all" if parsed.horizon else parsed.snapshots
    if parsed.horizon:
        check_horizon(parsed.database, networks, epochs)
    status = compute_requests(parsed, [twin_request(configs, kept)])
    if status:
        return status
    with open_for_reading(parsed.database) as engine:
        if parsed.horizon:
            print_horizon(engine, networks, configs)
        else:
            tables = list(_tables(engine, networks, configs))
            if not tables:
                raise ConfigError("every twin diverged: lower --step-size, or the forces")
            found = pd.concat(tables, ignore_index=True)
            print(to_csv(found) if parsed.csv else lay_out(found), end="")
    return 0


def twin_request(configs: Sequence[TwinConfig], schedule: str | None = None) -> Request:
    """What the job loop is asked for."""
    return Request(
        kind=TwinConfig.kind,
        configs=tuple(configs),
        schedule=schedule or "final",
        parameters="none",
        experiment="twins",
    )


def add_network_flags(parser: argparse.ArgumentParser, epochs: Sequence[int]) -> None:
    """The flags that say which networks, and at which of their epochs."""
    add_experiment(parser, "whose networks (default: table-1)")
    parser.add_argument("--seeds", nargs="+", metavar="SEED", help="of these seeds alone: 0:100")
    parser.add_argument("--network", metavar="HASH", help="one network alone, by its config_hash")
    parser.add_argument(
        "--epochs",
        nargs="+",
        type=epoch_number,
        metavar="EPOCH",
        help=f"where to begin (default: those of {' '.join(map(str, epochs))} that they reach)",
    )
    parser.set_defaults(default_epochs=epochs)


def asked_networks(
    parsed: argparse.Namespace, *, parameters: bool = False, at_end: bool = False
) -> Networks:
    """The networks that the flags ask for, those of them that keep what it takes (`keeping`).

    Where no epochs are asked for, `parsed.epochs` becomes the default ones before their end, or
    also at_end.

    Raises:
        ConfigError: as `stored_networks` and `keeping`, or for an epoch that they do not have.
    """
    with open_for_reading(parsed.database) as engine:
        seeds = None if parsed.seeds is None else parse_seeds(parsed.seeds)
        networks = stored_networks(engine, parsed.experiment, seeds, parsed.network)
        shortest = min(config.length for config in networks.configs)
        if parsed.epochs is None:
            parsed.epochs = [e for e in parsed.default_epochs if e < shortest + at_end]
        for epoch in parsed.epochs:
            if not 0 <= epoch <= shortest:
                raise ConfigError(
                    f"epochs must be >= 0 and <= {shortest}, the last one, got {epoch}"
                )
        return keeping(engine, networks, sorted(set(parsed.epochs)), parameters=parameters)


def _tables(
    engine: Engine, networks: Networks, configs: Sequence[TwinConfig]
) -> Iterator[pd.DataFrame]:
    """`foretold`, by the networks' weight_decay and the epoch."""
    stored = done_runs(engine, TwinConfig.kind, configs)
    ids = {(c.network, c.network_epoch): stored.get(c.identity) for c in configs}
    for weight_decay in networks.weight_decays:
        some = networks.of(weight_decay)
        for epoch in sorted({config.network_epoch for config in configs}):
            couples = [
                (run_id, ids[config.identity, epoch])
                for run_id, config in zip(some.run_ids, some.configs, strict=True)
            ]
            whole = [(network, twin) for network, twin in couples if twin is not None]
            if not whole:
                continue
            network_ids, twin_ids = map(list, zip(*whole, strict=True))
            ends = Ends(
                start=places_at(engine, network_ids, epoch),
                twin=ends_of(engine, twin_ids),
                network=ends_of(engine, network_ids),
            )
            yield foretold(ends).assign(weight_decay=weight_decay, epoch=epoch)


if __name__ == "__main__":
    sys.exit(run_command("twins", command, sys.argv[1:]))
