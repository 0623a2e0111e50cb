"""The networks that another job begins at: which, and what the store has of their ends."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from db.arrangements import arrangements, final_arrangements
from db.epochs import metrics_at
from db.filters import Between, Filter, OneOf
from db.queries import experiment_counts
from db.run_lists import filtered_runs
from modadd.config import Config, ConfigError, suggestion
from modadd.experiments import EXPERIMENTS
from modadd.snapshots import Floats
from modadd.training import TrainingConfig


class Networks(NamedTuple):
    """Done networks of one size, in order of weight decay, seed and run_id.

    rows: their `transformer_runs`, a row a network. configs: theirs, in the same order.
    """

    rows: pd.DataFrame
    configs: list[TrainingConfig]

    def of(self, weight_decay: float) -> "Networks":
        """Those of one weight decay."""
        chosen = (self.rows["weight_decay"] == weight_decay).to_numpy()
        configs = [config for config, kept in zip(self.configs, chosen, strict=True) if kept]
        return Networks(self.rows[chosen].reset_index(drop=True), configs)

    @property
    def weight_decays(self) -> list[float]:
        """Sorted."""
        return sorted(self.rows["weight_decay"].unique().tolist())

    @property
    def run_ids(self) -> list[int]:
        """In order."""
        return self.rows["run_id"].tolist()


def stored_networks(
    engine: Engine, experiment: str, seeds: Sequence[int] | None, network: str | None = None
) -> Networks:
    """The done networks of an experiment, of all seeds or some; or the one of an identity.

    Raises:
        ConfigError: if there are none, or they are not of one size.
    """
    chosen = Filter(kind="transformer", experiments=(experiment,), status="done")
    if network is not None:
        only = OneOf("config_hash", (network,))
        chosen = Filter(kind="transformer", status="done", where=(only,))
    rows = filtered_runs(engine, chosen)
    if seeds is not None and len(rows):
        rows = rows[rows["seed"].isin(seeds)]
    if rows.empty:
        if network is not None:
            raise ConfigError(f"no done network has the config_hash {network[:70]!r}")
        raise ConfigError(_none_of(engine, experiment))
    if len(rows[["modulus", "embedding_dim"]].drop_duplicates()) > 1:
        raise ConfigError(f"{experiment} must hold networks of one size: choose another experiment")
    rows = rows.sort_values(["weight_decay", "seed", "run_id"], ignore_index=True)
    fields = list(TrainingConfig.field_types())
    records: Any = rows[fields].to_dict("records")
    configs = [TrainingConfig.from_dict(values) for values in records]
    return Networks(rows, configs)


def _none_of(engine: Engine, experiment: str) -> str:
    counts = experiment_counts(engine)
    known = counts[counts["kind"] == TrainingConfig.kind]["experiment"].unique().tolist()
    if experiment in known:
        return f"no runs of {experiment} have these seeds and are done: see `modadd list`"
    if experiment in EXPERIMENTS:
        return f"no runs of {experiment} are stored: run `modadd reproduce {experiment}`"
    return f"no networks of an experiment {experiment!r}{suggestion(experiment, known)}"


def done_runs(engine: Engine, kind: str, configs: Sequence[Config]) -> dict[str, int]:
    """identity → run_id of those of the configs that are stored and done."""
    found = filtered_runs(engine, Filter(kind=kind, status="done"), ["run_id", "config_hash"])
    stored: Mapping[Any, Any] = dict(zip(found["config_hash"], found["run_id"], strict=True))
    return {c.identity: int(stored[c.identity]) for c in configs if c.identity in stored}


def ends_of(engine: Engine, run_ids: Sequence[int]) -> Floats:
    """(run, token, dim) the last arrangements, in the order of `run_ids`."""
    found = final_arrangements(engine, run_ids)
    return np.stack([found[run_id] for run_id in run_ids])


def places_at(engine: Engine, run_ids: Sequence[int], epoch: int) -> Floats:
    """(run, token, dim) the arrangements at an epoch.

    Raises:
        ConfigError: if one of the runs has none there.
    """
    found = arrangements(engine, run_ids, [epoch])
    missing = [run_id for run_id in run_ids if run_id not in found]
    if missing:
        raise ConfigError(
            f"{len(missing)} of the networks have no snapshot of epoch {epoch}: run what made "
            f"them again with --snapshots {epoch}"
        )
    return np.stack([found[run_id].embeddings[0] for run_id in run_ids])


def measured_at(engine: Engine, run_ids: Sequence[int], epoch: int) -> pd.DataFrame:
    """The metrics of networks at an epoch: a row a run, in the order of `run_ids`; undefined where
    the run has none there."""
    # A range and not a list, of which a statement binds only so many.
    among = Between("run_id", min(run_ids), max(run_ids))
    found = metrics_at(engine, Filter(kind=TrainingConfig.kind, where=(among,)), epoch)
    return found.set_index("run_id").reindex(list(run_ids)).astype(float)
