"""What costs seconds once, done before the first reader comes."""

import inspect
from importlib import import_module
from pkgutil import iter_modules

import altair as alt
import pandas as pd
from altair.utils import schemapi
from streamlit.dataframe_util import convert_pandas_df_to_arrow_bytes

import dashboard


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
    # Streamlit looks through the stack at the first element that it draws: 0.25 s over our modules.
    inspect.stack()
    convert_pandas_df_to_arrow_bytes(rows)


def _trust(cls: type, instance: object, schema: object = None) -> None:
    """Takes the place of what looks a chart through."""
