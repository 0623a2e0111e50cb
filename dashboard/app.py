"""`streamlit run dashboard/app.py [-- --database PATH]`: serves the pages.

Everything heavy is imported here, while the server starts, and not when the first reader waits.
"""

import sys
from pathlib import Path

# Streamlit puts this folder first on the path, not the repository.
sys.path[0] = str(Path(__file__).parent.parent)

import streamlit as st  # noqa: E402  # the path comes first
from starlette.middleware import Middleware  # noqa: E402

from dashboard import warm  # noqa: E402
from dashboard.assets import Assets  # noqa: E402

warm.up()
app = st.App(Path(__file__).with_name("script.py"), middleware=[Middleware(Assets)])
