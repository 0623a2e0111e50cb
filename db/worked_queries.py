"""The worked queries of the README beside this file, so that they are written down once."""

import re
from pathlib import Path

# It lies in the package, and so it is installed with it.
_README = Path(__file__).with_name("README.md")
_EXAMPLE = re.compile(
    r"^\*\*(?P<title>[^*]+)\*\*(?:(?!```).)*?```sql\n(?P<sql>.*?)```", re.DOTALL | re.M
)


def worked_queries() -> dict[str, str]:
    """Title → SQL of every example, in the README's order."""
    text = _README.read_text(encoding="utf-8")
    return {_title(found["title"]): found["sql"].strip() for found in _EXAMPLE.finditer(text)}


def _title(bold: str) -> str:
    return " ".join(bold.split()).rstrip(":.?")
