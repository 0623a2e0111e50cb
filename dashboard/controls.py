"""The one filter: in the sidebar, in the URL, and the same on every page.

A page that shows two sets of runs has a second filter (`filter_of_side`), with `side_` before its
keys in the URL. The URL speaks first: a filter in it that is not the session's is taken over by
the widgets. Else the session's filter is written into the URL, also after the navigation has
emptied it.
"""

import streamlit as st

from dashboard import loaders, states
from dashboard.opened import Database
from dashboard.pages import PAGES
from db.connect import StoreError
from db.filters import KEYS, STATUSES, STRUCTURES, Between, Condition, Filter, FilterError, OneOf
from modadd.simulators import SIMULATORS

_SESSION = "filter"
_WIDGET = "filter-"
SIDEBAR = ""  # the side of the one filter
_MOST_PARTS = 12  # of a filter in the URL that is wrong somewhere, to be tried one by one
# Identities and what every run has its own of: nothing to filter by.
_NOT_OFFERED = ("run_id", "config_hash", "status", "is_circle")


def filter_of_page() -> Filter:
    """The filter that the page shows; all runs of the first kind where nothing was chosen."""
    return st.session_state.get(_SESSION, Filter())


def kinds_offered(opened: Database, *others: str) -> list[str]:
    """The kinds of runs to choose from: the paper's two, those that are stored, and `others`."""
    known = {*loaders.kind_counts(opened)["kind"], *others}
    return [kind for kind, one in SIMULATORS.items() if one.origin is None or kind in known]


def sidebar_filter(opened: Database) -> None:
    """Draw the filter in the sidebar, and keep URL, widgets and session in step."""
    with st.sidebar:
        st.subheader("Filter", anchor=False)
        chosen = filter_of_side(opened, SIDEBAR, first_filter(opened))
        _footer(opened, chosen)


def keep_filter() -> None:
    """Carry the filter through a page that does not show it."""
    _write_url(filter_of_page(), SIDEBAR)


def filter_of_side(opened: Database, side: str, first: Filter) -> Filter:
    """Draw the widgets of a side's filter here; `first` where nothing was chosen yet."""
    chosen = _widgets(opened, _adopt_url(opened, side, first), side)
    st.session_state[side + _SESSION] = chosen
    _write_url(chosen, side)
    return chosen


def set_filter(chosen: Filter, side: str = SIDEBAR) -> None:
    """Make this the filter from the next run of the page on; for callbacks."""
    st.session_state[side + _SESSION] = chosen
    _write_url(chosen, side)
    _forget_widgets(side)


def link_query(**parameters: object) -> dict[str, str]:
    """Query parameters for a link to another page: the filter, and the page's own parameters."""
    own = {name: str(value) for name, value in parameters.items()}
    return {**filter_of_page().to_query(), **own}


def open_page(name: str, **parameters: object) -> None:
    """Go to another page with the filter; nothing happens if there is no such page."""
    if name in PAGES:
        st.switch_page(PAGES[name].path, query_params=link_query(**parameters))


def _adopt_url(opened: Database, side: str, first: Filter) -> Filter:
    query = {key: st.query_params[side + key] for key in KEYS if side + key in st.query_params}
    known: Filter | None = st.session_state.get(side + _SESSION)
    if not query or (known is not None and query == known.to_query()):
        return known or first
    asked = _understood(opened, first, query)
    _forget_widgets(side)
    return asked


def _understood(opened: Database, first: Filter, query: dict[str, str]) -> Filter:
    """The filter in a URL; of one that is wrong somewhere, the parts that are not, and why."""
    taken = {"kind": first.kind}
    try:
        return _checked(opened, {**taken, **query})
    except (FilterError, StoreError):
        parts = [(key, text) for key, text in query.items() if key != "where"]
        parts += [("where", text) for text in query.get("where", "").split(";") if text.strip()]
    faults = []
    for key, part in parts[:_MOST_PARTS]:
        before = f"{taken[key]};" if key == "where" and key in taken else ""
        wider = {**taken, key: before + part}
        try:
            _checked(opened, wider)
        except (FilterError, StoreError) as error:
            faults.append(f"{key}={part[:60]} in the URL is left out: {error}")
        else:
            taken = wider
    if len(parts) > _MOST_PARTS:
        faults.append(f"{len(parts) - _MOST_PARTS} parts of where in the URL are left out")
    for fault in faults:
        states.bad_input(fault)
    return Filter.from_query(taken)


def _checked(opened: Database, query: dict[str, str]) -> Filter:
    """The filter that the texts are.

    Raises:
        FilterError: for texts that are none, or ask for columns that are not there.
        StoreError: if the database cannot be asked.
    """
    asked = Filter.from_query(query)
    if asked.kind not in SIMULATORS:
        raise FilterError(f"kind must be one of {', '.join(SIMULATORS)}, got {asked.kind!r}")
    loaders.count_runs(opened.of(asked.kind), asked)
    return asked


def first_filter(opened: Database) -> Filter:
    """What a reader sees who has chosen nothing yet: all runs of the first kind that there is."""
    counts = loaders.kind_counts(opened)
    kinds = [kind for kind in SIMULATORS if kind in set(counts["kind"])]
    return Filter(kind=kinds[0]) if kinds else Filter()


