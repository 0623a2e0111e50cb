"""The runs that figures show: picked by rule from the data, and as charts take them."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_figures import Named
from dashboard.run_facts import config_of
from dashboard.run_picture import picture
from dashboard.run_rows import with_structure
from db.arrangements import Arrangements, classifiers, final_arrangements
from modadd.snapshots import Floats

FLAT = 0.3
PICKS = ("grid", "circle", "imperfect grid")
# Open in the paper: how its examples were chosen.
RULE = (
    "*Open in the paper*: how its examples were chosen. Here by rule, from the runs named under "
    "*Seeds*: as circle the one with the smallest radius ratio; as grid the one with the fewest "
    "imperfections, as imperfect grid the one whose imperfections are nearest to the median of "
    "the grids that have any, both of those that extend in two directions (the lesser principal "
    f"deviation at least {FLAT:g} of the greater); ties go to the smallest seed."
)
Row = Mapping[Hashable, Any]


def picks(engine: Engine, rows: pd.DataFrame) -> dict[str, Row]:
    """One of `PICKS` → a run, by `RULE`; what the runs do not have is absent."""
    done = with_structure(rows[rows["status"] == "done"]).sort_values("seed", kind="stable")
    last = final_arrangements(engine, done["run_id"].tolist())
    wide = done["run_id"].map(lambda run: flatness(last[run]) >= FLAT)
    circle = done["structure"] == "circle"
    imperfect = done[(done["structure"] == "imperfect grid") & wide]
    typical = imperfect["grid_imperfections"].median()
    measures = {
        "grid": done[~circle & wide]["grid_imperfections"],
        "circle": done[circle]["radius_ratio"],
        "imperfect grid": (imperfect["grid_imperfections"] - typical).abs(),
    }
    found: dict[str, Row] = {}
    for name, measure in measures.items():
        if len(measure):
            (found[name],) = done[done.index == measure.idxmin()].to_dict("records")
    return found


def flatness(arrangement: Floats) -> float:
    """The lesser over the greater principal deviation of an arrangement (token, 2), in [0, 1]; 0
    for tokens on a line."""
    centred = arrangement - arrangement.mean(axis=0)
    deviations = np.linalg.svd(centred.astype(np.float64), compute_uv=False)
    return float(deviations[1] / deviations[0]) if deviations[0] else 0.0


def named_runs(
    engine: Engine, kind: str, runs: Mapping[str, Row], *, regions: bool = False
) -> list[Named]:
    """Runs by the name to show each under, at their last epoch; with the classifier's regions where
    they are asked for and stored."""
    last = final_arrangements(engine, [row["run_id"] for row in runs.values()])
    none = (np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32))
    shown = []
    for name, row in runs.items():
        epoch, run_id = int(row["last_epoch"]), row["run_id"]
        run = Arrangements(np.array([epoch]), last[run_id][None])
        parameters = classifiers(engine, run_id) if regions else none
        drawn = picture(
            config_of(kind, {str(name): value for name, value in row.items()}),
            run,
            parameters,
            epoch,
            epoch,
        )
        shown.append(Named(name, drawn.frames, drawn.pictures[0] if drawn.pictures else ""))
    return shown


def described(name: str, row: Row) -> str:
    """A picked run in words: its structure, seed and measures."""
    accuracy = row.get("validation_accuracy")
    right = "" if accuracy is None else f", validation accuracy {100 * accuracy:.1f} %"
    return (
        f"{name}: run {row['run_id']}, seed {row['seed']}, radius ratio {row['radius_ratio']:.3g}, "
        f"{row['grid_imperfections']:.0f} imperfections{right}"
    )
