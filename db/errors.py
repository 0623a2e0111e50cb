"""What a database can refuse, in one line each."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError


class StoreError(Exception):
    """The database cannot serve; the message states the rule, the value and the way out."""


class NoDatabaseError(StoreError):
    """There is no database at that place."""


def without_password(location: str) -> str:
    """A location as it may be shown and stored."""
    printable = location.encode("utf-8", "backslashreplace").decode()
    before_host = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", printable)
    return re.sub(r"([?&](?:ssl)?password=)[^&#]*", r"\1***", before_host)


@contextmanager
def understood(place: str = "") -> Iterator[None]:
    """Turn a driver's error into a StoreError of one line."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise StoreError(_refusal(place, error)) from error
    except OSError as error:
        if not isinstance(error.__cause__, DBAPIError):
            raise
        # pandas wraps the driver's error in one of its own, which is an OSError.
        raise StoreError(_refusal(place, error.__cause__)) from error
    except UnicodeDecodeError as error:  # which sqlite3 makes of its own complaint about a name
        shown = without_password(place) or "in use"
        raise StoreError(
            f"the database {shown} is damaged: a text in it is no UTF-8; restore a copy"
        ) from error


def _refusal(place: str, error: DBAPIError | sqlite3.Error) -> str:
    cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
    way_out = _WAYS_OUT.get(cause, "")
    return f"the database {without_password(place) or 'in use'} refused: {cause}{way_out}"


_WAYS_OUT = {
    "database or disk is full": "; free some space and start again, what was stored is safe",
    "disk I/O error": "; is the disk full or gone? what was stored before is safe",
    "file is not a database": "; name another file",
    "database disk image is malformed": "; restore a copy",
    "attempt to write a readonly database": "; make it writable or name another",
    "interrupted": "; the statement took too long",
    "string or blob too big": "; a value is larger than any of ours, restore a copy",
    "database is locked": "; another program keeps it busy",
}
