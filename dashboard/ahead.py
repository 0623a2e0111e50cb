"""What a page reads first, begun as soon as a browser asks for the page: for a second it then loads
Streamlit's modules, and says nothing more."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import BoundedSemaphore
from typing import Any

from dashboard import law_loaders, loaders
from dashboard.beside import narrowed
from dashboard.controls import first_filter
from dashboard.opened import Database, database
from db.connect import StoreError
from db.filters import KEYS, Filter, FilterError
from modadd.branches import BranchConfig
from modadd.config import ConfigError
from modadd.twins import TwinConfig

_MOST = 2  # pages at once; whoever opens more waits for their own, as without all this
_POOL = ThreadPoolExecutor(_MOST, thread_name_prefix="ahead")
_free = BoundedSemaphore(_MOST)


def begin(page: str, query: Mapping[str, str]) -> "Future[None] | None":
    """Read what a page of `dashboard.pages` with this query will show, unless others do so already.

    Whatever is wrong with the database or the query, the page will say.
    """
    if page not in _READS or not _free.acquire(blocking=False):
        return None
    begun = _POOL.submit(_read, page, query)
    begun.add_done_callback(lambda _: _free.release())
    return begun


def _read(page: str, query: Mapping[str, str]) -> None:
    with suppress(StoreError, ConfigError, FilterError):
        opened = database()
        asked = {key: query[key] for key in KEYS if key in query}
        chosen = Filter.from_query({"kind": first_filter(opened).kind, **asked})
        loaders.runs(opened.of(chosen.kind), chosen)
        _READS[page](opened, chosen)


def _overview(opened: Database, chosen: Filter) -> None:
    for name in ("table-1", "table-2"):
        some = narrowed(name, chosen)
        loaders.experiment_cells(opened.of(some.kind), name, some)


def _tables(opened: Database, chosen: Filter) -> None:
    part = opened.of(chosen.kind)
    loaders.epochs_of(part, chosen)
    loaders.gaps(part, chosen.kind, None)


def _law(opened: Database, chosen: Filter) -> None:
    part = opened.of(chosen.kind, TwinConfig.kind, BranchConfig.kind)
    loaders.runs(part, chosen)
    law_loaders.scores(part, chosen)
    law_loaders.foreshadowed(part, chosen)


def _runs(opened: Database, chosen: Filter) -> None:
    """That have been read."""


_READS: dict[str, Callable[[Database, Filter], Any]] = {
    "overview": _overview,
    "runs": _runs,
    "run": _runs,
    "compare": _runs,
    "tables": _tables,
    "phases": _runs,
    "law": _law,
}
