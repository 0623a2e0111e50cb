"""Experiments beyond the paper: what decays, and whether its findings hold at other sizes.

Each keeps the first and the last snapshot of a run alone. The networks' seeds are few, so that all
of them take two minutes of two cores; `modadd reproduce NAME --seeds 0:400` takes more.
"""

from modadd.experiment import Experiment, combinations
from modadd.forces import ALIGNMENT_FORMS

WEIGHT_DECAYS = (0.0, 0.3, 0.6, 1.0)
DECAY_SYMBOLS = {
    "decay_embedding": "E",
    "decay_hidden_weight": "W_h",
    "decay_hidden_bias": "b_h",
    "decay_output_weight": "W_o",
    "decay_output_bias": "b_o",
}
_GROUPS = len(DECAY_SYMBOLS)
ALL, NONE = (1.0,) * _GROUPS, (0.0,) * _GROUPS
_MEANS = ("validation_accuracy", "train_accuracy")


def _decayed() -> dict[tuple[float, ...], str]:
    """The factors on the weight decay of the five parameter groups, and what they come to."""
    symbols = list(DECAY_SYMBOLS.values())
    alone = [tuple(float(g == chosen) for g in range(_GROUPS)) for chosen in range(_GROUPS)]
    spared = [tuple(1 - factor for factor in factors) for factors in alone]
    return {
        ALL: "all",
        **{factors: f"all but {s}" for factors, s in zip(spared, symbols, strict=True)},
        **{factors: f"{s} alone" for factors, s in zip(alone, symbols, strict=True)},
        NONE: "none",
    }


DECAYED = _decayed()


def _sizes(name: str, title: str, field: str, values: tuple[float, ...]) -> Experiment:
    """Table 1 at other values of one field."""
    return Experiment(
        name,
        title,
        "beyond Sec. 4",
        "transformer",
        combinations(range(40), **{field: values}, weight_decay=WEIGHT_DECAYS),
        (field, "weight_decay"),
        {},
        means=_MEANS,
        ours=True,
        snapshots="final",
    )


_FORMS = [(form, strength) for form in ALIGNMENT_FORMS for strength in (1.0, 2.0)]

EXPERIMENTS = (
    Experiment(
        "decay-groups",
        "weight decay on one parameter group at a time, and on all but one",
        "tests Sec. 7",
        "transformer",
        tuple(
            ({"weight_decay": 1.0, **dict(zip(DECAY_SYMBOLS, factors, strict=True))}, range(200))
            for factors in DECAYED
        ),
        tuple(DECAY_SYMBOLS),
        {},
        means=(*_MEANS, "mean_abs_hidden_weight", "mean_abs_hidden_bias"),
        ours=True,
        snapshots="final",
        names=DECAYED,
        baselines=(ALL, NONE),
    ),
    Experiment(
        "alignment-forms",
        "particles under other forms of alignment",
        "tests Eq. 4",
        "particle",
        tuple(
            ({"alignment_form": form, "alignment": strength}, range(1000))
            for form, strength in (("paper", 0.0), *_FORMS)
        ),
        ("alignment_form", "alignment"),
        {},
        ours=True,
        snapshots="final",
        baselines=(("paper", 1.0), ("paper", 2.0)),
    ),
    _sizes("moduli", "Table 1 at other moduli", "modulus", (13, 16, 17, 19, 23, 31)),
    _sizes("hidden-sizes", "Table 1 with fewer and more hidden units", "hidden_size",
           (16, 32, 64, 128)),
    _sizes("train-fractions", "Table 1 with fewer and more training pairs", "train_fraction",
           (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)),
    # Epochs stay at 2000, so that a slow rate is also a short training and little decay in all.
    _sizes("learning-rates", "Table 1 at other learning rates", "learning_rate",
           (0.001, 0.003, 0.01, 0.03, 0.1)),
)  # fmt: skip
