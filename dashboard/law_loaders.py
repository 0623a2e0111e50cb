"""What the page of the force law reads, kept as `dashboard.loaders` keeps it."""

from typing import Any

import pandas as pd

from dashboard import loaders
from dashboard.charts_law_run import forces_chart, twin_chart
from dashboard.drawn import Drawn
from dashboard.gallery import frames_of
from dashboard.law_rows import (
    FORESHADOWS,
    GAINED,
    HELD_OUT,
    MOST_EPOCHS,
    ORDER,
    STRENGTHS,
    foreshadowing,
    foretelling,
    led_by_laws,
    paper_law,
    settling,
)
from dashboard.law_shown import ForcesShown, TwinShown, forces_shown, twin_shown
from dashboard.opened import Database, cached
from db import law_summaries
from db.arrangements import Arrangements
from db.connect import StoreError
from db.filters import Filter
from db.law import law_fits, law_moments
from db.law_trials import trials
from db.schema import law_curls_table, law_ends_table
from modadd import audit, curl, learned_twins
from modadd.branches import BranchConfig
from modadd.law_tables import curl_means
from modadd.law_terms import LAW
from modadd.learned_law import functions, unpacked
from modadd.statistics import median_rank
from modadd.structures import CIRCLE_THRESHOLD


@cached(8)
def count_audited(opened: Database, chosen: Filter) -> int:
    """As `db.law_summaries.count_audited`."""
    return law_summaries.count_audited(opened.engine, chosen, audit.VERSION)


@cached(4)
def scores(opened: Database, chosen: Filter) -> pd.DataFrame:
    """The medians of held-out R² of every fit to the pair sums."""
    return law_summaries.fit_medians(
        opened.engine, chosen, ORDER, HELD_OUT, median_rank, audit.VERSION
    )


@cached(4)
def gains(opened: Database, chosen: Filter) -> pd.DataFrame:
    """The medians of what the law explains more than its null, network by network."""
    return law_summaries.fit_medians(
        opened.engine, chosen, ("law",), GAINED, median_rank, audit.VERSION
    )


@cached(4)
def strengths(opened: Database, chosen: Filter) -> pd.DataFrame:
    """The medians of the law's coefficients, of forces of rms 1."""
    return law_summaries.fit_medians(
        opened.engine, chosen, ("law",), STRENGTHS, median_rank, audit.VERSION
    )


@cached(8)
def forces(opened: Database, run_id: int, config: Any) -> ForcesShown | None:
    """A network's forces, or None if it was not audited."""
    try:
        fits = law_fits(opened.engine, ["r_squared", *LAW], audit.VERSION, run_ids=[run_id])
    except StoreError:
        return None
    fits = fits[(fits["target"] == "pair_sums") & (fits["fit"] == "law")]
    run = loaders.arrangements(opened, (run_id,)).get(run_id)
    if fits.empty or run is None:
        return None
    return forces_shown(config, run, loaders.classifiers(opened, run_id), fits)


@cached(8)
def forces_drawn(opened: Database, run_id: int, config: Any, start: int) -> Drawn:
    """As `dashboard.charts_law_run.forces_chart`, of an audited network."""
    shown = forces(opened, run_id, config)
    assert shown is not None, "an audited network"
    return forces_chart(shown, start)


@cached(4)
def foretold_by_twins(opened: Database, chosen: Filter) -> pd.DataFrame:
    """As `dashboard.law_rows.foretelling`, of twins under the paper's law; empty without twins."""
    law = paper_law()
    counts = law_summaries.twin_counts(opened.engine, chosen, law, CIRCLE_THRESHOLD)
    return foretelling(counts) if len(counts) else counts


@cached(16)
def twins_of(opened: Database, network: str) -> pd.DataFrame:
    """As `db.law_summaries.twins_of`, those under the paper's law."""
    found = law_summaries.twins_of(opened.engine, network)
    for name, value in paper_law().items() if len(found) else ():
        found = found[found[name] == value]
    return found


@cached(8)
def twin(opened: Database, run_id: int, twin_id: int, start: int, config: Any) -> TwinShown | None:
    """A network from an epoch on beside its twin; None if the twin's path was not stored."""
    stored = loaders.arrangements(opened, (run_id, twin_id))
    if run_id not in stored or twin_id not in stored or len(stored[twin_id].epochs) < 3:
        return None
    run = stored[run_id]
    since = run.epochs >= start
    onward = Arrangements(run.epochs[since], run.embeddings[since])
    return twin_shown(config, onward, stored[twin_id])


@cached(8)
def twin_drawn(
    opened: Database, run_id: int, twin_id: int, start: int, config: Any, frame: int
) -> Drawn:
    """As `dashboard.charts_law_run.twin_chart`, of a twin whose path was stored."""
    shown = twin(opened, run_id, twin_id, start, config)
    assert shown is not None, "a twin with its path"
    return twin_chart(shown, frame)


@cached(8)
def learnt(opened: Database, run_ids: tuple[int, ...], phase: str) -> pd.DataFrame:
    """`modadd.learned_law.functions` of those of the runs that have forces of the phase; empty for
    fewer than four."""
    try:
        found = law_moments(opened.engine, phase, run_ids, audit.VERSION)
    except StoreError:
        return pd.DataFrame()
    return functions(unpacked(list(found.values()))) if len(found) > 3 else pd.DataFrame()


@cached(4)
def foreshadowed(opened: Database, chosen: Filter) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As `dashboard.law_rows.foreshadowing`, of the filter's networks, at some of the
    epochs that at least half of them have."""
    epochs = frames_of(loaders.shared_epochs(opened, chosen), MOST_EPOCHS)
    found = snapshots(opened, tuple(epochs))
    return foreshadowing(found[found["run_id"].isin(loaders.run_ids(opened, chosen))])


@cached(2)
def snapshots(opened: Database, epochs: tuple[int, ...]) -> pd.DataFrame:
    """As `db.law_summaries.before_the_end`, of all networks at those epochs. Not by filter: what
    takes long is then done once for all filters."""
    return law_summaries.before_the_end(opened.engine, Filter(), list(FORESHADOWS), epochs)


@cached(4)
def settled(opened: Database, chosen: Filter) -> pd.DataFrame:
    """As `dashboard.law_rows.settling`, of branches with the default perturbation."""
    found = law_summaries.branch_ends(opened.engine, chosen)
    return settling(found[found["perturbation"] == BranchConfig().perturbation])


@cached(4)
def led(opened: Database, chosen: Filter) -> pd.DataFrame:
    """As `dashboard.law_rows.led_by_laws`, of the filter's networks."""
    ends = trials(opened.engine, law_ends_table(), learned_twins.VERSION, chosen)
    return led_by_laws(ends)


@cached(4)
def curls(opened: Database, chosen: Filter) -> pd.DataFrame:
    """The mean share of curl of each law at the filter's networks, the law as predictor."""
    found = trials(opened.engine, law_curls_table(), curl.VERSION, chosen)
    return curl_means(found).rename(columns={"law": "predictor"})


@cached(4)
def circles_by_form(opened: Database) -> pd.DataFrame:
    """As `db.law_summaries.circles_by_form`, of the experiment of the alignment's forms."""
    return law_summaries.circles_by_form(opened.engine, "alignment-forms")
