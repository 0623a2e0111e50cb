"""`streamlit run dashboard/app.py [-- --database PATH]`: serves the pages.

Everything heavy is imported here, while the server starts, and not when the first reader waits.
"""

import os
import sys
from pathlib import Path

# The pages multiply small matrices: threads that wait for one another cost five times as much as
# one, and take the cores from the reader's browser. NumPy reads this as it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Streamlit puts this folder first on the path, not the repository.
sys.path[0] = str(Path(__file__).parent.parent)

import streamlit as st  # noqa: E402  # the path comes first
from starlette.middleware import Middleware  # noqa: E402

from dashboard import warm  # noqa: E402
from dashboard.assets import Assets  # noqa: E402

warm.up()
warm.read_ahead()
app = st.App(Path(__file__).with_name("script.py"), middleware=[Middleware(Assets)])
