"""The claims of the abstract and Section 4, with Appendices A, C and F: structures, accuracy."""

import pandas as pd

from modadd import statistics, tables
from modadd.claims.checks import POINTS, Check, above, below
from modadd.claims.frames import (
    Frames,
    at_each,
    by,
    circles,
    from_each_to_the_next,
    grids,
    is_circle,
    is_clear,
    is_disordered,
    is_imperfect_grid,
    matched,
    means_apart,
    share,
    shares_apart,
)
from modadd.claims.judging import Claim, at
from modadd.experiments import EXPERIMENTS

ACCURACY = "validation_accuracy"
CIRCULAR = 0.9  # of the Fourier power in one frequency
_STRONG = 0.5  # |r|: Cohen's threshold of a large correlation


def _ordered(name: str, rows: pd.DataFrame) -> Check:
    ordered = share(rows, lambda runs: ~is_disordered(runs))
    return above(f"{name}, ordered", ordered, 0.5, percent=True)


def _progressions(frames: Frames) -> list[Check]:
    joined = matched(frames["table-1"], frames[at("table-1", 0)], ["run_id"])
    return [
        above(
            f"{name}, end less start",
            statistics.mean(
                members["representation_quality"] - members["representation_quality_other"]
            ),
            decimals=3,
        )
        for name, members in by(joined, "weight_decay")
    ]


def _clear_is_best(name: str, rows: pd.DataFrame) -> Check:
    clear = is_clear(rows)
    found = means_apart(rows[clear], rows[~clear], ACCURACY)
    return above(f"{name}, clear less others", found, percent=True)


def _imperfect_is_between(name: str, rows: pd.DataFrame) -> list[Check]:
    clear, imperfect, disordered = (
        rows[of(rows)] for of in (is_clear, is_imperfect_grid, is_disordered)
    )
    return [
        above(f"{name}, clear less imperfect", means_apart(clear, imperfect, ACCURACY),
              percent=True),
        above(f"{name}, imperfect less disordered", means_apart(imperfect, disordered, ACCURACY),
              percent=True),
    ]  # fmt: skip


def _correlated(name: str, rows: pd.DataFrame) -> Check:
    some = grids(rows).dropna(subset=["grid_imperfections", ACCURACY])
    r = statistics.correlation(some["grid_imperfections"], some[ACCURACY])
    return below(f"{name}, r", r, -_STRONG, decimals=2)


def _circles_need_decay(frames: Frames) -> list[Check]:
    parts = dict(by(frames["table-1"], "weight_decay"))
    if len(parts) < 2:  # a job that was stopped early
        return []
    (least, *_, most) = parts
    return [
        below(f"{least}, circles", share(parts[least], is_circle), POINTS, percent=True),
        above(f"{most} less {least}, circles", shares_apart(parts[most], parts[least]),
              matters=POINTS, percent=True),
    ]  # fmt: skip


def _decay_generalises(frames: Frames) -> list[Check]:
    (least, base), *rest = by(frames["table-1"], "weight_decay")
    return [
        above(f"{name} less {least}", means_apart(rows, base, ACCURACY), percent=True)
        for name, rows in rest
    ]


def agrees_with_the_paper(frames: Frames, name: str) -> list[Check]:
    """A check a cell of the paper's table: against where it differs, Bonferroni over the cells."""
    experiment = EXPERIMENTS[name]
    cells = tables.table(frames[name], experiment.groups, experiment.reported)
    compared = cells[cells["p"].notna()]
    (field,) = experiment.groups
    strict = tables.SIGNIFICANCE / max(len(compared), 1)
    return [
        Check(
            f"{field.replace('_', ' ')} {cell[field]:g}, {cell['quantity'].replace('_', ' ')}",
            f"{cell['value']:.3g} (n = {cell['n']:,}) beside {cell['paper']:.3g} "
            f"(n = {cell['paper_n']:,}), p = {cell['p']:.2g}",
            bool(cell["p"] >= strict),
        )
        for cell in compared.to_dict("records")
    ]


def _algorithm_1_is_right(frames: Frames) -> list[Check]:
    rows = frames["table-1"]
    circular = rows["circularity"] > CIRCULAR
    found = is_circle(rows)
    return [
        above("of its circles, circular", share(rows[found], lambda r: circular[r.index]), 0.9,
              percent=True),
        above("of the circular, its circles", share(rows[circular], is_circle), 0.9, percent=True),
    ]  # fmt: skip


