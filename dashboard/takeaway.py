"""Under every chart and table: its rows, its picture, and what makes it again."""

import io
import shlex
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st
import vl_convert

from dashboard.loaders import shown_location
from dashboard.theme import on_paper

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
PARQUET = "application/vnd.apache.parquet"
PICTURES = {"SVG": "image/svg+xml", "PNG": "image/png", "PDF": "application/pdf"}


def take_away(
    name: str,
    rows: pd.DataFrame,
    *,
    chart: Any = None,
    sql: str | None = None,
    command: str | None = None,
) -> None:
    """A button that opens the ways to take away what is on screen; files are made when asked for.

    name: of the files, unique on the page. chart: an Altair chart. sql, command: what makes the
    same again, in SQL or in a terminal.
    """
    with st.popover("Take away", icon=":material/download:", type="tertiary"):
        with st.container(horizontal=True):
            _file(f"{name}.csv", "CSV", "text/csv", lambda: to_csv(rows))
            _file(
                f"{name}.parquet",
                "Parquet",
                "application/vnd.apache.parquet",
                lambda: to_parquet(rows),
            )
            if chart is not None:
                for picture, mime in PICTURES.items():
                    _file(f"{name}.{picture.lower()}", picture, mime, _drawing(chart, picture))
        st.caption(f"{len(rows):,} rows, {len(rows.columns)} columns")
        if command is not None:
            st.caption("The same in a terminal:")
            st.code(command, language="sh")
        if sql is not None:
            st.caption("The runs behind it, in SQL:")
            st.code(sql, language="sql")


def terminal(*words: str) -> str:
    """The command line of a job on this database."""
    return " ".join(["modadd", *words, "--database", shlex.quote(shown_location())])


def to_csv(rows: pd.DataFrame) -> bytes:
    """UTF-8; text that a spreadsheet would compute gets a `'` before it."""
    texts = rows.select_dtypes(include=["object", "str"]).columns
    harmless = rows.assign(**{column: rows[column].map(_as_text) for column in texts})
    return harmless.rename(columns=_as_text).to_csv(index=False).encode()


def to_parquet(rows: pd.DataFrame) -> bytes:
    """The rows with their types."""
    buffer = io.BytesIO()
    rows.to_parquet(buffer, index=False)
    return buffer.getvalue()


def to_picture(chart: Any, picture: str) -> bytes:
    """The chart on white, as one of `PICTURES`."""
    spec = on_paper(chart).to_json()
    if picture == "SVG":
        return vl_convert.vegalite_to_svg(spec).encode()
    if picture == "PNG":
        return vl_convert.vegalite_to_png(spec, scale=2)
    return vl_convert.vegalite_to_pdf(spec)


def _drawing(chart: Any, picture: str) -> Callable[[], bytes]:
    return lambda: to_picture(chart, picture)


def _file(name: str, label: str, mime: str, data: Callable[[], bytes]) -> None:
    st.download_button(
        label, data, name, mime, key=f"download-{name}", on_click="ignore", width="content"
    )


def _as_text(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
