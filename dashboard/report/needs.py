"""What a section draws on: runs of an experiment, audits and twins; and what is missing of it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.parts import Missing
from db.law import audited_runs
from db.queries import runs
from db.run_lists import columns
from modadd.audit import VERSION
from modadd.config import Config
from modadd.experiments import EXPERIMENTS
from modadd.training import TrainingConfig
from modadd.twins import TwinConfig, twins


class Need(NamedTuple):
    """Runs of an experiment. seeds: in place of its own. snapshots, parameters: what to keep of
    them, as `modadd reproduce` takes them; by default what it keeps."""

    experiment: str
    seeds: range | None = None
    snapshots: str | None = None
    parameters: str = "all"

    @property
    def command(self) -> str:
        """The command that computes them, as far as they are not stored."""
        words = ["modadd reproduce", self.experiment]
        if self.seeds is not None:
            words += ["--seeds", f"{self.seeds.start}:{self.seeds.stop}"]
        if self.snapshots is not None:
            words += ["--snapshots", self.snapshots]
        if self.parameters != "all":
            words += ["--parameters", self.parameters]
        return " ".join(words)

    @property
    def what(self) -> str:
        """What people call them."""
        return f"runs of {self.experiment}"

    @property
    def configs(self) -> Sequence[Config]:
        """The runs."""
        return EXPERIMENTS[self.experiment].configs(self.seeds)

    def found(self, engine: Engine) -> set[str]:
        """The identities of those of them that are stored, and perhaps of others."""
        return set(stored(engine, self)["config_hash"])


class Audits(NamedTuple):
    """Audits (`modadd.audit`) of an experiment's networks, of its own seeds."""

    experiment: str

    @property
    def command(self) -> str:
        """As `Need.command`."""
        return f"modadd audit {self.experiment}"

    @property
    def what(self) -> str:
        """As `Need.what`."""
        return f"audits of {self.experiment}"

    @property
    def configs(self) -> Sequence[Config]:
        """The networks."""
        return EXPERIMENTS[self.experiment].configs()

    def found(self, engine: Engine) -> set[str]:
        """The identities of those of them that are audited, and perhaps of others."""
        rows = stored(engine, Need(self.experiment))
        return set(rows[rows["run_id"].isin(audited_runs(engine, VERSION))]["config_hash"])


class Twins(NamedTuple):
    """Twins (`modadd.twins`) of an experiment's networks, of its own seeds, that begin at these
    epochs and follow the default law."""

    experiment: str
    epochs: tuple[int, ...]

    @property
    def command(self) -> str:
        """As `Need.command`."""
        seeds = sorted({network.seed for network in self._networks})
        epochs = " ".join(map(str, self.epochs))
        return (
            f"modadd twins --experiment {self.experiment} --seeds {seeds[0]}:{seeds[-1] + 1} "
            f"--epochs {epochs}"
        )

    @property
    def what(self) -> str:
        """As `Need.what`."""
        return f"twins of {self.experiment}"

    @property
    def configs(self) -> Sequence[TwinConfig]:
        """The simulations."""
        return twins(self._networks, self.epochs, {})

    def found(self, engine: Engine) -> set[str]:
        """As `Need.found`."""
        rows = runs(engine, TwinConfig.kind, "twins")
        return set(rows["config_hash"]) if len(rows) else set()

    @property
    def _networks(self) -> list[TrainingConfig]:
        configs = EXPERIMENTS[self.experiment].configs()
        return [config for config in configs if isinstance(config, TrainingConfig)]


AnyNeed = Need | Audits | Twins


def stored(engine: Engine, need: Need) -> pd.DataFrame:
    """The stored ones of the needed runs, as rows of `<kind>_runs`; with its columns if none is."""
    experiment = EXPERIMENTS[need.experiment]
    rows = runs(engine, experiment.kind, need.experiment)
    if rows.empty:
        return pd.DataFrame(columns=list(columns(engine, experiment.kind)))
    if need.seeds is not None:
        rows = rows[rows["seed"].isin(need.seeds)]
    return rows.reset_index(drop=True)


def missing(engine: Engine, needs: Iterable[AnyNeed]) -> tuple[Missing, ...]:
    """What is missing of the needs: a line for each that is not wholly stored."""
    lines = []
    for need in needs:
        wanted = {config.identity for config in need.configs}
        lacking = len(wanted - need.found(engine))
        if lacking:
            what = f"{lacking:,} of the {len(wanted):,} {need.what} are not stored"
            lines.append(Missing(what, need.command))
    return tuple(lines)
