"""The claims of Section 7 and Appendix B, and those of Sec. 5.1 on weight decay."""

import numpy as np
import pandas as pd

from modadd import statistics
from modadd.beyond import DECAY_SYMBOLS, DECAYED
from modadd.claims.checks import IMPERFECTIONS, POINTS, Check, above, below
from modadd.claims.frames import Frames, by, grids, matched, means_apart, shares_apart
from modadd.claims.judging import Claim, at
from modadd.differences import Difference, of_means

WEIGHT, BIAS = "mean_abs_hidden_weight", "mean_abs_hidden_bias"
LATE, EARLY = 1000, 200  # epochs
OVERFIT = 0.95


def _decayed(frames: Frames, name: str) -> pd.DataFrame:
    """The runs of `decay-groups` that go by this name."""
    rows = frames["decay-groups"]
    factors = next(factors for factors, called in DECAYED.items() if called == name)
    return rows[(rows[list(DECAY_SYMBOLS)] == list(factors)).all(axis=1)]


def _limited(frames: Frames) -> list[Check]:
    (least, base), *rest = by(frames["table-1"], "weight_decay")
    return [
        below(f"{name} less {least}, {symbol}", means_apart(rows, base, metric), decimals=3)
        for name, rows in rest
        for symbol, metric in (("|W_h|", WEIGHT), ("|b_h|", BIAS))
    ]


def _biases_more(frames: Frames) -> list[Check]:
    """Of each seed: the factor by which decay shrinks |b_h| over the factor of |W_h|."""
    (least, base), *rest = by(frames["table-1"], "weight_decay")
    checks = []
    for name, rows in rest:
        both = matched(rows, base, ["seed"])
        bias = np.log(both[BIAS] / both[f"{BIAS}_other"])
        weight = np.log(both[WEIGHT] / both[f"{WEIGHT}_other"])
        ratio = statistics.mean(bias - weight)
        checks.append(below(f"{name} and {least}, ln of |b_h|'s factor over |W_h|'s", ratio,
                            decimals=2))  # fmt: skip
    return checks


def _growing(frames: Frames) -> list[Check]:
    joined = matched(frames["table-1"], frames[at("table-1", LATE)], ["run_id"])
    (least, rows), *_ = by(joined, "weight_decay")
    return [
        above(f"{least}, {symbol} from epoch {LATE} to the end",
              statistics.mean(rows[metric] - rows[f"{metric}_other"]), decimals=3)
        for symbol, metric in (("|W_h|", WEIGHT), ("|b_h|", BIAS))
    ]  # fmt: skip


def _overfit(frames: Frames) -> list[Check]:
    (least, base), *rest = by(frames["table-1"], "weight_decay")
    gaps = {name: rows["train_accuracy"] - rows["validation_accuracy"] for name, rows in rest}
    own = base["train_accuracy"] - base["validation_accuracy"]
    return [
        above(f"{least}, training accuracy", statistics.mean(base["train_accuracy"]), OVERFIT,
              percent=True),
        *(above(f"training less validation accuracy, {least} less {name}", of_means(own, gap),
                percent=True) for name, gap in gaps.items()),
    ]  # fmt: skip


def _halted(frames: Frames) -> list[Check]:
    """Whether the embeddings still mend imperfections after epoch 200."""
    joined = matched(frames["table-1"], frames[at("table-1", EARLY)], ["run_id"])
    mended = joined["grid_imperfections_other"] - joined["grid_imperfections"]
    (least, base), *rest = by(joined, "weight_decay")
    return [
        below(f"{least}, imperfections mended after epoch {EARLY}",
              statistics.mean(mended[base.index]), IMPERFECTIONS),
        *(above(f"{name} less {least}", of_means(mended[rows.index], mended[base.index]))
          for name, rows in rest),
    ]  # fmt: skip


def _fewer_imperfections(frames: Frames, name: str, base: str) -> Difference:
    rows, others = (grids(_decayed(frames, called)) for called in (name, base))
    return means_apart(rows, others, "grid_imperfections")


def _more_circles(frames: Frames, name: str, base: str) -> Difference:
    return shares_apart(_decayed(frames, name), _decayed(frames, base))


