"""What the commands share: flags, one-line errors, exit statuses."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from db.connect import NoDatabaseError, StoreError, open_for_writing, understood
from jobs.loop import prepare_database, run_requests
from jobs.plan import check_requests
from jobs.requests import KEPT_PARAMETERS, Request, is_number
from jobs.workers import JobError, Resources, choose_device
from modadd.config import MOST, Config, ConfigError, Rule, suggestion

# Exit statuses: bad input, a job that could not finish, and a job that was told to stop.
BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
MOST_WORKERS = 256
_MOST_SHOWN = 2000  # letters of a line


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, with the nearest flag for one that it lacks."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(
            prog=f"modadd {name}",
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def parse_args(self, args: Sequence[str] | None = None) -> argparse.Namespace:  # type: ignore[override]  # no namespace is passed in here
        namespace, unknown = self.parse_known_args(args)
        if unknown:
            near = suggestion(unknown[0], list(self._option_string_actions))
            hint = near if near.startswith(" (did") else f": see `{self.prog} --help`"
            self.error(f"unknown argument {unknown[0]}{hint}")
        return namespace

    def error(self, message: str) -> NoReturn:
        print(printable(f"{self.prog}: error: {message}"), file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def run_command(
    name: str, command: Callable[[Sequence[str]], int], arguments: Sequence[str]
) -> int:
    """Run a command; turn the errors that it expects into one line and an exit status."""
    if sys.stderr is None:  # closed by who started us, as schedulers do: nobody wants to hear of it
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    no_text = [word for word in arguments if word != word.encode(errors="ignore").decode()]
    if no_text:
        return _complain(name, f"arguments must be UTF-8, got {no_text[0]!a}", BAD_INPUT)
    try:
        with understood():
            return command(arguments)
    except (ConfigError, StoreError) as error:
        return _complain(name, str(error), BAD_INPUT)
    except JobError as error:
        return _complain(name, str(error), FAILED)
    except MemoryError:
        return _complain(name, "runs of this size do not fit the memory: make them smaller", FAILED)
    except BrokenPipeError:  # `modadd list | head`
        sys.stderr.close()
        return 0
    except OSError as error:
        return _complain(name, str(error), FAILED)
    except KeyboardInterrupt:
        return _complain(name, "interrupted, what was stored is safe", INTERRUPTED)
    except Exception as error:
        fault = _fault_of_the_database(arguments)
        if fault is None:
            raise
        what = f"ended in {type(error).__name__}, and the database is not whole: {fault}"
        return _complain(name, f"{what}; see `modadd verify`, or restore a copy", BAD_INPUT)


def _fault_of_the_database(arguments: Sequence[str]) -> str | None:
    """What is wrong with the database that a command was given, if anything.

    A file from elsewhere may hold any number in any place, and a command looks only at what it
    asks for: whatever an absurd one makes of it, `modadd verify` knows it for a fault."""
    from jobs.verify import first_fault

    parser = argparse.ArgumentParser(add_help=False)
    add_database_flag(parser)
    try:
        return first_fault(parser.parse_known_args(arguments)[0].database)
    except NoDatabaseError:
        return None
    except (ConfigError, StoreError) as error:
        return str(error)


def _complain(name: str, message: str, status: int) -> int:
    print(printable(f"modadd {name}: error: {message}"), file=sys.stderr)
    return status


def printable(text: str) -> str:
    """Text as one line of which a terminal obeys nothing: it may come from a file of anybody's."""
    if len(text) > _MOST_SHOWN:
        text = f"{text[:_MOST_SHOWN]}…"
    shown = (c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)
    return "".join(shown)


def epoch_number(text: str) -> int:
    """The type of flags that name epochs."""
    if not is_number(text) or int(text) > MOST:
        raise argparse.ArgumentTypeError(f"an epoch must be 0 to {MOST}, got {text!r}")
    return int(text)


def add_database_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="PATH|URL",
        default=os.environ.get("MODADD_DATABASE") or "modadd.db",
        help="a path, or a SQLAlchemy URL of SQLite or PostgreSQL "
        "(default: $MODADD_DATABASE, else modadd.db)",
    )


def add_job_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of every command that computes."""
    add_database_flag(parser)
    group = parser.add_argument_group("computing")
    group.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: auto"
    )
    group.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="N",
        help="spawned processes (default: 0, a thread a core in this one)",
    )


def add_keep_flags(
    parser: argparse.ArgumentParser, default_schedule: str, *, has_classifier: bool = True
) -> None:
    """The flags that say which snapshots to keep, and of networks, which parameters."""
    group = parser.add_argument_group("what is kept")
    group.add_argument(
        "--snapshots",
        metavar="SCHEDULE",
        help="one or more, joined by commas, of all, final, every:K, epochs, and default, which is "
        f"dense early (59 epochs of 2000); without the flag: {default_schedule}",
    )
    if not has_classifier:
        return
    group.add_argument(
        "--parameters",
        choices=KEPT_PARAMETERS,
        default="all",
        help="at which snapshots to keep W_h, b_h, W_o, b_o (default: all)",
    )


def add_config_flags(parser: argparse.ArgumentParser, config: type[Config]) -> None:
    """One flag a config field, which takes one value or several to sweep over."""
    group = parser.add_argument_group("fields (several values make a sweep)")
    names = [name for name in config.field_types() if name != "seed"]
    add_field_flags(group, config, names, several=True)
    group.add_argument(
        "--seeds",
        nargs="+",
        default=["0"],
        metavar="SEED",
        help="7, or 0:100 for 0 to 99 (default: 0)",
    )
    group.add_argument("--experiment", metavar="NAME", help="a name to find the runs by")


def add_experiment(parser: argparse.ArgumentParser, help: str) -> None:
    """The stored experiment that a command is about, as a word of its own or after a flag."""
    parser.add_argument("experiment", nargs="?", default=argparse.SUPPRESS, help=help)
    parser.add_argument("--experiment", metavar="NAME", default="table-1", help="the same")


def add_field_flags(
    group: argparse._ArgumentGroup, config: type[Config], names: Sequence[str], *, several: bool
) -> None:
    """A flag for each of the named config fields, which takes one value, or several."""
    for field in dataclasses.fields(config):
        if field.name not in names:
            continue
        rule: Rule = field.metadata["rule"]
        kind = field.type if callable(field.type) else str
        group.add_argument(
            "--" + field.name.replace("_", "-"),
            nargs="+" if several else None,
            type=kind,
            choices=rule.choices or None,
            metavar=None if rule.choices else kind.__name__.upper(),
            help=f"{field.metadata['help']} (default: {field.default})",
        )


def resources(arguments: argparse.Namespace) -> Resources:
    """Where to compute, from the flags of `add_job_flags`."""
    if arguments.workers < 0:
        raise ConfigError(f"workers must be >= 0, got {arguments.workers}")
    if arguments.workers > MOST_WORKERS:
        raise ConfigError(
            f"workers must be at most {MOST_WORKERS}, got {arguments.workers}: best is one a core"
        )
    return Resources(device=choose_device(arguments.device), workers=arguments.workers)


def compute_requests(arguments: argparse.Namespace, requests: Sequence[Request]) -> int:
    """Compute and store what is missing of the requests; the exit status.

    Everything about the requests has been checked by now: nothing is opened or created before.
    """
    where = resources(arguments)
    check_requests(arguments.database, requests, where)
    with open_for_writing(arguments.database) as engine:
        prepare_database(engine)
        for request, summary in run_requests(engine, requests, where):
            print(f"{request.title}: {summary}", file=sys.stderr)
            if summary.interrupted:
                return INTERRUPTED
    return 0
