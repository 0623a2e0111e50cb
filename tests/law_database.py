"""A database with all that is known of the force law: audited networks, two weight decays of seven,
their twins, learnt laws, curls and branches."""

import pytest

from jobs.main import main

JOBS = (
    "train --experiment trial --epochs 30 --weight-decay 0 1 --seeds 0:7 --snapshots every:10",
    "audit trial --epochs 30",
    "twins --experiment trial --epochs 0 --snapshots every:20 --steps 60",
    "twins --experiment trial --epochs 0 10 --snapshots final",
    "learn trial --starts 0 --weight-decay 1",
    "curl --experiment trial --epochs 30 --seeds 0",
    "fate --experiment trial --epochs 0 10 --branches 2",
)


def write_law_database(path):
    """Made by the commands."""
    for words in JOBS:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("sys.argv", ["modadd", *words.split(), "--database", str(path)])
            assert main() == 0
