"""What a section draws on: runs of an experiment, and how many of them are there."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.parts import Missing
from db.queries import runs
from db.run_lists import columns
from modadd.experiments import EXPERIMENTS


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


def stored(engine: Engine, need: Need) -> pd.DataFrame:
    """The stored ones of the needed runs, as rows of `<kind>_runs`; with its columns if none is."""
    experiment = EXPERIMENTS[need.experiment]
    rows = runs(engine, experiment.kind, need.experiment)
    if rows.empty:
        return pd.DataFrame(columns=list(columns(engine, experiment.kind)))
    if need.seeds is not None:
        rows = rows[rows["seed"].isin(need.seeds)]
    return rows.reset_index(drop=True)


def missing(engine: Engine, needs: Iterable[Need]) -> tuple[Missing, ...]:
    """What is missing of the needed runs: a line for each need that is not wholly stored."""
    found = []
    for need in needs:
        wanted = {config.identity for config in EXPERIMENTS[need.experiment].configs(need.seeds)}
        rows = stored(engine, need)
        lacking = len(wanted - set(rows["config_hash"])) if len(rows) else len(wanted)
        if lacking:
            what = f"{lacking:,} of the {len(wanted):,} runs of {need.experiment} are not stored"
            found.append(Missing(what, need.command))
    return tuple(found)
