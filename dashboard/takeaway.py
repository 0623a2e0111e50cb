"""Under every chart and table: its rows, its picture, and what makes it again."""

import inspect
import io
import shlex
from typing import Any

import pandas as pd
import streamlit as st
import vl_convert

from dashboard import typesetting
from dashboard.opened import shown_location
from dashboard.theme import on_paper
from modadd.spreadsheets import to_csv

TABLES = {"CSV": "text/csv", "Parquet": "application/vnd.apache.parquet"}
PICTURES = {"SVG": "image/svg+xml", "PNG": "image/png", "PDF": "application/pdf"}


@st.fragment
def take_away(
    name: str,
    rows: pd.DataFrame,
    *,
    chart: Any = None,
    sql: str | None = None,
    command: str | None = None,
    typeset: pd.DataFrame | None = None,
) -> None:
    """A button that opens the ways to take away what is on screen; a file is made when chosen.

    name: of the files, unique on the page. chart: an Altair chart, or a function that draws what
    is on screen. sql, command: what makes the same again, in SQL or in a terminal. typeset: the
    table as people read it, for a document.
    """
    # The files are made here and not in a callable of the button: what a callable makes is dropped
    # as soon as any session's script has run twice, which may be before it is fetched.
    box = st.popover(
        "Take away", icon=":material/download:", type="tertiary", key=f"take-{name}",
        on_change="rerun",
    )  # fmt: skip
    if not box.open:
        return
    with box:
        formats = {**TABLES, **(PICTURES if chart is not None else {})}
        formats |= typesetting.FORMS if typeset is not None else {}
        chosen = st.segmented_control(
            "As", list(formats), default="CSV", required=True, key=f"format-{name}"
        )
        assert chosen is not None
        if chosen in typesetting.FORMS and typeset is not None:
            data = typesetting.to_document(typeset, chosen)
        elif chosen in PICTURES:
            data = to_picture(_drawn(chart), chosen)
        else:
            data = to_table(rows, chosen)
        file = f"{name}.{typesetting.SUFFIXES.get(chosen, chosen.lower())}"
        size = f"{len(rows):,} rows, {len(data) / 1000:,.0f} kB"
        st.download_button(f"Download {file}", data, file, formats[chosen], on_click="ignore")
        on_white = f"drawn on white, {len(data) / 1000:,.0f} kB"
        st.caption(on_white if chosen in PICTURES else size)
        if command is not None:
            st.caption("The same in a terminal:")
            st.code(command, language="sh")
        if sql is not None:
            st.caption("The runs behind it, in SQL:")
            st.code(sql, language="sql")


def terminal(*words: str) -> str:
    """The command line of a job on this database."""
    return " ".join(["modadd", *words, "--database", shlex.quote(shown_location())])


def to_table(rows: pd.DataFrame, form: str) -> bytes:
    """The rows as one of `TABLES`."""
    return to_csv(rows).encode() if form == "CSV" else to_parquet(rows)


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


def _drawn(chart: Any) -> Any:
    return chart() if inspect.isfunction(chart) else chart
