"""`modadd claims`: each of the paper's claims, and what the stored runs say of it."""

import sys
import textwrap
from collections.abc import Sequence

from db.connect import open_for_reading
from db.frames import frame
from jobs.command import Parser, add_database_flag, run_command
from modadd.claims import CLAIMS, Finding, as_table, frames_needed, judge_all
from modadd.claims.checks import VERDICTS
from modadd.config import ConfigError
from modadd.spreadsheets import to_csv

DESCRIPTION = """Print each claim of the paper with a verdict from the stored runs. A check of a
number against a limit is for the claim (✓), against it (✗) or open (?) by its 95 % interval; all
for: holds; some: holds partly; none, and some against: does not hold; all open: undecided."""

_WIDTH = 100


def command(arguments: Sequence[str]) -> int:
    parser = Parser("claims", DESCRIPTION)
    names = [claim.name for claim in CLAIMS]
    parser.add_argument(
        "claim", nargs="*", metavar="CLAIM", help=f"{', '.join(names)} (default: all)"
    )
    add_database_flag(parser)
    parser.add_argument("--short", action="store_true", help="one line a claim, without evidence")
    parser.add_argument("--csv", action="store_true", help="one line a claim, with everything")
    parsed = parser.parse_args(arguments)
    unknown = [name for name in parsed.claim if name not in names]
    if unknown:
        raise ConfigError(f"no claim {unknown[0]!r}: see `modadd claims --help`")
    claims = [claim for claim in CLAIMS if not parsed.claim or claim.name in parsed.claim]
    with open_for_reading(parsed.database) as engine:
        frames = {name: frame(engine, *source) for name, source in frames_needed(claims).items()}
    findings = judge_all(claims, frames)
    if parsed.csv:
        print(to_csv(as_table(findings)), end="")
        return 0
    print("\n".join(text for finding in findings for text in _lines(finding, parsed.short)))
    print(_summary(findings))
    return 0


def _lines(finding: Finding, short: bool) -> list[str]:
    claim = finding.claim
    runs = f"; {finding.runs:,} runs" if finding.runs else ""
    head = f"{finding.verdict:16}  {claim.says} ({claim.place}{runs})"
    if short:
        return textwrap.wrap(head, _WIDTH, subsequent_indent=" " * 18)
    checks = [f"    {text}" for text in finding.evidence]
    rule = [] if claim.checks is None else [f"    rule: {claim.rule}"]
    return [head, *rule, *checks, ""]


def _summary(findings: Sequence[Finding]) -> str:
    counts = {verdict: sum(f.verdict == verdict for f in findings) for verdict in VERDICTS}
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"\n{len(findings)} claim{'s' if len(findings) != 1 else ''}: {said}"


if __name__ == "__main__":
    sys.exit(run_command("claims", command, sys.argv[1:]))
