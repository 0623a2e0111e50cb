"""The worked queries of the README beside this file, so that they are written down once."""

import re
from collections.abc import Collection
from pathlib import Path

# It lies in the package, and so it is installed with it.
_README = Path(__file__).with_name("README.md")
_EXAMPLE = re.compile(
    r"^\*\*(?P<title>[^*]+)\*\*(?:(?!```).)*?```sql\n(?P<sql>.*?)```", re.DOTALL | re.M
)
_ASKED = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")


def worked_queries(tables: Collection[str] | None = None) -> dict[str, str]:
    """Title → SQL of every example, in the README's order; of those that ask for these tables and
    views alone, if they are given: some tables are there only once a command has run."""
    text = _README.read_text(encoding="utf-8")
    known = {_title(found["title"]): found["sql"].strip() for found in _EXAMPLE.finditer(text)}
    if tables is None:
        return known
    return {title: sql for title, sql in known.items() if {*_ASKED.findall(sql)} <= {*tables}}


def _title(bold: str) -> str:
    return " ".join(bold.split()).rstrip(":.?")
