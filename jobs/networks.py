"""The networks that another job begins at: which, and what the store has of their ends."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine

from db.arrangements import arrangements, final_arrangements
from db.epochs import metrics_at
from db.filters import Between, Filter, OneOf
from db.queries import experiment_counts
from db.run_lists import filtered_runs
from db.starts import stored_shapes
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
        return self.where((self.rows["weight_decay"] == weight_decay).to_numpy())

    def where(self, chosen: NDArray[np.bool_]) -> "Networks":
        """Those for which chosen (network,) is true."""
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


def keeping(
    engine: Engine, networks: Networks, epochs: Sequence[int], *, parameters: bool = False
) -> Networks:
    """Those of the networks that keep snapshots at all of the epochs, or also the parameters there;
    how many do not is said on stderr. What a network keeps hangs on who asked for it, not on how it
    went, so that leaving some out favours no outcome.

    Raises:
        ConfigError: if none of them does.
    """
    shapes = stored_shapes(engine, [(c.identity, e) for c in networks.configs for e in epochs])
    enough = {origin for origin, shape in shapes.items() if shape.has_classifier or not parameters}
    kept = np.array([all((c.identity, e) in enough for e in epochs) for c in networks.configs])
    what = "parameters" if parameters else "snapshots"
    asked = ", ".join(map(str, epochs))
    if not kept.any():
        flags = f"--snapshots {asked.replace(' ', '')}{' --parameters all' if parameters else ''}"
        raise ConfigError(
            f"no network of these ({len(kept)}) keeps {what} at every epoch of {asked}: choose "
            f"others with --epochs, or run what made them again with {flags}"
        )
    if not kept.all():
        print(
            f"{(~kept).sum()} of {len(kept)} networks are left out: they keep no {what} at some "
            f"epoch of {asked}",
            file=sys.stderr,
        )
    return networks.where(kept)


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
    """(run, token, dim) the arrangements at an epoch of runs that keep it (`keeping`)."""
    found = arrangements(engine, run_ids, [epoch])
    return np.stack([found[run_id].embeddings[0] for run_id in run_ids])


def measured_at(engine: Engine, run_ids: Sequence[int], epoch: int) -> pd.DataFrame:
    """The metrics of networks at an epoch: a row a run, in the order of `run_ids`; undefined where
    the run has none there."""
    # A range and not a list, of which a statement binds only so many.
    among = Between("run_id", min(run_ids), max(run_ids))
    found = metrics_at(engine, Filter(kind=TrainingConfig.kind, where=(among,)), epoch)
    return found.set_index("run_id").reindex(list(run_ids)).astype(float)
