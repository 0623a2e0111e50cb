"""Facts about one run: its config, the command that makes it again, its nearest runs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from modadd.branches import BranchConfig
from modadd.config import Config
from modadd.simulators import SIMULATORS
from modadd.twins import LAW_FIELDS

# The command that makes runs of each kind.
COMMANDS = {"transformer": "train", "particle": "simulate", "twin": "twins", "branch": "fate"}
# The flags of those that begin at a network's snapshot and have the rest from there.
_OWN_FIELDS = {"twin": LAW_FIELDS, "branch": ("perturbation",)}


def config_of(kind: str, row: Mapping[str, Any]) -> Config:
    """The config in a run's row of `<kind>_runs`."""
    config = SIMULATORS[kind].config
    types = config.field_types()
    return config.from_dict({name: types[name](row[name]) for name in types if name in row})


def sweep_words(config: Config, schedule: str = "", parameters: str = "") -> list[str]:
    """The words after `modadd` that compute and store this run: the command, and the flags of
    whatever is not the default. schedule, parameters: which snapshots to keep, and with what."""
    default = type(config)()
    words = [COMMANDS[config.kind]]
    simulator = SIMULATORS[config.kind]
    flags = _OWN_FIELDS.get(config.kind, tuple(config.field_types()))
    for name, value in config.to_dict().items():
        if name in flags and name != "seed" and value != getattr(default, name):
            words += ["--" + name.replace("_", "-"), _shown(value)]
    if simulator.origin is None:
        words += ["--seeds", str(config.seed)]
    else:
        network, epoch = simulator.origin(config)
        words += ["--network", network, "--epochs", str(epoch)]
    if isinstance(config, BranchConfig):
        words += ["--branches", str(config.branch + 1)]
    if schedule and schedule != simulator.schedule:
        words += ["--snapshots", schedule]
    if parameters and simulator.has_classifier and not simulator.origin and parameters != "all":
        words += ["--parameters", parameters]
    return words


def differences(config: Config, other: Mapping[str, Any]) -> dict[str, Any]:
    """Field → the other's value, where the two differ."""
    return {name: other[name] for name, value in config.to_dict().items() if other[name] != value}


def nearest_runs(rows: pd.DataFrame, config: Config, run_id: int, most: int = 5) -> pd.DataFrame:
    """The runs whose configs are nearest: up to `most` with the same seed and other settings, up to
    `most` with the same settings and another seed, nearest first.

    Nearest: fewest fields differ, then the smallest difference, summed over the fields, each in
    units of its span over the rows. rows: run_id and every config field. Adds a column `differs`.
    """
    values = config.to_dict()
    fields = [name for name in values if name != "seed"]
    other, own_seed = rows["run_id"] != run_id, rows["seed"] == config.seed
    same_seed, (count, far) = rows[other & own_seed], np.zeros((2, int((other & own_seed).sum())))
    same_settings = other & ~own_seed
    for name in fields:
        same_settings &= rows[name] == values[name]
        unlike = (same_seed[name] != values[name]).to_numpy()
        count += unlike
        if unlike.any() and not isinstance(values[name], str):
            span = float(np.ptp(rows[name].to_numpy())) or 1.0
            far += np.abs(same_seed[name].to_numpy(np.float64) - float(values[name])) / span
    settings = same_seed.assign(_count=count, _far=far)
    settings = settings.sort_values(["_count", "_far", "run_id"]).head(most)
    twins = rows[same_settings]
    twins = twins.assign(_far=np.abs(twins["seed"].to_numpy(np.float64) - config.seed))
    twins = twins.sort_values(["_far", "run_id"]).head(most)
    found = pd.concat([settings, twins])
    records: list[Any] = found.to_dict("records")
    differs = [_listed(differences(config, row)) for row in records]
    return found.drop(columns=["_count", "_far"]).assign(differs=differs)


def neighbours_in_list(run_ids: Sequence[int], run_id: int) -> tuple[int | None, int | None]:
    """The run before and the run after in a sorted list, whether or not it holds the run."""
    ids = np.asarray(run_ids)
    before, after = ids[ids < run_id], ids[ids > run_id]
    return (int(before[-1]) if len(before) else None, int(after[0]) if len(after) else None)


def fraction(share: float | None, n: int) -> tuple[int, int] | None:
    """A share of n things as whole numbers (count, n); None if it is undefined."""
    return None if share is None or math.isnan(share) else (round(share * n), n)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}" if _short(value) else repr(value)


def _short(value: Any) -> bool:
    return isinstance(value, float) and float(f"{value:g}") == value


def _listed(found: Mapping[str, Any]) -> str:
    shown = (f"{name.replace('_', ' ')} {_shown(value)}" for name, value in found.items())
    return ", ".join(shown)
