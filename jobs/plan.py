"""Plans: what is asked for, minus what the database has, cut into chunks."""

import dataclasses
import itertools
import math
import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Engine

from db.connect import database_url
from db.queries import StoredRun, stored_runs
from jobs.compute import Chunk
from jobs.requests import KEPT_PARAMETERS, Request
from jobs.workers import Resources
from modadd.config import Config, ConfigError
from modadd.simulators import SIMULATORS
from modadd.snapshots import schedule
from modadd.task import pair_count
from modadd.training import LARGE_NUMBERS

# What a chunk takes a core, so that results are written while others are computed, progress shows,
# cores end together, and a stop is not waited for long. (Measured: a quarter of it spends a
# twentieth more of the cores' time, on transactions and on NumPy's calls.)
CHUNK_SECONDS = 0.66
# Of short runs no more: what is made of each of them would fall out of the cache (measured: 2500
# networks of 20 epochs took a third longer, each, than 800).
CHUNK_RUNS = 800
# torch works on a whole batch at every step. Measured on CPUs: beyond these numbers it falls out of
# the cache, far below them the overhead of calls shows. A GPU wants far more: an NVIDIA H200 took
# 0.35 µs a run-step with 5 million numbers, 0.19 with 48 million, 0.18 with 240 million.
BATCH_NUMBERS = {"cpu": 2 * LARGE_NUMBERS, "cuda": 60_000_000}
# Of results, so that memory is bounded by the chunk, not by the sweep.
CHUNK_BYTES = {"cpu": 64 << 20, "cuda": 512 << 20}
FLOAT_BYTES = 4
PLANNED_TOGETHER = 10_000  # runs looked up in the database at a time: no more configs at once


class Keep(NamedTuple):
    """What is to be kept of a run: see `jobs.requests.Request`."""

    schedule: str
    parameters: str


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Runs of equal shape of which the same is to be kept, cut into chunks that differ by one run.

    places: theirs among the request's configs, which are made as their turn comes.
    """

    request: Request
    places: Sequence[int]
    keep: Keep
    resources: Resources

    @property
    def first(self) -> Config:
        """The config of the first of them, of whose shape all are."""
        return self.request.configs[self.places[0]]

    @property
    def model(self) -> Chunk:
        """A chunk of the first of them alone."""
        first = self.first
        return Chunk(
            kind=self.request.kind,
            configs=(first,),
            epochs=schedule(self.keep.schedule, first.length),
            schedule=self.keep.schedule,
            parameters=self.keep.parameters,
            device=self.resources.device,
        )

    @property
    def chunks(self) -> Iterator[Chunk]:
        """Batches, equally many for every worker."""
        model, count, width = self.model, len(self.places), self.resources.width
        at_once = _largest_batch(model.configs[0], len(model.epochs), self.resources) * width
        parts = min(count, -(-count // at_once) * width)
        cuts = [count * part // parts for part in range(parts + 1)]
        for start, stop in itertools.pairwise(cuts):
            configs = tuple(self.request.configs[place] for place in self.places[start:stop])
            yield dataclasses.replace(model, configs=configs)


@dataclasses.dataclass(frozen=True)
class Plan:
    """groups: what is to be computed. present: run_ids of what is stored already."""

    groups: list[Group]
    present: list[int]

    @property
    def runs(self) -> int:
        return sum(len(group.places) for group in self.groups)

    @property
    def chunks(self) -> Iterator[Chunk]:
        """Of all groups, in order; their configs are made as their turn comes."""
        return itertools.chain.from_iterable(group.chunks for group in self.groups)

    @property
    def configs(self) -> Iterator[Config]:
        """Of all that is to be computed."""
        return (config for chunk in self.chunks for config in chunk.configs)


def plan(engine: Engine | None, request: Request, resources: Resources) -> Plan:
    """The chunks that are missing, in the order of the request; of a new database (None), all.

    A stored run whose snapshots do not include the requested ones is computed again, with both.
    """
    asked = Keep(request.schedule, request.parameters)
    places: dict[tuple[object, Keep], array[int]] = {}
    present = []
    for start in range(0, len(request.configs), PLANNED_TOGETHER):
        some = request.configs[start : start + PLANNED_TOGETHER]
        identities = [""] * len(some) if engine is None else [config.identity for config in some]
        stored = {} if engine is None else stored_runs(engine, identities)
        for place, (config, identity) in enumerate(zip(some, identities, strict=True), start):
            # Also of what is there: a plan for the rest keeps the order of the plan for all.
            places.setdefault((config.shape, asked), array("q"))
            keep = _missing(asked, config, stored.get(identity))
            if keep is None:
                present.append(stored[identity].run_id)
            else:
                places.setdefault((config.shape, keep), array("q")).append(place)
    in_order = sorted(places.items(), key=lambda one: one[0][1] != asked)
    groups = [Group(request, found, keep, resources) for (_, keep), found in in_order if found]
    return Plan(groups, present)


def check_memory(configs: Iterable[Config], resources: Resources) -> None:
    """Raise ConfigError if a run of one of the configs is larger than the memory."""
    needed = max((_memory_bytes(config, resources.device) for config in configs), default=0)
    if needed > memory_bytes():
        has = int(memory_bytes()) >> 20
        raise ConfigError(
            f"runs must fit the memory, which is {has} MB, and one of these takes more than "
            f"{needed >> 20} MB: make them smaller"
        )


def check_room(database: URL, planned: Sequence[Plan]) -> None:
    """Raise ConfigError if the disk has no room for the results of what is planned."""
    if database.get_backend_name() != "sqlite" or not database.database:
        return
    needed = 0
    for group in (group for some in planned for group in some.groups):
        first = group.first
        snapshots = len(_epochs(group.keep.schedule, first.length))
        needed += _result_bytes(first, snapshots) * len(group.places)
    free = shutil.disk_usage(Path(database.database).absolute().parent).free
    if needed > free:
        raise ConfigError(
            f"the disk must hold about {needed >> 20} MB of results, "
            f"{free >> 20} MB are free: free some, or keep less with --parameters or --snapshots"
        )


def memory_bytes() -> float:
    """What the machine has; infinity where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return math.inf


