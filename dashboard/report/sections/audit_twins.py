"""Of the section on the force law: twins beside rivals that know no law, how long they keep their
networks company, and how much of the forces a learnt law explains."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from dashboard.law_rows import paper_law
from dashboard.law_words import needed
from dashboard.report.parts import Part, Table
from dashboard.report.text import estimate_in, said
from db.arrangements import arrangements, final_arrangements
from db.filters import Filter
from db.law import law_moments
from db.law_summaries import twin_couples
from db.queries import configs, runs
from modadd import audit
from modadd.foretelling import BOTH, FEATURES, STILL, TWIN, Ends, foretold
from modadd.horizon import company, paths, wrong_residues
from modadd.learned_law import MODELS, PHASES, scores, unpacked
from modadd.statistics import Estimate, median
from modadd.twins import TwinConfig

#: Of the epochs that twins begin at and of the networks' own, those shown.
STARTS = (0, 20, 60, 200)
EPOCHS = (10, 20, 60, 200, 2000)

# Column → the predictor and measure of `modadd.foretelling.foretold`, and its decimals.
_SHOWN = {
    "AUC twin": (TWIN, "AUC"),
    "AUC still": (STILL, "AUC"),
    "AUC features": (FEATURES, "AUC"),
    "AUC features, twin": (BOTH, "AUC"),
    "κ twin": (TWIN, "pairs' kappa"),
    "κ still": (STILL, "pairs' kappa"),
}
_PATHS = {"twin": 3, "nothing moves": 3, "wrong residues": 3, "tied": 2, "nearer if not tied": 2}


def beside_rivals(engine: Engine, chosen: Filter) -> list[Part]:
    """The tables of twins that there are data for."""
    couples = twin_couples(engine, chosen, paper_law())
    shown = couples[couples["epoch"].isin(STARTS)]
    if shown.empty:
        return []
    rivals, found = _rivals(engine, shown)
    on_features = (found["measure"] == "AUC gained") & (found["note"] == f"on {FEATURES}")
    words = needed(found[on_features])
    return [rivals, *([words] if words else []), *_horizon(engine, couples)]


def _rivals(engine: Engine, couples: pd.DataFrame) -> tuple[Table, pd.DataFrame]:
    """The table, and all that it is taken from."""
    labels: Any
    found, rows = [], []
    for labels, some in couples.groupby(["weight_decay", "epoch"]):
        decay, epoch = labels
        table = foretold(_ends(engine, some, int(epoch))).assign(weight_decay=decay, epoch=epoch)
        found.append(table)
        cells = {(c["predictor"], c["measure"]): c for c in table.to_dict("records")}
        texts = [_text(cells.get(key), 2, len(some)) for key in _SHOWN.values()]
        rows.append([f"{decay:g}", int(epoch), len(some), *texts])
    data = pd.concat(found, ignore_index=True)
    laid_out = Table(
        name="law-twin-rivals",
        label="Twins beside rivals that know no law",
        caption="AUC of circle or not, by the radius ratio of the twin's end and of the "
        "arrangement it began at (*still*), or by a 10-fold cross-validated logistic regression on "
        "four features of that arrangement, without and with the twin's (DeLong's intervals); mean "
        "of Cohen's κ over networks: agreement on which pairs are imperfect, 0 by chance (t).",
        rows=pd.DataFrame(rows, columns=["weight_decay", "epoch", "n", *_SHOWN]),
        data=data,
        note="Features: log radius ratio, circularity, RQI, imperfections. A regression needs ten "
        "circles and ten others. A cell of fewer networks says its n.",
    )
    return laid_out, data


def _ends(engine: Engine, some: pd.DataFrame, epoch: int) -> Ends:
    ids, twins = some["run_id"].tolist(), some["twin_id"].tolist()
    starts = arrangements(engine, ids, [epoch])
    ends, led = final_arrangements(engine, ids), final_arrangements(engine, twins)
    return Ends(
        start=np.stack([starts[run_id].embeddings[0] for run_id in ids]),
        twin=np.stack([led[run_id] for run_id in twins]),
        network=np.stack([ends[run_id] for run_id in ids]),
    )


def _horizon(engine: Engine, couples: pd.DataFrame) -> list[Part]:
    """Of twins from epoch 0 under most weight decay. Their paths are not stored, and quickly made
    again."""
    decay = float(couples["weight_decay"].max())
    some = couples[(couples["weight_decay"] == decay) & (couples["epoch"] == 0)]
    courses = arrangements(engine, some["run_id"].tolist())
    epochs = [set(course.epochs.tolist()) for course in courses.values()]
    shared = set.intersection(*epochs) if epochs else set()
    if len(shared) < 3:
        return []
    of_twins = configs(engine, TwinConfig.kind)
    own = [TwinConfig.from_dict(of_twins[twin_id]) for twin_id in some["twin_id"]]
    ways = [c.embeddings[np.isin(c.epochs, list(shared))] for c in courses.values()]
    start = np.stack([way[0] for way in ways])
    found = company(np.array(sorted(shared)), ways, paths(own, start), wrong_residues(own, start))
    rows = []
    for epoch in sorted({*EPOCHS} & shared) or [max(shared)]:
        cells = {c["path"]: c for c in found[found["epoch"] == epoch].to_dict("records")}
        texts = [_text(cells[name], digits, len(ways)) for name, digits in _PATHS.items()]
        rows.append([epoch, len(ways), *texts])
    last = found[found["epoch"] == max(shared)].set_index("path")
    twin, still, nearer = (
        said(estimate_in(last.loc[name]), percent=percent, decimals=decimals)
        for name, percent, decimals in (
            ("twin", False, 2),
            ("nothing moves", False, 2),
            ("nearer if not tied", True, 0),
        )
    )
    return [
        f"At the best of all clocks, twins from epoch 0 at γ = {decay:g} are {twin} from their "
        f"networks at epoch {max(shared):,}, where standing still is {still}; of those that do not "
        f"tie with a law of wrong residues, {nearer} are nearer.",
        Table(
            name="law-horizon",
            label="How long twins keep their networks company",
            caption="Mean Procrustes distance (labels held fixed, t interval) of twins from epoch "
            f"0 to their networks at γ = {decay:g}, steps matched to epochs by the best clock that "
            "never runs backward; *wrong residues*: the same start and law with the tokens' "
            "residues shuffled, as free a clock. Shares of networks that the twin ties with wrong "
            "residues (both clocks at step 0) and, of the others, is nearer to (Wilson).",
            rows=pd.DataFrame(rows, columns=["epoch", "n", *_PATHS]),
            data=found,
            groups=0,
        ),
    ]


def explained_by_learnt(engine: Engine, chosen: Filter) -> list[Part]:
    """How much of the forces of one half of the networks a law explains that was learnt from the
    other half, where all networks of a weight decay have forces."""
    known = runs(engine, "transformer", chosen.experiments[0])
    known = known[known["status"] == "done"] if len(known) else known
    found, rows = [], []
    for decay, some in known.groupby("weight_decay") if len(known) else ():
        ids = some["run_id"].tolist()
        for phase in PHASES:
            stored = law_moments(engine, phase, ids, audit.VERSION)
            if len(stored) < max(len(ids), 4):
                continue
            pooled = unpacked([stored[run_id] for run_id in ids])
            estimates = {model: median(scores(pooled, model)) for model in MODELS}
            found += [(decay, phase, law, *estimate) for law, estimate in estimates.items()]
            texts = [_text(estimate._asdict(), 2, len(ids)) for estimate in estimates.values()]
            rows.append([f"{decay:g}", phase, len(ids), *texts])
    if not rows:
        return []
    return [
        Table(
            name="law-learnt-explained",
            label="What a learnt law explains of other networks",
            caption="R² of the forces on training pair sums of one half of the networks, by laws "
            "with common coefficients learnt from the other half: the paper's form, with free "
            "functions of the distance or the angle, or of both. Medians over n networks, by "
            "epochs of training.",
            rows=pd.DataFrame(rows, columns=["weight_decay", "epochs", "n", *MODELS]),
            data=pd.DataFrame(found, columns=["weight_decay", "epochs", "law", *Estimate._fields]),
        )
    ]


def _text(cell: Mapping[Any, Any] | None, decimals: int, n: int) -> str | None:
    """An estimate with its interval, and its n if that is another than the row's."""
    if cell is None or cell["value"] != cell["value"]:
        return None
    value, low, high = (f"{cell[name]:.{decimals}f}" for name in ("value", "low", "high"))
    bounds = "" if cell["low"] != cell["low"] else f" [{low}, {high}]"
    return f"{value}{bounds}" if cell["n"] == n else f"{value}{bounds} (n = {cell['n']})"
