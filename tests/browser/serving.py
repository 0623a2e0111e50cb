"""A dashboard of our own on a free port, and a browser to look at it."""

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

APP = Path(__file__).parent.parent.parent / "dashboard" / "app.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FILE = re.compile("^http://[^/]+/media/")  # what a page offers to take away
DONE = "[data-testid=stApp][data-test-script-state=notRunning]"  # the script, not the browser
READY = "!document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton]')"


def free_port():
    """One that nobody listens at yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(database, app=APP, port=None):
    """The address of a server on the database, for as long as the block lasts."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)]
    environment = {**os.environ, "MODADD_DATABASE": str(database)}
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", server)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(address, server):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the dashboard's server did not start")


def open_chromium(playwright):
    """Debian's Chromium, headless."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def settle(page):
    """Wait until the page has its title, its script has run and its charts are drawn."""
    page.wait_for_selector("h1", timeout=30_000)
    page.wait_for_function(READY, timeout=30_000)
    page.wait_for_load_state("networkidle")


def picture(page, selector):
    """What stands there, once it stands still: (height, width, RGB)."""
    before, shown = None, page.locator(selector).screenshot()
    while shown != before:
        page.wait_for_timeout(200)
        before, shown = shown, page.locator(selector).screenshot()
    return np.asarray(Image.open(io.BytesIO(shown)).convert("RGB"), int)


def changed(one, other):
    """The share of pixels that differ by more than a repainted edge does: a level or two of 255."""
    return (abs(one - other).max(axis=2) > 8).mean()


def take_away(page, name, form):
    """The bytes of a file of what is on screen, from the first chart or table that offers it.

    A button fetches its file once it is shown, and complains of one that is gone: so each file is
    let arrive before another is asked for, as it does for people.
    """
    # A click while the script still draws may hit a button that is replaced at that moment.
    page.wait_for_selector(DONE, timeout=30_000)
    chosen = page.get_by_role("radio", name=form, exact=True)
    if not chosen.is_visible():
        with page.expect_response(FILE):
            page.get_by_role("button", name="Take away").first.click()
    if not chosen.is_checked():
        with page.expect_response(FILE):
            chosen.click()
    with page.expect_download() as waiting:
        ours = re.compile(rf"^Download (?!as ){re.escape(name)}")  # the toolbars' say "as"
        page.get_by_role("button", name=ours).click()
    return waiting.value.path().read_bytes()
