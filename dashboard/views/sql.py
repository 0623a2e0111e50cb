"""SQL: a console that can only read, with the schema and the worked queries beside it."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import loaders, states
from dashboard.charts_console import MARKS, MOST_CATEGORIES, quick_chart
from dashboard.header import header
from dashboard.opened import database_shown
from dashboard.takeaway import take_away
from db.console import FUNCTIONS, MOST_CHARACTERS, MOST_ROWS, Answer
from db.worked_queries import worked_queries

ROWS, SECONDS = (100, 1000, MOST_ROWS), (1, 5, 30)
EXAMPLES = worked_queries()
NOTHING = "none"


LOOK = "<style>.st-key-sql textarea { font-family: ui-monospace, monospace; }</style>"


def take_example() -> None:
    """Put the example that was picked into the console, and unpick it."""
    picked = st.session_state["example"]
    if picked is not None:
        st.session_state["sql"] = EXAMPLES[picked]
        st.session_state["example"] = None


def statement() -> tuple[str, int, int]:
    """The SQL to run, and where to cut its answer: rows and seconds."""
    st.html(LOOK)
    if "sql" not in st.session_state and "sql" not in st.query_params:
        st.session_state["sql"] = next(iter(EXAMPLES.values()))
    sql = st.text_area(
        "One SELECT (Ctrl+Enter runs it)", key="sql", bind="query-params", height=264,
        max_chars=MOST_CHARACTERS,
    )  # fmt: skip
    one, two, three = st.columns([1, 1, 1], vertical_alignment="bottom")
    rows = one.selectbox("At most rows", ROWS, 1, key="most_rows", bind="query-params")
    seconds = two.selectbox("At most seconds", SECONDS, 1, key="most_seconds", bind="query-params")
    three.button("Run", type="primary", icon=":material/play_arrow:", width="stretch")
    return sql or "", rows or ROWS[0], seconds or SECONDS[0]


def schema(known: pd.DataFrame) -> None:
    """Tables and views, to look names up."""
    st.dataframe(
        known[["table", "column", "type", "kind"]], hide_index=True, height=396, key="schema",
        column_config={"table": st.column_config.TextColumn(pinned=True)},
    )  # fmt: skip
    take_away("schema", known)
    with st.expander("Functions allowed", icon=":material/function:"):
        for use, names in FUNCTIONS.items():
            st.markdown(f"{use}: " + " ".join(f"`{name}`" for name in names))


def pick(box: Any, title: str, names: list[str], index: int, key: str) -> str:
    return str(box.selectbox(title, names, index, key=key, bind="query-params"))


def draw(answer: Answer) -> Any:
    """The quick chart, by the columns chosen; None if nothing can be drawn."""
    rows, names = answer.rows, [str(name) for name in answer.rows]
    numbers = [name for name in names if pd.api.types.is_numeric_dtype(rows[name])]
    if not numbers or len(names) < 2:
        st.caption("Two columns, one of them of numbers, make a chart.")
        return None
    boxes = st.columns(4, vertical_alignment="bottom")
    x = pick(boxes[0], "Horizontal", names, 0, "horizontal")
    others = [name for name in numbers if name != names[0]] or numbers
    varying = [name for name in others if rows[name].nunique() > 1] or others
    y = pick(boxes[1], "Vertical", names, names.index(varying[0]), "vertical")
    few = [n for n in names if n in numbers or rows[n].nunique() <= MOST_CATEGORIES]
    colour = pick(boxes[2], "Colour", [NOTHING, *few], 0, "colour")
    mark = pick(boxes[3], "Mark", list(MARKS), 0, "mark")
    chart = quick_chart(rows, x, y, None if colour == NOTHING else colour, mark)
    st.vega_lite_chart(chart.spec, key="quick")
    return chart


def result(answer: Answer, sql: str) -> None:
    """Rows, what is missing of them, and the chart."""
    if answer.refused:
        with st.container(border=True):
            st.markdown(":material/block: **No answer**")
            st.text(answer.refused)  # as it is: it may quote anything
        return
    missing = f" :material/content_cut: **{answer.cut}**" if answer.cut else ""
    st.caption(f"{len(answer.rows):,} rows in {answer.seconds:.2f} s{missing}")
    if answer.rows.empty:
        states.nothing_to_draw("No row answers this: widen its WHERE, or ask another table")
        return
    st.dataframe(answer.rows, hide_index=True, placeholder="NULL", key="result")
    take_away("sql-result", answer.rows, chart=draw(answer), sql=sql)


opened = database_shown()
header(
    "SQL",
    "Ask the database anything: one SELECT at a time, which can read and nothing else, and is cut "
    "at the limits below. NULL means *undefined*, accuracies are fractions, losses are in nats; "
    "start from a worked query, and find the names beside.",
)
known = loaders.console_schema(opened)
st.pills(
    "Worked queries", list(worked_queries(set(known["table"]))), key="example", default=None,
    selection_mode="single", on_change=take_example,
)  # fmt: skip
left, right = st.columns([3, 2], gap="large")
with right:
    schema(known)
with left:
    sql, most_rows, seconds = statement()
result(loaders.console_answer(opened, sql, most_rows, float(seconds)), sql)
