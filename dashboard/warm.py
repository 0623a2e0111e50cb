"""What costs seconds once, done before the first reader comes."""

import gc
import inspect
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from threading import Thread

import altair as alt
import numpy as np
import pandas as pd
from altair.utils import schemapi
from streamlit.dataframe_util import convert_pandas_df_to_arrow_bytes

import dashboard
from dashboard import loaders
from dashboard.charts_run import run_chart
from dashboard.controls import first_filter
from dashboard.opened import database
from dashboard.run_picture import picture
from db.arrangements import Arrangements
from db.connect import StoreError
from modadd.metrics import METRICS
from modadd.network import group_counts
from modadd.particles import ParticleConfig
from modadd.training import TrainingConfig


def up() -> None:
    """Import what the pages use, and send one small chart through what draws them."""
    for module in iter_modules(dashboard.__path__, "dashboard."):
        if not module.name.endswith((".app", ".script")):
            import_module(module.name)
    rows = pd.DataFrame({"value": [0.0]})
    # The charts' specifications are checked by the tests; checking them at every click costs 0.1 s.
    schemapi.DEBUG_MODE = False
    alt.SchemaBase.validate = classmethod(_trust)  # type: ignore[assignment, method-assign]
    alt.Chart(rows).mark_point().encode(x="value:Q").to_dict()
    for config in (TrainingConfig(), ParticleConfig()):
        _draw_run(config)
    # Streamlit looks through the stack at the first element that it draws: 0.25 s over our modules.
    inspect.stack()
    convert_pandas_df_to_arrow_bytes(rows)
    # The modules stay for good: a collection that looks through them holds every page up for 0.1 s.
    gc.collect()
    gc.freeze()


def read_ahead() -> Thread:
    """Begin to read what every page begins with, while the first reader's browser loads the page.
    Who asks for it meanwhile waits for this reading and begins none of their own."""
    reading = Thread(target=_read_first_runs, name="read ahead", daemon=True)
    reading.start()
    return reading


def _read_first_runs() -> None:
    with suppress(StoreError):  # the pages will say what is wrong
        opened = database()
        first = first_filter(opened)
        loaders.count_runs(opened.of(first.kind), first)


def _draw_run(config: TrainingConfig | ParticleConfig) -> None:
    """Draw a run of the paper's sizes: to lay out its panels takes half a second, once."""
    epochs = np.arange(2)
    places = np.random.default_rng(0).normal(size=(2, config.modulus, config.embedding_dim))
    is_network = isinstance(config, TrainingConfig)
    count = sum(group_counts(config)[1:]) if isinstance(config, TrainingConfig) else 0
    parameters = np.zeros((2, count), dtype=np.float32)
    shown = picture(
        config, Arrangements(epochs, places.astype(np.float32)), (epochs, parameters), 0, 1
    )
    known = [m.name for m in METRICS.values() if is_network or not m.needs_classifier]
    series = pd.DataFrame({"epoch": epochs, **dict.fromkeys(known, 1.0)})
    unit = "epoch" if is_network else "step"
    run_chart(
        shown.frames, series, unit=unit, pictures=shown.pictures, arrows=shown.arrows,
        residues=shown.residues,
    )  # fmt: skip


def _trust(cls: type, instance: object, schema: object = None) -> None:
    """Takes the place of what looks a chart through."""
