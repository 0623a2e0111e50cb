"""`streamlit run dashboard/app.py [-- --database PATH]`: navigation, and nothing else."""

import sys
from pathlib import Path

# Streamlit puts this folder first on the path, not the repository.
sys.path[0] = str(Path(__file__).parent.parent)

import streamlit as st  # noqa: E402  # the path comes first

from dashboard import frame  # noqa: E402

st.set_page_config(
    page_title="modadd", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide"
)
frame.run()
