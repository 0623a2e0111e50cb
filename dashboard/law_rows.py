"""The page of the force law as rows: from what the database adds up to estimates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from modadd.audit import NULLS, OF_UPDATES, TARGETS
from modadd.discrimination import area_under_curve, contingency
from modadd.force_fits import FITS
from modadd.law_tables import order_of
from modadd.law_terms import LAW
from modadd.statistics import Estimate, fisher_interval, proportion
from modadd.twins import LAW_FIELDS, TwinConfig

#: Of every fit of `modadd audit`: SQL over the columns of `law_fits`.
HELD_OUT = {"held_out_r_squared": "held_out_r_squared"}
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
        r = float("nan") if r is None else float(r)
        low, high = fisher_interval(r, int(row["n"]))
        estimates: dict[Any, Any] = {
            "odds_ratio": table.odds_ratio.value,
            "odds_low": table.odds_ratio.low,
        }
        estimates |= {"odds_high": table.odds_ratio.high, "p": table.p}
        found.append({**row, **estimates, "correlation": r, "low": low, "high": high})
    return pd.DataFrame(found)


_CELLS = ("both_circles", "only_predicted", "only_actual", "neither")


def foreshadowing(ratios: pd.DataFrame) -> pd.DataFrame:
    """How well the radius ratio at an epoch tells the later circles: weight_decay, epoch,
    predictor, value (AUC), low, high, n; NaN without circles.

    ratios: as `db.law_summaries.ratios_before_the_end` returns them.
    """
    rows = []
    for (decay, epoch), some in ratios.groupby(["weight_decay", "epoch"]):
        scores = -some["radius_ratio"].fillna(np.inf).to_numpy(float)
        found = area_under_curve(scores, some["is_circle"] == 1)
        rows.append((decay, epoch, "radius ratio at the epoch", *found))
    columns = ["weight_decay", "epoch", "predictor", *Estimate._fields]
    return pd.DataFrame(rows, columns=columns)


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
