"""Charts as files: SVG and PDF on white, and the SVG that a page takes into its text."""

import re
from html import escape
from typing import Any, NamedTuple

import vl_convert

from dashboard.theme import on_paper

# Of every mark of a chart; the figure has one description as a whole.
_SPOKEN = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')
_WHITE = re.compile(r'(<svg [^>]*>)<rect width="[^"]*" height="[^"]*" fill="white"/>')
_NAMED = re.compile(r'\bid="([^"]+)"|url\(#([^)]+)\)|href="#([^"]+)"')


class Picture(NamedTuple):
    """A figure's files: svg as text, pdf as bytes."""

    svg: str
    pdf: bytes


def picture(chart: Any) -> Picture:
    """The chart on white; needs no browser and no network."""
    svg = _SPOKEN.sub("", vl_convert.vegalite_to_svg(on_paper(chart).to_json()))
    return Picture(svg, vl_convert.svg_to_pdf(svg))


def inline(svg: str, name: str, alt: str) -> str:
    """The SVG for a page: no background of its own, its ids apart from other figures', described,
    and no wider on a narrow screen than it is by itself."""

    def renamed(found: re.Match[str]) -> str:
        (old,) = (group for group in found.groups() if group is not None)
        return found[0].replace(old, f"{name}-{old}")

    plain = _NAMED.sub(renamed, _WHITE.sub(r"\1", svg, count=1))
    width = re.search(r'<svg [^>]*\bwidth="(\d+)', plain)
    assert width is not None
    style = f"min-width:min(34rem,{width[1]}px)"
    return plain.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" style="{style}" ', 1)
