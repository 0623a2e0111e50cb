"""The paper's claims, in the order of the paper, and what the stored runs say of each."""

from modadd.claims import section_4, section_5, section_7
from modadd.claims.frames import Frames
from modadd.claims.judging import Claim, Finding, as_table, frames_needed, judge_all

__all__ = ["CLAIMS", "Claim", "Finding", "Frames", "as_table", "frames_needed", "judge_all"]

CLAIMS = (*section_4.CLAIMS, *section_5.CLAIMS, *section_7.CLAIMS)
