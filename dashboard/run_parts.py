"""Parts of the page of one run: which run, its numbers, its config and origin, what is near."""

import html
import json
import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import loaders, states
from dashboard.opened import Database
from dashboard.run_facts import fraction, nearest_runs, neighbours_in_list
from dashboard.run_rows import with_structure
from dashboard.takeaway import take_away
from db.filters import Filter
from modadd.config import Config
from modadd.simulators import SIMULATORS
from modadd.statistics import proportion
from modadd.task import pair_count, training_pair_count

_PICKED = "run-picked"
_JOB_SQL = "SELECT r.*, j.* FROM runs AS r JOIN jobs AS j USING (job_id) WHERE r.run_id = {}"
_MOST = 2**53 - 1  # as browsers count


def pick_run(opened: Database, chosen: Filter) -> int:
    """The run in the URL, else the filter's first; with ways to the others of the filter."""
    ids = loaders.run_ids(opened.of(chosen.kind), chosen)
    run_id = _asked(opened)
    if run_id is None:
        if not ids:
            states.empty_filter(loaders.stored_runs(opened, chosen.kind))
        run_id = ids[0]
    before, after = neighbours_in_list(ids, run_id)
    left, middle, right, about = st.columns([2, 2.3, 2, 5], vertical_alignment="bottom")
    _step(left, "Previous", ":material/chevron_left:", before)
    with middle:
        run_number("Run", _PICKED, run_id, _go_to)
    _step(right, "Next", ":material/chevron_right:", after)
    title = SIMULATORS[chosen.kind].title
    if run_id in ids:
        about.caption(f"{ids.index(run_id) + 1:,} of the {len(ids):,} {title} of the filter")
    else:
        about.caption(f"Not among the {len(ids):,} {title} of the filter")
    return run_id


def run_number(
    label: str, name: str, run: int, go_to: Callable[[int], None], width: Any = "stretch"
) -> None:
    """An input that shows a run's number, and goes to another that is typed.

    A widget a run: a browser that is busy tells once more of the number that it showed before, and
    of one widget for all runs that would be as if it had been typed.
    """
    key = f"{name}-{run}"

    def typed() -> None:
        number = int(st.session_state[key])
        if number != run:
            st.session_state[key] = run  # it shows this one again, where there is none of the other
            go_to(number)

    st.number_input(label, 1, _MOST, run, step=1, key=key, on_change=typed, width=width)


def _asked(opened: Database) -> int | None:
    text = st.query_params.get("run")
    if text is None:
        return None
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
    if number is None or loaders.run_details(opened, number) is None:
        states.bad_input(f"The database has no run {text[:20]!r}: here is the filter's first")
        return None
    return number


def _step(column: Any, label: str, icon: str, target: int | None) -> None:
    column.button(
        label, icon=icon, disabled=target is None, on_click=_go_to, args=(target,), width="stretch"
    )


def _go_to(run_id: int) -> None:
    # In this order, since each is a step of the browser's history: no run has another one's epoch.
    st.query_params.pop("epoch", None)
    st.query_params["run"] = str(run_id)


def numbers(row: dict[str, Any], config: Config) -> None:
    """The run's last numbers; shares with the pairs behind them."""
    structure = with_structure(pd.DataFrame([row]))["structure"].iloc[0]
    shown: list[tuple[str, str, str | None]] = [
        ("Structure", structure if _known(row, "radius_ratio") else "–", None),
        ("Radius ratio", _number(row, "radius_ratio"), "circle below 1.2"),
        ("Imperfections", _number(row, "grid_imperfections"), _pairs(config)),
    ]
    for name, title in (
        ("train_accuracy", "Training accuracy"),
        ("validation_accuracy", "Validation accuracy"),
    ):
        if name in row:
            shown.append((title, *_accuracy(row[name], _role_count(config, name))))
    for column, (title, value, below) in zip(
        st.columns([3, 2, 2, 3, 3][: len(shown)]), shown, strict=True
    ):
        column.metric(title, value, below, delta_color="off", delta_arrow="off")


