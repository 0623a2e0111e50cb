"""The audit's tables: medians over networks, each with its interval and its n."""

from collections.abc import Sequence

import pandas as pd

from modadd.force_fits import FITS
from modadd.law_terms import LAW
from modadd.statistics import Estimate, mean, median

#: What a table shows of a fit. Strengths are coefficients over the force's rms: those of a force
#: of mean square 1, which is comparable between epochs.
STRENGTHS = tuple(f"{term}_strength" for term in LAW)


def with_strengths(fits: pd.DataFrame) -> pd.DataFrame:
    """The fits, and their coefficients in units of the root mean square of what they explain."""
    return fits.assign(**{f"{term}_strength": fits[term] / fits["rms"] for term in LAW})


def medians(fits: pd.DataFrame, groups: Sequence[str], quantities: Sequence[str]) -> pd.DataFrame:
    """One row a group and a quantity: value, low, high (95 %), n of the median over networks.

    fits: a row a network, epoch, target and fit. Undefined numbers are left out of n.
    """
    rows = []
    for key, group in fits.groupby(list(groups), sort=True):
        labels = dict(zip(groups, key, strict=True))
        for quantity in quantities:
            estimate: Estimate = median(group[quantity].dropna())
            rows.append({**labels, "quantity": quantity, **estimate._asdict()})
    return pd.DataFrame(rows)


def law_table(fits: pd.DataFrame, target: str = "pair_sums") -> pd.DataFrame:
    """The law's strengths, R², held-out R² and cosines by weight decay and epoch."""
    chosen = fits[(fits["target"] == target) & (fits["fit"] == "law")]
    shown = (*STRENGTHS, "r_squared", "held_out_r_squared", "cosine", "mean_cosine")
    return medians(with_strengths(chosen), ("weight_decay", "epoch"), shown)


def rivals_table(fits: pd.DataFrame, target: str = "pair_sums") -> pd.DataFrame:
    """The held-out R² of every fit to a target, by weight decay and epoch."""
    chosen = fits[fits["target"] == target]
    return medians(chosen, ("weight_decay", "epoch", "fit"), ("held_out_r_squared",))


def curl_means(curls: pd.DataFrame) -> pd.DataFrame:
    """weight_decay, epoch, law, value, low, high, n: the mean share of curl over networks, with its
    t interval. curls: weight_decay, epoch, law, curl_share, a row a network; undefined ones do not
    count."""
    known = curls.dropna(subset=["curl_share"])
    rows = [
        (*labels, *mean(some["curl_share"].to_numpy(float)))
        for labels, some in known.groupby(["weight_decay", "epoch", "law"])
    ]
    return pd.DataFrame(rows, columns=["weight_decay", "epoch", "law", *Estimate._fields])


def order_of(fit: str) -> tuple[int, str]:
    """Where a fit stands in a table: the law, its parts, its rivals, then the nulls."""
    names = list(FITS)
    return (names.index(fit) if fit in names else len(names), fit)
