"""The Lab's way into the database: the ordinary job stores the run that is on screen."""

import streamlit as st

from dashboard import states
from dashboard.controls import link_query
from dashboard.keep import Keeping
from dashboard.lab import LiveRun
from dashboard.opened import Database, watched
from dashboard.pages import PAGES
from dashboard.run_facts import sweep_words
from dashboard.takeaway import terminal
from db import queries

_JOB = "lab-job"


def keep_section(run: LiveRun) -> None:
    """A button that stores the run, the command behind it, and what became of it."""
    st.subheader("Keep", anchor=False)
    if run.origin is not None:
        st.caption(
            "A forked run has no name: a config says how a run goes on from its own seed, and this "
            "one began elsewhere. What can be kept is the run of these settings that is not forked."
        )
    opened = watched()
    number = None if opened is None else _stored_as(opened, run.config.identity)
    if number is not None:
        label = f"Stored as run {number}" + (", not forked" if run.origin is not None else "")
        st.page_link(PAGES["run"].path, label=label, query_params=link_query(run=number))
        return
    job: Keeping | None = st.session_state.get(_JOB)
    busy = job is not None and job.running
    st.button(
        "Keep it, not forked" if run.origin is not None else "Keep this run",
        on_click=_keep, args=(run,), disabled=busy, icon=":material/save:",
        help="Computes all of the run by the ordinary job, and stores it with its snapshots.",
    )  # fmt: skip
    st.code(terminal(*sweep_words(run.config)), language="sh", wrap_lines=True)
    if job is not None:
        _follow(job)


def _stored_as(opened: Database, identity: str) -> int | None:
    """The run_id of the config with this identity, if it is stored."""
    found = queries.stored_runs(opened.engine, [identity]).get(identity)
    return None if found is None else found.run_id


def _keep(run: LiveRun) -> None:
    st.session_state[_JOB] = Keeping(run.config)


def _follow(job: Keeping) -> None:
    @st.fragment(run_every=1.0 if job.running else None)
    def look() -> None:
        if job.running:
            st.caption("The job is at work …")
        elif job.failure:
            states.bad_input(f"The job failed: {job.failure}")
        else:
            st.caption(f"Done: `{job.command}`")

    look()