def _clustering_by_weights(frames: Frames) -> list[Check]:
    return [
        below(f"imperfections, {name} less none", _fewer_imperfections(frames, name, "none"),
              matters=IMPERFECTIONS)
        for name in ("W_h alone", "W_o alone")
    ]  # fmt: skip


def _alignment_by_biases(frames: Frames) -> list[Check]:
    return [
        above("circles, b_h alone less none", _more_circles(frames, "b_h alone", "none"),
              matters=POINTS, percent=True),
        above("circles, all less all but b_h", _more_circles(frames, "all", "all but b_h"),
              matters=POINTS, percent=True),
    ]  # fmt: skip


def _one_part_for_another(frames: Frames) -> list[Check]:
    spared = "all but E"
    return [
        above(f"circles, {spared} less none", _more_circles(frames, spared, "none"),
              matters=POINTS, percent=True),
        below(f"imperfections, {spared} less none", _fewer_imperfections(frames, spared, "none"),
              matters=IMPERFECTIONS),
        above(f"validation accuracy, {spared} less none",
              means_apart(_decayed(frames, spared), _decayed(frames, "none"),
                          "validation_accuracy"), matters=POINTS, percent=True),
    ]  # fmt: skip


CLAIMS = (
    Claim(
        "weights-grow",
        "Without weight decay, the weights and biases could get arbitrarily large.",
        "Sec. 5.1, 7",
        ("table-1", at("table-1", LATE)),
        _growing,
        f"at the least weight decay, mean |W_h| and |b_h| still grow from epoch {LATE} to the end",
        "appendix-b",
    ),
    Claim(
        "weights-limited",
        "Weight decay strongly limits the magnitude of the linear layer's weights and biases.",
        "Sec. 5.2, 7, App. B",
        ("table-1",),
        _limited,
        "at each weight decay above the least, mean |W_h| and mean |b_h| end smaller",
        "appendix-b",
    ),
    Claim(
        "biases-limited-more",
        "The biases are limited more than the weights.",
        "App. B",
        ("table-1",),
        _biases_more,
        "seed by seed, weight decay shrinks mean |b_h| by a greater factor than mean |W_h|",
        "appendix-b",
    ),
    Claim(
        "overfits",
        "Without weight decay, the classifier overfits to the pair sums.",
        "Sec. 5.1, 7",
        ("table-1",),
        _overfit,
        "at the least weight decay the training accuracy is above 95 %, and further above the "
        "validation accuracy than at each greater one",
        "table-1",
    ),
    Claim(
        "halts",
        "Without weight decay, the evolution of the embeddings comes to a halt.",
        "Sec. 5.1, 7",
        ("table-1", at("table-1", EARLY)),
        _halted,
        f"after epoch {EARLY}, fewer than 5 % of the pairs are mended at the least weight decay, "
        "and more at each greater one",
        "table-1",
    ),
    Claim(
        "weights-for-clustering",
        "Weight decay strengthens clustering by limiting the weights of the linear and the output "
        "layer.",
        "Sec. 7",
        ("decay-groups",),
        _clustering_by_weights,
        "decay of W_h alone and of W_o alone leave the grids fewer imperfections than none (5 % "
        "of the pairs would matter)",
        "decay-groups",
    ),
    Claim(
        "biases-for-alignment",
        "Weight decay makes alignment possible, and so circles, by limiting the biases of the "
        "linear layer.",
        "Sec. 5.2, 7",
        ("decay-groups",),
        _alignment_by_biases,
        "decay of b_h alone makes more circles than none, and all groups' decay more than all but "
        "b_h's (5 points would matter)",
        "decay-groups",
    ),
    Claim(
        "one-part-for-another",
        "By regularising one part of the model, weight decay enables desirable dynamics in "
        "another.",
        "Sec. 2, 7",
        ("decay-groups",),
        _one_part_for_another,
        "decay of all but E, which leaves the embedding itself alone, makes more circles, fewer "
        "imperfections and a higher accuracy than none",
        "decay-groups",
    ),
    Claim(
        "deep-learning",
        "This could explain why weight decay is so effective in training deep models.",
        "Sec. 7",
        (),
        None,
        "it is about other models than these",
    ),
    Claim(
        "not-reported-before",
        "This link between regularisation and training dynamics has not been reported before.",
        "Sec. 7",
        (),
        None,
        "it is about the literature",
    ),
)
