"""The report as a PDF, typeset by Typst: no system package, no network, fonts of its own."""

import dataclasses
import json
from pathlib import Path
from typing import Any, Literal

import typst

from dashboard.report.build import Report
from dashboard.report.page import MARKS
from dashboard.report.parts import Figure, Missing, Part, Section, Table
from dashboard.report.tables import cells_of
from dashboard.report.text import spans, typeset

_TEMPLATE = Path(__file__).parent / "document.typ"


def document(report: Report, folder: Path) -> bytes:
    """The PDF. folder: where `figures/NAME.pdf` of every figure lies."""
    return _typeset(report, folder, "pdf")


def first_page(report: Report, folder: Path, ppi: int = 110) -> bytes:
    """A PNG of the document's first page."""
    return _typeset(report, folder, "png", ppi)[0]


def _typeset(
    report: Report, folder: Path, form: Literal["pdf", "png"], ppi: int | None = None
) -> Any:
    return typst.compile(  # type: ignore[type-var]  # the stub wants root of input's type
        _TEMPLATE.read_bytes(),
        root=str(folder),
        ignore_system_fonts=True,  # the same on every machine
        sys_inputs={"report": json.dumps(_plain(report))},
        format=form,
        ppi=ppi,
    )


def _plain(report: Report) -> dict[str, Any]:
    return {
        "title": report.title,
        "about": [_prose(text) for text in report.about],
        "sections": [_section(section) for section in report.sections],
    }


def _prose(text: str) -> list[dict[str, str]]:
    return [
        {**span._asdict(), "text": typeset(span.text) if span.style == "plain" else span.text}
        for span in spans(text)
    ]


def _section(section: Section) -> dict[str, Any]:
    return {
        "name": section.name,
        "title": section.title,
        "place": section.place,
        "claim": _prose(section.claim),
        "ours": _prose(section.ours),
        "verdict": section.verdict,
        "mark": MARKS[section.verdict],
        "rule": _prose(section.rule),
        "missing": [_missing(lack) for lack in section.missing],
        "parts": [_part(part) for part in section.parts],
        "seeds": _prose(section.seeds),
        "sql": section.sql,
        "command": section.command,
    }


def _missing(lack: Missing) -> dict[str, str]:
    return dataclasses.asdict(lack)


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Figure):
        return {
            "kind": "figure",
            "name": part.name,
            "file": f"/figures/{part.name}.pdf",
            "label": part.label,
            "caption": _prose(part.caption),
            "alt": part.alt,
            "width": part.width,
        }
    if isinstance(part, Table):
        return {
            "kind": "table",
            "name": part.name,
            "label": part.label,
            "caption": _prose(part.caption),
            "rows": [
                {"texts": [typeset(text) for text in row.texts], "first": row.first}
                for row in cells_of(part)
            ],
            "note": _prose(part.note),
            "linked": [name == part.links for name in part.rows],
        }
    return {"kind": "prose", "text": _prose(part)}
