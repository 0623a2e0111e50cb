"""`modadd report`: every table, figure and appendix of the paper as one web page and one PDF."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from db.connect import open_for_reading, open_for_writing
from jobs.audit import audit_missing
from jobs.command import INTERRUPTED, Parser, add_job_flags, compute_requests, run_command
from jobs.loop import check_metrics
from jobs.requests import experiment_request
from jobs.twins import twin_request

if TYPE_CHECKING:
    from dashboard.report.needs import AnyNeed

DESCRIPTION = (
    "Write the whole paper, recomputed, as report.html and report.pdf, with every figure (SVG, "
    "PDF) and table (CSV, LaTeX); compute first what is not stored: of table-1 and table-2 also "
    "the seeds 100 to 999, 6300 runs."
)


def command(arguments: Sequence[str]) -> int:
    from dashboard.report.sections import SECTIONS, needs_of

    parser = Parser("report", DESCRIPTION)
    parser.add_argument(
        "--to",
        metavar="DIR",
        type=Path,
        help="default: report; with --only, report- and the sections, beside the whole one",
    )
    parser.add_argument(
        "--only", nargs="+", metavar="SECTION", default=SECTIONS, help=", ".join(SECTIONS)
    )
    parser.add_argument(
        "--no-compute",
        action="store_true",
        help="write what is stored, and say in the report what is missing",
    )
    add_job_flags(parser)
    parsed = parser.parse_args(arguments)
    if parsed.to is None:
        parsed.to = Path(
            "report" if parsed.only is SECTIONS else "-".join(["report", *parsed.only])
        )
    needs = needs_of(parsed.only)
    # Loaded only here: Altair and the typesetter take a second.
    from dashboard.report.write import check_folder, write_report

    check_folder(parsed.to)
    if not parsed.no_compute:
        status = _compute(parsed, needs)
        if status:
            return status
    from dashboard.report.build import build

    with open_for_reading(parsed.database) as engine:
        check_metrics(engine)
        report = build(engine, parsed.only)
    files = write_report(report, parsed.to)
    lacking = sum(len(section.missing) for section in report.sections)
    if lacking:
        print(f"{lacking} things are missing, the report says which", file=sys.stderr)
    print(f"{len(files)} files in {parsed.to}: open {parsed.to / 'report.html'}")
    return 0


def _compute(parsed: argparse.Namespace, needs: Sequence["AnyNeed"]) -> int:
    """Compute and store what is missing of the needs; the exit status."""
    from dashboard.report.needs import Audits, Twins

    requests = [
        twin_request(need.configs)
        if isinstance(need, Twins)
        else experiment_request(
            need.experiment,
            seeds=need.seeds,
            snapshots=need.snapshots,
            parameters=need.parameters,
        )
        for need in needs
        if not isinstance(need, Audits)
    ]
    status = compute_requests(parsed, requests)
    if status:
        return status
    audited = [need.experiment for need in needs if isinstance(need, Audits)]
    with open_for_writing(parsed.database) as engine:
        done = all(audit_missing(engine, experiment) for experiment in audited)
    return 0 if done else INTERRUPTED


if __name__ == "__main__":
    sys.exit(run_command("report", command, sys.argv[1:]))