CLAIMS = (
    Claim(
        "grids-and-circles",
        "Embedding vectors tend to organise into two types of structures: grids and circles.",
        "Abstract, Sec. 4",
        ("table-1",),
        at_each("weight_decay", _ordered),
        "at each weight decay, most runs are a circle, or a grid with at most half of its pairs "
        "imperfect",
        "table-1",
    ),
    Claim(
        "progressions",
        "In trained models the embedding vectors tend to lie in arithmetic progressions.",
        "Sec. 4",
        ("table-1", at("table-1", 0)),
        _progressions,
        "at each weight decay, more parallelograms (RQI) are realised at the end than at the start",
        "table-1",
    ),
    Claim(
        "clearest-is-best",
        "The validation accuracy is highest when the embeddings form these structures most "
        "clearly.",
        "Sec. 4",
        ("table-1",),
        at_each("weight_decay", _clear_is_best),
        "at each weight decay, circles and grids with at most 5 % of the pairs imperfect are more "
        "accurate than the rest",
        "table-1",
    ),
    Claim(
        "imperfect-grids",
        "Sometimes the embeddings organise into imperfect grids.",
        "Sec. 4, Fig. 2",
        ("table-1",),
        at_each("weight_decay", lambda name, rows: above(
            f"{name}, imperfect grids", share(rows, is_imperfect_grid), 0.01, percent=True)),
        "at each weight decay, more than 1 % of the runs are grids with 5 to 50 % of the pairs "
        "imperfect",
        "structures",
    ),
    Claim(
        "imperfect-is-between",
        "Imperfect grids have a lower validation accuracy, but still a higher one than embeddings "
        "that are not aligned at all.",
        "Sec. 4",
        ("table-1",),
        at_each("weight_decay", _imperfect_is_between),
        "at each weight decay, imperfect grids are less accurate than clear structures, and more "
        "than runs with over half of the pairs imperfect",
        "table-1",
    ),
    Claim(
        "circles-are-better",
        "Circles consistently have a higher validation accuracy than non-circles.",
        "Sec. 4, Table 1",
        ("table-1",),
        at_each("weight_decay", lambda name, rows: above(
            f"{name}, circles less grids", means_apart(circles(rows), grids(rows), ACCURACY),
            percent=True)),
        "at each weight decay with two circles or more, circles are more accurate than grids",
        "table-1",
    ),
    Claim(
        "imperfections-correlate",
        "For non-circles, the validation accuracy is highly correlated with the number of grid "
        "imperfections.",
        "Sec. 4, Table 1",
        ("table-1",),
        at_each("weight_decay", _correlated),
        "at each weight decay, r < -0.5",
        "table-1",
    ),
    Claim(
        "decay-makes-circles",
        "Weight decay plays a crucial role in the emergence of circular structures.",
        "Sec. 2, 4",
        ("table-1",),
        _circles_need_decay,
        "without it fewer than 5 % of the runs are circles, and at the greatest weight decay more",
        "table-1",
    ),
    Claim(
        "decay-mends-grids",
        "Weight decay plays a crucial role in reducing grid imperfections.",
        "Sec. 2, 4",
        ("table-1",),
        from_each_to_the_next("weight_decay", lambda name, rows, before: below(
            name, means_apart(grids(rows), grids(before), "grid_imperfections"))),
        "each step of weight decay leaves the grids fewer imperfections",
        "table-1",
    ),
    Claim(
        "decay-generalises",
        "Weight decay plays an important role in the successful generalisation of the trained "
        "model.",
        "Sec. 4, 7",
        ("table-1",),
        _decay_generalises,
        "at each weight decay above 0, all runs together are more accurate than without",
        "table-1",
    ),
    Claim(
        "table-1",
        "Table 1: the numbers of circles, accuracies, imperfections and correlations.",
        "Sec. 4, Table 1",
        ("table-1",),
        lambda frames: agrees_with_the_paper(frames, "table-1"),
        "no cell differs from the paper's at p < 0.05 over the number of cells (Bonferroni)",
        "table-1",
    ),
    Claim(
        "more-dimensions",
        "Similar structures emerge in higher-dimensional embedding spaces.",
        "Sec. 4, App. F",
        ("appendix-f",),
        at_each("embedding_dim", _ordered, "appendix-f"),
        "in 3 and in 4 dimensions, most runs are a circle, or have at most half of their pairs "
        "imperfect",
        "appendix-f",
    ),
    Claim(
        "algorithm-1",
        "A radius ratio below 1.2 is sufficient to detect circles with great accuracy.",
        "App. A",
        ("table-1",),
        _algorithm_1_is_right,
        "over 90 % of its circles have over 90 % of their Fourier power in one frequency, and the "
        "other way round",
        "table-1",
    ),
    Claim(
        "earlier-findings",
        "Grids and circles are consistent with the findings of Zhong et al., Gromov and Liu et al.",
        "Sec. 2, 4",
        (),
        None,
        "it is about other work",
    ),
)  # fmt: skip
