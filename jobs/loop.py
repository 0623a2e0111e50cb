"""The one job loop: compute what is missing, write it as it arrives, stop cleanly."""

import dataclasses
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor

from sqlalchemy import Engine
from tqdm import tqdm

from db import running, store
from db.declarations import KindDeclaration, MetricDeclaration, declare
from db.queries import kind_counts, metric_versions
from jobs.compute import Chunk, compute, load_kernels
from jobs.plan import Group, Plan, check_memory, check_room, plan
from jobs.provenance import packages, provenance
from jobs.requests import Request
from jobs.starts import check_starts, with_start
from jobs.workers import Resources, device_name, executor, flow, stop_on_interrupt
from modadd.config import ConfigError
from modadd.metrics import METRICS
from modadd.simulators import SIMULATORS

# Set when chunks are computed: in compiled code mostly, which leaves Python's lock to others.
computing = threading.Event()


@dataclasses.dataclass
class Summary:
    """What became of a request. seconds: of all of it. computing: without what came before the
    first run, as compiling."""

    computed: int = 0
    present: int = 0
    diverged: int = 0
    seconds: float = 0.0
    computing: float = 0.0
    interrupted: bool = False

    def __str__(self) -> str:
        rate = f" ({self.computed / self.computing:.0f} runs/s)" if self.computed else ""
        diverged = f", {self.diverged} of them diverged" if self.diverged else ""
        end = "; stopped early, start again to finish" if self.interrupted else ""
        return (
            f"{self.computed} runs computed{diverged}, {self.present} were there, "
            f"{self.seconds:.1f} s{rate}{end}"
        )


def prepare_database(engine: Engine) -> None:
    """Declare the kinds of runs and the metrics of this program.

    Raises:
        ConfigError: if the stored runs lack a metric of this program, or its present version.
    """
    declare_program(engine)
    check_metrics(engine)


def check_metrics(engine: Engine) -> None:
    """Raise ConfigError if there are stored runs that lack a metric of this program, or have
    another version of it."""
    stale = stale_metrics(engine)
    if stale and len(kind_counts(engine)):
        raise ConfigError(
            f"the database's runs must have all metrics, {', '.join(stale)} is new or changed: "
            "run `modadd measure` first"
        )


def stale_metrics(engine: Engine) -> list[str]:
    """The metrics of this program that the stored runs lack, or have at another version."""
    versions = metric_versions(engine)
    return [name for name, metric in METRICS.items() if versions.get(name) != metric.version]


def declare_program(engine: Engine) -> None:
    """Tell the store which kinds of runs and metrics this program has."""
    kinds = [
        KindDeclaration(
            name=kind,
            fields=simulator.config.field_types(),
            metrics=[m.name for m in METRICS.values() if m.applies_to(simulator.has_classifier)],
            added=simulator.config.added_defaults(),
        )
        for kind, simulator in SIMULATORS.items()
    ]
    declare(engine, kinds, metric_declarations(METRICS))


def metric_declarations(names: Iterable[str]) -> list[MetricDeclaration]:
    """The registered metrics in the store's terms."""
    return [
        MetricDeclaration(
            name=name,
            version=METRICS[name].version,
            description=METRICS[name].description,
            source=METRICS[name].source,
            needs_classifier=METRICS[name].needs_classifier,
        )
        for name in names
    ]


def run_requests(
    engine: Engine, requests: Iterable[Request], resources: Resources
) -> Iterator[tuple[Request, Summary]]:
    """Compute and store request after request; yield each with its summary.

    Ends after the request in hand when interrupted. The database must be prepared.
    """
    with stop_on_interrupt() as stopping, executor(resources) as pool:
        for request in requests:
            summary = _run(engine, request, resources, pool, stopping)
            yield request, summary
            if summary.interrupted:
                return


def _run(
    engine: Engine,
    request: Request,
    resources: Resources,
    pool: Executor,
    stopping: threading.Event,
) -> Summary:
    started = time.perf_counter()
    planned = plan(engine, request, resources)
    check_memory((group.first for group in planned.groups), resources)
    check_room(engine.url, [planned])
    check_starts(engine, request.kind, planned.configs)
    store.add_to_experiments(engine, request.experiments, planned.present)
    summary = Summary(present=len(planned.present))
    left = _compute_and_store(engine, request, planned, resources, pool, stopping, summary)
    summary.interrupted = stopping.is_set() and summary.computed < planned.runs
    if left and not summary.interrupted:
        # Another job has meanwhile stored some of these with other snapshots: now with both.
        planned = plan(engine, request, resources)
        _compute_and_store(engine, request, planned, resources, pool, stopping, summary)
    summary.seconds = time.perf_counter() - started
    return summary


def _compiled_alike(planned: Plan) -> Iterable[Chunk]:
    """A chunk of each type of numbers, for which code is compiled, and of each engine."""
    found: dict[tuple[str, bool], Group] = {}
    for group in planned.groups:
        config, simulator = group.first, SIMULATORS[group.request.kind]
        served = simulator.kernel_serves(config, group.resources.device)
        found.setdefault((getattr(config, "dtype", ""), served), group)
    return (group.model for group in found.values())


def _compute_and_store(
    engine: Engine,
    request: Request,
    planned: Plan,
    resources: Resources,
    pool: Executor,
    stopping: threading.Event,
    summary: Summary,
) -> int:
    """How many of the runs were left alone, since other snapshots of them are stored."""
    if not planned.groups:
        return 0
    left = computed = 0
    for model in _compiled_alike(planned):
        load_kernels(with_start(engine, model.one_step))
    job = running.job_at_work(
        engine,
        planned_runs=planned.runs,
        provenance=provenance(device_name(resources.device), resources.width),
        packages=packages(),
    )
    chunks = (with_start(engine, chunk) for chunk in planned.chunks)
    started = time.perf_counter()
    bar = tqdm(total=planned.runs, desc=request.title, unit="run", disable=None)
    with job as job_id, bar as progress:
        computing.set()
        for records in flow(pool, compute, chunks, resources.width + 1, stopping):
            left += store.add_runs(engine, job_id, records, request.experiments)
            computed += len(records)
            summary.computed += len(records)
            summary.diverged += sum(record.status == "diverged" for record in records)
            progress.update(len(records))
        if computed == planned.runs:
            running.finish_job(engine, job_id)
    summary.computing += time.perf_counter() - started
    return left
