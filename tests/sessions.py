"""Readers of the dashboard without a browser: they speak Streamlit's protocol over a WebSocket."""

import time
from contextlib import contextmanager, suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

MOST_SECONDS = 120


class Session:
    """One reader with a page open. errors: what a page showed as an exception, in its words. looks:
    fragment → every how many seconds the page wants it run again."""

    def __init__(self, socket, page):
        self.socket, self.page = socket, page
        self.errors, self.widgets, self.received = [], {}, 0
        self.values, self.looks = {}, {}

    def run(self):
        """Have the page's script run with the widgets as they are; seconds until it ended."""
        begun = time.monotonic()
        self._ask()
        while not self._take(self.socket.recv(MOST_SECONDS)):
            pass
        return time.monotonic() - begun

    def rest(self, seconds):
        """Look at the page for so long, and do what its browser does meanwhile."""
        end = time.monotonic() + seconds
        due = {fragment: time.monotonic() + every for fragment, every in self.looks.items()}
        while (now := time.monotonic()) < end:
            for fragment in [fragment for fragment, at in due.items() if at <= now]:
                self._ask(fragment)
                due[fragment] = now + self.looks.get(fragment, MOST_SECONDS)
            with suppress(TimeoutError):
                self._take(self.socket.recv(max(0, min([end, *due.values()]) - now)))

    def _ask(self, fragment=""):
        message = BackMsg()
        state = message.rerun_script
        state.page_name = self.page
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        for label, value in self.values.items():
            widget = state.widget_states.widgets.add()
            widget.id = self.widgets[label]
            widget.string_value = value
        self.socket.send(message.SerializeToString())

    def choose(self, label, value):
        """Choose in the select box of this label; seconds until the page has followed."""
        self.values[label] = value
        return self.run()

    def _take(self, content):
        """Take a message of the server; whether it says that the script ended."""
        self.received += len(content)
        message = ForwardMsg.FromString(content)
        kind = message.WhichOneof("type")
        if kind == "auto_rerun":
            self.looks[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                self.errors.append(f"{element.exception.type}: {element.exception.message}")
            if element.WhichOneof("type") == "selectbox":
                self.widgets[element.selectbox.label] = element.selectbox.id
        return kind == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
        )  # fmt: skip


@contextmanager
def reading(address, page, origin=None, **options):
    """A session that has opened the page, which ends with the block. origin: whose page asks, if
    not the server's own."""
    place = address.replace("http://", "ws://") + "/_stcore/stream"
    options |= {"subprotocols": ["streamlit"], "max_size": None, "origin": origin or address}
    with connect(place, **options) as socket:
        session = Session(socket, page)
        session.run()
        yield session
