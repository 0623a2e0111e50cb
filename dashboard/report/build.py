"""The report as data: every section, from what is stored."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Engine

from dashboard.report.needs import missing
from dashboard.report.parts import Section
from dashboard.report.sections import section_module
from db.queries import kind_counts
from modadd import __version__
from modadd.paper import CITATION
from modadd.simulators import SIMULATORS

TITLE = "Clustering and Alignment in modular addition: the paper, regenerated"


class Report(NamedTuple):
    """title, and about: paragraphs under it; the sections in order."""

    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]


def build(engine: Engine, names: Sequence[str]) -> Report:
    """The report of these sections. What is not stored is said, with the command that makes it."""
    made = []
    for name in names:
        module = section_module(name)
        lacking = missing(engine, module.NEEDS)
        section = module.section(engine)
        made.append(dataclasses.replace(section, missing=(*section.missing, *lacking)))
    return Report(TITLE, _about(engine), tuple(made))


def _about(engine: Engine) -> tuple[str, ...]:
    counts = kind_counts(engine)
    stored = [
        f"{int(members['runs'].sum()):,} {SIMULATORS[str(kind)].title}"
        for kind, members in counts.groupby("kind")
        if kind in SIMULATORS
    ]
    today = datetime.date.today().isoformat()
    return (
        f"A reproduction of {CITATION}. Every number and figure is recomputed from a database of "
        f"{' and '.join(stored) or 'no runs'} by modadd {__version__}, written {today}.",
        "Brackets are 95 % intervals: Wilson's of shares, Student's t of means, Fisher's z of "
        "correlations, unless another is named. A circle is an arrangement with a radius ratio "
        "below 1.2 (Algorithm 1), a grid whatever is no circle; imperfections are Algorithm 2's. "
        "✓ stands for the claim, ✗ against it, ? for too few runs, – for no interval. "
        "*Open in the paper* marks a choice that the paper leaves to its reader, and ours.",
    )
