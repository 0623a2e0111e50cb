"""The Lab's controls: a widget a config field, and what the buttons do."""

import dataclasses
from typing import Any

import numpy as np
import streamlit as st

from dashboard import loaders, states
from dashboard.lab import LIMITS, LiveRun, Origin
from dashboard.opened import database
from dashboard.run_facts import config_of
from db.connect import StoreError
from modadd.config import Config, ConfigError, Rule
from modadd.particles import ParticleConfig
from modadd.simulators import SIMULATORS
from modadd.snapshots import Snapshot

RUN, KIND, PLAYING, TROUBLE = "lab-run", "lab-kind", "lab-playing", "lab-trouble"
_FIRST = {
    "transformer": ("weight_decay", "learning_rate", "initialization", "seed", "epochs"),
    "particle": ("alignment", "repulsion", "attraction", "step_size", "seed", "steps"),
}
_MOST = 2**53 - 1
# Those that begin by themselves; what others do is reached by Fork.
KINDS = [kind for kind, simulator in SIMULATORS.items() if simulator.origin is None]


def settings(kind: str) -> None:
    """The widgets of a kind's config: the important ones, and the others folded away."""
    fields = {field.name: field for field in dataclasses.fields(SIMULATORS[kind].config)}
    for name in _FIRST[kind]:
        _widget(kind, fields[name])
    with st.expander("More settings"):
        for name in fields:
            if name not in _FIRST[kind]:
                _widget(kind, fields[name])


def chosen_config(kind: str) -> Config:
    """The config that the widgets ask for.

    Raises:
        ConfigError: for values that break a rule.
    """
    config = SIMULATORS[kind].config
    known = {name: st.session_state.get(_key(kind, name)) for name in config.field_types()}
    return config.from_dict({name: value for name, value in known.items() if value is not None})


def differs(kind: str, config: Config) -> bool:
    """Whether the widgets ask for another config than this."""
    try:
        return chosen_config(kind) != config
    except ConfigError:  # which Reset tells of
        return True


def fill(config: Config) -> None:
    """Set the widgets to a config; for callbacks, and before the widgets are drawn."""
    st.session_state[KIND] = config.kind
    for name, value in config.to_dict().items():
        st.session_state[_key(config.kind, name)] = value


def start(kind: str) -> None:
    """Begin anew with the settings: the callback of Reset."""
    _try(lambda: LiveRun(chosen_config(kind)))


def fork(kind: str) -> None:
    """Go on from where the run is, with the settings: the callback of Fork."""
    run: LiveRun = st.session_state[RUN]
    _try(lambda: LiveRun(chosen_config(kind), _origin_of(run)))


def to_particles() -> None:
    """Start particles from the network's embedding, with the particles' settings."""
    run: LiveRun = st.session_state[RUN]
    network: Any = run.config

    def make() -> LiveRun:
        asked = chosen_config(ParticleConfig.kind).to_dict()
        sizes = {"modulus": network.modulus, "embedding_dim": network.embedding_dim}
        config = ParticleConfig.from_dict({**asked, **sizes})
        made = LiveRun(config, _origin_of(run))
        fill(config)
        return made

    _try(make)


def adopt_url() -> None:
    """Begin with a stored run's settings if the URL asks for one (`run`), and from one of its
    epochs if it names that too (`epoch`)."""
    asked = (st.query_params.get("run", ""), st.query_params.get("epoch", ""))
    if not asked[0] or st.session_state.get("lab-asked") == asked:
        return
    st.session_state["lab-asked"] = asked
    try:
        run = _stored(*asked)
    except (ConfigError, StoreError) as error:
        states.bad_input(f"The run in the URL is left out: {error}")
        return
    fill(run.config)
    st.session_state[RUN], st.session_state[PLAYING] = run, False


def _stored(run: str, epoch: str) -> LiveRun:
    opened = database()
    number = int(run) if run.isascii() and run.isdecimal() and len(run) < 16 else -1
    details = loaders.run_details(opened, number)
    if details is None:
        raise StoreError(f"the database has no run {run[:20]!r}")
    kind, fields = details["kind"], loaders.run_fields(opened, details["kind"], number)
    dynamics = SIMULATORS[kind].dynamics
    config = config_of(dynamics or kind, fields)
    if not epoch and dynamics:
        epoch = "0"  # where it begins is stored, not drawn
    if not epoch:
        return LiveRun(config)
    places = loaders.arrangements(opened, (number,)).get(number)
    if places is None or epoch not in places.epochs.astype(str):
        raise StoreError(f"run {number} has no snapshot of epoch {epoch[:20]!r}")
    at = np.flatnonzero(places.epochs.astype(str) == epoch)
    classifier = None
    if SIMULATORS[details["kind"]].has_classifier:
        epochs, parameters = loaders.classifiers(opened, number)
        found = np.flatnonzero(epochs == int(epoch))
        if not len(found):
            raise StoreError(f"run {number} has no parameters of epoch {epoch}")
        classifier = parameters[found]
    snapshot = Snapshot((config,), int(epoch), places.embeddings[at], classifier)
    return LiveRun(config, Origin(snapshot, f"epoch {int(epoch):,} of run {number}"))


def _origin_of(run: LiveRun) -> Origin:
    what = SIMULATORS[run.config.kind].title.removesuffix("s")
    text = f"epoch {run.now.epoch:,} of a {what} with seed {run.config.seed}"
    if run.origin is not None:
        text += f", itself from {run.origin.text}"
    return Origin(run.now, text)


def _try(make: Any) -> None:
    try:
        st.session_state[RUN] = make()
    except ConfigError as error:
        st.session_state[TROUBLE] = str(error)
    st.session_state[PLAYING] = False


def _widget(kind: str, field: "dataclasses.Field[Any]") -> None:
    rule: Rule = field.metadata["rule"]
    key, label, about = _key(kind, field.name), field.name.replace("_", " "), field.metadata["help"]
    if key not in st.session_state:
        st.session_state[key] = field.default
    else:  # kept when the other kind's widgets are shown, or another page
        st.session_state[key] = st.session_state[key]
    if rule.choices:
        st.selectbox(label, rule.choices, key=key, help=about)
    elif field.type is int:
        most = LIMITS.get(field.name, _MOST)
        least = int(rule.minimum or 0)
        st.number_input(label, least, most, step=1, key=key, help=f"{about}; at most {most:,}")
    else:
        floor = rule.minimum if rule.minimum is not None else rule.above
        low = None if floor is None else float(floor)
        high = None if rule.maximum is None else float(rule.maximum)
        step = 0.001 if 0 < float(field.default) < 0.05 else 0.1  # type: ignore[arg-type]  # a float field
        st.number_input(label, low, high, step=step, format="%g", key=key, help=about)


def _key(kind: str, name: str) -> str:
    return f"lab-{kind}-{name}"
