"""What people might give for configs: every field with values right, wrong and at the edge."""

import dataclasses
import datetime
import json
import math

from hypothesis import strategies as st

from jobs.requests import KEPT_PARAMETERS, KINDS
from modadd.simulators import SIMULATORS

COUNTS = [0, -1, 1, 2, 2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**64, 10**400]
NUMBERS = [0.0, -0.0, 5e-324, 1e-9, 0.999999, 1.0, 1e38, 1e308, -1.0, math.inf, -math.inf, math.nan]
TEXTS = ["", " ", "all", "final", "none", "default", "0:3", "3:0", "0:0", "0:9:2", "every:2", "1,2",
         "-1", "nan", "1e400", "0x10", "1_0", "١", "٪", "glorot", "a\nb", "\udcff", "'; DROP", "🂡",
         "9" * 5000, "__class__", "--", "table-1"]  # fmt: skip
ODD = [True, False, [], {}, [[]], {"a": 1}, datetime.date(2024, 8, 19), [1, "1"], [[1]]]
# Fields that decide how long a run takes are mostly small, so that what is accepted can be run.
SMALL = {"modulus": 9, "embedding_dim": 4, "hidden_size": 5, "epochs": 6, "steps": 6}


def values(field):
    """Whatever may be given for a config field: half of it admissible."""
    rule = field.metadata["rule"]
    if rule.choices:
        fine = st.sampled_from(rule.choices)
    elif field.type is int:
        fine = st.integers(1, SMALL.get(field.name, 10))
    else:
        fine = st.floats(0, 2) | st.sampled_from(NUMBERS)
    strange = st.sampled_from(COUNTS + NUMBERS + TEXTS + ODD) | st.text(max_size=5) | st.integers()
    return st.one_of(fine, fine, fine, st.lists(fine, max_size=3), strange)


@st.composite
def tables(draw, command=None):
    """(command, table): a sweep as a TOML file or the flags would have it."""
    command = command or draw(st.sampled_from(list(KINDS)))
    fields = dataclasses.fields(SIMULATORS[KINDS[command]].config)
    chosen = draw(st.lists(st.sampled_from(fields), max_size=4, unique_by=lambda f: f.name))
    table = {name: st.integers(2, most) for name, most in SMALL.items()}
    table = {f.name: draw(table[f.name]) for f in fields if f.name in table}
    table |= {f.name: draw(values(f)) for f in chosen if f.name != "seed"}
    table |= draw(st.fixed_dictionaries({}, optional=OPTIONS))
    return command, table


_ODD_TEXT = st.sampled_from(TEXTS + ODD)
OPTIONS = {
    "seeds": st.integers(0, 9) | st.sampled_from(["0:3", ["0:2", 7], "0:9:4"]) | _ODD_TEXT,
    "snapshots": st.sampled_from(["default", "all", "final", "every:2", "1,2"]) | _ODD_TEXT,
    "parameters": st.sampled_from(KEPT_PARAMETERS) | _ODD_TEXT,
    "experiment": st.just("mine") | _ODD_TEXT,
    "seed": st.integers(),
}


def as_toml(command, table):
    """The sweep as the text of a file, as far as TOML can say it."""
    lines = [f"{json.dumps(name)} = {_toml(value)}" for name, value in table.items()]
    return "\n".join([f"[[{command}]]", *lines])


def _toml(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(v)}" for name, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "")
    return str(value)


def as_flags(command, table):
    """The sweep as the words of a command line."""
    words = [command]
    for name, value in table.items():
        given = value if isinstance(value, list) else [value]
        words += ["--" + name.replace("_", "-"), *(str(v).replace("\0", "") for v in given)]
    return words
