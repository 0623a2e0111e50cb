"""What Streamlit runs for every reader and every click: the frame around the page they are on."""

from pathlib import Path

import streamlit as st

from dashboard import frame

st.set_page_config(
    page_title="modadd", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide"
)
frame.run()
