"""Lab: train a network or simulate particles while looking at them."""

import streamlit as st

from dashboard import lab_controls, states
from dashboard.charts_run import run_chart
from dashboard.header import header
from dashboard.lab import LIMITS, LiveRun, kernels_loaded
from dashboard.lab_controls import KIND, PLAYING, RUN, TROUBLE
from dashboard.lab_parts import keep_section
from dashboard.run_facts import sweep_words
from dashboard.takeaway import take_away, terminal
from modadd.config import ConfigError
from modadd.simulators import SIMULATORS

TICK = 0.5  # seconds between two pictures
SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200)

header(
    "Lab",
    "A run that is computed while you look: press Play and see a circle or a grid come into being. "
    "Settings take effect with Reset, or with Fork, which goes on from the arrangement on screen; "
    "at most " + ", ".join(f"{name.replace('_', ' ')} {most:,}" for name, most in LIMITS.items())
    + " keep it responsive, larger runs are the jobs' work.",
)  # fmt: skip
lab_controls.adopt_url()
with st.sidebar:
    st.subheader("Settings", anchor=False)
    st.session_state.setdefault(KIND, "transformer")
    st.session_state[KIND] = st.session_state[KIND]
    kind = st.segmented_control(
        "Kind", lab_controls.KINDS, format_func=lambda name: SIMULATORS[name].title.capitalize(),
        key=KIND, required=True, label_visibility="collapsed",
    )  # fmt: skip
    assert kind is not None
    lab_controls.settings(kind)
if RUN not in st.session_state:
    try:
        st.session_state[RUN] = LiveRun(lab_controls.chosen_config(kind))
    except ConfigError as error:
        states.nothing_to_draw(str(error))
        st.stop()
run: LiveRun = st.session_state[RUN]
is_network = SIMULATORS[run.config.kind].has_classifier
unit = "epoch" if is_network else "step"


def set_playing(wanted: bool) -> None:
    st.session_state[PLAYING] = wanted


def one_step() -> None:
    st.session_state[PLAYING] = False
    st.session_state["lab-steps"] = 1


playing = st.session_state.get(PLAYING, False) and not run.finished
row = st.columns([1, 1, 1, 1, 2.6, 1.6], vertical_alignment="bottom")
row[0].button(
    "Pause" if playing else "Play", on_click=set_playing, args=(not playing,), type="primary",
    key="lab-play", width="stretch",
    icon=":material/pause:" if playing else ":material/play_arrow:", disabled=run.finished,
)  # fmt: skip
row[1].button("Step", on_click=one_step, width="stretch", disabled=run.finished)
row[2].button("Reset", on_click=lab_controls.start, args=(kind,), width="stretch")
row[3].button(
    "Fork", on_click=lab_controls.fork, args=(kind,), width="stretch",
    help="Go on from the arrangement on screen with the settings on the left, counting from 0.",
)  # fmt: skip
row[4].button(
    "Particles from this embedding", on_click=lab_controls.to_particles, width="stretch",
    disabled=not is_network,
)  # fmt: skip
speed = row[5].select_slider(f"{unit}s a picture", SPEEDS, 10, key="lab-speed")
if TROUBLE in st.session_state:
    states.bad_input(st.session_state.pop(TROUBLE))
if lab_controls.differs(kind, run.config):
    st.caption(
        ":orange[The settings are not those of the run on screen]: Reset begins with them, Fork "
        "goes on with them."
    )
if run.origin is not None:
    moments = "; Adam's moments began at 0" if is_network else ""
    st.caption(f"Forked: it began at {run.origin.text}{moments}.")


@st.fragment(run_every=TICK if playing else None)
def live() -> None:
    """One picture: a few steps further while playing."""
    steps = speed if playing else st.session_state.pop("lab-steps", 0)
    if steps and not run.finished:
        if kernels_loaded():
            run.advance(steps)
        else:
            with st.spinner("Loading what computes: a second, or ten to compile it the first time"):
                run.advance(steps)
    if playing and run.finished:
        st.session_state[PLAYING] = False
        st.rerun()
    end = f" of {run.config.length:,}"
    what = " (diverged: its numbers are no longer finite)" if run.diverged else ""
    st.markdown(f"**{unit.capitalize()} {run.now.epoch:,}**{end}{what}")
    shown = run.picture()
    chart = run_chart(
        shown.frames, run.series, unit=unit, pictures=shown.pictures,
        arrows=shown.arrows, residues=shown.residues, length=run.config.length,
    )  # fmt: skip
    st.vega_lite_chart(chart.spec, key="lab-chart", width="content")
    if not playing:
        # A forked run began at what no command knows.
        command = terminal(*sweep_words(run.config)) if run.origin is None else None
        take_away("lab", run.series, chart=chart, command=command)


live()
keep_section(run)
