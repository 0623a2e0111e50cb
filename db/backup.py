"""Whole copies of a SQLite database, made while others read and write it."""

import contextlib
import os
import sqlite3
from pathlib import Path

from db.connect import StoreError, console_connection, open_for_reading, understood


def backup(location: str, to: Path) -> None:
    """Copy a database of ours into a new file.

    Raises:
        StoreError: if there is none, it is none of ours or no SQLite file, `to` exists, or the
            copy cannot be written; nothing is left behind then.
    """
    with open_for_reading(location) as engine:
        console_connection(engine).close()  # refuses what is no SQLite file
        assert engine.url.database is not None
        copy_whole(engine.url.database, to)


def copy_whole(path: str | Path, to: Path) -> None:
    """Write one moment of a SQLite file to a new file, by VACUUM INTO; it is there whole or not.

    The copy is a plain file without companions, in which deleted rows leave no trace.

    Raises:
        StoreError: if `to` exists or cannot be written.
    """
    try:
        _check_free(to)
        partial = to.with_name(f".{to.name[:60]}.partial-{os.getpid()}")
        try:
            _write(Path(path), partial, str(to))
            _check_free(to)
            partial.rename(to)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"the copy {to} cannot be written: {error.strerror}") from error


def _write(path: Path, copy: Path, place: str) -> None:
    source = f"{path.absolute().as_uri()}?mode=ro"
    with (
        understood(place),
        contextlib.closing(sqlite3.connect(source, uri=True)) as connection,
    ):
        connection.execute("VACUUM INTO ?", (str(copy),))
    with copy.open("rb+") as file:
        os.fsync(file.fileno())


def companions(path: Path) -> list[Path]:
    """What SQLite keeps beside a database of this name while it is in use."""
    return [path.with_name(path.name + end) for end in ("-wal", "-journal", "-shm")]


def _check_free(to: Path) -> None:
    if to.exists():
        raise StoreError(f"{to} exists and is not overwritten: name another file for the copy")
    for companion in companions(to):
        if companion.exists():  # SQLite would take it for the copy's own, and follow it
            raise StoreError(f"{companion} is left of another database: remove it, or name another")
    if not to.absolute().parent.is_dir():
        raise StoreError(f"no directory {to.absolute().parent} to hold the copy {to.name}")
