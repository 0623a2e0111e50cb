"""`modadd fate`: what networks' snapshots foretell of their ends, and how branches scatter."""

import sys
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from db.connect import open_for_reading
from db.filters import Filter
from db.run_lists import filtered_runs
from jobs.command import Parser, add_field_flags, add_job_flags, compute_requests, run_command
from jobs.fate_layout import lay_out_branches, lay_out_foreshadowed
from jobs.networks import Networks, done_runs, ends_of, measured_at, places_at
from jobs.requests import MOST_RUNS, Request
from jobs.twins import add_network_flags, asked_networks
from modadd.branches import BranchConfig, branches
from modadd.config import ConfigError
from modadd.fate import MEASURED, circles_among, foreshadowed, scatter, settled, settled_circles
from modadd.twins import STARTS

DESCRIPTION = """Print what the embedding, accuracy and loss at an epoch foretell of the network's
end, from stored snapshots. With --branches, also take up each network's training again at each
epoch, that often, with parameters slightly perturbed; store these branches, and print how alike
they end. Networks need their parameters at the epochs (--parameters all)."""

# What becomes of a run: heading → metric at its end.
OUTCOMES = {"accuracy": "validation_accuracy", "imperfections": "grid_imperfections"}


def command(arguments: Sequence[str]) -> int:
    parser = Parser("fate", DESCRIPTION)
    add_network_flags(parser, STARTS)
    parser.add_argument(
        "--branches", type=int, default=0, metavar="N", help="of a network and epoch (default: 0)"
    )
    add_field_flags(
        parser.add_argument_group("branches"), BranchConfig, ["perturbation"], several=False
    )
    add_job_flags(parser)
    parsed = parser.parse_args(arguments)
    if parsed.branches < 0 or parsed.branches == 1:
        raise ConfigError(f"branches must be 0 or at least 2 to compare, got {parsed.branches}")
    networks = asked_networks(parsed, parameters=parsed.branches > 0)
    epochs = sorted(set(parsed.epochs))
    shortest = min(config.length for config in networks.configs)
    if parsed.branches and epochs[-1] == shortest:
        raise ConfigError(f"branches must begin before the last epoch, {shortest}: see --epochs")
    planned = len(networks.configs) * len(epochs) * parsed.branches
    if planned > MOST_RUNS:
        raise ConfigError(f"branches must be at most {MOST_RUNS} in all, got {planned}")
    perturbation = 0.01 if parsed.perturbation is None else parsed.perturbation
    configs = branches(networks.configs, epochs, parsed.branches, perturbation)
    if configs:
        status = compute_requests(parsed, [_request(configs)])
        if status:
            return status
    with open_for_reading(parsed.database) as engine:
        print(lay_out_foreshadowed(_concat(_foreshadowed(engine, networks, epochs))))
        if configs:
            print(lay_out_branches(_concat(_settled(engine, networks, configs))))
    return 0


def _request(configs: Sequence[BranchConfig]) -> Request:
    return Request(
        kind=BranchConfig.kind,
        configs=tuple(configs),
        schedule="final",
        parameters="none",
        experiment="branches",
    )


def _concat(parts: Iterator[pd.DataFrame]) -> pd.DataFrame:
    made = list(parts)
    if not made:
        raise ConfigError("of every network a branch diverged: lower --perturbation")
    return pd.concat(made, ignore_index=True)


def _foreshadowed(
    engine: Engine, networks: Networks, epochs: Sequence[int]
) -> Iterator[pd.DataFrame]:
    """`foreshadowed`, by weight_decay and epoch."""
    for weight_decay in networks.weight_decays:
        some = networks.of(weight_decay)
        ends = ends_of(engine, some.run_ids)
        outcomes = {name: some.rows[metric].to_numpy() for name, metric in OUTCOMES.items()}
        for epoch in epochs:
            places = places_at(engine, some.run_ids, epoch)
            metrics = measured_at(engine, some.run_ids, epoch)
            measured = {
                name: (metrics[metric].to_numpy(), sign)
                for metric, (name, sign) in MEASURED.items()
                if metric in metrics
            }
            found = foreshadowed(places, ends, outcomes, measured)
            yield found.assign(weight_decay=weight_decay, epoch=epoch)


def _settled(
    engine: Engine, networks: Networks, configs: Sequence[BranchConfig]
) -> Iterator[pd.DataFrame]:
    """Of branches, by weight_decay and epoch: question, value, low, high, n networks, branches,
    and, of the networks, circles and split as `modadd.fate.circles_among`.

    Networks of which a branch diverged are left out.
    """
    stored = done_runs(engine, BranchConfig.kind, configs)
    ids: dict[tuple[str, int], list[int]] = {}
    for config in configs:
        if config.identity in stored:
            key = (config.network, config.network_epoch)
            ids.setdefault(key, []).append(stored[config.identity])
    number = max(config.branch for config in configs) + 1
    wanted = ["run_id", "radius_ratio", "is_circle", *OUTCOMES.values()]
    rows = filtered_runs(engine, Filter(kind=BranchConfig.kind), wanted).set_index("run_id")
    for weight_decay in networks.weight_decays:
        of_decay = [config.identity for config in networks.of(weight_decay).configs]
        for epoch in sorted({config.network_epoch for config in configs}):
            whole = [ids[n, epoch] for n in of_decay if len(ids.get((n, epoch), [])) == number]
            if whole:
                found = _of_branches(engine, np.array(whole), rows)
                yield found.assign(weight_decay=weight_decay, epoch=epoch, branches=number)


def _of_branches(engine: Engine, run_ids: np.ndarray, rows: pd.DataFrame) -> pd.DataFrame:
    """Of branches (network, branch): a row a question."""
    metrics = {"circle": "is_circle", **OUTCOMES}
    ended = {
        name: rows.loc[run_ids.ravel(), metric].to_numpy(float).reshape(run_ids.shape)
        for name, metric in metrics.items()
    }
    found = {name: settled(outcome) for name, outcome in ended.items() if name != "circle"}
    found = {"circle": settled_circles(ended["circle"]), **found}
    ends = ends_of(engine, run_ids.ravel().tolist())
    found["distance"] = scatter(ends.reshape(*run_ids.shape, *ends.shape[1:]))
    listed = [{"question": name, **estimate._asdict()} for name, estimate in found.items()]
    circles, split = circles_among(ended["circle"])
    return pd.DataFrame(listed).assign(circles=circles, split=split)


if __name__ == "__main__":
    sys.exit(run_command("fate", command, sys.argv[1:]))
