"""The choices of the Tables page: every one a widget that lives in the URL."""

from collections.abc import Sequence

import streamlit as st

from dashboard import loaders
from dashboard.opened import Database
from db.filters import Filter
from modadd.comparable import papers_experiment
from modadd.experiments import EXPERIMENTS
from modadd.simulators import SIMULATORS
from modadd.statistics import CORRELATIONS, INTERVALS
from modadd.structures import CIRCLE_THRESHOLD, PROSE_TOLERANCE
from modadd.tables import COUNTS, IMPERFECTIONS, MEMBERS, Definitions

END = "end of the run"
MOST_GROUPS = 60
_WITHOUT_PAPER = "network_epoch"  # what tells runs apart that begin at a network
_NO_METRICS = ("run_id", "is_circle", "wall_time", "job_id", "threads", "last_epoch")


def grouping(chosen: Filter, fields: Sequence[str]) -> list[str]:
    """The config fields that make the rows; by default those of the one experiment, or the
    paper's."""
    known = EXPERIMENTS.get(chosen.experiments[0]) if len(chosen.experiments) == 1 else None
    experiment = known if known and known.kind == chosen.kind else papers_experiment(chosen.kind)
    first = list(experiment.groups) if experiment else [_WITHOUT_PAPER]
    if set(st.session_state.get("by") or ()) - set(fields):  # those of the other kind
        del st.session_state["by"]
    picked = st.multiselect(
        "A row for each", [name for name in fields if name != "seed"], first,
        key="by", bind="query-params", max_selections=4,
    )  # fmt: skip
    return picked or first


def epoch(opened: Database, chosen: Filter) -> int | None:
    """The epoch whose metrics are shown, or None for the end of each run."""
    offered = [END, *map(str, loaders.epochs_of(opened, chosen))]
    unit = "Epoch" if SIMULATORS[chosen.kind].has_classifier else "Step"
    picked = st.selectbox(unit, offered, key="epoch", bind="query-params")
    return None if picked in (None, END) else int(picked)


def pair(opened: Database, kind: str) -> tuple[str, str]:
    """The two metrics that are correlated."""
    fields = SIMULATORS[kind].config.field_types()
    metrics = [
        name
        for name, of in loaders.columns(opened, kind).items()
        if of is float and name not in (*_NO_METRICS, *fields, *COUNTS.values())
    ]
    names = [IMPERFECTIONS, *metrics]
    wanted = next((n for n in ("validation_accuracy", "circularity") if n in names), names[-1])
    left, right = st.columns(2)
    x = left.selectbox("Correlate", names, 0, key="correlate", bind="query-params")
    y = right.selectbox("with", names, names.index(wanted), key="with", bind="query-params")
    return x or names[0], y or wanted


def definitions(of_pair: tuple[str, str]) -> tuple[Definitions, float]:
    """What is a circle, what an imperfection, which runs count; and the prose's tolerance."""
    one, two, three, four = st.columns(4, gap="large")
    threshold = one.slider(
        "A circle has a radius ratio below", 1.0, 3.0, CIRCLE_THRESHOLD, 0.05,
        key="threshold", bind="query-params", help="Algorithm 1 says 1.2.",
    )  # fmt: skip
    counting = two.selectbox(
        "Imperfections by", list(COUNTS),
        key="rule", bind="query-params",
        help="algorithm-2: the nearest other pair sum has another residue. prose (Section 4): no "
        "other pair sum of the residue is very close, here within the tolerance times the "
        "embedding's scale.",
    )  # fmt: skip
    tolerance = two.slider(
        "Tolerance", 0.02, 0.5, PROSE_TOLERANCE, 0.02, key="tolerance", bind="query-params",
        disabled=counting != "prose",
    )  # fmt: skip
    members = three.selectbox(
        "Correlation over", MEMBERS, key="of", bind="query-params", help="Table 1: the grids.",
    )  # fmt: skip
    diverged = three.toggle(
        "diverged runs count", key="diverged", bind="query-params",
        help="As they were at their last finite snapshot.",
    )  # fmt: skip
    correlation = four.selectbox("Correlation", CORRELATIONS, key="r", bind="query-params")
    interval = four.selectbox(
        "Interval", list(INTERVALS),
        key="interval",
        help="Fisher-z is what Table 1 prints; the paper cites Olivoto et al. 2018. The bootstrap "
        "takes seconds over thousands of runs, and the strips below keep to Fisher-z then.",
        bind="query-params",
    )  # fmt: skip
    found = Definitions(
        threshold, counting, interval, correlation, of_pair, members, bool(diverged)
    )
    return found, tolerance
