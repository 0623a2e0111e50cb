"""What must be true of a stored run, each check a generator of faults in words."""

import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.store import FLOAT32
from db.whole_runs import StoredArray, WholeRun
from jobs.requests import KEPT_PARAMETERS
from modadd.config import Config, ConfigError
from modadd.metrics import METRICS, measure
from modadd.network import parameter_count
from modadd.simulators import SIMULATORS
from modadd.snapshots import Snapshot, schedule

# Metrics are kept in float64, of float32 arrays: other processors round them otherwise.
RELATIVE, ABSOLUTE = 1e-6, 1e-9
_KEYS = ("run_id", "token")


def faults(run: WholeRun, metrics: Sequence[str]) -> list[str]:
    """Whatever is wrong with a run. metrics: those that are measured on every snapshot."""
    try:
        config = config_of(run)
    except ConfigError as error:
        return [str(error)]
    found = [
        *_identity_faults(run, config),
        *_epoch_faults(run, config),
        *_array_faults(run, config),
    ]
    # Only what has the right sizes can be looked into.
    return found or [*_point_faults(run), *_metric_faults(run, config, metrics)]


def config_of(run: WholeRun) -> Config:
    """The run's config.

    Raises:
        ConfigError: if its kind is unknown, or the config is missing or breaks a rule.
    """
    if run.kind not in SIMULATORS:
        raise ConfigError(f"kind must be one of {', '.join(SIMULATORS)}, got {run.kind!r}")
    if run.config is None:
        raise ConfigError("its config is missing")
    return SIMULATORS[run.kind].config.from_dict(run.config)


def job_faults(job: Mapping[str, Any]) -> Iterator[str]:
    """What a row of `jobs` says that cannot be; its times are not compared: clocks are put back."""
    for name, least in (("threads", 1), ("planned_runs", 0)):
        if job[name] < least:
            yield f"{name} must be >= {least}, got {job[name]}"
    for name in ("started_at", "finished_at"):
        try:
            datetime.fromisoformat(job[name] or "2000-01-01")
        except ValueError:
            yield f"{name} must be a time in ISO 8601, got {job[name][:40]!r}"
    try:
        is_mapping = isinstance(json.loads(job["packages"]), dict)
    except (ValueError, RecursionError):  # also of nests without end
        is_mapping = False
    if not is_mapping:
        yield f"packages must be JSON of name: version, got {job['packages'][:40]!r}"


def _identity_faults(run: WholeRun, config: Config) -> Iterator[str]:
    kept = KEPT_PARAMETERS if SIMULATORS[run.kind].has_classifier else ("none",)
    if run.kept_parameters not in kept:
        yield f"kept_parameters must be one of {', '.join(kept)}, got {run.kept_parameters!r}"
    if not 0 <= run.wall_time < math.inf:
        yield f"wall_time must be >= 0, got {run.wall_time}"
    if run.config_hash != config.identity:
        yield f"config_hash {run.config_hash[:12]} is not its config's, {config.identity[:12]}"


def _epoch_faults(run: WholeRun, config: Config) -> Iterator[str]:
    """Snapshots as the schedule asks, up to where a run diverged; series and parameters beside."""
    try:
        expected = list(schedule(run.schedule, config.length))
    except ConfigError as error:
        yield str(error)
        return
    epochs = [snapshot.epoch for snapshot in run.snapshots]
    if run.status == "diverged":
        whole = 0 < len(epochs) < len(expected)
        expected = expected[: len(epochs)]
    else:
        whole = run.status == "done"
    if not whole:
        yield f"status {run.status!r} does not go with {len(epochs)} snapshots"
    if epochs != expected:
        yield f"snapshots {_difference(epochs, expected)}"
    elif expected and run.last_epoch != expected[-1]:
        yield f"last_epoch {run.last_epoch} is not its last snapshot's, {expected[-1]}"
    series = [row["epoch"] for row in run.series]
    if series != expected:
        yield f"series {_difference(series, expected)}"
    kept = [array.epoch for array in run.classifiers]
    behind = _with_parameters(run, expected)
    if kept != behind:
        yield f"classifiers {_difference(kept, behind)}"


def _with_parameters(run: WholeRun, epochs: list[int]) -> list[int]:
    return {"all": epochs, "final": epochs[-1:]}.get(run.kept_parameters, [])


def _difference(found: list[int], expected: list[int]) -> str:
    missing = sorted(set(expected) - set(found))
    extra = sorted(set(found) - set(expected))
    said = [f"{word} epochs {_some(epochs)}" for word, epochs in
            (("lack", missing), ("have unasked", extra)) if epochs]  # fmt: skip
    return " and ".join(said) or "have an epoch twice"


