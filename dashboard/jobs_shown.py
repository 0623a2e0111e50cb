"""The jobs behind a database: which are at work, which ended early and how to go on, the last."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import loaders
from dashboard.opened import Database
from dashboard.takeaway import take_away
from db.running import jobs_at_work

FINISHED, RUNNING, ENDED, UNKNOWN = "finished", "running", "ended early", "not finished"
_SHOWN = (
    "job_id", "state", "command", "progress", "stored_runs", "planned_runs", "diverged_runs",
    "device", "started_at", "finished_at",
)  # fmt: skip
_SQL = (
    "SELECT j.*, count(r.run_id) AS stored_runs, sum(r.status = 'diverged') AS diverged_runs\n"
    "FROM jobs AS j LEFT JOIN runs AS r USING (job_id) GROUP BY j.job_id ORDER BY j.job_id DESC"
)
SECONDS = 2.0


def jobs_section(opened: Database) -> None:
    """Jobs at work with their progress, those that ended early with what resumes them; the others
    folded away."""
    known = with_state(loaders.job_progress(opened), set())

    @st.fragment(run_every=SECONDS if (known["state"] == ENDED).any() else None)
    def unfinished() -> None:
        """Looks again by itself: a job that is killed writes nothing that would tell."""
        at_work = jobs_at_work(opened.engine, known["job_id"].tolist())
        _unfinished(with_state(known, at_work))

    unfinished()
    last = st.expander(
        f"The last jobs ({len(known)})", icon=":material/history:", key="jobs", on_change="rerun"
    )
    if last.open:
        with last:
            at_work = jobs_at_work(opened.engine, known["job_id"].tolist())
            shown = with_state(known, at_work)
            _table(shown)
            take_away("jobs", shown, sql=_SQL)


def with_state(known: pd.DataFrame, at_work: set[int] | None) -> pd.DataFrame:
    """The jobs with a `state` and their `progress` in [0, 1]. at_work: as `db.running` knows."""
    unfinished = UNKNOWN if at_work is None else ENDED
    state = known["finished_at"].notna().map({True: FINISHED, False: unfinished})
    return known.assign(
        state=state.mask(known["job_id"].isin(at_work or ()) & (state != FINISHED), RUNNING),
        progress=known["stored_runs"] / known["planned_runs"].clip(lower=1),
    )


def to_resume(jobs: pd.DataFrame) -> pd.DataFrame:
    """Those that ended early, or may have, but for those whose command was started again later
    and is at work or done."""
    going_on = jobs[jobs["state"].isin((RUNNING, FINISHED))].groupby("command")["job_id"].max()
    started_again = [
        job["job_id"] < going_on.get(job["command"], 0) for job in jobs.to_dict("records")
    ]
    left = jobs["state"].isin((ENDED, UNKNOWN)) & ~np.array(started_again, dtype=bool)
    return jobs[left].drop_duplicates("command")


def _unfinished(jobs: pd.DataFrame) -> None:
    running = jobs[jobs["state"] == RUNNING]
    for job in running.to_dict("records"):
        text = (
            f"Job {job['job_id']} is at work: {job['stored_runs']:,} of "
            f"{job['planned_runs']:,} runs stored"
        )
        st.progress(min(job["progress"], 1.0), text)
        st.code(job["command"], language="sh", wrap_lines=True)
    for job in to_resume(jobs).to_dict("records"):
        ended = "ended without finishing" if job["state"] == ENDED else "has not finished, it says"
        st.warning(
            f"Job {job['job_id']} {ended}: {job['stored_runs']:,} of {job['planned_runs']:,} runs "
            "stored. The same command goes on where it stopped:",
            icon=":material/play_disabled:",
        )
        st.code(job["command"], language="sh", wrap_lines=True)


def _table(shown: pd.DataFrame) -> None:
    st.dataframe(
        shown,
        hide_index=True,
        placeholder="–",
        column_order=_SHOWN,
        column_config={
            "job_id": st.column_config.NumberColumn("job", format="%d"),
            "progress": st.column_config.ProgressColumn(format="percent"),
            "command": st.column_config.TextColumn(width="large"),
        },
    )
