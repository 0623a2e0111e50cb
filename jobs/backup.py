"""`modadd backup`: a whole copy of the database, while it is in use."""

import sys
from collections.abc import Sequence
from pathlib import Path

from db.backup import backup
from jobs.command import Parser, add_database_flag, run_command

DESCRIPTION = "Copy the database into a new file; jobs may write and pages may read meanwhile."


def command(arguments: Sequence[str]) -> int:
    parser = Parser("backup", DESCRIPTION)
    parser.add_argument("to", metavar="TO", type=Path, help="the new file; none is overwritten")
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    backup(parsed.database, parsed.to)
    print(f"copied {parsed.database} to {parsed.to}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(run_command("backup", command, sys.argv[1:]))