def _write_url(chosen: Filter, side: str) -> None:
    query = {side + key: text for key, text in chosen.to_query().items()}
    # Each message of another URL costs a browser 15 ms: one for all that changed, at best.
    for key in (side + key for key in KEYS):
        if key not in query:
            st.query_params.pop(key, None)
    changed = {key: text for key, text in query.items() if st.query_params.get(key) != text}
    if changed:
        st.query_params.update(changed)


def _forget_widgets(side: str) -> None:
    for key in [key for key in st.session_state if str(key).startswith(side + _WIDGET)]:
        del st.session_state[key]


def _start(side: str, name: str, value: object) -> str:
    """The key of a widget, which starts from `value` unless it has a state already."""
    key = f"{side}{_WIDGET}{name}"
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def _widgets(opened: Database, chosen: Filter, side: str) -> Filter:
    kind = st.segmented_control(
        "Kind",
        kinds_offered(opened, chosen.kind),
        format_func=lambda kind: SIMULATORS[kind].title.capitalize(),
        key=_start(side, "kind", chosen.kind),
        required=True,
        label_visibility="collapsed",
    )
    assert kind is not None
    if kind != chosen.kind:  # its columns and experiments are others
        chosen = Filter(kind=kind, status=chosen.status, structure=chosen.structure)
        _forget_all_but(side, "kind")
    opened = opened.of(kind)
    names = loaders.experiments(opened, kind)
    missing = [name for name in chosen.experiments if name not in names]
    experiments = st.multiselect(
        "Experiment",
        [*names, *missing],
        key=_start(side, "experiments", list(chosen.experiments)),
        placeholder="any",
    )
    structure = st.selectbox(
        "Structure",
        list(STRUCTURES),
        key=_start(side, "structure", chosen.structure),
        index=None,
        placeholder="any",
        help="In the paper's words: a circle has a radius ratio below 1.2 (Algorithm 1), "
        "a grid is whatever is no circle, an imperfect grid has imperfections (Algorithm 2).",
    )
    status = st.selectbox(
        "Status", STATUSES, key=_start(side, "status", chosen.status), index=None, placeholder="any"
    )
    offered = [name for name in loaders.columns(opened, kind) if name not in _NOT_OFFERED]
    more = [name for name in chosen.columns if name not in offered]
    picked = st.multiselect(
        "Fields and metrics",
        [*offered, *more],
        format_func=lambda name: name.replace("_", " "),
        key=_start(side, "columns", list(chosen.columns)),
        placeholder="narrow by …",
    )
    conditions = {condition.column: condition for condition in chosen.where}
    where = [_condition(opened, kind, name, conditions.get(name), side) for name in picked]
    return Filter(
        kind=kind,
        experiments=tuple(experiments),
        structure=structure,
        status=status,
        where=tuple(condition for condition in where if condition is not None),
    )


def _forget_all_but(side: str, name: str) -> None:
    kept = st.session_state[f"{side}{_WIDGET}{name}"]
    _forget_widgets(side)
    st.session_state[f"{side}{_WIDGET}{name}"] = kept


def _condition(
    opened: Database, kind: str, column: str, known: Condition | None, side: str
) -> Condition | None:
    """The widgets of one column: its values if they are few, else a range."""
    values = loaders.distinct_values(opened, kind, column)
    is_text = loaders.columns(opened, kind)[column] is str
    if isinstance(known, Between) or (known is None and not is_text and not values):
        return _range(opened, kind, column, known if isinstance(known, Between) else None, side)
    more = [v for v in (known.values if known else ()) if v not in values]
    chosen = st.multiselect(
        column.replace("_", " "),
        [*values, *more],
        key=_start(side, f"values-{column}", list(known.values) if known else []),
        format_func=lambda value: value if isinstance(value, str) else f"{value:g}",
        placeholder="any",
    )
    return OneOf(column, tuple(chosen)) if chosen else None


def _range(
    opened: Database, kind: str, column: str, known: Between | None, side: str
) -> Between | None:
    ends = loaders.span(opened, kind, column) or ("", "")
    label = column.replace("_", " ")
    left, right = st.columns(2)
    low = left.number_input(
        f"{label} from",
        value=None,
        key=_start(side, f"low-{column}", known.low if known else None),
        placeholder=_placeholder(ends[0]),
        format="%g",
    )
    high = right.number_input(
        "to",
        value=None,
        key=_start(side, f"high-{column}", known.high if known else None),
        placeholder=_placeholder(ends[1]),
        format="%g",
    )
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        st.caption(f":red[from {low:g} to {high:g} is empty: it is left out]")
        return None
    return Between(column, low, high)


def _placeholder(end: float | str) -> str:
    return end if isinstance(end, str) else f"{end:.4g}"


def _footer(opened: Database, chosen: Filter) -> None:
    passing, stored = (
        loaders.count_runs(opened.of(chosen.kind), chosen),
        loaders.stored_runs(opened, chosen.kind),
    )
    left, right = st.columns([2, 1], vertical_alignment="center")
    left.caption(f"**{passing:,}** of {stored:,} {SIMULATORS[chosen.kind].title}")
    right.button(
        "Clear",
        type="tertiary",
        disabled=chosen == Filter(kind=chosen.kind),
        on_click=set_filter,
        args=(Filter(kind=chosen.kind),),
    )
    # Drawn when it is asked for: what colours SQL keeps a browser busy for a quarter of a second.
    asked = st.expander(
        "As SQL", icon=":material/database_search:", key="filter-sql", on_change="rerun"
    )
    if asked.open:
        asked.code(chosen.sql(), language="sql", wrap_lines=True)
