"""What must be true of the audits and trials of laws: they follow from the stored networks."""

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Table
from tqdm import tqdm

from db.law import (
    AUDIT_KEYS,
    FLOAT64,
    AuditRecord,
    audit_rows,
    audits,
    runs_with_parameters,
    stored_audit,
    stray_audits,
)
from db.law_trials import impossible_trials, stale_trials, trials_nowhere, unwhole_trials
from db.schema import law_curls_table, law_ends_table, law_scores_table
from jobs.audit import audit_stored, stored_networks
from jobs.workers import Resources, executor, flow
from modadd import curl, learned_law, learned_twins
from modadd.audit import VERSION
from modadd.foretelling import STILL

# Least squares magnify how another processor rounds.
RELATIVE, ABSOLUTE = 1e-4, 1e-6


_STALE = "are of another version, which nothing reads: run"


class Trial(NamedTuple):
    """Where trials are stored, their version, the laws that are tried, and what tries them."""

    table: Table
    version: int
    laws: Sequence[str]
    command: str


TRIALS = (
    Trial(law_ends_table(), learned_twins.VERSION, (STILL, *learned_twins.LAWS), "learn"),
    Trial(law_curls_table(), curl.VERSION, curl.FIELDS, "curl"),
    Trial(law_scores_table(), learned_law.VERSION, tuple(learned_law.MODELS), "learn"),
)


def law_faults(engine: Engine, connection: Connection, stopping: threading.Event) -> Iterator[str]:
    """Every fault in words. Audits are made again and compared; of trials, whose numbers hang on
    all networks that a law was learnt from, it is asked whether they are complete, and can be."""
    for table, run_id, count in stray_audits(connection):
        yield f"run {run_id}: {count} rows of {table}, but it is not audited"
    ids, stale, with_parameters = [], 0, set(runs_with_parameters(connection))
    for run_id, kind, version in audits(connection):
        if kind != "transformer":
            yield f"run {run_id}: it is audited, but is no network"
        elif run_id not in with_parameters:
            yield f"run {run_id}: it is audited, but keeps no parameters"
        elif version == VERSION:
            ids.append(run_id)
        else:
            stale += 1
    if stale:
        yield f"audits: {stale} {_STALE} `modadd audit`"
    with (
        executor(Resources()) as pool,
        tqdm(total=len(ids), desc="audits", unit="run", disable=None) as progress,
    ):
        made = flow(
            pool, audit_stored, stored_networks(engine, ids), Resources().width + 1, stopping
        )
        for record in made:
            progress.update()
            yield from (f"run {record.run_id}: {fault}" for fault in _faults(connection, record))
    if ids:
        print(f"{len(ids)} audits", file=sys.stderr)
    for trial in TRIALS:
        if rows := stale_trials(connection, trial.table, trial.version):
            yield f"{trial.table.name}: {rows} rows {_STALE} `modadd {trial.command}`"
        for run_id, at, lacking in trials_nowhere(connection, trial.table):
            yield f"run {run_id}: {trial.table.name} at {at}, which {lacking} lack"
        unwhole = unwhole_trials(connection, *trial[:3])
        for run_id, at, wrong in chain(unwhole, impossible_trials(connection, trial.table)):
            yield f"run {run_id}: {trial.table.name} at {at} {wrong}"


def _faults(connection: Connection, made: AuditRecord) -> Iterator[str]:
    """Where the stored audit of a run is not the one that was made again."""
    for table, names, rows in audit_rows([made], VERSION):
        keys = AUDIT_KEYS[table]
        expected = {row[1:keys]: row[keys:] for row in rows}
        stored = stored_audit(connection, table, names, made.run_id)
        found = {row[1:keys]: row[keys:] for row in stored}
        lacking, unasked = len(expected.keys() - found.keys()), len(found.keys() - expected.keys())
        if lacking or unasked:
            yield f"{table} lacks {lacking} rows and has {unasked} unasked"
        elif expected:
            yield from _wrong(table, names[keys:], expected, found)


def _wrong(
    table: str,
    names: Sequence[str],
    expected: Mapping[tuple[Any, ...], tuple[Any, ...]],
    found: Mapping[tuple[Any, ...], tuple[Any, ...]],
) -> Iterator[str]:
    """A line for every column that differs in some row."""
    keys = list(expected)
    for place, name in enumerate(names):
        stored, made = ([rows[key][place] for key in keys] for rows in (found, expected))
        alike = _alike(stored, made)
        if not alike.all():
            where = " ".join(["", *map(str, keys[int(alike.argmin())])])
            yield f"{name} of {table}{where} is not what the audit finds"


def _alike(stored: Sequence[Any], made: Sequence[Any]) -> NDArray[np.bool_]:
    """(row,) whether two columns have the same numbers, NULL being NaN; or BLOBs of such."""
    if isinstance(made[0], bytes):
        return np.array(
            [
                len(here) == len(there)
                and _close(*(np.frombuffer(b, FLOAT64) for b in (here, there))).all()
                for here, there in zip(stored, made, strict=True)
            ]
        )
    return _close(np.array(stored, dtype=np.float64), np.array(made, dtype=np.float64))


def _close(stored: NDArray[np.float64], made: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.isclose(stored, made, RELATIVE, ABSOLUTE, equal_nan=True)
