"""Which jobs are at work: each holds a lock of the operating system, which dies with its process.

The lock is on a file beside the database, `FILE.job-N`, made and locked before anybody can see the
job's row. Nothing is decided from times: a job that is slow, or stopped by a debugger, is at work.
"""

import fcntl
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

from db.connect import sqlite_path


@contextmanager
def at_work(engine: Engine, job_id: int) -> Iterator[None]:
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
