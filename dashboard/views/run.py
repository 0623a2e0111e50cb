"""Run: Figures 3 and 4 of the paper for any run at any stored epoch, its curves, its origin."""

import streamlit as st

from dashboard import loaders, states
from dashboard.charts_panels import FRAME
from dashboard.charts_run import run_chart
from dashboard.controls import filter_of_page, link_query
from dashboard.header import header
from dashboard.opened import database_shown
from dashboard.pages import PAGES
from dashboard.player import EPOCH, frame_on_screen, player
from dashboard.run_facts import config_of, sweep_words
from dashboard.run_parts import facts, near_runs, numbers, pick_run
from dashboard.takeaway import take_away, terminal
from db.filters import Filter, OneOf
from modadd.simulators import SIMULATORS

NETWORK = (
    "Left where the tokens are, right the sums of all pairs of tokens over the classifier's "
    "regions, each numbered by the residue that it answers: a pair is right where its dot lies on "
    "its own colour. The slider takes all panels through training; a ring marks an *imperfect* "
    "pair, whose nearest other sum (hover to see it) has another residue (Algorithm 2).",
    r"o = W_o\,\mathrm{ReLU}\big(W_h (E_i + E_j) + b_h\big) + b_o, "
    r"\qquad \text{target } (i + j) \bmod N",
)
PARTICLES = (
    "Left the particles with the force on each, term by term, in arrows of one scale (click a term "
    "in the legend to see it alone), right the sums of all pairs by residue. The slider takes all "
    "panels through the simulation; a ring marks an *imperfect* pair, whose nearest other sum has "
    "another residue (Algorithm 2).",
    r"F_{ij} = \sum_{(k,l)} \begin{cases} -g_a \frac{r}{\|r\|} + f_a\, [x_{ij} \cdot x_{kl} > 0]\,"
    r"\frac{x_{kl}}{\|x_{kl}\|} & \text{same residue} \\[4pt] g_r \frac{r}{\|r\|^2} - f_a\, [x_{ij}"
    r"\cdot x_{kl} > 0]\, \frac{x_{kl}}{\|x_{kl}\|} & \text{different} \end{cases} \qquad "
    r"r = x_{ij} - x_{kl}",
)

opened, chosen = database_shown(), filter_of_page()
run_id = pick_run(opened, chosen)
details = loaders.run_details(opened, run_id)
assert details is not None, "pick_run takes stored runs alone"
kind = details["kind"]
opened = opened.of(kind)
if kind not in SIMULATORS:
    states.nothing_to_draw(f"Run {run_id} is of a kind that nobody here knows: restore a copy")
    st.stop()
row = loaders.run_fields(opened, kind, run_id)
config = config_of(kind, row)
has_classifier = SIMULATORS[kind].has_classifier
unit = "epoch" if has_classifier else "step"
header(f"Run {run_id}: seed {config.seed}", *(NETWORK if has_classifier else PARTICLES))
if details["status"] == "diverged":
    states.nothing_to_draw(
        f"This run diverged after {unit} {details['last_epoch']:,} of {config.length:,}, the last "
        "with finite numbers. It is kept as data, and left out of every table"
    )
numbers(row, config)

stored = loaders.stored_epochs(opened, (run_id,))
low, high = (stored[0], stored[-1]) if stored else (0, 0)
shown = loaders.shown_run(opened, run_id, low, high)
if shown is not None and len(shown.frames.epochs) < len(stored):
    low, high = st.slider(
        f"{unit.capitalize()}s", low, high, (low, high), key=f"window-{run_id}",
        bind="query-params",
        help=f"{len(stored):,} are stored and a chart holds {len(shown.frames.epochs)}: narrow the "
        "window to see every one.",
    )  # fmt: skip
    shown = loaders.shown_run(opened, run_id, low, high)
sql = Filter(kind=kind).having(OneOf("run_id", (run_id,))).sql()
command = terminal(*sweep_words(config, details["schedule"], details["kept_parameters"]))
series = loaders.series(opened, run_id)
if shown is None:
    states.nothing_to_draw(f"No arrangement of this run is stored; make it again: `{command}`")
else:
    epochs = shown.frames.epochs
    chart = run_chart(
        shown.frames, series, unit=unit, pictures=shown.pictures, arrows=shown.arrows,
        residues=shown.residues,
    )  # fmt: skip
    with st.container(key="run-box"):
        if len(epochs) > 1:
            player("run-box", epochs, of=run_id)
        # One chart for all networks; what was chosen in the legend of a simulation's forces is its.
        key = "run-chart" if shown.arrows is None else f"run-chart-{run_id}"
        st.vega_lite_chart(chart.spec, key=key, width="content")
    if shown.why:
        states.nothing_to_draw(f"Without the classifier's regions: {shown.why}")
    if shown.frames.dim > 2:
        st.caption("Each panel shows two of the dimensions; all of them matter for what is near.")
    take_away(
        f"run-{run_id}", series, sql=sql, command=command,
        chart=lambda: chart.having_param(FRAME, value=frame_on_screen(epochs)),
    )  # fmt: skip
if "lab" in PAGES:
    from_here = {}
    if shown is not None:
        epoch = shown.frames.epochs[frame_on_screen(shown.frames.epochs)]
        if not has_classifier or epoch in loaders.classifiers(opened, run_id)[0]:
            from_here = {EPOCH: epoch}
    st.page_link(
        PAGES["lab"].path, label="Go on from here in the Lab", icon=":material/science:",
        query_params=link_query(run=run_id, **from_here),
    )  # fmt: skip
facts(row, config, details, command, sql)
near_runs(opened, config, run_id, details)
