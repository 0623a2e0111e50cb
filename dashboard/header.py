"""The head of every page: its title, two sentences on what one sees, an equation if it has one."""

import streamlit as st


def header(title: str, sentences: str, equation: str | None = None) -> None:
    """sentences: what one sees and how to read it, as Markdown. equation: LaTeX."""
    st.title(title, anchor=False)
    st.markdown(sentences, width=760)
    if equation:
        st.latex(equation, width="content")
