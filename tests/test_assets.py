import asyncio
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import streamlit

from dashboard.assets import Assets, answer
from dashboard.pages import PAGES

STATIC = Path(streamlit.__file__).parent / "static"


class Connection:
    """What uvicorn hands an app, as far as it matters here."""

    def __init__(self, opened):
        self.transport = self
        self.opened = opened

    def get_extra_info(self, name):
        return {"socket": self.opened}[name]

    async def receive(self):
        return {"type": "http.request"}


async def app(scope, receive, send):
    await send({"type": "the app's"})


def asked(path, receive=None, kind="http"):
    sent = []

    async def send(message):
        sent.append(message)

    async def ask():
        await Assets(app)({"type": kind, "path": path, "method": "GET"}, receive, send)

    # A loop of its own, in a thread of its own: the browser's tests keep one in theirs.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(ask())).result()
    return sent


@pytest.mark.parametrize("name", PAGES)
def test_every_page_names_the_modules_that_draw_a_chart(name):
    html = answer(f"/{PAGES[name].address}").body.decode()
    for begins in ("ArrowVegaLiteChart", "embed", "vega-interpreter"):
        (found,) = re.findall(
            rf'modulepreload" crossorigin href="\.(/static/js/{begins}\.[^"]+)', html
        )
        assert answer(found).headers["content-type"].startswith("text/javascript")


def test_all_that_a_page_names_is_answered_with_the_file_itself():
    html = answer("/").body.decode()
    named = re.findall(r'"\.(/static/[^"]+)"', html)
    assert len(named) == len(set(named)) > 50
    for path in named:
        assert answer(path).body == (STATIC / path[1:]).read_bytes()
        assert "immutable" in answer(path).headers["cache-control"]


def test_a_page_is_streamlits_own_but_for_what_it_names():
    added = r'(<link rel="modulepreload"[^>]+>)+</head>'
    html = answer("/runs").body.decode()
    assert re.sub(added, "</head>", html) == (STATIC / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    "path", ["/_stcore/health", "/nothing", "/static/../index.html", "/static/js", "/media/x.csv"]
)
def test_the_app_answers_all_else(path):
    assert asked(path) == [{"type": "the app's"}]


def test_a_websocket_is_the_apps():
    assert asked("/", kind="websocket") == [{"type": "the app's"}]


def test_nothing_is_held_back_on_a_connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        with ours:
            ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
            asked("/", Connection(ours).receive)
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
