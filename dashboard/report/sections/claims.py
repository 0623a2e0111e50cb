"""Every claim of the abstract and of Sections 4 to 7, with what came out."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.report import sections
from dashboard.report.claim_frames import findings
from dashboard.report.needs import Audits, Need, Twins
from dashboard.report.parts import Section, Table
from modadd.claims import CLAIMS, Finding
from modadd.claims.checks import (
    FAILS,
    HOLDS,
    PARTLY,
    UNCOMPUTED,
    UNDECIDED,
    UNTESTABLE,
    VERDICTS,
)
from modadd.twins import STARTS

NEEDS = (
    *(Need(name) for name in ("table-1", "table-2", "appendix-f", "decay-groups")),
    Audits("table-1"),
    Twins("table-1", STARTS),
)
RULE = (
    "A check of a number against a limit is for the claim (✓) if its whole 95 % interval lies on "
    "the claimed side, against it (✗) if the whole interval lies on the other side or leaves out "
    "every difference that would matter, else open (?); without an interval it is not tested (–). "
    "All for: holds; some: holds partly; none, and some against: does not hold; all open: "
    "undecided. Of all claims together: holds if every tested one does."
)


def section(engine: Engine) -> Section:
    found = findings(engine, CLAIMS)
    return Section(
        name="claims",
        title="What the paper claims, and what came out",
        place="Abstract, Sec. 4-7",
        claim=f"The {len(CLAIMS)} claims that the paper makes of its networks and particles.",
        ours=_summary(found),
        verdict=_overall(found),
        rule=RULE,
        parts=(_table(found), *(_in_words(place, one) for place, one in enumerate(found, 1))),
        seeds="Of each claim those of its experiments.",
        sql="SELECT experiment, COUNT(*) AS runs FROM experiment_runs GROUP BY experiment;",
        command="modadd claims",
    )


def _summary(found: list[Finding]) -> str:
    counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in VERDICTS}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count) + "."


def _overall(found: list[Finding]) -> str:
    verdicts = {one.verdict for one in found} - {UNTESTABLE, UNCOMPUTED, UNDECIDED}
    if not verdicts:
        return UNCOMPUTED
    if verdicts == {HOLDS}:
        return HOLDS
    return PARTLY if verdicts & {HOLDS, PARTLY} else FAILS


def _table(found: list[Finding]) -> Table:
    rows = pd.DataFrame(
        [
            (place, one.claim.says, one.verdict, _evidence(one), one.claim.place, _link(one))
            for place, one in enumerate(found, 1)
        ],
        columns=["no.", "claim", "verdict", "evidence here", "place", "shown at"],
    )
    evidence = ["; ".join(one.evidence) for one in found]
    data = rows.assign(rule=[one.claim.rule for one in found], evidence=evidence)
    return Table(
        name="claim-list",
        label="The claims",
        caption="Each claim of the paper with its verdict, how its checks came out, and one of "
        "them, the first against it if there is one; all are below.",
        rows=rows,
        data=data,
        groups=0,
        links="shown at",
    )


def _evidence(one: Finding) -> str:
    """How many checks came out how, and the one that goes furthest against the claim."""
    if one.claim.checks is None or one.verdict == UNCOMPUTED:
        return "; ".join(one.evidence)
    telling = min(one.evidence, key=lambda text: "✗?–✓".index(text[0]))
    return telling if len(one.evidence) == 1 else f"{_counts(one)}, such as {telling}"


def _link(one: Finding) -> str:
    """The section that shows it, or nothing."""
    return one.claim.shown if one.claim.shown in sections.SECTIONS else ""


def _counts(one: Finding) -> str:
    marks = [text[0] for text in one.evidence]
    return " ".join(f"{marks.count(mark)} {mark}" for mark in "✓✗?–" if mark in marks)


def _in_words(place: int, one: Finding) -> str:
    """A claim's paragraph: the rule, what was found, and where it is shown."""
    claim = one.claim
    evidence = ". ".join(one.evidence)
    rule = "" if claim.checks is None else f" Rule: {claim.rule}."
    shown = f" See [{claim.shown}](#{claim.shown})." if _link(one) else ""
    return f"*{place}. {claim.says}* {one.verdict.capitalize()}.{rule} {evidence}.{shown}"
