"""`modadd verify`: is the database whole, and does it say what its runs say?"""

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from itertools import chain

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError
from tqdm import tqdm

from db.connect import StoreError, open_for_reading, without_password
from db.schema import SCHEMA_VERSION
from db.soundness import stored_version
from db.whole_runs import (
    WholeRun,
    change_faults,
    file_faults,
    run_ids,
    stored_experiments,
    stored_jobs,
    whole_runs,
)
from jobs.command import (
    FAILED,
    INTERRUPTED,
    Parser,
    add_database_flag,
    printable,
    run_command,
)
from jobs.law_verification import law_faults
from jobs.loop import stale_metrics
from jobs.recomputation import evenly, judged, recompute
from jobs.verification import faults, job_faults
from jobs.workers import Resources, executor, flow, stop_on_interrupt
from modadd.config import ConfigError
from modadd.metrics import METRICS

DESCRIPTION = """\
Check every stored run: the file, the rows that belong together, the BLOBs' lengths and checksums,
the metrics, measured again, and the audits of the force law, made again; and compute some runs
again from nothing but their config.
Prints one line a fault; the exit status is 0 without any and 1 with."""

_STALE = "was never measured, or by another version, and was not checked: run `modadd measure`"


def command(arguments: Sequence[str]) -> int:
    parser = Parser("verify", DESCRIPTION)
    parser.add_argument(
        "--recompute", type=int, default=0, metavar="K", help="compute K runs again (default: 0)"
    )
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    if parsed.recompute < 0:
        raise ConfigError(f"recompute must be >= 0, got {parsed.recompute}")
    with open_for_reading(parsed.database, seconds=None) as engine:
        found = _verify(engine, parsed.database, parsed.recompute)
    if found is None:
        return INTERRUPTED
    print(f"{found or 'no'} fault{'s' if found != 1 else ''}", file=sys.stderr)
    return FAILED if found else 0


def _verify(engine: Engine, place: str, recompute_count: int) -> int | None:
    """How many faults were printed, or None if told to stop."""
    with engine.connect() as connection, stop_on_interrupt() as stopping:
        found = _print_all(stored_faults(engine, connection, place, stopping))
        if recompute_count and not found and (ids := run_ids(connection)):
            found += _recompute(engine, connection, evenly(ids, recompute_count))
        return None if stopping.is_set() else found


def stored_faults(
    engine: Engine, connection: Connection, place: str, stopping: threading.Event
) -> Iterator[str]:
    """Every fault of what is stored, in words; laws are looked at where all else is whole: they
    are audited at it.

    Raises:
        StoreError: if the file is of an older version.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")  # one moment of the file, whoever writes meanwhile
    version = stored_version(connection, place)
    if version < SCHEMA_VERSION:
        shown = without_password(place)
        raise StoreError(f"{shown} has schema version {version}: run `modadd upgrade` first")
    is_whole = True
    try:
        for fault in chain(file_faults(connection), _content_faults(engine, connection, stopping)):
            is_whole = False
            yield fault
        if is_whole:
            yield from law_faults(engine, connection, stopping)
    except DatabaseError as error:
        yield f"file: {error.orig}"


def first_fault(place: str) -> str | None:
    """What is wrong with a database, if anything: of many faults the first."""
    with (
        open_for_reading(place) as engine,
        engine.connect() as connection,
        redirect_stderr(StringIO()),
    ):
        return next(stored_faults(engine, connection, place, threading.Event()), None)


def _content_faults(
    engine: Engine, connection: Connection, stopping: threading.Event
) -> Iterator[str]:
    yield from change_faults(connection)
    for job in stored_jobs(connection):
        yield from (f"job {job['job_id']}: {fault}" for fault in job_faults(job))
    stored_experiments(connection)  # of names that are no UTF-8 the database complains
    ids = run_ids(connection)
    stale = set(stale_metrics(engine)) if ids else set()
    yield from (f"metrics: {name} {_STALE}" for name in sorted(stale))
    metrics = [name for name in METRICS if name not in stale]
    yield from _run_faults(connection, ids, metrics, stopping)


def _run_faults(
    connection: Connection, ids: Sequence[int], metrics: Sequence[str], stopping: threading.Event
) -> Iterator[str]:
    check = partial(_checked, metrics=metrics)
    with (
        executor(Resources()) as pool,
        tqdm(total=len(ids), desc="verify", unit="run", disable=None) as progress,
    ):
        runs = whole_runs(connection, ids)
        for run_id, found in flow(pool, check, runs, Resources().width + 1, stopping):
            progress.update()
            yield from (f"run {run_id}: {fault}" for fault in found)
    print(f"{len(ids)} runs, {len(metrics)} metrics", file=sys.stderr)


def _checked(run: WholeRun, metrics: Sequence[str]) -> tuple[int, list[str]]:
    return run.run_id, faults(run, metrics)


def _recompute(engine: Engine, connection: Connection, wanted: Sequence[int]) -> int:
    """How many of the runs are not what their configs give; what is said of them is printed."""
    made = list(recompute(engine, connection, wanted))
    comparisons = [again for again in made if not isinstance(again, str)]
    verdicts = [(True, again) for again in made if isinstance(again, str)]
    verdicts += judged(comparisons)
    for is_fault, text in verdicts:
        print(printable(text), file=sys.stdout if is_fault else sys.stderr)
    equal = sum(compared.equal for compared in comparisons)
    print(f"{equal} of {len(made)} computed again bit for bit", file=sys.stderr)
    return sum(is_fault for is_fault, _ in verdicts)


def _print_all(found: Iterable[str]) -> int:
    count = 0
    for count, line in enumerate(found, start=1):  # noqa: B007  # printed as it comes
        print(printable(line))
    return count


if __name__ == "__main__":
    sys.exit(run_command("verify", command, sys.argv[1:]))
