"""`modadd upgrade`: a database of an older schema version is brought up to date."""

import sys
from collections.abc import Sequence

from db.connect import open_for_writing, without_password
from db.schema import SCHEMA_VERSION
from jobs.command import Parser, add_database_flag, run_command
from jobs.loop import declare_program, stale_metrics

DESCRIPTION = (
    "Bring a database of an older version up to date. Every command that writes does it, too;\n"
    "the database as it was is kept beside it."
)


def command(arguments: Sequence[str]) -> int:
    parser = Parser("upgrade", DESCRIPTION)
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    with open_for_writing(parsed.database, create=False) as engine:
        declare_program(engine)
        stale = stale_metrics(engine)
    place = without_password(parsed.database)
    print(f"{place} has schema version {SCHEMA_VERSION}, the newest", file=sys.stderr)
    if stale:
        print(f"{', '.join(stale)} is new or changed: run `modadd measure`", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(run_command("upgrade", command, sys.argv[1:]))
