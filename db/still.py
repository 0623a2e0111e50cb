"""Connections that can only read, also where the reader may not write beside the file.

Readers of a WAL database share a file `-shm`, which one of them makes. Where this reader may not,
and nobody has, nobody is writing: the file can be read as it lies there, until it changes. (A
statement that is under way while the owner begins to write, and checkpoints, may see some of the
new pages. What is shown is read again then, as the file's revision is another.)
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

State = tuple[tuple[int, int, int] | None, ...]


class _StillConnection(sqlite3.Connection):
    """A connection without locks to a file that was in this state when it was opened."""

    seen: State


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a SQLite file that can read and nothing else."""
    path = path.resolve()  # SQLite's companions are beside the file, not beside a link to it
    seen = _state(path)
    _file, log, shared = seen
    uri = path.as_uri()
    if shared is not None or os.access(path.parent, os.W_OK):
        return sqlite3.connect(f"{uri}?mode=ro", uri=True, check_same_thread=False)
    # Without locks a log that was left behind is read into this process's own memory.
    how = "immutable=1" if log is None else "mode=ro&vfs=unix-none"
    still = sqlite3.connect(
        f"{uri}?{how}", uri=True, check_same_thread=False, factory=_StillConnection
    )
    still.seen = seen
    still.execute("PRAGMA locking_mode = EXCLUSIVE")
    return still


def renew_when_changed(engine: Engine, path: Path) -> None:
    """Have an engine replace connections without locks once the file is not what they opened."""
    path = path.resolve()

    @event.listens_for(engine, "checkout")
    def check(connection: sqlite3.Connection, *_pooled: Any) -> None:
        if isinstance(connection, _StillConnection) and connection.seen != _state(path):
            raise DisconnectionError


def _state(path: Path) -> State:
    """What tells one state of the file from another: of itself, of its -wal and of its -shm."""
    return tuple(_state_of(Path(f"{path}{suffix}")) for suffix in ("", "-wal", "-shm"))


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
