"""Many arrangements as a figure: Appendices C, D and F."""

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_gallery import gallery_chart
from dashboard.gallery import gallery
from dashboard.report.parts import Figure
from dashboard.run_rows import STRUCTURES, structure_shares, with_structure
from dashboard.theme import residue_colours
from db.arrangements import Arrangements, arrangements

COLUMNS = 7
# Said under each gallery.
LEGEND = (
    "Tokens are coloured by residue, the hue going round once from 0 to N − 1; the frame is blue "
    "around a circle, green around a perfect grid, orange around an imperfect grid."
)


def gallery_figure(
    engine: Engine, rows: pd.DataFrame, *, name: str, label: str, caption: str
) -> Figure:
    """The last arrangements of the runs, by seed. rows: of `<kind>_runs`."""
    tiles = with_structure(rows).sort_values("seed")
    tiles = tiles.assign(label=[f"seed {seed}" for seed in tiles["seed"]])
    last = int(tiles["last_epoch"].max())
    stored = arrangements(engine, tiles["run_id"].tolist(), sorted(set(tiles["last_epoch"])))
    return _figure(tiles, stored, last, COLUMNS, name=name, label=label, caption=caption)


def projections_figure(
    engine: Engine,
    rows: pd.DataFrame,
    planes: Sequence[tuple[int, int]],
    *,
    name: str,
    label: str,
    caption: str,
) -> Figure:
    """A column a run, a row a plane (two dimensions): projections of the last arrangements."""
    runs = with_structure(rows).sort_values("seed")
    last = int(runs["last_epoch"].max())
    stored = arrangements(engine, runs["run_id"].tolist(), sorted(set(runs["last_epoch"])))
    tiles: list[dict[Hashable, Any]] = []
    projected = {}
    for plane in planes:
        axes = f"{plane[0] + 1}–{plane[1] + 1}"
        for run in runs.to_dict("records"):
            tile = len(tiles)  # a run has several tiles: they are numbered themselves
            found = stored[run["run_id"]]
            projected[tile] = Arrangements(found.epochs, found.embeddings[:, :, list(plane)])
            tiles.append({**run, "run_id": tile, "label": f"seed {run['seed']}, {axes}"})
    shown = pd.DataFrame(tiles)
    return _figure(shown, projected, last, len(runs), name=name, label=label, caption=caption)


def _figure(
    tiles: pd.DataFrame,
    stored: dict[int, Arrangements],
    last: int,
    columns: int,
    *,
    name: str,
    label: str,
    caption: str,
) -> Figure:
    tokens = {len(run.embeddings[0]) for run in stored.values()}
    colours = {count: residue_colours(count) for count in tokens}
    kept = tiles[["run_id", "label", "structure", "seed"]]
    shown = gallery(kept, stored, [last], columns, colours)
    return Figure(
        name=name,
        label=label,
        caption=f"{caption} {LEGEND}",
        alt=f"{len(tiles)} small pictures of tokens in the plane, one an arrangement.",
        chart=gallery_chart(shown, ["seed", "structure"], heading=False),
    )


def structures_in_words(rows: pd.DataFrame) -> str:
    """How many of the runs are of each structure, in words."""
    shares = structure_shares(with_structure(rows))
    counts = [f"{round(shares[name].value * shares[name].n)} {name}s" for name in STRUCTURES]
    return f"{', '.join(counts[:-1])} and {counts[-1]} (n = {shares[STRUCTURES[0]].n})"
