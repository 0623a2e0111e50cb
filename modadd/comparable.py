"""Which of the paper's rows a group of runs may be laid beside."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from modadd.experiment import Experiment
from modadd.experiments import EXPERIMENTS
from modadd.paper import Row
from modadd.simulators import SIMULATORS


def papers_experiment(kind: str) -> Experiment | None:
    """The experiment behind the paper's table of that kind; None if the paper has none."""
    the_papers = (e for e in EXPERIMENTS.values() if e.kind == kind and e.reported and not e.ours)
    return next(the_papers, None)


def papers_rows(runs: pd.DataFrame, kind: str, groups: Sequence[str]) -> dict[Any, Row]:
    """The paper's rows by group values, of the groups all of whose runs have the paper's config.

    runs: with the config fields as columns. A field that they lack is taken to be the paper's.
    """
    experiment = papers_experiment(kind)
    if experiment is None:
        return {}
    (field,) = experiment.groups
    defaults = SIMULATORS[kind].config().to_dict()
    fixed = {n: v for n, v in defaults.items() if n not in ("seed", field) and n in runs}
    alike = (runs[list(fixed)] == pd.Series(fixed)).all(axis=1)
    rows = {}
    for values, members in runs.groupby(list(groups), sort=True, dropna=False):
        settings = members[field].unique()
        if alike[members.index].all() and len(settings) == 1:
            row = experiment.reported.get((settings[0],))
            rows.update({values: row} if row else {})
    return rows