def check_requests(location: str, requests: Sequence[Request], resources: Resources) -> None:
    """`check_memory` for all of them, and `check_room` for a database that is not there yet: before
    anything is computed, or made in vain."""
    for request in requests:
        check_memory(request.differing(), resources)
    url = database_url(location)
    path = Path(url.database or "")
    if path.absolute().parent.is_dir() and not path.exists():
        check_room(url, [plan(None, request, resources) for request in requests])


def _missing(asked: Keep, config: Config, stored: StoredRun | None) -> Keep | None:
    """What to keep of a run that must be computed; None if what is stored suffices."""
    if stored is None:
        return asked
    has = Keep(stored.schedule, stored.kept_parameters)
    covered = _epochs(asked.schedule, config.length) <= _epochs(has.schedule, config.length)
    parameters = max(has.parameters, asked.parameters, key=KEPT_PARAMETERS.index)
    if covered and parameters == has.parameters:
        return None
    return Keep(has.schedule if covered else f"{has.schedule},{asked.schedule}", parameters)


@lru_cache(maxsize=256)
def _epochs(specification: str, length: int) -> frozenset[int]:
    return frozenset(schedule(specification, length))


def _largest_batch(config: Config, snapshots: int, resources: Resources) -> int:
    """How many runs like this one a chunk may hold."""
    simulator = SIMULATORS[config.kind]
    worked, _ = simulator.numbers(config)
    if simulator.kernel_serves(config, resources.device):
        seconds = simulator.step_seconds(config) * config.length
        quick = min(int(CHUNK_SECONDS / seconds), CHUNK_RUNS)
    else:
        quick = BATCH_NUMBERS[resources.device] // worked
    return max(1, min(quick, CHUNK_BYTES[resources.device] // _result_bytes(config, snapshots)))


def _memory_bytes(config: Any, device: str) -> int:
    """Less than what a run takes: its parameters, and its pair sums or what torch works on at once.
    A GPU's memory is not ours to know."""
    if device != "cpu":
        return 0
    simulator = SIMULATORS[config.kind]
    worked, stored = simulator.numbers(config)
    pair_sums = pair_count(config.modulus) * config.embedding_dim
    at_once = pair_sums if simulator.kernel_serves(config, device) else worked
    return (stored + at_once) * FLOAT_BYTES


def _result_bytes(config: Config, snapshots: int) -> int:
    _, stored = SIMULATORS[config.kind].numbers(config)
    return stored * snapshots * FLOAT_BYTES
