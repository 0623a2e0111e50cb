"""Requests: which runs are wanted, from flags, a TOML file or an experiment."""

import dataclasses
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from modadd.config import Config, ConfigError, Configs, check_known, coerce
from modadd.experiments import EXPERIMENTS, experiment_named
from modadd.simulators import SIMULATORS
from modadd.snapshots import schedule

Item = TypeVar("Item")

# The kind of run behind each word that a user types.
KINDS = {"train": "transformer", "simulate": "particle"}
KEPT_PARAMETERS = ("none", "final", "all")
MOST_RUNS = 1_000_000  # to plan them takes half a minute
_MOST_LETTERS = 200  # of an experiment's name
_OPTIONS = ("seeds", "experiment", "snapshots", "parameters")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """Runs of one kind that are wanted, with the snapshots to keep of each.

    schedule: see `modadd.snapshots.schedule`. parameters: at which snapshots to keep the
    parameters behind the embedding, one of `KEPT_PARAMETERS`. experiment: what the runs are
    stored under, if anything.
    """

    kind: str
    configs: Sequence[Config]
    schedule: str
    parameters: str
    experiment: str | None = None

    @property
    def title(self) -> str:
        """What people call these runs."""
        return self.experiment or SIMULATORS[self.kind].title

    @property
    def experiments(self) -> list[str]:
        """The experiment as a list, empty without one."""
        return [self.experiment] if self.experiment else []

    def __post_init__(self) -> None:
        if self.parameters not in KEPT_PARAMETERS:
            known = ", ".join(KEPT_PARAMETERS)
            raise ConfigError(f"parameters must be one of {known}, got {self.parameters!r}")
        if self.experiment is not None:
            _check_name(self.experiment)
        if not SIMULATORS[self.kind].has_classifier:
            object.__setattr__(self, "parameters", "none")  # there are none to keep
        if not isinstance(self.configs, Configs):
            object.__setattr__(self, "configs", _each_once(self.configs))
        for length in {config.length for config in self.differing()}:
            schedule(self.schedule, length)

    def differing(self) -> Iterable[Config]:
        """Configs that differ by more than the seed, or all."""
        made = self.configs
        return made.one_of_each() if isinstance(made, Configs) else made


def _check_name(experiment: str) -> None:
    if not (experiment.strip() and experiment.isprintable()):
        raise ConfigError(f"experiment must be a printable name, got {experiment[:60]!a}")
    if len(experiment) > _MOST_LETTERS:
        raise ConfigError(
            f"experiment must be a name of at most {_MOST_LETTERS} letters, got {len(experiment)}"
        )


def sweep(command: str, values: Mapping[str, Any]) -> Request:
    """Every combination of the fields' values, each with every seed.

    values: config fields (a value or a list of them), and `seeds`, `experiment`, `snapshots`,
    `parameters`. Raises ConfigError for whatever is unknown or breaks a rule.
    """
    simulator = SIMULATORS[KINDS[command]]
    fields = {field.name: field for field in dataclasses.fields(simulator.config)}
    check_known(values, [*fields, *_OPTIONS], command)
    if "seed" in values:
        raise ConfigError(f'{command} takes seeds, as in "0:100", not seed')
    axes = {
        name: _each_once(coerce(field, value) for value in _listed(values[name]))
        for name, field in fields.items()
        if name in values
    }
    seeds = parse_seeds(values.get("seeds", "0"))
    for seed in (min(seeds), max(seeds)):
        coerce(fields["seed"], seed)
    experiment = _text(values, "experiment", "") if "experiment" in values else None
    if experiment in EXPERIMENTS:
        raise ConfigError(
            f"experiment must be a name of your own, {experiment!r} is the paper's: "
            f"run `modadd reproduce {experiment}`"
        )
    total = len(seeds) * math.prod(len(axis) for axis in axes.values())
    if total > MOST_RUNS:
        raise ConfigError(f"a sweep holds at most {MOST_RUNS} runs, got {total}: split it")
    return Request(
        kind=KINDS[command],
        configs=Configs(simulator.config, [(axes, seeds)]),
        schedule=_text(values, "snapshots", simulator.schedule),
        parameters=_text(values, "parameters", "all"),
        experiment=experiment,
    )


def experiment_request(
    name: str, *, seeds: Sequence[int] | None, snapshots: str | None, parameters: str
) -> Request:
    """The runs of one of `modadd.experiments`; `seeds` replaces the experiment's own."""
    experiment = experiment_named(name)
    return Request(
        kind=experiment.kind,
        configs=experiment.configs(seeds),
        schedule=snapshots or experiment.snapshots or SIMULATORS[experiment.kind].schedule,
        parameters=parameters,
        experiment=name,
    )


def read_sweeps(path: Path) -> list[Request]:
    """The requests of a TOML file: tables `[[train]]` and `[[simulate]]` with the keys of `sweep`.

    Raises:
        ConfigError: naming the file and what is wrong in it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also of numbers and nests without end
        raise ConfigError(f"{path} is no TOML: {error}") from error
    try:
        check_known(content, list(KINDS), "a sweep file")
        requests = [
            sweep(command, _table(command, values))
            for command, tables in content.items()
            for values in _listed(tables)
        ]
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    if not requests:
        raise ConfigError(f"{path} asks for nothing: add a [[train]] or [[simulate]] table")
    return requests


def parse_seeds(given: Any) -> list[int]:
    """Seeds from 7, "0:100" (0 … 99), "0:100:10", or a list of such, each once, in order."""
    seeds: dict[int, None] = {}
    for item in _listed(given):
        seeds.update(dict.fromkeys(_seed_range(item)))
    if not seeds:
        raise ConfigError(f"seeds must name at least one seed, got {given!r}")
    return list(seeds)


def _seed_range(item: Any) -> range:
    parts = str(item).split(":")
    if isinstance(item, bool) or not 1 <= len(parts) <= 3 or not all(map(is_number, parts)):
        raise ConfigError(f"seeds must be numbers or ranges such as 0:100, got {item!r}")
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        return range(numbers[0], numbers[0] + 1)
    if len(numbers) == 3 and numbers[2] == 0:
        raise ConfigError(f"seeds must advance by at least 1, got {item!r}")
    found = range(*numbers)
    if len(found) > MOST_RUNS:
        raise ConfigError(f"seeds must be at most {MOST_RUNS}, got {item!r}")
    return found


def is_number(part: str) -> bool:
    """Whether a text is a whole number from 0, of no absurd length."""
    return part.isascii() and part.isdecimal() and len(part) <= 16


def _each_once(values: Iterable[Item]) -> list[Item]:
    return list(dict.fromkeys(values))


def _listed(value: Any) -> list[Any]:
    listed = list(value) if isinstance(value, list | tuple) else [value]
    if not listed:
        raise ConfigError("a list of values must not be empty")
    return listed


def _table(command: str, values: Any) -> Mapping[str, Any]:
    if not isinstance(values, dict):
        raise ConfigError(f"{command} must be a table, written [[{command}]], got {values!r}")
    return values


def _text(values: Mapping[str, Any], name: str, default: str) -> str:
    value = values.get(name, default)
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a text, got {value!r}")
    return value
