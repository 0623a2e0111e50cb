"""Configs: what a run is, as frozen plain scalars.

One field is one command-line flag, one TOML/JSON key and one SQL column. A run's identity is the
hash of its config, so the same config is the same run wherever and whenever it is computed.
"""

import dataclasses
import difflib
import hashlib
import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, ClassVar, Self, overload

Scalar = int | float | str

MOST = 2**31 - 1  # of anything that is counted: every database's integers hold it


class ConfigError(ValueError):
    """A value that breaks a rule; the message states the rule, the value and the way out."""


@dataclasses.dataclass(frozen=True)
class Rule:
    """What values a field may take: read by the validation, the command line and the tests."""

    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""  # of the whole text, for a text that is none of a few choices

    def __str__(self) -> str:
        """The rule in words, such as `>= 0` or `one of glorot, torch`."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.pattern:
            return f"a text like {self.pattern}"
        # That a count fits the database goes without saying.
        highest = None if self.maximum == MOST else self.maximum
        bounds = ((">=", self.minimum), (">", self.above), ("<=", highest))
        return " and ".join(f"{sign} {bound}" for sign, bound in bounds if bound is not None)

    def admits(self, value: Scalar) -> bool:
        """Whether `value` obeys the rule."""
        if self.choices:
            return value in self.choices
        if isinstance(value, str):
            return re.fullmatch(self.pattern, value) is not None
        return (
            (isinstance(value, int) or math.isfinite(value))
            and (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
        )


def parameter(default: Any, help: str, *, since: str = "", **rule: Any) -> Any:
    """A config field with its default, its meaning in one line, and the `Rule` for its values.

    since: the project's version that brought the field, for one that is added to a kind with
    stored runs. Those have its default: it is filled in for them, and it is left out of the
    identity, so that they stay the same runs. Such a default can never change again.
    """
    metadata = {"help": help, "rule": Rule(**rule), "since": since}
    return dataclasses.field(default=default, metadata=metadata)


def count(default: int, help: str, minimum: int = 1, *, since: str = "") -> Any:
    """A config field that counts something."""
    return parameter(default, help, since=since, minimum=minimum, maximum=MOST)


def seed_parameter() -> Any:
    """The field that every config has: the seed from which a run draws all of its randomness."""
    # SQLite and the generator's key both hold 63 bits with ease; JSON readers stop at 53.
    return parameter(0, "seed of all of the run's random numbers", minimum=0, maximum=2**53)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Base of all configs: validation, plain-dict form and identity.

    Raises:
        ConfigError: when a value has the wrong type or breaks its field's rule.
    """

    kind: ClassVar[str]
    seed: int = seed_parameter()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = coerce(field, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        self.check()

    def check(self) -> None:
        """Rules that tie several fields together; a subclass raises ConfigError here."""

    @property
    def length(self) -> int:
        """The run's last epoch (or simulation step)."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[Scalar, ...]:
        """Runs of equal shape can be computed in one batch."""
        raise NotImplementedError

    @classmethod
    def field_types(cls) -> dict[str, type]:
        """The type of each field by name: int, float or str."""
        return {field.name: field.type for field in dataclasses.fields(cls)}  # type: ignore[misc]  # fields are annotated with plain classes, never with strings

    def to_dict(self) -> dict[str, Scalar]:
        """The fields by name, in order of declaration."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; absent fields take their defaults.

        Raises:
            ConfigError: on an unknown key, naming the nearest known one.
        """
        check_known(values, [field.name for field in dataclasses.fields(cls)], f"{cls.kind} config")
        return cls(**values)

    @classmethod
    def added_defaults(cls) -> dict[str, Scalar]:
        """The defaults of the fields that came later (`parameter(since=)`), by name."""
        return {f.name: f.default for f in dataclasses.fields(cls) if f.metadata["since"]}  # type: ignore[misc]  # every config field has a default

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of the kind and every field: the same config has the same identity.

        A field that came later counts only where it is not at its default.
        """
        added = self.added_defaults()
        told = {n: v for n, v in self.to_dict().items() if n not in added or v != added[n]}
        content = json.dumps({"kind": self.kind, **told}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


class Configs(Sequence[Config]):
    """Configs of one kind, each made when it is looked at: a million of them need no memory.

    blocks: (values of fields, seeds). Every combination of a block's values has each of its seeds;
    what changes fastest is the seed, and then the last field.
    """

    def __init__(
        self,
        config: type[Config],
        blocks: Iterable[tuple[Mapping[str, Sequence[Any]], Sequence[int]]],
    ) -> None:
        self.config, self.blocks = config, tuple(blocks)
        sizes = (len(seeds) * math.prod(map(len, axes.values())) for axes, seeds in self.blocks)
        #: where each block's runs end
        self._stops = list(accumulate(sizes))

    def __len__(self) -> int:
        return self._stops[-1] if self._stops else 0

    @overload
    def __getitem__(self, index: int) -> Config: ...
    @overload
    def __getitem__(self, index: slice) -> list[Config]: ...
    def __getitem__(self, index: int | slice) -> Config | list[Config]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self[place] for place in places]
        block = bisect_right(self._stops, places)
        axes, seeds = self.blocks[block]
        place, of_seed = divmod(places - (self._stops[block - 1] if block else 0), len(seeds))
        chosen = {}
        for name in reversed(list(axes)):
            place, of_value = divmod(place, len(axes[name]))
            chosen[name] = axes[name][of_value]
        return self.config(seed=seeds[of_seed], **chosen)

    def one_of_each(self) -> Iterator[Config]:
        """Each combination with its first seed: all shapes, lengths and mistakes that there are."""
        start = 0
        for (_, seeds), stop in zip(self.blocks, self._stops, strict=True):
            for place in range(start, stop, max(1, len(seeds))):
                yield self[place]
            start = stop


def coerce(field: "dataclasses.Field[Any]", value: Any) -> Scalar:
    """`value` as the field's type, or ConfigError; 1 is a fine float, True and "1" are not."""
    expected, rule = field.type, field.metadata["rule"]
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        value = _as_float(field.name, value)
    if type(value) is not expected or not rule.admits(value):
        if rule.maximum == MOST and type(value) is int and value > MOST:
            raise ConfigError(f"{field.name} must be <= {MOST}, got {_shortened(value)}")
        if type(value) is expected is float and not math.isfinite(value):
            raise ConfigError(f"{field.name} must be a finite number, got {value}")
        wanted = f"{rule}" if type(value) is expected else f"of type {expected.__name__}"  # type: ignore[union-attr]  # every config field is annotated with a plain class
        raise ConfigError(f"{field.name} must be {wanted}, got {_shortened(value)}")
    # -0.0 and 0.0 are the same value, but not the same text: one identity for both.
    return value + 0.0 if isinstance(value, float) else value


def _shortened(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 200:  # too long to print, or even to convert
        return "a number of hundreds of digits"
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


def _as_float(name: str, value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ConfigError(f"{name} must fit a float, got a number that does not") from None


def check_known(given: Mapping[str, Any], known: list[str], where: str) -> None:
    """Raise ConfigError for the first key that is not known, with the nearest one that is."""
    for key in given:
        if key not in known:
            raise ConfigError(f"{where} has no {key!r}{suggestion(key, known)}")


def suggestion(word: str, known: list[str]) -> str:
    """` (did you mean 'x'?)` with the closest known word, else the list of what is known."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else f"; known: {', '.join(known)}"
