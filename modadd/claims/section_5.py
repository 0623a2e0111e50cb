"""The claims of Sections 5 and 6: clustering, alignment, and the particle simulation."""

import pandas as pd

from modadd import statistics
from modadd.claims.checks import IMPERFECTIONS, POINTS, Check, above, below, within
from modadd.claims.frames import (
    Frames,
    at_each,
    by,
    circles,
    from_each_to_the_next,
    grids,
    is_circle,
    is_clear,
    is_imperfect_grid,
    matched,
    means_apart,
    share,
    shares_apart,
)
from modadd.claims.judging import Claim
from modadd.claims.section_4 import agrees_with_the_paper
from modadd.statistics import Estimate
from modadd.structures import CIRCLE_THRESHOLD
from modadd.tables import imperfect_share

ALONG = 0.9  # of what is 1 where pair sums, or regions, lie along lines through the origin
_FULL_DECAY, _UNIT_ALIGNMENT = "γ = 1", "f_a = 1"


def _clustered(name: str, rows: pd.DataFrame) -> Check:
    """Of a grid's pairs, the share whose nearest other pair sum is of their residue."""
    own = statistics.mean(1 - imperfect_share(grids(rows)).dropna())
    return above(f"{name}, pairs with a nearest of their own", own, 0.5, percent=True)


def _classified(name: str, rows: pd.DataFrame) -> Check:
    some = grids(rows).dropna(subset=["grid_imperfections", "train_accuracy"])
    r = statistics.correlation(some["grid_imperfections"], some["train_accuracy"])
    return below(f"{name}, r of imperfections and training accuracy", r, decimals=2)


def _not_clustered(name: str, rows: pd.DataFrame) -> Check:
    found = means_apart(circles(rows), grids(rows), "grid_imperfections")
    return above(f"{name}, circles less grids", found)


def _through_the_origin(metric: str, name: str, rows: pd.DataFrame) -> list[Check]:
    mean: Estimate = statistics.mean(circles(rows)[metric].dropna())
    return [
        above(f"{name}, circles", mean, ALONG, decimals=3),
        above(f"{name}, circles less grids", means_apart(circles(rows), grids(rows), metric),
              decimals=3),
    ]  # fmt: skip


def _particles_form_them(frames: Frames) -> list[Check]:
    rows = frames["table-2"]
    return [
        above(called, share(rows, of), 0.01, percent=True)
        for called, of in (
            ("circles", is_circle),
            ("clear grids", lambda some: is_clear(some) & ~is_circle(some)),
            ("imperfect grids", is_imperfect_grid),
        )
    ]


def _as_often(frames: Frames) -> list[Check]:
    networks = dict(by(frames["table-1"], "weight_decay")).get(_FULL_DECAY)
    particles = dict(by(frames["table-2"], "alignment")).get(_UNIT_ALIGNMENT)
    if networks is None or particles is None:
        return []
    imperfect = means_apart(grids(particles), grids(networks), "grid_imperfections")
    return [
        within("circles, particles less networks", shares_apart(particles, networks), POINTS,
               percent=True),
        within("imperfections, particles less networks", imperfect, IMPERFECTIONS),
    ]  # fmt: skip


def _none_without_alignment(frames: Frames) -> list[Check]:
    (least, rows), *_ = by(frames["table-2"], "alignment")
    return [below(f"{least}, circles", share(rows, is_circle), POINTS, percent=True)]


def _twins_agree(frames: Frames) -> list[Check]:
    twins = frames["twins"][frames["twins"]["network_epoch"] == 0]
    both = matched(frames["table-1"].assign(network=frames["table-1"]["config_hash"]), twins,
                   ["network"])  # fmt: skip
    return [
        check for name, members in by(both, "weight_decay") for check in _twins_of(name, members)
    ]


def _twins_of(name: str, members: pd.DataFrame) -> list[Check]:
    ends = circles(members)
    twin = members["radius_ratio_other"]
    r = statistics.correlation(members["grid_imperfections"], members["grid_imperfections_other"])
    return [
        above(f"{name}, twins of circles that are circles",
              share(ends, lambda runs: twin[runs.index] < CIRCLE_THRESHOLD), 0.5, percent=True),
        above(f"{name}, r of imperfections", r, 0.5, decimals=2),
    ]  # fmt: skip


def _law_explains(frames: Frames) -> list[Check]:
    rows = frames["audit"]
    rows = rows[(rows["fit"] == "law") & (rows["target"] == "pair_sums")]
    return [
        above(f"{name}, median R² on held-out pairs",
              statistics.median(members["held_out_r_squared"].dropna()), 0.5, decimals=2)
        for name, members in by(rows, "weight_decay")
    ]  # fmt: skip


