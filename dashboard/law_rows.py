"""The page of the force law as rows: from what the database adds up to estimates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from modadd.audit import NULLS, OF_UPDATES, TARGETS
from modadd.discrimination import area_under_curve, contingency
from modadd.fate import MEASURED, circles_among, settled, settled_circles
from modadd.force_fits import FITS
from modadd.law_tables import order_of
from modadd.law_terms import LAW
from modadd.learned_twins import foretold_by_laws
from modadd.statistics import Estimate, correlation, fisher_interval, proportion
from modadd.twins import LAW_FIELDS, TwinConfig

#: Of every fit of `modadd audit`: SQL over the columns of `law_fits`.
HELD_OUT = {"held_out_r_squared": "held_out_r_squared"}
#: Of the law: how much more it explains than its null of the same network and epoch.
GAINED = {
    "gained": """held_out_r_squared - (SELECT o.held_out_r_squared FROM law_fits AS o
        WHERE o.run_id = f.run_id AND o.epoch = f.epoch AND o.target = f.target
        AND o.fit = 'shuffled-labels')"""
}
STRENGTHS = {term: f"{term} / NULLIF(rms, 0)" for term in LAW}
STRENGTH_TITLES = dict(
    zip(
        LAW,
        ("repulsion g_r", "attraction g_a", "alignment f_a, same", "alignment f_a, different"),
        strict=True,
    )
)
#: Every fit to the pair sums from the law to the nulls, and what each means.
ORDER = tuple(sorted(TARGETS["pair_sums"], key=order_of))
MEANINGS = {name: fit.meaning for name, fit in (FITS | OF_UPDATES).items()} | NULLS


def paper_law() -> dict[str, Any]:
    """The particles' law that twins follow by default, by config field."""
    default = TwinConfig()
    return {name: getattr(default, name) for name in LAW_FIELDS}


def foretelling(counts: pd.DataFrame) -> pd.DataFrame:
    """A row a weight decay, epoch and predictor: the 2 × 2 table, odds_ratio, odds_low, odds_high,
    p (Fisher's exact test), correlation with its Fisher interval (low, high), n.

    counts: as `db.law_summaries.twin_counts` returns them.
    """
    found: list[dict[Any, Any]] = []
    for row in counts.to_dict("records"):
        cells = [int(row[name]) for name in _CELLS]
        table = contingency(np.repeat([1, 1, 0, 0], cells), np.repeat([1, 0, 1, 0], cells))
        r = row["correlation"]
        # As `modadd.statistics.correlation`: of two networks it would be 1 or -1.
        r = float("nan") if r is None or row["n"] < 3 else float(r)
        low, high = fisher_interval(r, int(row["n"]))
        estimates: dict[Any, Any] = {
            "odds_ratio": table.odds_ratio.value,
            "odds_low": table.odds_ratio.low,
        }
        estimates |= {"odds_high": table.odds_ratio.high, "p": table.p}
        found.append({**row, **estimates, "correlation": r, "low": low, "high": high})
    return pd.DataFrame(found)


_CELLS = ("both_circles", "only_predicted", "only_actual", "neither")


def twins_in_words(found: pd.DataFrame) -> pd.DataFrame:
    """The rows of `foretelling` as people read them; circles: foretold and come / foretold alone /
    come alone / neither."""
    rows = [
        (
            f"{row['weight_decay']:g}", int(row["epoch"]), row["predictor"], int(row["n"]),
            " / ".join(f"{row[name]:,}" for name in _CELLS),
            interval_in_words(row["odds_ratio"], row["odds_low"], row["odds_high"]),
            f"{row['p']:.2g}",
            interval_in_words(row["correlation"], row["low"], row["high"]),
        )
        for row in found.to_dict("records")
    ]  # fmt: skip
    columns = ["weight_decay", "epoch", "predictor", "n", "circles", "odds ratio", "p", "r"]
    return pd.DataFrame(rows, columns=columns)


def interval_in_words(value: float, low: float, high: float) -> str:
    """A value with its interval, where they are defined."""
    if value != value:
        return "–"
    return f"{value:.2f}" if low != low else f"{value:.2f} [{low:.2f}, {high:.2f}]"


#: Of the laws whose curl is known, those drawn; all are in the rows to take away.
CURLS = ("paper", "fitted", "learnt", "true force")