def _accuracy(share: float | None, n: int) -> tuple[str, str | None]:
    counted = fraction(share, n)
    if counted is None:
        return "–", None
    estimate = proportion(*counted)
    return f"{estimate.value:.1%}", (
        f"{counted[0]} of {n} pairs [{estimate.low:.0%}, {estimate.high:.0%}]"
    )


def _role_count(config: Any, name: str) -> int:
    trained = training_pair_count(config.modulus, config.train_fraction)
    return trained if name.startswith("train") else pair_count(config.modulus) - trained


def _pairs(config: Any) -> str:
    return f"of {pair_count(config.modulus):,} pairs"


def _known(row: dict[str, Any], name: str) -> bool:
    value = row.get(name)
    return value is not None and not math.isnan(value)


def _number(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:.4g}" if _known(row, name) else "–"


def facts(
    row: dict[str, Any], config: Config, details: dict[str, Any], command: str, sql: str
) -> None:
    """Config and provenance, side by side, and the command that makes the run again."""
    left, right = st.columns(2, gap="large")
    default = type(config)()
    fields = [
        (name.replace("_", " "), f"{value}", "" if value == getattr(default, name) else "●")
        for name, value in config.to_dict().items()
    ]
    with left:
        _told("Config", pd.DataFrame(fields, columns=["field", "value", "not the default"]), sql)
    with right:
        made = pd.DataFrame(list(_provenance(details).items()), columns=["what", "value"])
        _told("Provenance", made, _JOB_SQL.format(details["run_id"]))
    st.caption("Makes this run again (and adds nothing where it is stored already):")
    # Without colours: what colours code keeps a browser busy for half a second.
    st.html(f"<code>{html.escape(command)}</code>")


def _provenance(details: dict[str, Any]) -> dict[str, str]:
    return {
        "status": details["status"],
        "last epoch stored": f"{details['last_epoch']:,}",
        "experiments": ", ".join(details["experiments"]) or "–",
        "job": f"{details['job_id']}: {details['command']}",
        "started": details["started_at"],
        "computing": f"{details['wall_time']:.3g} s on {details['device']}",
        "project": f"{details['project_version']}, commit {details['git_commit'] or 'unknown'}",
        "packages": _packages(details["packages"]),
        "snapshots": f"{details['schedule']}, parameters: {details['kept_parameters']}",
        "config hash": details["config_hash"],
    }


def _packages(stored: str) -> str:
    """Names and versions; what is no such list, as it is."""
    try:
        return ", ".join(f"{name} {version}" for name, version in json.loads(stored).items())
    except (ValueError, AttributeError, RecursionError):
        return stored


def _told(title: str, rows: pd.DataFrame, sql: str) -> None:
    """A table whose long values wrap, as plain text."""
    st.subheader(title, anchor=False)
    st.table(rows.map(states.plain), hide_index=True, hide_header=title == "Provenance", height=320)
    take_away(title.lower(), rows, sql=sql)


def near_runs(opened: Database, config: Config, run_id: int, details: dict[str, Any]) -> None:
    """Ways to the runs whose configs are nearest."""
    st.subheader("Nearest runs by config", anchor=False)
    kind = details["kind"]
    found = nearest_runs(loaders.all_runs(opened, kind), config, run_id)
    if found.empty:
        st.caption("No other run shares the seed or the settings of this one.")
        return
    columns = st.columns(2, gap="large")
    same_seed = found["seed"] == config.seed
    groups = (("Same seed, other settings", same_seed), ("Same settings, other seed", ~same_seed))
    for column, (title, chosen) in zip(columns, groups, strict=True):
        column.caption(title if chosen.any() else f"{title}: none")
        for near in with_structure(found[chosen]).to_dict("records"):
            what = "diverged" if near["status"] == "diverged" else near["structure"]
            # No link: one to the page that is on screen leaves the address as it is.
            column.button(
                f"Run {near['run_id']}: {states.plain(near['differs'])} ({what})",
                key=f"near-{near['run_id']}", type="tertiary", icon=":material/play_circle:",
                on_click=_go_to, args=(near["run_id"],),
            )  # fmt: skip
