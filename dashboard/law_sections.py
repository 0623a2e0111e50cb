"""The parts of the page of the force law. Each says what makes its data where there is none."""

import shlex
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import law_loaders, loaders, states
from dashboard.charts_law import NULL, explained, foretold, in_range, rivals, strengths
from dashboard.charts_learned_law import learned_functions
from dashboard.law_rows import MEANINGS, ORDER, STRENGTH_TITLES, twins_in_words
from dashboard.law_shown import MOST_PAIRS
from dashboard.opened import Database
from dashboard.player import player
from dashboard.run_facts import config_of
from dashboard.takeaway import take_away, terminal
from db.filters import Filter
from modadd.learned_law import PHASES
from modadd.statistics import MEDIAN_FEWEST
from modadd.task import pair_count

R_SQUARED = "R² held out"


def explained_section(opened: Database, chosen: Filter) -> None:
    """R² and coefficients over training, beside the nulls and the rivals."""
    st.subheader("What the law explains of the true forces", anchor=False)
    rows = law_loaders.scores(opened, chosen)
    if rows.empty:
        nothing("No network of the filter was audited", "audit", *whose(opened, chosen))
        return
    audited = law_loaders.count_audited(opened, chosen)
    of_each = rows.loc[rows["fit"] == "law", "n"]
    few = f" (none below {MEDIAN_FEWEST} networks)" if of_each.min() < MEDIAN_FEWEST else ""
    st.caption(
        f"Medians over n = {in_range(of_each)} networks a weight decay, of {audited:,} that are "
        f"audited; bands are the medians' 95 % intervals{few}. Fitted to one half of the training "
        "pairs and scored on the other: 1 explains all, 0 nothing."
    )
    nulls = {"shuffled-labels": NULL}
    some = rows[rows["fit"].isin(["law", *nulls])]
    command = ("audit", *whose(opened, chosen))
    shown("explained", some, explained(some, nulls, R_SQUARED), chosen, *command)
    st.markdown("**The rivals and the nulls, at the slider's epoch** (◀ goes on below the axis)")
    shown("rivals", rows, rivals(rows, ORDER, 300), chosen, *command)
    with st.expander("What each fit is", icon=":material/help:"):
        st.dataframe(
            pd.DataFrame([(name, MEANINGS[name]) for name in ORDER], columns=["fit", "meaning"]),
            hide_index=True,
        )
    st.markdown("**The law's coefficients**, in units of the forces' rms")
    fitted = law_loaders.strengths(opened, chosen)
    shown("coefficients", fitted, strengths(fitted, STRENGTH_TITLES), chosen, *command)


def forces_section(opened: Database, row: dict[str, Any]) -> None:
    """One network's true and predicted forces."""
    run_id = int(row["run_id"])
    st.subheader(f"Run {run_id}: the true forces and the law's", anchor=False)
    config: Any = config_of("transformer", row)
    if config.embedding_dim != 2 or pair_count(config.modulus) > MOST_PAIRS:
        states.nothing_to_draw(
            f"Arrows are drawn in two dimensions, of at most {MOST_PAIRS} pairs: choose such a run"
        )
        return
    shown = law_loaders.forces(opened, run_id, config)
    details = loaders.run_details(opened, run_id)
    assert details is not None, "the run of the row"
    command = ("audit", *whose(opened, Filter(experiments=tuple(details["experiments"]))))
    if shown is None:
        nothing("This network was not audited", *command)
        return
    epochs = shown.frames.epochs
    start = min(range(len(epochs)), key=lambda i: abs(epochs[i] - 30))
    chart = law_loaders.forces_drawn(opened, run_id, config, start)
    _moving(f"law-forces-{run_id}", chart, epochs)
    st.caption(
        "True forces (grey) have the same rms at every epoch, and the arrangement the same size; "
        "the law's forces share the true ones' scale. Left both whole, right the law's four terms."
    )
    numbers = pd.DataFrame({"epoch": epochs, "r_squared": shown.scores})
    take_away(f"law-forces-{run_id}", numbers, sql=_fits_sql(run_id), command=terminal(*command))


