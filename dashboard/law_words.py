"""What came out of the trial of the force law, in plain words.

A sentence a question, from the rows that the page and the report draw; by a rule, so that it says
what these runs show and not what others did. Empty where there is nothing to say it of.
"""

from typing import Any

import pandas as pd

from dashboard.law_rows import interval_in_words
from modadd.foretelling import BOTH, STILL, TWIN
from modadd.statistics import Estimate
from modadd.wording import said

#: Forms of alignment make circles if surely more than this share does, and none if surely less.
_FEW = 0.01


def conclusions(
    *,
    fits: pd.DataFrame,
    gains: pd.DataFrame,
    twins: pd.DataFrame,
    gained: pd.DataFrame,
    nearer: pd.DataFrame,
    settled: pd.DataFrame,
    forms: pd.DataFrame,
    curls: pd.DataFrame,
) -> list[str]:
    """The sentences on all that is known. fits, and gains of the law on its null:
    `db.law_summaries.fit_medians`; twins, gained (areas), nearer (distances gained), settled,
    forms: as `dashboard.law_rows` makes them; curls: `modadd.law_tables.curl_means`."""
    found = (
        explained(fits, gains), foretold(twins), lost(nearer), led(gained), sealed(settled),
        shaped(forms), curled(curls),
    )  # fmt: skip
    return [sentence for sentence in found if sentence]


def explained(fits: pd.DataFrame, gains: pd.DataFrame) -> str:
    """How much of the force the law explains under most and least decay, each at its last epoch,
    and whether that is more than nothing, and than its null explains of the same networks."""
    known = gains.dropna(subset=["value", "low"])
    if known.empty:
        return ""
    laws = fits[fits["fit"] == "law"].set_index(["weight_decay", "epoch"])
    parts, above = [], 0
    for decay in sorted({known["weight_decay"].max(), known["weight_decay"].min()}, reverse=True):
        some = known[known["weight_decay"] == decay]
        last = some.loc[some["epoch"].idxmax()]
        gain, epoch = _estimate(last), int(last["epoch"])
        law = _estimate(laws.loc[(decay, epoch)])
        above += min(gain.low, law.low) > 0
        sign = "more" if gain.low > 0 else "less" if gain.high < 0 else "not surely more"
        parts.append(
            f"{said(law, decimals=2)} at weight decay {decay:g}, epoch {epoch:,}, {sign} than its "
            f"null's (paired difference {said(gain, decimals=2)})"
        )
    no = "As far as can be told, no."
    answer = "In part." if above == len(parts) else "Not everywhere." if above else no
    return (
        f"*Does the law explain the forces?* {answer} The median R² on held-out pairs at the last "
        "epoch is " + ("; ".join(parts) + ". 1 would be all.")
    )


def foretold(twins: pd.DataFrame) -> str:
    """Whether twins from the first epoch tell circles and imperfections."""
    if twins.empty:
        return ""
    known = twins[twins["predictor"] == "twin"].dropna(subset=["odds_ratio"])
    if known.empty:
        return ""
    chosen = known[known["weight_decay"] == known["weight_decay"].max()].sort_values("epoch")
    row = chosen.iloc[0]
    tells = "foretells" if row["odds_low"] > 1 else "does not foretell, as far as can be told,"
    odds = interval_in_words(row["odds_ratio"], row["odds_low"], row["odds_high"])
    r = said(Estimate(row["correlation"], row["low"], row["high"], int(row["n"])), decimals=2)
    return (
        f"*Does it lead each network where training does?* A twin from epoch {row['epoch']} "
        f"{tells} whether its network ends as a circle at weight decay {row['weight_decay']:g}: "
        f"odds ratio {odds}, n = {row['n']:,}; final imperfections correlate with {r}. "
        "`modadd twins` prints whether four features of the embedding do as well without the law."
    )


def needed(gained: pd.DataFrame) -> str:
    """Whether a twin tells circles better than features of the embedding that it began at.

    gained: value, low, high, n by weight_decay, epoch and predictor, the "AUC gained" of
    `modadd.foretelling.foretold` on its features.
    """
    known = gained.dropna(subset=["low"]) if len(gained) else gained
    twins = known[known["predictor"] == TWIN] if len(known) else known
    if twins.empty:
        return ""
    less, more = (twins["high"] < 0).sum(), (twins["low"] > 0).sum()
    some = twins[twins["weight_decay"] == twins["weight_decay"].max()]
    first = some[some["epoch"] == some["epoch"].min()].iloc[0]
    answer = "Not everywhere." if more else "As far as can be told, no."
    added = known[known["predictor"] == BOTH]
    adds = f"; added to them, it gains in {(added['low'] > 0).sum()} of {len(added)}"
    return (
        "*Does the twin tell circles better than four features of the embedding it began at?* "
        f"{'Yes.' if more == len(twins) else answer} By weight decay and epoch, its AUC is higher "
        f"than their cross-validated regression's in {more}, lower in {less} of {len(twins)}"
        f"{adds if len(added) else ''} (the paired difference's interval apart from 0, "
        f"uncorrected). At weight decay {first['weight_decay']:g}, epoch {int(first['epoch'])}, "
        f"its AUC less theirs is {said(_estimate(first), decimals=3)}."
    )


