"""Jobs' rows, and which jobs are at work: each holds a lock that dies with its process.

The lock is on a file beside the database, `FILE.job-N`, made and locked before anybody can see the
job's row. Nothing is decided from times: a job that is slow, or stopped by a debugger, is at work.
"""

import fcntl
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, update

from db.connect import sqlite_path, writing
from db.schema import Job


@contextmanager
def job_at_work(
    engine: Engine, *, planned_runs: int, provenance: Mapping[str, Any], packages: Mapping[str, str]
) -> Iterator[int]:
    """Open a job's row and yield its id; for the length of the block it is seen to be at work
    (`jobs_at_work`). provenance: the other columns of `jobs`."""
    with ExitStack() as held:
        with writing(engine, changed=()) as connection:
            row = {**provenance, "packages": json.dumps(packages, sort_keys=True)}
            job = insert(Job).values(**row, planned_runs=planned_runs, started_at=_now())
            job_id = connection.execute(job.returning(Job.job_id)).scalar_one()
            held.enter_context(_at_work(engine, job_id))
        yield job_id


def finish_job(engine: Engine, job_id: int) -> None:
    """Note when a job ended of its own accord."""
    with writing(engine, changed=()) as connection:
        connection.execute(update(Job).where(Job.job_id == job_id).values(finished_at=_now()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _at_work(engine: Engine, job_id: int) -> Iterator[None]:
    """Hold the job's lock; to be entered in the transaction that makes its row.

    Also removes what jobs that were killed left behind. Without a file there is no lock.
    """
    path = sqlite_path(engine.url)
    if path is None:
        yield
        return
    for left in path.parent.glob(f"{path.name}.job-*"):
        if re.fullmatch(r"\d+", left.name.rpartition("-")[2]) and not _is_locked(left):
            left.unlink(missing_ok=True)
    mark = _mark(path, job_id)
    with mark.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def jobs_at_work(engine: Engine, job_ids: Iterable[int]) -> set[int] | None:
    """Those of the jobs whose process lives; None if that cannot be known: not a file."""
    path = sqlite_path(engine.url)
    if path is None:
        return None
    return {job_id for job_id in job_ids if _is_locked(_mark(path, job_id))}


def _mark(path: Path, job_id: int) -> Path:
    return path.with_name(f"{path.name}.job-{job_id}")


def _is_locked(mark: Path) -> bool:
    with suppress(FileNotFoundError), mark.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
