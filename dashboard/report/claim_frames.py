"""What the claims' verdicts are made from, read from the database."""

from collections.abc import Sequence

from sqlalchemy import Engine

from db.frames import frame
from modadd.claims import Claim, Finding, frames_needed, judge_all


def findings(engine: Engine, claims: Sequence[Claim]) -> list[Finding]:
    """What the stored runs say of the claims."""
    frames = {name: frame(engine, *source) for name, source in frames_needed(claims).items()}
    return judge_all(claims, frames)