#: What a snapshot is asked for of the end: metric → how it is called, and the sign with which more
#: of it speaks for a circle.
FORESHADOWS = {
    "radius_ratio": ("radius ratio", -1),
    "circularity": ("circularity", 1),
    "representation_quality": ("RQI", 1),
    "grid_imperfections": ("imperfections", -1),
    **MEASURED,
}

#: From which ends are foretold: a snapshot of each of ten thousand networks is much to read.
MOST_EPOCHS = 12


def foreshadowing(snapshots: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How well each metric of a snapshot tells the later circles (AUC), and the final accuracy
    (Pearson's r): weight_decay, epoch, predictor, value, low, high, n, and in the former
    circles among these; NaN without circles.

    snapshots: as `db.law_summaries.before_the_end` returns them, of metrics of `FORESHADOWS`.
    Of each weight decay, the networks with the most of the epochs: the same at every epoch.
    """
    circles, accuracies = [], []
    measured = {name: told for name, told in FORESHADOWS.items() if name in snapshots}
    kept = snapshots.groupby("run_id")["epoch"].transform("size")
    most = kept.groupby(snapshots["weight_decay"]).transform("max")
    for (decay, epoch), some in snapshots[kept == most].groupby(["weight_decay", "epoch"]):
        is_circle, accuracy = some["is_circle"].to_numpy() == 1, some["accuracy"].to_numpy(float)
        count = int(is_circle.sum())
        for metric, (name, sign) in measured.items():
            values = some[metric].to_numpy(float)
            scores = np.where(np.isnan(values), -np.inf, sign * values)
            circles.append((decay, epoch, name, *area_under_curve(scores, is_circle), count))
            known = np.isfinite(values)
            related = correlation(values[known], accuracy[known])
            accuracies.append((decay, epoch, name, *related))
    labels = ["weight_decay", "epoch", "predictor", *Estimate._fields]
    return (
        pd.DataFrame(circles, columns=[*labels, "circles"]),
        pd.DataFrame(accuracies, columns=labels),
    )


def settling(branches: pd.DataFrame) -> pd.DataFrame:
    """The share of the variance of ends that lies between networks and not between the branches of
    one, as `modadd.fate.settled` and `settled_circles`: weight_decay, epoch, predictor (the end's
    name), value, low, high, n networks; and of these, circles and split, as `circles_among`.
    branches: as `db.law_summaries.branch_ends`, of one perturbation.

    Networks of which a branch is missing or undefined are left out.
    """
    rows = []
    for (decay, epoch), some in branches.groupby(["weight_decay", "epoch"]):
        number = int(some["branch"].max()) + 1
        ends = {
            name: some.pivot(index="network", columns="branch", values=name).astype(float).dropna()
            for name in ("circle", "accuracy", "imperfections")
        }
        counts = circles_among(ends["circle"].to_numpy())
        for name, whole in ends.items():
            if whole.shape[1] == number:
                share = settled_circles if name == "circle" else settled
                rows.append((decay, epoch, name, *share(whole.to_numpy()), *counts))
    labels = ["weight_decay", "epoch", "predictor", *Estimate._fields, "circles", "split"]
    return pd.DataFrame(rows, columns=labels)


def led_by_laws(ends: pd.DataFrame) -> pd.DataFrame:
    """As `modadd.learned_twins.foretold_by_laws`, by weight_decay and epoch, the law as predictor.
    ends: as `db.law_trials.trials` returns them of `law_ends`."""
    rows = []
    for _, some in ends.groupby(["weight_decay", "epoch"]):
        found = foretold_by_laws(some).rename(columns={"law": "predictor"})
        labels = {name: some[name].iloc[0] for name in ("weight_decay", "epoch")}
        rows.append(found.assign(**labels))
    wanted = ["predictor", "measure", *Estimate._fields, "weight_decay", "epoch"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=wanted)


def measured(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Those of the rows that are of the measure."""
    return rows[rows["measure"] == measure].drop(columns="measure").reset_index(drop=True)


def form_shares(forms: pd.DataFrame) -> pd.DataFrame:
    """form, value (share of circles), low, high, n, of `db.law_summaries.circles_by_form`."""
    rows = [
        (_form_name(row), *proportion(int(row["circles"]), int(row["n"])))
        for row in forms.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["form", *Estimate._fields])


def _form_name(row: Mapping[Any, Any]) -> str:
    strength = row["alignment"]
    return f"{row['alignment_form']}, f_a = {strength:g}" if strength else "no alignment"
