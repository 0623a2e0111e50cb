"""A table as text: Markdown and LaTeX, in which every cell is plain text."""

import re
from typing import Any

import pandas as pd

FORMS = {"Markdown": "text/markdown", "LaTeX": "application/x-tex"}
SUFFIXES = {"Markdown": "md", "LaTeX": "tex"}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|$~&])")
_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "●": "", "▲": "", "○": "", "≥": r"$\geq$", "−": "--",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}  # fmt: skip


def to_document(rows: pd.DataFrame, form: str) -> bytes:
    """The rows as one of `FORMS`, UTF-8."""
    return (to_markdown(rows) if form == "Markdown" else to_latex(rows)).encode()


def to_markdown(rows: pd.DataFrame) -> str:
    """A pipe table."""
    lines = [list(map(str, rows.columns)), *_cells(rows)]
    texts = [[_MARKDOWN.sub(r"\\\1", cell) for cell in line] for line in lines]
    rule = ["---"] * len(rows.columns)
    return "".join(f"| {' | '.join(line)} |\n" for line in (texts[0], rule, *texts[1:]))


def to_latex(rows: pd.DataFrame) -> str:
    """A tabular with the rules of booktabs."""
    head, *body = [
        " & ".join("".join(_LATEX.get(c, c) for c in cell).strip() for cell in line)
        for line in [list(map(str, rows.columns)), *_cells(rows)]
    ]
    lines = [f"\\begin{{tabular}}{{{'l' * len(rows.columns)}}}", "\\toprule", f"{head} \\\\"]
    lines += ["\\midrule", *(f"{line} \\\\" for line in body), "\\bottomrule", "\\end{tabular}"]
    return "\n".join(["% needs \\usepackage{booktabs}", *lines]) + "\n"


def _cells(rows: pd.DataFrame) -> list[list[str]]:
    return [[_text(value) for value in row] for row in rows.itertuples(index=False, name=None)]


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return "–"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return " ".join(text.split()) or "–"
