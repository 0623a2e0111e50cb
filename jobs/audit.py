"""`modadd audit`: the force law on trial, at every stored snapshot that has parameters."""

import dataclasses
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from sqlalchemy import Engine
from tqdm import tqdm

from db.connect import open_for_writing
from db.law import AuditRecord, FitRecord, add_audits, runs_to_audit
from db.queries import StoredSnapshots, configs, experiment_counts, snapshots
from jobs.audit_layout import print_audit
from jobs.command import (
    INTERRUPTED,
    Parser,
    add_database_flag,
    add_experiment,
    epoch_number,
    run_command,
)
from jobs.loop import declare_program
from jobs.workers import Resources, executor, flow, stop_on_interrupt
from modadd.audit import VERSION, audit
from modadd.config import ConfigError, suggestion
from modadd.learned_law import moments
from modadd.training import TrainingConfig
from modadd.true_forces import updates

DESCRIPTION = (
    "Fit the true forces of stored networks with the paper's force law, its rivals and nulls; "
    "audit what is not audited yet, and print a summary."
)
RUNS_A_TRANSACTION = 20


@dataclasses.dataclass(frozen=True)
class StoredNetwork:
    """A network's config and its snapshots."""

    config: TrainingConfig
    snapshots: StoredSnapshots


def command(arguments: Sequence[str]) -> int:
    parser = Parser("audit", DESCRIPTION)
    add_experiment(parser, "whose networks to audit and show (default: table-1)")
    parser.add_argument(
        "--epochs",
        type=epoch_number,
        nargs="+",
        default=[0, 30, 300, 2000],
        metavar="EPOCH",
        help="the epochs to show (default: 0 30 300 2000)",
    )
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    with open_for_writing(parsed.database, create=False) as engine:
        declare_program(engine)
        _check_experiment(engine, parsed.experiment)
        if not audit_missing(engine, parsed.experiment):
            return INTERRUPTED
        print_audit(engine, parsed.experiment, parsed.epochs)
    return 0


def _check_experiment(engine: Engine, name: str) -> None:
    counts = experiment_counts(engine)
    known = list(counts[counts["kind"] == "transformer"]["experiment"].unique())
    if name not in known:
        hint = suggestion(name, known) if known else ": train some with `modadd reproduce table-1`"
        raise ConfigError(f"no runs of {name} are stored that are networks{hint}")


def audit_missing(engine: Engine, experiment: str) -> bool:
    """Audit those runs of an experiment that are not; whether that came to its end."""
    started = time.perf_counter()
    missing = runs_to_audit(engine, VERSION, experiment)
    done = 0
    with (
        stop_on_interrupt() as stopping,
        executor(Resources()) as pool,
        tqdm(total=len(missing), desc="audit", unit="run", disable=None) as progress,
    ):
        stored = stored_networks(engine, missing)
        audited = flow(pool, audit_stored, stored, Resources().width + 1, stopping)
        for records in _in_batches(audited):
            add_audits(engine, records, VERSION)
            done += len(records)
            progress.update(len(records))
    seconds = time.perf_counter() - started
    print(f"audit: {done} networks audited, {seconds:.1f} s", file=sys.stderr)
    return done == len(missing)


def _in_batches(records: Iterator[AuditRecord]) -> Iterable[list[AuditRecord]]:
    while some := list(islice(records, RUNS_A_TRANSACTION)):
        yield some


def stored_networks(engine: Engine, run_ids: Sequence[int]) -> Iterator[StoredNetwork]:
    """The networks, one at a time."""
    by_id = configs(engine, "transformer")
    for found in snapshots(engine, run_ids):
        yield StoredNetwork(TrainingConfig.from_dict(by_id[found.run_id]), found)


def audit_stored(stored: StoredNetwork) -> AuditRecord:
    """The audit of a run, at those of its snapshots whose parameters were kept."""
    found = stored.snapshots
    first = len(found.epochs) - len(found.classifiers)
    epochs, embedding = found.epochs[first:].tolist(), found.embeddings[first:]
    moved = updates(stored.config, epochs, embedding)
    fits = audit(stored.config, embedding, found.classifiers, moved)
    return AuditRecord(
        run_id=found.run_id,
        epochs=epochs,
        updates=int(np.isfinite(moved).all(axis=(1, 2)).sum()),
        fits=[FitRecord(target=f.target, fit=f.fit, n=f.n, columns=f.columns) for f in fits],
        moments=moments(stored.config, epochs, embedding, found.classifiers),
    )


if __name__ == "__main__":
    sys.exit(run_command("audit", command, sys.argv[1:]))
