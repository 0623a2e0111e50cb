"""What the pages read, each result kept (`dashboard.opened`); the law's is in `law_loaders`."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard import compare
from dashboard.growing import growing_counts, growing_runs
from dashboard.opened import Database, cached
from dashboard.run_facts import config_of
from dashboard.run_picture import RunPicture, picture
from dashboard.run_rows import with_structure
from db import arrangements as stored
from db import console, epochs, queries, run_lists
from db.arrangements import Arrangements
from db.filters import Filter, OneOf
from modadd import procrustes
from modadd.structures import gaps_in_residue


@cached(8)
def kind_counts(opened: Database) -> pd.DataFrame:
    """Columns kind, status, runs."""
    counts = growing_counts(opened.number).at(opened)
    return counts.groupby(["kind", "status"])["runs"].sum().reset_index()


@cached(8)
def experiment_counts(opened: Database) -> pd.DataFrame:
    """Columns experiment, kind, status, runs."""
    return queries.experiment_counts(opened.engine)


@cached(8)
def job_progress(opened: Database) -> pd.DataFrame:
    """As `db.run_lists.last_jobs`, with `stored_runs` and `diverged_runs` of each."""
    counts = growing_counts(opened.number).at(opened)
    by_job = counts.groupby("job_id")["runs"].sum()
    diverged = counts[counts["status"] == "diverged"].groupby("job_id")["runs"].sum()
    jobs = run_lists.last_jobs(opened.engine)
    for name, found in (("stored_runs", by_job), ("diverged_runs", diverged)):
        jobs[name] = jobs["job_id"].map(found).fillna(0).astype(int)
    return jobs


@cached(16)
def columns(opened: Database, kind: str) -> dict[str, type]:
    """The columns of `<kind>_runs`, each float or str."""
    return run_lists.columns(opened.engine, kind)


@cached(16)
def experiments(opened: Database, kind: str) -> list[str]:
    """The names of the experiments with runs of a kind."""
    return run_lists.experiments(opened.engine, kind)


@cached(64)
def distinct_values(opened: Database, kind: str, column: str) -> list[float | str]:
    """A column's values if they are few, else nothing."""
    return run_lists.distinct_values(opened.engine, kind, column)


@cached(64)
def span(opened: Database, kind: str, column: str) -> tuple[float, float] | None:
    """A column's least and greatest value."""
    return run_lists.span(opened.engine, kind, column)


def all_runs(opened: Database, kind: str) -> pd.DataFrame:
    """All runs of a kind, in order of run_id: at least as new as `opened`."""
    return growing_runs(opened.number, kind).at(opened)


@cached(16)
def runs(opened: Database, chosen: Filter, experiment: str | None = None) -> pd.DataFrame:
    """The runs that pass the filter; of those, the members of an experiment.

    Their rows are read once for all filters; asked for is who belongs to the experiments alone.

    Raises:
        StoreError: for a column that the database lacks.
    """
    if chosen == Filter(kind=chosen.kind) and experiment is None:
        return all_runs(opened, chosen.kind)
    rows, known = all_runs(opened, chosen.kind), columns(opened, chosen.kind)
    if not known:  # no run of this kind was ever stored
        return rows
    run_lists.check_filter(known, chosen)
    passing = pd.Series(True, index=rows.index)
    for condition in chosen.conditions:
        passing &= condition.passes(rows)
    for names in filter(None, (chosen.experiments, () if experiment is None else (experiment,))):
        passing &= rows["run_id"].isin(members(opened, names))
    return rows[passing].reset_index(drop=True)


@cached(32)
def members(opened: Database, names: tuple[str, ...]) -> set[int]:
    """The run_ids of all members of these experiments."""
    return run_lists.members(opened.engine, names)


def count_runs(opened: Database, chosen: Filter) -> int:
    """How many runs pass the filter. Raises StoreError as `runs`, whose rows most pages show."""
    return len(runs(opened, chosen))


def stored_runs(opened: Database, kind: str) -> int:
    """How many runs of a kind there are."""
    counts = kind_counts(opened)
    return int(counts.loc[counts["kind"] == kind, "runs"].sum())


@cached(16)
def side(opened: Database, chosen: Filter) -> compare.Side:
    """What is compared of the runs that pass the filter."""
    return compare.side(with_structure(runs(opened, chosen)))


@cached(8)
def stored_epochs(opened: Database, run_ids: tuple[int, ...]) -> list[int]:
    """The epochs at which any of the runs has a snapshot."""
    return stored.stored_epochs(opened.engine, run_ids)


@cached(8)
def arrangements(
    opened: Database, run_ids: tuple[int, ...], epochs: tuple[int, ...] | None = None
) -> dict[int, Arrangements]:
    """run_id → its arrangements, at all stored epochs or at those given."""
    return stored.arrangements(opened.engine, run_ids, epochs)