def twin_section(opened: Database, row: dict[str, Any]) -> None:
    """The network's twin beside it."""
    run_id, network = int(row["run_id"]), str(row["config_hash"])
    st.subheader(f"Run {run_id} and its twin", anchor=False)
    found = law_loaders.twins_of(opened, network)
    command = ("twins", "--network", network, "--snapshots", "every:5")
    if found.empty:
        nothing("This network has no twin", *command)
        return
    epochs = sorted(map(int, found["network_epoch"].unique()))
    start = st.segmented_control(
        "The twin begins at the network's epoch", epochs, default=epochs[0], required=True,
        key=f"twin-start-{run_id}",
    )  # fmt: skip
    assert start is not None
    twin_id = int(found.loc[found["network_epoch"] == start, "run_id"].iloc[0])
    config = config_of("transformer", row)
    shown = law_loaders.twin(opened, run_id, twin_id, start, config)
    if shown is None:
        nothing("The path of this network or of its twin was not stored", *command)
        return
    epochs = shown.network.epochs
    chart = law_loaders.twin_drawn(opened, run_id, twin_id, start, config, len(epochs) - 1)
    _moving(f"law-twin-{twin_id}", chart, epochs)
    paths = {"epoch": shown.network.epochs, "step": shown.twin.epochs, "distance": shown.apart}
    take_away(f"law-twin-{twin_id}", pd.DataFrame(paths), command=terminal(*command))


def foretelling_section(opened: Database, chosen: Filter) -> None:
    """Contingency tables of twins and networks."""
    st.subheader("Do twins end as their networks do?", anchor=False)
    rows = law_loaders.foretold_by_twins(opened, chosen)
    if rows.empty:
        nothing("No network of the filter has a twin", "twins", *whose(opened, chosen))
        return
    st.caption(
        "Circles by the twin and by *nothing moves*, which foretells the embedding that the twin "
        "began at: foretold and come / foretold alone / come alone / neither; r of the final "
        "imperfections, with Fisher's interval. Odds ratio with its exact 95 % interval and "
        "Fisher's exact p; – is undefined. The interval is equal-tailed, p adds up all tables that "
        "are no likelier: one may leave out 1 where the other does not."
    )
    st.dataframe(twins_in_words(rows), hide_index=True, placeholder="–")
    title = "correlation of imperfections"
    estimates = rows.rename(columns={"correlation": "value"})
    chart = foretold(estimates, title, middle=0)
    shown("foretold", rows, chart, chosen, "twins", *whose(opened, chosen))


def learnt_section(opened: Database, chosen: Filter, runs: pd.DataFrame) -> None:
    """The learnt functions beside the paper's."""
    st.subheader("The law that the forces ask for", anchor=False)
    decays = sorted(map(float, runs["weight_decay"].unique()))
    left, right = st.columns(2)
    decay = left.selectbox("Weight decay", decays, len(decays) - 1, key="law-decay")
    phase = right.selectbox("Epochs", list(PHASES), 1, key="law-phase")
    ids = tuple(runs.loc[runs["weight_decay"] == decay, "run_id"].tolist())
    table = law_loaders.learnt(opened, ids, phase)
    if table.empty:
        why = "Fewer than four of these networks have audited forces of these epochs"
        nothing(why, "audit", *whose(opened, chosen))
        return
    st.caption(
        f"Functions learnt without assuming their form, n = {table['n'].iloc[0]:,} networks, with "
        "95 % bands of a bootstrap over them; dashed: the paper's 1/r, constant and step, fitted."
    )
    chart = learned_functions(table, f"γ = {decay:g}, epochs {phase}")
    st.vega_lite_chart(chart.spec, key="law-learnt", width="content")
    take_away(
        "law-learnt", table, chart=chart, command=terminal("learn", "--csv", *whose(opened, chosen))
    )


def whose(opened: Database, chosen: Filter) -> tuple[str, ...]:
    """The flag that makes a command be about the filter's networks, unless it is so without."""
    names = chosen.experiments or loaders.experiments(opened, "transformer")
    return () if not names or "table-1" in names else ("--experiment", shlex.quote(names[0]))


def nothing(why: str, *words: str) -> None:
    """A part without data: why, and the command that makes it."""
    states.nothing_to_draw(f"{why}: run `{terminal(*words)}`")


def shown(name: str, rows: pd.DataFrame, chart: Any, chosen: Filter, *command: str) -> None:
    """A chart to take away, with what it draws and the command that makes its numbers."""
    st.vega_lite_chart(chart.spec, key=f"law-{name}", width="content")
    take_away(f"law-{name}", rows, chart=chart, sql=chosen.sql(), command=terminal(*command))


def _moving(box: str, chart: Any, epochs: Sequence[int]) -> None:
    with st.container(key=f"{box}-box"):
        if len(epochs) > 1:
            player(f"{box}-box", epochs)
        st.vega_lite_chart(chart.spec, key=box, width="content")


def _fits_sql(run_id: int) -> str:
    return (
        f"SELECT *\nFROM law_fits\nWHERE run_id = {run_id} AND target = 'pair_sums'\n"
        "ORDER BY epoch, fit;"
    )


def row_of(opened: Database, run_id: int) -> dict[str, Any] | None:
    """The run's row in `transformer_runs`, or None if it is another kind of run."""
    details = loaders.run_details(opened, run_id)
    if details is None or details["kind"] != "transformer":
        return None
    return loaders.run_fields(opened, "transformer", run_id)
