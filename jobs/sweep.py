"""`modadd train` and `modadd simulate`: every combination of the fields' values."""

from collections.abc import Sequence

from jobs.command import (
    Parser,
    add_config_flags,
    add_job_flags,
    add_keep_flags,
    compute_requests,
)
from jobs.requests import KINDS, sweep
from modadd.simulators import SIMULATORS

_NOT_FIELDS = ("database", "device", "workers")


def run_sweep(name: str, description: str, arguments: Sequence[str]) -> int:
    """Parse the flags of a kind's config, and compute the sweep that they make."""
    simulator = SIMULATORS[KINDS[name]]
    parser = Parser(name, description)
    add_config_flags(parser, simulator.config)
    add_keep_flags(parser, simulator.schedule, has_classifier=simulator.has_classifier)
    add_job_flags(parser)
    parsed = parser.parse_args(arguments)
    values = {
        flag: value
        for flag, value in vars(parsed).items()
        if flag not in _NOT_FIELDS and value is not None
    }
    return compute_requests(parsed, [sweep(name, values)])