@cached(16)
def final_arrangements(
    opened: Database, run_ids: tuple[int, ...]
) -> dict[int, NDArray[np.float32]]:
    """run_id → its last arrangement (token, dim)."""
    return stored.final_arrangements(opened.engine, run_ids)


@cached(16)
def fits(opened: Database, run_id: int, chosen: Filter) -> pd.DataFrame:
    """How alike the last arrangements of the filter's runs are to this run's, the most alike first.

    Columns run_id, residual, unit, shift, of `modadd.procrustes.fits`, and unlabelled, the residual
    without relabelling. Of done runs with as many tokens and dimensions, but not the run itself.
    """
    columns = ["run_id", "residual", "unit", "shift", "unlabelled"]
    one = stored.final_arrangements(opened.engine, [run_id]).get(run_id)
    if one is None:
        return pd.DataFrame(columns=columns)
    run_ids, others = alike(opened, chosen.kind, *one.shape)
    passing = np.isin(run_ids, runs(opened, chosen)["run_id"].to_numpy())
    run_ids, others = run_ids[passing], others[passing]
    found = procrustes.fits(one, others)
    rows = pd.DataFrame(dict(zip(columns, (run_ids, *found), strict=True)))
    rows = rows[(rows["run_id"] != run_id) & rows["residual"].notna()]
    return rows.sort_values(["residual", "run_id"], ignore_index=True)


@cached(4)
def alike(
    opened: Database, kind: str, tokens: int, dim: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """As `db.arrangements.alike_arrangements`, of all runs of a kind: as `gaps`, not by filter."""
    return stored.alike_arrangements(opened.engine, Filter(kind=kind), tokens, dim)


@cached(16)
def series(opened: Database, run_id: int) -> pd.DataFrame:
    """A run's metrics over epochs."""
    return stored.series(opened.engine, run_id)


@cached(4)
def classifiers(opened: Database, run_id: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Epochs and packed parameters of a network."""
    return stored.classifiers(opened.engine, run_id)


@cached(4)
def console_schema(opened: Database) -> pd.DataFrame:
    """As `db.console.schema`."""
    return console.schema(opened.engine)


@cached(4)
def console_answer(opened: Database, sql: str, most_rows: int, seconds: float) -> console.Answer:
    """As `db.console.ask`, so that a page drawn again does not ask again."""
    return console.ask(opened.engine, sql, most_rows, seconds)


def epochs_of(opened: Database, chosen: Filter) -> list[int]:
    """The epochs at which any run of the filter has metrics."""
    return _epochs(opened, chosen.kind).of(runs(opened, chosen)["run_id"])


def shared_epochs(opened: Database, chosen: Filter) -> list[int]:
    """The epochs at which at least half of the filter's runs have metrics."""
    return _epochs(opened, chosen.kind).shared(runs(opened, chosen)["run_id"])


@cached(4)
def _epochs(opened: Database, kind: str) -> epochs.StoredEpochs:
    """Not by filter: what takes long is then done once for all filters."""
    return epochs.stored_epochs(opened.engine, kind)


@cached(4)
def metrics_at(opened: Database, chosen: Filter, epoch: int) -> pd.DataFrame:
    """run_id and every metric at an epoch."""
    return epochs.metrics_at(opened.engine, chosen, epoch)


@cached(4)
def gaps(
    opened: Database, kind: str, epoch: int | None
) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """All runs of a kind (run,) and their `modadd.structures.gaps_in_residue` (run, pair), one item
    a shape; at an epoch or, if None, at the end of each run. Not by filter: what takes long is then
    done once for all filters."""
    placed = epochs.embeddings_at(opened.engine, Filter(kind=kind), epoch)
    return [(some.run_ids, gaps_in_residue(some.embeddings)) for some in placed]


@cached(32)
def run_details(opened: Database, run_id: int) -> dict[str, Any] | None:
    """As `db.run_lists.run_details`."""
    return run_lists.run_details(opened.engine, run_id)


@cached(8)
def run_ids(opened: Database, chosen: Filter) -> list[int]:
    """The run_ids that pass the filter, sorted."""
    return list(runs(opened, chosen)["run_id"].tolist())


@cached(8)
def shown_run(opened: Database, run_id: int, low: int, high: int) -> RunPicture | None:
    """As `dashboard.run_picture.picture` makes it of a run's epochs from low to high."""
    details = run_lists.run_details(opened.engine, run_id)
    arrangement = stored.arrangements(opened.engine, [run_id]).get(run_id)
    if details is None or arrangement is None:
        return None
    config = config_of(details["kind"], run_fields(opened, details["kind"], run_id))
    return picture(config, arrangement, classifiers(opened, run_id), low, high)


def run_fields(opened: Database, kind: str, run_id: int) -> dict[str, Any]:
    """A run's row in `<kind>_runs`."""
    chosen = Filter(kind=kind).having(OneOf("run_id", (run_id,)))
    (row,) = runs(opened, chosen).to_dict("records")
    return {str(name): value for name, value in row.items()}
