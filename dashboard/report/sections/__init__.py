"""The sections, one file each, in the order of the report.

To add one, write `sections/NAME.py` with `NEEDS` (the runs, audits and twins that it draws on,
computed before the report is written) and `section(engine) -> Section`, which must do with whatever
is stored, even nothing; and enter its name here.
"""

import importlib
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Engine

from dashboard.report.needs import AnyNeed
from dashboard.report.parts import Section
from modadd.config import ConfigError, suggestion

SECTIONS = (
    "claims",
    "structures",
    "table-1",
    "correlations",
    "classifier",
    "particle-structures",
    "table-2",
    "appendix-b",
    "appendix-c",
    "appendix-d",
    "appendix-e",
    "appendix-f",
    "decay-groups",
    "other-sizes",
    "audit",
    "initialisation",
    "step-size",
)


class SectionModule(Protocol):
    """What a file here offers."""

    NEEDS: Sequence[AnyNeed]

    def section(self, engine: Engine) -> Section:
        """The section from what is stored."""


def section_module(name: str) -> SectionModule:
    """The file of a section, loaded when it is asked for.

    Raises:
        ConfigError: for a name that is none of `SECTIONS`.
    """
    if name not in SECTIONS:
        raise ConfigError(f"no section {name!r}{suggestion(name, list(SECTIONS))}")
    module: SectionModule = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return module


def needs_of(names: Sequence[str]) -> list[AnyNeed]:
    """The runs that the sections draw on, each need once, in the order of the sections."""
    return list(dict.fromkeys(need for name in names for need in section_module(name).NEEDS))
