"""What an experiment is: a list of configs, and how its table is made."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from modadd.config import Configs
from modadd.paper import Row
from modadd.simulators import SIMULATORS

Variant = Mapping[str, Any]


class Experiment(NamedTuple):
    """variants: the fields that differ from the defaults, each with its seeds.

    place: where in the paper. groups: the fields that make the rows of its table. reported: the
    paper's own rows, by the values of `groups`. means: metrics whose means the table adds. ours:
    not one of the paper's experiments. snapshots: what to keep of each run, as
    `modadd.snapshots.schedule` has it; "" is the kind's own. names: what people call the rows, by
    the values of `groups`. baselines: rows that every other row is tested against.
    """

    name: str
    title: str
    place: str
    kind: str
    variants: tuple[tuple[Variant, range], ...]
    groups: tuple[str, ...]
    reported: Mapping[Any, Row]
    means: tuple[str, ...] = ()
    ours: bool = False
    snapshots: str = ""
    names: Mapping[Any, str] = MappingProxyType({})
    baselines: tuple[tuple[Any, ...], ...] = ()

    def configs(self, seeds: Sequence[int] | None = None) -> Configs:
        """The runs, variant by variant; `seeds` replaces the experiment's own."""
        return Configs(
            SIMULATORS[self.kind].config,
            (
                (
                    {name: (value,) for name, value in variant.items()},
                    own if seeds is None else seeds,
                )
                for variant, own in self.variants
            ),
        )


def combinations(seeds: range, **values: Iterable[Any]) -> tuple[tuple[Variant, range], ...]:
    """Every combination of the fields' values, each with the seeds."""
    product = itertools.product(*values.values())
    return tuple((dict(zip(values, chosen, strict=True)), seeds) for chosen in product)
