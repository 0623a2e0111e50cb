"""The paper's claims, and what the stored runs say of each.

A claim is judged from frames: a name → rows with the columns of the database's run views. A name
is that of an experiment, `table-1 at EPOCH` (`at`), `twins` or `audit`. The verdict follows from a
claim's checks by the rule of `modadd.claims.checks`; what is judged by hand is only which numbers a
claim is about.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from modadd.audit import VERSION
from modadd.claims.checks import UNCOMPUTED, UNTESTABLE, Check, verdict
from modadd.claims.frames import Frames
from modadd.experiments import EXPERIMENTS
from modadd.twins import TwinConfig

AUDIT, TWINS = "audit", "twins"


class Claim(NamedTuple):
    """name: short, unique. says: the paper's claim in one sentence. place: where in the paper.

    needs: the frames that it is judged from. checks: what is compared; None where nothing that is
    stored could tell. rule: what is compared, in words, or why nothing can be. shown: the
    experiment whose table or the section whose figure shows it.
    """

    name: str
    says: str
    place: str
    needs: tuple[str, ...]
    checks: Callable[[Frames], list[Check]] | None
    rule: str
    shown: str = ""


class Finding(NamedTuple):
    """What came out of a claim. evidence: its checks in words, or what is missing. runs: how many
    are behind it."""

    claim: Claim
    verdict: str
    evidence: tuple[str, ...]
    runs: int = 0


def at(experiment: str, epoch: int) -> str:
    """The name of the frame of an experiment's runs with the metrics of an earlier epoch."""
    return f"{experiment} at {epoch}"


class Source(NamedTuple):
    """What a frame's rows are: runs of a kind, by experiment. epoch: at which their metrics are
    taken (None: the end of each run). audited: the fits of this
    version of `modadd audit` instead."""

    kind: str
    experiment: str
    epoch: int | None = None
    audited: int | None = None


def source(frame: str) -> Source:
    """What the name of a frame stands for."""
    name, _, epoch = frame.partition(" at ")
    if name == AUDIT:
        return Source("transformer", "table-1", audited=VERSION)
    kind = TwinConfig.kind if name == TWINS else EXPERIMENTS[name].kind
    return Source(kind, name, int(epoch) if epoch else None)


def command_for(frame: str) -> str:
    """What computes the rows of a frame."""
    name = frame.partition(" at ")[0]
    return f"`modadd {name}`" if name in (AUDIT, TWINS) else f"`modadd reproduce {name}`"


def judge(claim: Claim, frames: Frames) -> Finding:
    """The verdict on one claim. Runs that diverged count for nothing."""
    if claim.checks is None:
        return Finding(claim, UNTESTABLE, (claim.rule,))
    done = {
        name: rows[rows["status"] == "done"]
        for name, rows in frames.items()
        if name in claim.needs and len(rows)
    }
    missing = [name for name in claim.needs if name not in done or done[name].empty]
    checks = [] if missing else claim.checks(done)
    if not checks:  # or what is compared is not there yet, where a job was stopped
        lacking = tuple(f"run {command_for(name)}" for name in missing or claim.needs)
        return Finding(claim, UNCOMPUTED, lacking)
    runs = sum(_count(done[name]) for name in claim.needs if " at " not in name)
    return Finding(claim, verdict(checks), tuple(map(str, checks)), runs)


def _count(rows: pd.DataFrame) -> int:
    """How many runs; some frames have several rows of one."""
    return int(rows["run_id"].nunique()) if "run_id" in rows else len(rows)


def judge_all(claims: Sequence[Claim], frames: Frames) -> list[Finding]:
    """Every claim's finding, in their order."""
    return [judge(claim, frames) for claim in claims]


def frames_needed(claims: Sequence[Claim]) -> dict[str, Source]:
    """Every frame that the claims are judged from, by name."""
    return {name: source(name) for claim in claims for name in claim.needs}


def as_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Columns claim, place, verdict, evidence, rule, shown: a row a claim, all of them texts."""
    rows = [
        (f.claim.says, f.claim.place, f.verdict, "; ".join(f.evidence), f.claim.rule, f.claim.shown)
        for f in findings
    ]
    return pd.DataFrame(rows, columns=["claim", "place", "verdict", "evidence", "rule", "shown"])