CLAIMS = (
    Claim(
        "pair-sums-cluster",
        "The grid structure makes the pair sums cluster by their modular sum.",
        "Sec. 5, 5.1, Fig. 3",
        ("table-1",),
        at_each("weight_decay", _clustered),
        "at each weight decay, most pairs of a grid have a nearest other pair sum of their residue "
        "(by chance: one in N)",
        "classifier",
    ),
    Claim(
        "clusters-classify",
        "The clusters enable successful classification.",
        "Sec. 5",
        ("table-1",),
        at_each("weight_decay", _classified),
        "at each weight decay, grids with fewer imperfections have a higher accuracy on the "
        "training pairs too (r < 0)",
        "classifier",
    ),
    Claim(
        "circles-do-not-cluster",
        "In a circle, the pair sums are no longer clustered.",
        "Sec. 5.2, Fig. 4",
        ("table-1",),
        at_each("weight_decay", _not_clustered),
        "at each weight decay with two circles or more, circles have more imperfections than grids",
        "classifier",
    ),
    Claim(
        "lines-through-the-origin",
        "In a circle, the pair sums are aligned along lines that pass through the origin.",
        "Sec. 5.2, Fig. 4",
        ("table-1",),
        at_each("weight_decay", lambda name, rows: _through_the_origin(
            "line_alignment", name, rows)),
        "at each weight decay with two circles or more, their line alignment is above 0.9 and "
        "above the grids'",
        "classifier",
    ),
    Claim(
        "pizza-regions",
        "In a circle, the classification regions start from the origin, resembling a pizza.",
        "Sec. 5.2, Fig. 4",
        ("table-1",),
        at_each("weight_decay", lambda name, rows: _through_the_origin("rays_kept", name, rows)),
        "at each weight decay with two circles or more, over 90 % of the pairs classified "
        "correctly still are at half their pair sum, and more than of the grids'",
        "classifier",
    ),
    Claim(
        "pizza-algorithm",
        "The circles correspond exactly to the pizza algorithm of Zhong et al.",
        "Sec. 5.2",
        (),
        None,
        "the measures that tell it (gradient symmetry, distance irrelevance) are not computed here",
    ),
    Claim(
        "weights-align",
        "The weight vectors of the linear layer tend to align with the pair sums.",
        "Sec. 5.2",
        (),
        None,
        "no metric here looks at single hidden units",
    ),
    Claim(
        "particles-form-structures",
        "Particles under the force law organise into circles, grids and imperfect grids.",
        "Abstract, Sec. 6, Fig. 5",
        ("table-2",),
        _particles_form_them,
        "over 1 % of the simulations each are circles, grids with at most 5 % of the pairs "
        "imperfect, and grids with 5 to 50 %",
        "particle-structures",
    ),
    Claim(
        "particles-as-often",
        "The frequency of circles and the number of grid imperfections are very similar to the "
        "networks'.",
        "Sec. 6, Tables 1-2",
        ("table-1", "table-2"),
        _as_often,
        "simulations at f_a = 1 and networks at γ = 1 differ by less than 5 points of circles, and "
        "5 % of the pairs",
        "table-2",
    ),
    Claim(
        "alignment-makes-circles",
        "Increasing f_a leads to more circles.",
        "Sec. 6, Table 2",
        ("table-2",),
        from_each_to_the_next("alignment", lambda name, rows, before: above(
            name, shares_apart(rows, before), matters=POINTS, percent=True), "table-2"),
        "each step of f_a makes more circles (5 points would matter)",
        "table-2",
    ),
    Claim(
        "circles-by-alignment",
        "Circles emerge as a result of the alignment force.",
        "Sec. 6",
        ("table-2",),
        _none_without_alignment,
        "at the least f_a, fewer than 5 % of the simulations are circles",
        "table-2",
    ),
    Claim(
        "table-2",
        "Table 2: the numbers of circles and imperfections of the simulation.",
        "Sec. 6, Table 2",
        ("table-2",),
        lambda frames: agrees_with_the_paper(frames, "table-2"),
        "no cell differs from the paper's at p < 0.05 over the number of cells (Bonferroni)",
        "table-2",
    ),
    Claim(
        "fully-account",
        "The formulae can fully account for the emergence of the structures.",
        "Abstract, Sec. 2, 6",
        ("table-1", "twins"),
        _twins_agree,
        "at each weight decay, simulations from networks' own initial embeddings end alike: as "
        "circles where the network does (over half), with imperfections that correlate (r > 0.5)",
        "audit",
    ),
    Claim(
        "gradients-follow-the-law",
        "Pairs of embeddings exert the gradients of Eqs. 2-4 on each other.",
        "Sec. 5.1, 5.2",
        ("audit",),
        _law_explains,
        "at each weight decay, at the end of training, the law explains over half of the true "
        "forces' mean square on held-out pairs (median over networks)",
        "audit",
    ),
)  # fmt: skip
