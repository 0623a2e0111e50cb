"""A small database with something of every section of the report: short runs, and a few whole."""

import shutil
from dataclasses import replace

from db.connect import open_for_writing
from jobs.loop import prepare_database, run_requests
from jobs.requests import sweep
from jobs.workers import Resources

SHORT = {"epochs": 20}
REQUESTS = {
    # Seeds that end as circles, and as grids.
    "table-1": ("train", {"weight_decay": [0.6, 1.0], "seeds": [16, 27, 47, 52]}),
    "table-2": ("simulate", {"alignment": 1.0, "seeds": [11, 22]}),
    "appendix-c": ("train", {**SHORT, "weight_decay": [0.0, 1.0], "seeds": "10:13"}),
    "appendix-d": ("simulate", {"steps": 10, "alignment": [0.5, 1.0, 2.0], "seeds": "10:13"}),
    "appendix-e": ("train", {**SHORT, "weight_decay": 0.6, "seeds": "10:13"}),
    "appendix-f": ("train", {**SHORT, "embedding_dim": [3, 4], "seeds": "0:2"}),
    "initialisation": (
        "train",
        {
            **SHORT,
            "initialization": ["glorot", "torch"],
            "weight_decay": [0.0, 1.0],
            "seeds": "0:3",
        },
    ),
    "decay-groups": (
        "train",
        {**SHORT, "decay_embedding": [0.0, 1.0], "decay_hidden_bias": [0.0, 1.0], "seeds": "0:3"},
    ),
    "moduli": (
        "train",
        {**SHORT, "modulus": [5, 7], "weight_decay": [0.0, 0.3, 1.0], "seeds": "0:3"},
    ),
    "step-size": ("simulate", {"steps": 10, "step_size": [0.1, 0.2], "seeds": "0:3"}),
}


def write_report_database(small, path):
    """A copy of the small database, with more runs."""
    shutil.copy(small, path)
    with open_for_writing(str(path)) as engine:
        prepare_database(engine)
        requests = [
            replace(sweep(command, values), experiment=name)
            for name, (command, values) in REQUESTS.items()
        ]
        for _, summary in run_requests(engine, requests, Resources()):
            assert summary.computed
