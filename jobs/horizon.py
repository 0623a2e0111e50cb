"""What `modadd twins --horizon` prints: how long twins keep their networks company."""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine

from db.arrangements import Arrangements, arrangements
from db.connect import open_for_reading
from jobs.layout import aligned, counted
from jobs.networks import Networks, done_runs
from modadd.config import ConfigError
from modadd.horizon import company, wrong_residues
from modadd.snapshots import Floats
from modadd.twins import TwinConfig

_SHOWN = (0, 10, 20, 60, 100, 200, 500, 1000, 2000)  # epochs, of those that there are
_COLUMNS = {
    "twin": "twin",
    "nothing moves": "nothing moves",
    "wrong residues": "wrong residues",
    "nearer": "nearer",
    "tied": "tied",
    "farther": "farther",
    "nearer if not tied": "nearer if not tied",
}
_TITLE = (
    "Mean Procrustes distance of the twin's path to its network at each epoch, steps matched to "
    "epochs by the best clock that never runs backward (t interval); wrong residues: the same "
    "start and law with the tokens' residues shuffled, as free a clock. Shares of networks that "
    "the twin is nearer to than wrong residues, tied with (both clocks at step 0) or farther from; "
    "last column: nearer among the n that do not tie (Wilson)"
)


def print_horizon(engine: Engine, networks: Networks, configs: Sequence[TwinConfig]) -> None:
    """Print the table, a row a weight decay, epoch that the twin began at, and network's epoch."""
    rows = [["weight_decay", "began at", "epoch", "n", *_COLUMNS.values()]]
    for weight_decay, start, found in _tables(engine, networks, configs):
        for epoch, group in found[found["epoch"].isin(_SHOWN)].groupby("epoch"):
            cells = {cell["path"]: cell for cell in group.to_dict("records")}
            runs = cells["twin"]["n"]
            labels = [f"{weight_decay:g}", str(start), str(epoch), str(runs)]
            rows.append([*labels, *(_shown(cells[name], runs) for name in _COLUMNS)])
    print("\n".join([_TITLE, "", *aligned(rows)]))


def check_horizon(database: str, networks: Networks, epochs: Sequence[int]) -> None:
    """ConfigError if the networks of a weight decay share too few snapshots from an epoch on."""
    with open_for_reading(database) as engine:
        for weight_decay in networks.weight_decays:
            paths = arrangements(engine, networks.of(weight_decay).run_ids)
            for start in epochs:
                _common(list(paths.values()), start)


def _tables(
    engine: Engine, networks: Networks, configs: Sequence[TwinConfig]
) -> Iterator[tuple[float, int, pd.DataFrame]]:
    stored = done_runs(engine, TwinConfig.kind, configs)
    for weight_decay in networks.weight_decays:
        some = networks.of(weight_decay)
        run_of = dict(zip((c.identity for c in some.configs), some.run_ids, strict=True))
        paths = arrangements(engine, some.run_ids)
        for start in sorted({config.network_epoch for config in configs}):
            whole = [
                config
                for config in configs
                if config.network_epoch == start
                and config.network in run_of
                and config.identity in stored
            ]
            if not whole:
                continue
            twins = arrangements(engine, [stored[config.identity] for config in whole])
            epochs, courses = _common([paths[run_of[c.network]] for c in whole], start)
            own = [twins[stored[config.identity]].embeddings for config in whole]
            rivals = wrong_residues(whole, np.stack([path[0] for path in own]))
            yield weight_decay, start, company(epochs, courses, own, rivals)


def _common(paths: Sequence[Arrangements], start: int) -> tuple[NDArray[np.int64], list[Floats]]:
    """The epochs from the start on that all networks have, and the networks' courses there."""
    shared = set.intersection(*(set(path.epochs.tolist()) for path in paths))
    epochs = np.array(sorted(epoch for epoch in shared if epoch >= start))
    if len(epochs) < 3:
        raise ConfigError(
            f"--horizon needs networks with snapshots on the way, they share {len(epochs)} from "
            f"epoch {start} on: keep more with --snapshots default, or choose other --seeds"
        )
    return epochs, [path.embeddings[np.isin(path.epochs, epochs)] for path in paths]


def _shown(cell: Mapping[Hashable, Any], runs: int) -> str:
    """A cell of `horizon`: a share of all runs alone, else with its interval, and n if another."""
    if cell["path"] in ("nearer", "tied", "farther"):
        return f"{cell['value']:.2f}"
    if math.isnan(cell["value"]):
        return "–"
    places = 2 if cell["path"] == "nearer if not tied" else 3  # early distances differ in the third
    value, low, high = (f"{cell[name]:.{places}f}" for name in ("value", "low", "high"))
    return counted(f"{value} [{low}, {high}]", cell["n"], runs)