def _some(epochs: list[int]) -> str:
    shown = ", ".join(map(str, epochs[:5]))
    return shown if len(epochs) <= 5 else f"{shown}, … ({len(epochs)} in all)"


def _array_faults(run: WholeRun, config: Config) -> Iterator[str]:
    """BLOBs as long as their shape, of the config's sizes, and as they were written."""
    sizes: Any = config
    shape = (sizes.modulus, sizes.embedding_dim)
    for snapshot in run.snapshots:
        name = f"the embedding at epoch {snapshot.epoch}"
        yield from _blob_faults(name, snapshot, shape, math.prod(shape))
    if run.classifiers and not SIMULATORS[run.kind].has_classifier:
        yield f"{run.kind} runs have no classifiers"
        return
    for classifier in run.classifiers:
        name = f"the classifier at epoch {classifier.epoch}"
        count = parameter_count(sizes) - math.prod(shape)
        yield from _blob_faults(name, classifier, (sizes.hidden_size,), count)


def _blob_faults(
    name: str, array: StoredArray, sizes: tuple[int, ...], count: int
) -> Iterator[str]:
    if array.sizes != sizes:
        yield f"{name} has sizes {array.sizes}, its config {sizes}"
    if not isinstance(array.content, bytes):
        yield f"{name} is no BLOB"
    elif len(array.content) != count * FLOAT32.itemsize:
        yield f"{name} has {len(array.content)} bytes, its shape {count * FLOAT32.itemsize}"
    elif array.checksum != zlib.crc32(array.content):
        what = "has no checksum" if array.checksum is None else "is not what was written"
        yield f"{name} {what}"
    elif not np.isfinite(np.frombuffer(array.content, FLOAT32)).all():
        yield f"{name} is not finite"


def _point_faults(run: WholeRun) -> Iterator[str]:
    """embedding_points holds the last embedding, NULL past its dimension."""
    last = run.snapshots[-1]
    expected = np.frombuffer(last.content, FLOAT32).reshape(last.sizes).tolist()
    axes = [f"x{axis}" for axis in range(last.sizes[1])]
    found = [(point["token"], [point.get(axis) for axis in axes]) for point in run.points]
    others = [point[name] for point in run.points for name in point.keys() - {*_KEYS, *axes}]
    if found != list(enumerate(expected)) or any(other is not None for other in others):
        yield "embedding_points is not its last embedding"


def _metric_faults(run: WholeRun, config: Config, metrics: Sequence[str]) -> Iterator[str]:
    """The series' numbers, measured again. What needs parameters, where they were kept."""
    plain = [name for name in metrics if not METRICS[name].needs_classifier]
    yield from series_faults(run.series, measure(_batch(run, config, run.snapshots), plain))
    if not SIMULATORS[run.kind].has_classifier:
        for row in run.series:
            unasked = [n for n in row if n in METRICS and METRICS[n].needs_classifier]
            yield from (
                f"{name} at epoch {row['epoch']} is stored, and {run.kind} runs have none"
                for name in unasked
                if row[name] is not None
            )
    if run.classifiers:
        first = len(run.snapshots) - len(run.classifiers)
        batch = _batch(run, config, run.snapshots[first:], run.classifiers)
        others = [name for name in metrics if METRICS[name].needs_classifier]
        yield from series_faults(run.series[first:], measure(batch, others))


def _batch(
    run: WholeRun,
    config: Config,
    snapshots: Sequence[StoredArray],
    classifiers: Sequence[StoredArray] = (),
) -> Snapshot:
    """Snapshots of a run as if each were a run of one batch."""
    embeddings = numbers(snapshots).reshape(len(snapshots), *snapshots[0].sizes)
    behind = numbers(classifiers) if classifiers else None
    return Snapshot((config,) * len(embeddings), run.last_epoch, embeddings, behind)


def numbers(arrays: Sequence[StoredArray]) -> NDArray[np.float32]:
    """(array, count) the numbers of BLOBs of one length."""
    joined = np.frombuffer(b"".join(array.content for array in arrays), FLOAT32)
    return joined.reshape(len(arrays), -1)


def series_faults(
    rows: Sequence[Mapping[str, Any]], measured: Mapping[str, NDArray[np.float64]]
) -> Iterator[str]:
    """Where rows of a series are not what was measured: metric → (row,)."""
    for name, values in measured.items():
        stored = np.array([row.get(name) for row in rows], dtype=np.float64)
        wrong = ~np.isclose(stored, values, RELATIVE, ABSOLUTE, equal_nan=True)
        if wrong.any():
            first = int(wrong.argmax())
            more = f", and {wrong.sum() - 1} more" if wrong.sum() > 1 else ""
            yield (
                f"{name} at epoch {rows[first]['epoch']} is stored as {stored[first]:.9g}, "
                f"measured as {values[first]:.9g}{more}"
            )
