"""What the URL asks of the widgets of a page, and which of it they did not take.

A widget that lives in the URL (`bind="query-params"`) drops what it does not offer without a word,
and shows its default: of a link that is to be cited, a reader must know.
"""

import streamlit as st


def of_new_widgets() -> dict[str, list[str]]:
    """The parameters of the URL that no widget of this session has read yet: key → texts."""
    return {
        key: st.query_params.get_all(key) for key in st.query_params if key not in st.session_state
    }


def in_vain(asked: dict[str, list[str]]) -> str:
    """Of what was asked before the widgets were drawn, what they did not choose; "" for nothing."""
    left_out = [
        f"{key}={', '.join(texts)[:60]} ({', '.join(chosen) or 'nothing'} is chosen)"
        for key, texts in asked.items()
        if key in st.session_state and not _alike(texts, chosen := _texts(st.session_state[key]))
    ]
    return f"Left out of what the URL asks for: {', '.join(left_out)}" if left_out else ""


def _texts(value: object) -> list[str]:
    """A widget's value as a URL has it."""
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [] if value is None else [str(value)]


def _alike(texts: list[str], others: list[str]) -> bool:
    return [*map(_plain, filter(None, texts))] == [*map(_plain, filter(None, others))]


def _plain(text: str) -> float | str:
    """Numbers by their value; of other texts, neither blanks nor case matter."""
    try:
        return float(text)
    except ValueError:
        return "".join(text.split()).lower()
