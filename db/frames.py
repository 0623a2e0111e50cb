"""Runs of an experiment as one frame: at their end, at an earlier epoch, or with their audit."""

import pandas as pd
from sqlalchemy import Engine

from db.epochs import metrics_at
from db.filters import Filter
from db.law import audited_epochs, audited_runs, law_fits
from db.queries import runs

_OF_FITS = ["r_squared", "held_out_r_squared"]


def frame(
    engine: Engine,
    kind: str,
    experiment: str,
    epoch: int | None = None,
    audited: int | None = None,
) -> pd.DataFrame:
    """A row a run with the columns of `<kind>_runs`; empty if there are none.

    epoch: the metrics are those of that epoch, and runs without a snapshot there are left out.
    audited: a version of the audit, for a row a fit of the last audited epoch instead, with the
    columns target, fit and the R² of the fit beside the run's.
    """
    rows = runs(engine, kind, experiment)
    if rows.empty:
        return rows
    if audited is not None:
        return rows.merge(_last_fits(engine, experiment, audited), on="run_id")
    if epoch is None:
        return rows
    metrics = metrics_at(engine, Filter(kind=kind, experiments=(experiment,)), epoch)
    others = [name for name in rows if name not in metrics or name == "run_id"]
    return rows[others].merge(metrics, on="run_id")


def _last_fits(engine: Engine, experiment: str, version: int) -> pd.DataFrame:
    audited = audited_runs(engine, version)
    epochs = audited_epochs(engine, version, experiment) if audited else []
    if not epochs:
        return pd.DataFrame(columns=["run_id", "epoch", "target", "fit", "n", *_OF_FITS])
    return law_fits(engine, _OF_FITS, version, experiment=experiment, epochs=epochs[-1:])
