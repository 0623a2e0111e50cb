"""The verdicts of a section: what `modadd.claims` says of the claims that it shows."""

from typing import TypedDict

import pandas as pd
from sqlalchemy import Engine

from dashboard.report.claim_frames import findings
from dashboard.report.parts import Part, Table
from modadd.claims import CLAIMS, Finding
from modadd.claims.checks import UNCOMPUTED

_BY_NAME = {claim.name: claim for claim in CLAIMS}


class Judgement(TypedDict):
    """The fields of a `Section` that a claim fills."""

    claim: str
    ours: str
    verdict: str
    rule: str


def judged(engine: Engine, section: str, *names: str) -> tuple[Judgement, tuple[Part, ...]]:
    """The first claim's claim, ours, verdict and rule, as a `Section` takes them, and a table of
    the others, if there are any. names: of claims."""
    first, *others = findings(engine, [_BY_NAME[name] for name in names])
    computed = first.verdict != UNCOMPUTED
    texts: Judgement = {
        "claim": first.claim.says,
        "ours": _sentence("; ".join(first.evidence)) if computed else "",
        "verdict": first.verdict,
        "rule": f"Holds if {first.claim.rule}.",
    }
    return texts, (_table(section, others),) if others and computed else ()


def _table(section: str, others: list[Finding]) -> Table:
    rows = [
        (
            finding.claim.says,
            finding.verdict,
            _sentence("; ".join(finding.evidence)),
        )
        for finding in others
    ]
    return Table(
        name=f"{section}-claims",
        label="Claims shown here",
        caption="What else the paper says of this; ✓ for the claim, ✗ against it, ? open, – "
        "without an interval, by the rule of [all claims](#claims).",
        rows=pd.DataFrame(rows, columns=["the paper", "verdict", "here"]),
        data=pd.DataFrame(
            [(f.claim.name, *row, f.claim.rule) for f, row in zip(others, rows, strict=True)],
            columns=["name", "claim", "verdict", "evidence", "rule"],
        ),
        groups=0,
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
