import os

import pytest

from browser.serving import CHROMIUM, open_chromium, settle

# A page below the root asks for these at its own path first, and then at the root's.
VIEWPORT = {"width": 1400, "height": 1000}
EXPECTED_404 = ("/_stcore/health", "/_stcore/host-config")


@pytest.fixture(scope="session")
def chromium():
    missing = None
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed"
    if CHROMIUM is None:
        missing = "chromium is not installed"
    if missing:
        if os.environ.get("CI") or os.environ.get("MODADD_REQUIRE_BROWSER"):
            pytest.fail(f"a browser is required here, but {missing}")
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = open_chromium(playwright)
        yield browser
        browser.close()


class Visit:
    """A browser window on the dashboard, with whatever went wrong in it."""

    def __init__(self, context, address):
        self.page = context.new_page()
        self.address = address
        self.complaints = []
        self.sent = []
        self.page.on("websocket", lambda socket: socket.on("framesent", self._frame_sent))
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("console", self._console)
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def open(self, path):
        self.page.goto(f"{self.address}/{path}")
        settle(self.page)
        return self.page

    def _frame_sent(self, payload):
        self.sent.append(payload)

    def _console(self, message):
        expected = message.location.get("url", "").endswith(EXPECTED_404)
        if message.type == "error" and not expected:
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _dialog(self, dialog):
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request):
        if not request.url.startswith((self.address, "ws://127.0.0.1", "data:", "blob:")):
            self.complaints.append(f"request off the machine: {request.url}")


@pytest.fixture(scope="session")
def windows(chromium):
    """A browser whose windows share what it has fetched, as a reader's do."""
    context = chromium.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture
def visit(windows, server):
    """Opens a page of the dashboard in a window of its own; fails if anything went wrong in it."""
    visit = Visit(windows, server)
    yield visit
    visit.page.close()
    assert not visit.complaints


@pytest.fixture(scope="module")
def staying(windows, server):
    """A window for the tests of a file that can look at one page one after another, in any order;
    the last one fails if anything went wrong in it."""
    visit = Visit(windows, server)
    yield visit
    visit.page.close()
    assert not visit.complaints
