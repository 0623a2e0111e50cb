"""Streamlit's own files, answered at once, and the page that names them before they are needed.

A page asks for a hundred modules, many of them only when the chart or the table that they draw has
arrived. Streamlit's sockets hold the end of each answer back for 40 ms, and a browser has six
connections: waiting for files took longer than all queries together.
"""

import mimetypes
import re
import socket
from functools import cache
from pathlib import Path

import streamlit
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.pages import PAGES

_ROOT = Path(streamlit.__file__).parent / "static"
_SCRIPTS = _ROOT / "static" / "js"
#: What begins the names of the modules that draw a chart: every page's, and the last to be known.
_WANTED = ("ArrowVegaLiteChart", "embed")
_IMPORTS = re.compile(r"""(?:from|import)["']\./([\w.-]+\.js)["']""")
# The names of the files hold a hash of what is in them.
_FOR_EVER = {"cache-control": "public, immutable, max-age=31536000"}


class Assets:
    """An app, but for Streamlit's own files and page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the app do it."""
        _hold_nothing_back(receive)
        known = answer(scope["path"]) if scope["type"] == "http" else None
        await (known or self.app)(scope, receive, send)


def answer(path: str) -> Response | None:
    """The page or the file of Streamlit's at this path of the URL; None for anything else."""
    if path.strip("/") in {page.address for page in PAGES.values()}:
        return Response(_page(), media_type="text/html", headers={"cache-control": "no-cache"})
    file = _files().get(path)
    if file is None:
        return None
    kind = mimetypes.guess_type(file.name)[0]
    return Response(file.read_bytes(), media_type=kind, headers=_FOR_EVER)


@cache
def _files() -> dict[str, Path]:
    return {
        f"/{file.relative_to(_ROOT).as_posix()}": file
        for file in (_ROOT / "static").rglob("*")
        if file.is_file()
    }


@cache
def _page() -> str:
    """Streamlit's page, with the modules that draw charts named in its head."""
    html = (_ROOT / "index.html").read_text(encoding="utf-8")
    names = [file.name for file in sorted(_SCRIPTS.glob("*.js"))]
    found: dict[str, None] = {}
    for wanted in _WANTED:
        _follow([name for name in names if name.startswith(f"{wanted}.")], found)
    tag = '<link rel="modulepreload" crossorigin href="./static/js/{}">'
    tags = [tag.format(name) for name in found if name not in html]
    return html.replace("</head>", "".join([*tags, "</head>"]))


def _follow(names: list[str], found: dict[str, None]) -> None:
    """Add modules to those found, and what they import."""
    for name in names:
        if name not in found:
            found[name] = None
            _follow(_IMPORTS.findall((_SCRIPTS / name).read_text(encoding="utf-8")), found)


def _hold_nothing_back(receive: Receive) -> None:
    """Switch Nagle's algorithm off, as asyncio does for the sockets that it opens itself."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
