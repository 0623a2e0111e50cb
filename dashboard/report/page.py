"""The report as one HTML page that needs nothing else: no request, no script."""

import re
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

from dashboard.report.build import Report
from dashboard.report.parts import Figure, Missing, Part, Section, Table
from dashboard.report.pictures import Picture, inline
from dashboard.report.tables import cells_of
from dashboard.report.text import Span, spans, typeset
from modadd.claims.checks import VERDICTS

_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
_LONG = 40  # characters of a cell that breaks into lines on a narrow screen, too; thrice: at length
# What tells verdicts apart without colour.
MARKS = dict(zip(VERDICTS, ("●", "◐", "▲", "○", "○", "○"), strict=True))

_TAGS: dict[str, Callable[[Span], str]] = {
    "plain": lambda span: escape(typeset(span.text)),
    "code": lambda span: f"<code>{escape(span.text)}</code>",
    "emphasis": lambda span: f"<em>{escape(span.text)}</em>",
    "link": lambda span: f'<a href="{escape(span.target)}">{escape(span.text)}</a>',
}


def page(report: Report, pictures: Mapping[str, Picture]) -> str:
    """The page. pictures: of every figure, by name."""
    sections = "\n".join(_section(section, pictures) for section in report.sections)
    about = "".join(f"<p>{prose(text)}</p>" for text in report.about)
    return _without_dead_links(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(report.title)}</title>
<style>
{_STYLE}</style>
</head>
<body>
<header>
<h1>{escape(report.title)}</h1>
{about}
</header>
{_contents(report)}
<main>
{sections}
</main>
</body>
</html>
""")


def _without_dead_links(html: str) -> str:
    """The page without links to sections that this report does not have."""
    anchors = set(re.findall(r'\bid="([^"]+)"', html))

    def kept(found: re.Match[str]) -> str:
        return found[0] if found[1] in anchors else found[2]

    return re.sub(r'<a href="#([^"]*)">(.*?)</a>', kept, html)


def prose(text: str) -> str:
    """A text of the report as HTML."""
    return "".join(_TAGS[span.style](span) for span in spans(text))


def verdict_badge(verdict: str) -> str:
    """The verdict, told by mark, word and colour."""
    kind = verdict.replace(" ", "-")
    return f'<span class="verdict {kind}">{MARKS[verdict]} {escape(verdict)}</span>'


def _contents(report: Report) -> str:
    rows = "\n".join(
        f'<li><a href="#{section.name}">{escape(section.title)}</a> '
        f'<span class="place">{escape(section.place)}</span> {verdict_badge(section.verdict)}</li>'
        for section in report.sections
    )
    return f'<nav aria-label="Contents">\n<h2>Contents</h2>\n<ol>\n{rows}\n</ol>\n</nav>'


def _section(section: Section, pictures: Mapping[str, Picture]) -> str:
    parts = "\n".join(_part(part, pictures) for part in section.parts)
    ours = f"<dt>Here</dt><dd>{prose(section.ours)}</dd>" if section.ours else ""
    return f"""<section id="{section.name}">
<h2>{escape(section.title)} <span class="place">{escape(section.place)}</span></h2>
<dl class="claim">
<dt>The paper</dt><dd>{prose(section.claim)}</dd>
{ours}
<dt>Verdict</dt><dd>{verdict_badge(section.verdict)} <span class="rule">{prose(section.rule)}</span></dd>
</dl>
{"".join(_lack(lack) for lack in section.missing)}
{parts}
<details class="again" open>
<summary>Seeds, SQL and command</summary>
<p>{prose(section.seeds)}</p>
<pre><code>{escape(section.sql)}</code></pre>
<pre><code>{escape(section.command)}</code></pre>
</details>
</section>"""  # noqa: E501  # HTML breaks where it may


def _lack(lack: Missing) -> str:
    return (
        f'<p class="missing"><strong>Missing:</strong> {escape(lack.what)}. '
        f"Make them: <code>{escape(lack.command)}</code></p>\n"
    )


def _part(part: Part, pictures: Mapping[str, Picture]) -> str:
    if isinstance(part, Figure):
        return _figure(part, inline(pictures[part.name].svg, part.name, part.alt))
    if isinstance(part, Table):
        return _table(part)
    return f"<p>{prose(part)}</p>"


def _figure(figure: Figure, svg: str) -> str:
    return f"""<figure id="{figure.name}">
<div class="wide">{svg}</div>
<figcaption><strong>{escape(figure.label)}.</strong> {prose(figure.caption)}</figcaption>
</figure>"""


def _cell(text: str, linked: bool) -> str:
    kind = "short" if len(text) <= _LONG else "long" if len(text) > 3 * _LONG else ""
    shown = escape(text if linked else typeset(text))
    if linked and text:
        shown = f'<a href="#{shown}">{shown}</a>'
    return f'<td class="{kind}">{shown}</td>' if kind else f"<td>{shown}</td>"


def _table(table: Table) -> str:
    head, *body = cells_of(table)
    linked = [name == table.links for name in table.rows]
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head.texts)
    rows = "\n".join(
        ('<tr class="first">' if row.first else "<tr>")
        + "".join(map(_cell, row.texts, linked))
        + "</tr>"
        for row in body
    )
    note = f'<p class="note">{prose(table.note)}</p>' if table.note else ""
    return f"""<figure class="table" id="{table.name}">
<figcaption><strong>{escape(table.label)}.</strong> {prose(table.caption)}</figcaption>
<div class="wide"><table>
<thead><tr>{columns}</tr></thead>
<tbody>
{rows}
</tbody>
</table></div>
{note}</figure>"""
