"""What is around every page: the navigation, the filter, and the watch for new rows."""

from functools import partial

import streamlit as st

from dashboard import asked, controls, live, loaders, states
from dashboard.opened import Database, database, show_database, shown_location
from dashboard.pages import PAGES, Page
from db.connect import StoreError, understood
from modadd.config import ConfigError

LOOK = """<style>
/* A chart that is wider than its place shrinks with its picture, and scrolls in it at last. */
.stVegaLiteChart { overflow-x: auto; }
.stVegaLiteChart svg.marks { max-width: max(100%, 640px); height: auto; }
.st-key-overlay-box svg.marks { max-width: 100%; }
/* A slider's place among the epochs says nothing beside the epoch, which every chart shows. */
.vega-bind input[type=range] + span { display: none; }
[data-testid=stTable] td, [data-testid=stTable] td * {
  overflow-wrap: anywhere; white-space: normal; }
/* Streamlit's own CSV files would hold what a spreadsheet takes for formulae; ours do not. */
[data-testid=stElementToolbarButton]:has([aria-label="Download as CSV"]) { display: none; }
/* Numbers wrap rather than lose their ends. */
[data-testid=stMetric] * { overflow: visible; white-space: normal; text-overflow: clip; }
[data-testid=stMetricValue] { line-height: 1.2; }
@media (max-width: 1500px) {
  .stMainBlockContainer { padding-left: 3rem; padding-right: 3rem; }
}
@media (max-width: 1100px) {
  .stMainBlockContainer { padding-left: 1.5rem; padding-right: 1.5rem; }
  [data-testid=stMetricValue] { font-size: 1.5rem; }
}
</style>"""


def run() -> None:
    """Draw the navigation and the filter, then the page."""
    chosen = _navigation()
    page = PAGES[chosen.url_path or next(iter(PAGES))]
    st.html(LOOK)
    try:
        opened: Database | None = database()
    except StoreError as error:
        opened, reason = None, str(error)
    show_database(opened)
    live.follow(opened, partial(_part, page))
    has_runs = opened is not None and not loaders.kind_counts(opened).empty
    if page.needs_runs and not has_runs:
        st.title(page.title, anchor=False)
    if page.needs_runs and opened is None:
        states.no_database(reason)
    if page.needs_runs and not has_runs:
        states.empty_database()
    try:
        with live.drawing(), understood(shown_location()):
            if page.filtered and opened is not None and has_runs:
                controls.sidebar_filter(opened)
            else:
                controls.keep_filter()
            place, of_widgets = st.container(), asked.of_new_widgets()
            chosen.run()
            left_out = asked.in_vain(of_widgets)
            if left_out:
                with place:
                    states.bad_input(left_out)
    except (StoreError, ConfigError) as error:
        states.nothing_to_draw(str(error))
    except Exception as error:  # a file from elsewhere may hold any number in any place
        states.unexpected(error)


def _part(page: Page, opened: Database | None) -> Database | None:
    """The database for as much of it as the page is about."""
    if opened is None or not page.of_kind:
        return opened
    return opened.of(controls.filter_of_page().kind)


def _navigation() -> "st.Page":
    sections: dict[str, list[st.Page]] = {}
    for index, page in enumerate(PAGES.values()):
        sections.setdefault(page.section, []).append(_entry(page, default=index == 0))
    return st.navigation(sections)


def _entry(page: Page, *, default: bool) -> "st.Page":
    return st.Page(page.path, title=page.title, icon=page.icon, url_path=page.name, default=default)
