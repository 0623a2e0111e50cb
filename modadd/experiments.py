"""The paper's experiments by name, and our own: on what the paper leaves open, and beyond it.

Runs are shared: where two experiments ask for the same config, it is one run.
"""

import itertools

from modadd import beyond, paper
from modadd.beyond import WEIGHT_DECAYS
from modadd.config import ConfigError, suggestion
from modadd.experiment import Experiment, combinations

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
        combinations(HUNDRED, weight_decay=WEIGHT_DECAYS),
        ("weight_decay",),
        paper.TABLE_1,
    ),
    Experiment(
        "table-2",
        "structures of the particle simulation by alignment",
        "Sec. 6, Table 2",
        "particle",
        combinations(HUNDRED, alignment=ALIGNMENTS),
        ("alignment",),
        paper.TABLE_2,
    ),
    Experiment(
        # Open in the paper: which weight decays Fig. 6 samples; tenths are its axis' range.
        "appendix-b",
        "magnitude of weights and biases by weight decay",
        "App. B, Fig. 6",
        "transformer",
        combinations(range(10), weight_decay=[tenth / 10 for tenth in range(11)]),
        ("weight_decay",),
        {},
        means=("mean_abs_hidden_weight", "mean_abs_hidden_bias"),
    ),
    Experiment(
        "appendix-c",
        "embeddings by weight decay",
        "App. C, Figs. 1-2",
        "transformer",
        combinations(range(10, 30), weight_decay=WEIGHT_DECAYS),
        ("weight_decay",),
        {},
    ),
    Experiment(
        "appendix-d",
        "particle arrangements by alignment",
        "App. D, Fig. 5",
        "particle",
        combinations(range(10, 30), alignment=ALIGNMENTS),
        ("alignment",),
        {},
    ),
    Experiment(
        "appendix-e",
        "embeddings and classifier regions",
        "App. E, Figs. 3-4",
        "transformer",
        combinations(range(10, 24), weight_decay=(0.6,)),
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
        combinations(
            HUNDRED, initialization=("glorot", "torch", "lecun"), weight_decay=WEIGHT_DECAYS
        ),
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
                combinations(
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

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment for experiment in (*_LISTED, *beyond.EXPERIMENTS)
}


def experiment_named(name: str) -> Experiment:
    """The experiment of that name, or ConfigError with the nearest one."""
    if name not in EXPERIMENTS:
        raise ConfigError(f"no experiment {name!r}{suggestion(name, list(EXPERIMENTS))}")
    return EXPERIMENTS[name]