def lost(nearer: pd.DataFrame) -> str:
    """Whether the law leads nearer to the networks' ends than their embeddings are already."""
    known = _of_still(nearer, still=True)
    if known.empty:
        return ""
    parts = [
        f"at weight decay {decay:g} nearer in {(some['high'] < 0).sum()}, farther in "
        f"{(some['low'] > 0).sum()} of {len(some)}"
        for decay, some in known.groupby("weight_decay")
    ]
    return (
        "*Does it lead nearer to the end than the start is?* By the start's epoch, the mean "
        "Procrustes distance to the network's end, under the paper's law against that of the "
        f"start itself, the paired difference's interval apart from 0, uncorrected: "
        f"{'; '.join(parts)} (n up to {int(known['n'].max())} networks)."
    )


def _of_still(gained: pd.DataFrame, *, still: bool) -> pd.DataFrame:
    """The known gains of "nothing moves" on the paper's law, or those of the other laws."""
    known = gained.dropna(subset=["low"]) if len(gained) else gained
    return known[(known["predictor"] == STILL) == still] if len(known) else known


def led(gained: pd.DataFrame) -> str:
    """Whether fitted and learnt laws foretell circles better than the paper's."""
    known = _of_still(gained, still=False)
    if known.empty:
        return ""
    counts = "; ".join(
        f"{name} better in {(some['low'] > 0).sum()}, worse in {(some['high'] < 0).sum()} "
        f"of {len(some)}"
        for name, some in known.groupby("predictor", sort=False)
    )
    return (
        "*Does a fitted or learnt law foretell circles better than the paper's?* By weight decay "
        f"and start, the interval of the AUC's gain apart from 0, uncorrected: {counts} "
        f"(n up to {int(known['n'].max())} networks)."
    )


def sealed(settled: pd.DataFrame) -> str:
    """How much of the imperfections was settled at the first epoch asked of."""
    known = settled[settled["predictor"] == "imperfections"].dropna(subset=["value", "low"])
    if known.empty:
        return ""
    first = known[known["epoch"] == known["epoch"].min()]
    shares = "; ".join(
        f"{said(_estimate(row), decimals=2)} at weight decay {row['weight_decay']:g}"
        for row in first.to_dict("records")
    )
    return (
        f"*When is the fate sealed?* Of the variance of the final imperfections, what is settled "
        f"at epoch {int(first['epoch'].iloc[0])} already, and not changed by one per cent of each "
        f"parameter: {shares}."
    )


def shaped(forms: pd.DataFrame) -> str:
    """Which forms of alignment make circles."""
    if forms.empty:
        return ""
    records = forms.to_dict("records")
    makes = [row for row in records if row["low"] > _FEW]
    rest = [row for row in records if row["high"] < _FEW]
    undecided = [row for row in records if row not in makes and row not in rest]
    others = [row for row in records if not row["form"].startswith("paper")]
    tried = [row for row in others if row["form"] != "no alignment"]
    if any(row in makes for row in others):
        answer = "No."
    elif any(row in undecided for row in others) or not (tried and makes):
        answer = "Cannot be told."
    elif any(row["value"] > 0 for row in others):
        answer = "Almost: without it there are few."
    else:
        answer = "As far as can be told, yes."
    parts = [f"Circles come with {_shares(makes) or 'no form for certain'}."]
    parts += [f"Surely under 1 % are circles with {_shares(rest)}."] if rest else []
    parts += [f"It cannot be told of {_shares(undecided)}."] if undecided else []
    return f"*Does the circle need the paper's form of alignment?* {answer} {' '.join(parts)}"


def _shares(records: list[dict[Any, Any]]) -> str:
    return "; ".join(f"{row['form']}: {said(_estimate(row), percent=True)}" for row in records)


def curled(curls: pd.DataFrame) -> str:
    """How far the law is from a gradient at the last epoch under most decay."""
    if curls.empty:
        return ""
    some = curls[curls["weight_decay"] == curls["weight_decay"].max()]
    here = some[some["epoch"] == some["epoch"].max()].to_dict("records")
    shown = {row["predictor"]: said(_estimate(row), decimals=3) for row in here}
    names = [name for name in ("paper", "fitted", "learnt") if name in shown]
    told = "; ".join(f"{name} {shown[name]}" for name in names)
    return (
        f"*How far is the law from a gradient*, which the true force is? Its share of curl at "
        f"epoch {here[0]['epoch']:,}, weight decay {here[0]['weight_decay']:g}: {told}."
    )


def _estimate(row: Any) -> Estimate:
    return Estimate(float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"]))
