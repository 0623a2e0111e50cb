"""`modadd measure`: metrics over every stored snapshot, without computing a run again."""

import dataclasses
import sys
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from tqdm import tqdm

from db.connect import open_for_writing
from db.declarations import mark_measured
from db.queries import StoredSnapshots, configs, snapshots
from db.store import update_series
from jobs.command import INTERRUPTED, Parser, add_database_flag, run_command
from jobs.loop import declare_program, metric_declarations, stale_metrics
from jobs.workers import Resources, executor, flow, stop_on_interrupt
from modadd.config import Config
from modadd.metrics import METRICS, check_metrics, measure
from modadd.simulators import SIMULATORS
from modadd.snapshots import Snapshot

DESCRIPTION = "Measure metrics on every stored snapshot: those named, or those new or changed."


# (run_id, epoch) of some snapshots, and metrics of these.
Update = tuple[list[tuple[int, int]], dict[str, NDArray[np.float64]]]


@dataclasses.dataclass(frozen=True)
class _Stored:
    """A run's config and all of its snapshots."""

    config: Config
    snapshots: StoredSnapshots


def command(arguments: Sequence[str]) -> int:
    parser = Parser("measure", DESCRIPTION)
    parser.add_argument("metric", nargs="*", metavar="METRIC", help=f"{', '.join(METRICS)}")
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    check_metrics(parsed.metric)
    with open_for_writing(parsed.database, create=False) as engine:
        declare_program(engine)
        stale = stale_metrics(engine)
        names = tuple(dict.fromkeys(parsed.metric or stale))
        if not names:
            print("every metric is measured on every snapshot", file=sys.stderr)
            return 0
        count = _measure_all(engine, names, stale)
        if count is None:
            return INTERRUPTED
        mark_measured(engine, metric_declarations(names))
    print(f"{', '.join(names)}: measured on {count} runs", file=sys.stderr)
    return 0


def _measure_all(engine: Engine, names: Sequence[str], stale: Sequence[str]) -> int | None:
    """Measure every run, each in a transaction; their number, or None if told to stop before."""
    by_id = {
        run_id: SIMULATORS[kind].config.from_dict(config)
        for kind in SIMULATORS
        for run_id, config in configs(engine, kind).items()
    }
    stored = (_Stored(by_id[found.run_id], found) for found in snapshots(engine, list(by_id)))
    measured = partial(measure_stored, names=names, stale=stale)
    with (
        stop_on_interrupt() as stopping,
        executor(Resources()) as pool,
        tqdm(total=len(by_id), desc="measure", unit="run", disable=None) as progress,
    ):
        done = 0
        for parts in flow(pool, measured, stored, Resources().width + 1, stopping):
            for keys, values in parts:
                update_series(engine, values, keys)
            done += 1
            progress.update()
        return None if stopping.is_set() and done < len(by_id) else len(by_id)


def measure_stored(stored: _Stored, names: Sequence[str], stale: Sequence[str]) -> list[Update]:
    """What to write of a run: for some of its snapshots, metrics, each (snapshot,).

    A metric of the classifier can be measured where parameters were kept. Elsewhere its number
    from the run itself stays, unless the metric is stale: then it is undefined (NaN).
    """
    found = stored.snapshots
    keys = [(found.run_id, int(epoch)) for epoch in found.epochs]
    first = len(keys) - len(found.classifiers)
    on_all = measure(_batch(stored, 0, None), names)
    of_classifier = [name for name in names if METRICS[name].needs_classifier]
    updates = [(keys, on_all)]
    if first < len(keys):
        kept = _batch(stored, first, found.classifiers)
        updates.append((keys[first:], measure(kept, of_classifier)))
    lost = {name: np.full(first, np.nan) for name in of_classifier if name in stale}
    updates.append((keys[:first], lost))
    return [(keys, values) for keys, values in updates if keys and values]


def _batch(stored: _Stored, first: int, classifiers: NDArray[np.float32] | None) -> Snapshot:
    """A run's snapshots from `first` on, as if each were a run of one batch."""
    embeddings = stored.snapshots.embeddings[first:]
    last = int(stored.snapshots.epochs[-1])
    return Snapshot((stored.config,) * len(embeddings), last, embeddings, classifiers)


if __name__ == "__main__":
    sys.exit(run_command("measure", command, sys.argv[1:]))
