"""The parts of the page of the force law that look at ends: where laws lead, when fates are
settled, and whether the circle needs a force without reaction."""

import streamlit as st

from dashboard import law_loaders
from dashboard.charts_law import foretold, shares
from dashboard.law_rows import CURLS, MOST_EPOCHS, form_shares, measured
from dashboard.law_sections import nothing, shown, whose
from dashboard.law_words import conclusions
from dashboard.opened import Database
from db.filters import Filter
from modadd.fate import FEWEST
from modadd.particles import ParticleConfig


def conclusion_section(opened: Database, chosen: Filter) -> None:
    """What came out, in plain words."""
    known = conclusions(
        fits=law_loaders.scores(opened, chosen),
        gains=law_loaders.gains(opened, chosen),
        twins=law_loaders.foretold_by_twins(opened, chosen),
        gained=measured(law_loaders.led(opened, chosen), "AUC gained"),
        nearer=measured(law_loaders.led(opened, chosen), "distance gained"),
        settled=law_loaders.settled(opened, chosen),
        forms=form_shares(law_loaders.circles_by_form(opened.of(ParticleConfig.kind))),
        curls=law_loaders.curls(opened, chosen),
    )
    if known:
        st.subheader("In plain words", anchor=False)
        st.markdown("\n".join(f"- {sentence}" for sentence in known), width=900)


def led_section(opened: Database, chosen: Filter) -> None:
    """Whether particles under a fitted or learnt law end as their networks do."""
    st.subheader("Does the learnt law foretell ends better?", anchor=False)
    rows = measured(law_loaders.led(opened, chosen), "AUC of circles")
    if rows.empty:
        nothing("No particles under a learnt law are stored", "learn", *whose(opened, chosen))
        return
    if rows["value"].isna().all():
        why = "None of these networks ends as a circle, or all do"
        nothing(why, "learn", *whose(opened, chosen))
        return
    st.caption(
        "Particles that begin at the networks' embeddings under the paper's law, under its form "
        "with strengths fitted to other networks, and under the law learnt from other networks: "
        "AUC with which the end's radius ratio tells the networks that become circles."
    )
    shown("led", rows, foretold(rows, "AUC", middle=0.5), chosen, "learn", *whose(opened, chosen))


def fate_section(opened: Database, chosen: Filter) -> None:
    """What snapshots foretell of the end, and how much of it is settled."""
    st.subheader("When is the fate sealed?", anchor=False)
    circles, accuracies = law_loaders.foreshadowed(opened, chosen)
    command = ("fate", *whose(opened, chosen))
    if circles["value"].notna().any():
        st.caption(
            "How well a snapshot tells the later circles: AUC of its metrics, 0.5 is chance. "
            f"At up to {MOST_EPOCHS} of the stored epochs, of each weight decay over the networks "
            "with the most of these; the tip counts their circles. DeLong's interval, none where "
            "it is undefined: below two circles, or with all told apart (1 or 0)."
        )
        shown("foreshadowed", circles, foretold(circles, "AUC", middle=0.5), chosen, *command)
    else:
        nothing("None of these networks ends as a circle, or all do", "reproduce", "table-1")
    if accuracies["value"].notna().any():
        st.caption("And the final accuracy of the validation pairs: Pearson's r")
        shown("accuracies", accuracies, foretold(accuracies, "r", middle=0), chosen, *command)
    settled = law_loaders.settled(opened, chosen)
    if settled["value"].isna().all():
        nothing("No branches of these networks are stored", *command, "--branches", "3")
        return
    st.caption(
        "Training taken up again at an epoch with every parameter changed by about one per cent: "
        "the share of the ends' variance that lies between networks and not between the branches "
        "of one (ICC). 1: branches end alike, the end was settled; 0: as unlike as those of "
        "different networks. F interval; for circles a bootstrap over networks, and none where "
        f"fewer than {FEWEST} have a circle, or a branch that is none. The tip counts the networks "
        "with a circle, and those whose branches disagree (split)."
    )
    chart = foretold(settled, "share settled", middle=0)
    shown("settled", settled, chart, chosen, *command, "--branches", "3")


def forms_section(opened: Database, chosen: Filter) -> None:
    """Other forms of alignment, and the curl of the law."""
    st.subheader("Does the circle need a force without reaction?", anchor=False)
    forms = form_shares(law_loaders.circles_by_form(opened.of(ParticleConfig.kind)))
    if forms.empty:
        nothing("No simulations under other forms are stored", "reproduce", "alignment-forms")
    else:
        st.caption(
            "Particles under other forms of alignment. *reciprocal*: every force answered by its "
            "reaction; *potential*: the gradient of one; *same-only*, *different-only*: Eq. 4 "
            "between sums of the same, or of different residues alone. Wilson's intervals."
        )
        of_forms = Filter(kind="particle", experiments=("alignment-forms",))
        chart = shares(forms, "form", "share of circles")
        shown("forms", forms, chart, of_forms, "reproduce", "alignment-forms")
    curls = law_loaders.curls(opened, chosen)
    command = ("curl", *whose(opened, chosen))
    if curls.empty:
        nothing("No curl of the law at these networks is stored", *command)
        return
    st.caption(
        "How far from a gradient? ‖(J - Jᵀ)/2‖ / ‖J‖ of the forces' Jacobian on the tokens, at the "
        "networks' embeddings: 0 for a gradient, about 0.71 for independent entries. With the "
        "paper's coefficients, those fitted to each network's forces, and the learnt functions; "
        "the true force at a fixed classifier is a gradient. Mean, t interval."
    )
    some = curls[curls["predictor"].isin(CURLS)]
    shown("curls", curls, foretold(some, "share of curl", middle=0), chosen, *command)
