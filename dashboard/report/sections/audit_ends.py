"""Of the section on the force law: the learnt law, where laws lead, when fates are settled, the
curl, and what came out in plain words."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_law import foretold, shares
from dashboard.charts_learned_law import learned_functions
from dashboard.gallery import frames_of
from dashboard.law_rows import (
    CURLS,
    FORESHADOWS,
    GAINED,
    MOST_EPOCHS,
    foreshadowing,
    form_shares,
    led_by_laws,
    measured,
    settling,
)
from dashboard.law_words import conclusions
from dashboard.report.parts import Figure, Part
from db.epochs import stored_epochs
from db.filters import Filter
from db.law import law_moments
from db.law_summaries import before_the_end, branch_ends, circles_by_form, fit_medians
from db.law_trials import trials
from db.queries import runs
from db.run_lists import filtered_runs
from db.schema import law_curls_table, law_ends_table
from modadd import audit, curl, learned_twins
from modadd.branches import BranchConfig
from modadd.fate import FEWEST
from modadd.law_tables import curl_means
from modadd.learned_law import functions, unpacked
from modadd.statistics import median_rank

#: Phases of training whose learnt functions the report draws: alignment's, and the last.
PHASES = ("10-49", "1000-")


def ends(engine: Engine, chosen: Filter, fits: pd.DataFrame, twins: pd.DataFrame) -> list[Part]:
    """All parts that there are data for. fits, twins: as `dashboard.law_words.conclusions`."""
    led = led_by_laws(trials(engine, law_ends_table(), learned_twins.VERSION, chosen))
    areas, gained = measured(led, "AUC of circles"), measured(led, "AUC gained")
    branches = branch_ends(engine, chosen)
    settled = settling(branches[branches["perturbation"] == BranchConfig().perturbation])
    forms = form_shares(circles_by_form(engine, "alignment-forms"))
    curls = curl_means(trials(engine, law_curls_table(), curl.VERSION, chosen))
    curls = curls.rename(columns={"law": "predictor"})
    gains = fit_medians(engine, chosen, ("law",), GAINED, median_rank, audit.VERSION)
    words = conclusions(
        fits=fits, gains=gains, twins=twins, gained=gained, nearer=measured(led, "distance gained"),
        settled=settled, forms=forms, curls=curls,
    )  # fmt: skip
    parts: list[Part] = [*_learnt(engine, chosen)] if len(fits) else []
    if len(areas) and areas["value"].notna().any():
        parts.append(_led(areas))
    if len(fits):
        ids = filtered_runs(engine, chosen, ["run_id"])["run_id"]
        epochs = frames_of(stored_epochs(engine, chosen.kind).shared(ids), MOST_EPOCHS)
        snapshots = before_the_end(engine, chosen, list(FORESHADOWS), epochs)
        parts.extend(_foreshadowed(*foreshadowing(snapshots)))
    if settled["value"].notna().any():
        parts.append(_settled(settled))
    if len(forms):
        parts.append(_forms(forms))
    if len(curls):
        parts.append(_curls(curls[curls["predictor"].isin(CURLS)]))
    return [*parts, *(["What came out, in plain words:", *words] if words else [])]


def _learnt(engine: Engine, chosen: Filter) -> list[Part]:
    rows = runs(engine, "transformer", chosen.experiments[0])
    decay = rows["weight_decay"].max()
    ids = rows.loc[(rows["weight_decay"] == decay) & (rows["status"] == "done"), "run_id"].tolist()
    found: list[Part] = []
    for phase in PHASES:
        stored = law_moments(engine, phase, ids, audit.VERSION)
        if len(stored) < 4:
            continue
        table = functions(unpacked(list(stored.values())))
        chart = learned_functions(table, f"γ = {decay:g}, epochs {phase}")
        found.append(
            Figure(
                name=f"law-learnt-{phase.split('-')[0]}",
                label="The learnt law",
                caption="The functions that the forces ask for, without assuming their form, with "
                f"95 % bands of a bootstrap over n = {len(stored)} networks, beside the paper's "
                "1/r, constant and step fitted to the same forces. Forces have rms 1.",
                alt="Four curves with bands: the push from other and from the same residue over "
                "the distance, the pull along sums of the same and of others over the angle.",
                chart=chart,
            )
        )
    return found


def _led(areas: pd.DataFrame) -> Figure:
    return Figure(
        name="law-led",
        label="Circles foretold by other laws",
        caption="AUC with which particles from networks' embeddings tell the networks that become "
        "circles: under the paper's law, its form with strengths fitted to other networks, and the "
        "law learnt from other networks, for all of training at once or its phases in turn; "
        f"DeLong's intervals, n up to {int(areas['n'].max())}.",
        alt="AUC over the epoch that particles begin at, a panel a weight decay, a line a law.",
        chart=foretold(areas, "AUC", middle=0.5),
    )


def _foreshadowed(circles: pd.DataFrame, accuracies: pd.DataFrame) -> list[Part]:
    """When the end can be told from a snapshot: of circles, and of accuracy."""
    found: list[Part] = []
    for name, rows, title, middle, told in (
        ("law-circles-told", circles, "AUC", 0.5, "the networks that end as circles (DeLong's "),
        ("law-accuracy-told", accuracies, "r", 0, "the final validation accuracy (Fisher's "),
    ):
        if len(rows) and rows["value"].notna().any():
            found.append(
                Figure(
                    name=name,
                    label="When the end can be told",
                    caption=f"How well single numbers of a snapshot tell {told}intervals, n up to "
                    f"{int(rows['n'].max())} networks a weight decay), over the snapshot's epoch; "
                    f"{middle} is nothing.",
                    alt=f"{title} over the epoch, a panel a weight decay, a line a number.",
                    chart=foretold(rows, title, middle=middle),
                )
            )
    return found


def _settled(settled: pd.DataFrame) -> Figure:
    return Figure(
        name="law-settled",
        label="When the end is settled",
        caption="Training taken up again at an epoch with every parameter changed by one per cent: "
        "the share of the ends' variance between networks, not between branches of one (ICC, n up "
        f"to {int(settled['n'].max())} networks); 1 is settled. F interval; for circles a "
        f"bootstrap over networks, and none where fewer than {FEWEST} have a circle, or a branch "
        f"that is none. Up to {int(settled['circles'].max())} networks have a circle, and the "
        f"branches of up to {int(settled['split'].max())} disagree on it.",
        alt="Shares over the epoch of branching, a panel a weight decay.",
        chart=foretold(settled, "share settled", middle=0),
    )


def _forms(forms: pd.DataFrame) -> Figure:
    return Figure(
        name="law-forms",
        label="Circles under other forms of alignment",
        caption="Share of circles with Wilson's interval among n = "
        f"{int(forms['n'].max()):,} simulations a form. *reciprocal*: every force is answered; "
        "*potential*: the gradient of one; *same-only*, *different-only*: Eq. 4 between such sums.",
        alt="A dot with its interval a form and strength.",
        chart=shares(forms, "form", "share of circles"),
    )


def _curls(curls: pd.DataFrame) -> Figure:
    return Figure(
        name="law-curls",
        label="How far the law is from a gradient",
        caption="‖(J - Jᵀ)/2‖ / ‖J‖ of the forces' Jacobian on the tokens at networks' embeddings, "
        "0 for a gradient: with the paper's coefficients, those fitted to each network, the learnt "
        f"functions, and the true force; mean, t interval, n up to {int(curls['n'].max())}.",
        alt="Shares over epochs, a panel a weight decay: the true force's is 0.",
        chart=foretold(curls, "share of curl", middle=0),
    )
