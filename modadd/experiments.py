"""The paper's experiments by name, and two of our own on what the paper leaves open.

An experiment is a list of configs. Runs are shared: where two experiments ask for the same config,
it is one run.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from modadd import paper
from modadd.config import Config, ConfigError, suggestion
from modadd.simulators import SIMULATORS

Variant = Mapping[str, Any]


class Experiment(NamedTuple):
    """variants: the fields that differ from the defaults, each with its seeds.

    place: where in the paper. groups: the fields that make the rows of its table. reported: the
    paper's own rows, by the values of `groups`. means: metrics whose means the table adds. ours:
    not one of the paper's experiments.
    """

    name: str
    title: str
    place: str
    kind: str
    variants: tuple[tuple[Variant, range], ...]
    groups: tuple[str, ...]
    reported: Mapping[Any, paper.Row]
    means: tuple[str, ...] = ()
    ours: bool = False

    def configs(self, seeds: Sequence[int] | None = None) -> list[Config]:
        """The runs, variant by variant; `seeds` replaces the experiment's own."""
        config = SIMULATORS[self.kind].config
        return [
            config(seed=seed, **variant)
            for variant, own_seeds in self.variants
            for seed in (own_seeds if seeds is None else seeds)
        ]


def _grid(seeds: range, **values: Iterable[Any]) -> tuple[tuple[Variant, range], ...]:
    """Every combination of the fields' values, each with the seeds."""
    product = itertools.product(*values.values())
    return tuple((dict(zip(values, chosen, strict=True)), seeds) for chosen in product)


WEIGHT_DECAYS = (0.0, 0.3, 0.6, 1.0)
ALIGNMENTS = (0.5, 1.0, 2.0)
HUNDRED = range(100)

# What the paper leaves open about a step, and the step sizes tried for each.
STEP_OPTIONS = (
    ("per-axis", "raw", (0.02, 0.025)),
    ("per-axis", "normalised", (0.1, 0.12, 0.15, 0.2)),
    ("total", "raw", (0.02, 0.025)),
    ("total", "normalised", (0.1,)),
)

_LISTED = (
    Experiment(
        "table-1",
        "validation accuracy and structures by weight decay",
        "Sec. 4, Table 1",
        "transformer",
        _grid(HUNDRED, weight_decay=WEIGHT_DECAYS),
        ("weight_decay",),
        paper.TABLE_1,
    ),
    Experiment(
        "table-2",
        "structures of the particle simulation by alignment",
        "Sec. 6, Table 2",
        "particle",
        _grid(HUNDRED, alignment=ALIGNMENTS),
        ("alignment",),
        paper.TABLE_2,
    ),
    Experiment(
        # Open in the paper: which weight decays Fig. 6 samples; tenths are its axis' range.
        "appendix-b",
        "magnitude of weights and biases by weight decay",
        "App. B, Fig. 6",
        "transformer",
        _grid(range(10), weight_decay=[tenth / 10 for tenth in range(11)]),
        ("weight_decay",),
        {},
        means=("mean_abs_hidden_weight", "mean_abs_hidden_bias"),
    ),
    Experiment(
        "appendix-c",
        "embeddings by weight decay",
        "App. C, Figs. 1-2",
        "transformer",
        _grid(range(10, 30), weight_decay=WEIGHT_DECAYS),
        ("weight_decay",),
        {},
    ),
    Experiment(
        "appendix-d",
        "particle arrangements by alignment",
        "App. D, Fig. 5",
        "particle",
        _grid(range(10, 30), alignment=ALIGNMENTS),
        ("alignment",),
        {},
    ),
    Experiment(
        "appendix-e",
        "embeddings and classifier regions",
        "App. E, Figs. 3-4",
        "transformer",
        _grid(range(10, 24), weight_decay=(0.6,)),
        ("weight_decay",),
        {},
    ),
    Experiment(
        "appendix-f",
        "embeddings in 3 and 4 dimensions",
        "App. F",
        "transformer",
        (
            ({"embedding_dim": 3, "weight_decay": 1.0}, range(7)),
            ({"embedding_dim": 4, "weight_decay": 1.0}, range(8)),
        ),
        ("embedding_dim",),
        {},
    ),
    Experiment(
        "initialisation",
        "Table 1 under the three initialisations",
        "open in Sec. 3",
        "transformer",
        _grid(HUNDRED, initialization=("glorot", "torch", "lecun"), weight_decay=WEIGHT_DECAYS),
        ("initialization", "weight_decay"),
        {
            (initialization, *group): row
            for initialization in ("glorot", "torch", "lecun")
            for group, row in paper.TABLE_1.items()
        },
        ours=True,
    ),
    Experiment(
        "step-size",
        "Table 2 under the options that the paper leaves open",
        "open in Sec. 6",
        "particle",
        tuple(
            itertools.chain.from_iterable(
                _grid(
                    HUNDRED,
                    variance=(variance,),
                    force_scale=(force_scale,),
                    step_size=step_sizes,
                    alignment=ALIGNMENTS,
                )
                for variance, force_scale, step_sizes in STEP_OPTIONS
            )
        ),
        ("variance", "force_scale", "step_size", "alignment"),
        {
            (variance, force_scale, step_size, *group): row
            for variance, force_scale, step_sizes in STEP_OPTIONS
            for step_size in step_sizes
            for group, row in paper.TABLE_2.items()
        },
        ours=True,
    ),
)

EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in _LISTED}


def experiment_named(name: str) -> Experiment:
    """The experiment of that name, or ConfigError with the nearest one."""
    if name not in EXPERIMENTS:
        raise ConfigError(f"no experiment {name!r}{suggestion(name, list(EXPERIMENTS))}")
    return EXPERIMENTS[name]
