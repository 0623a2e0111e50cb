"""The audit's tables as text."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from db.law import audited_epochs, law_fits
from db.queries import runs
from jobs.layout import aligned, counted
from modadd.audit import COLUMNS, NULLS, OF_UPDATES, TARGETS, VERSION
from modadd.config import ConfigError
from modadd.force_fits import FITS
from modadd.law_tables import STRENGTHS, law_table, medians, order_of, rivals_table

_HEADINGS = {
    **dict(zip(STRENGTHS, ("g_r", "g_a", "f_a same", "f_a diff."), strict=True)),
    "r_squared": "R²",
    "held_out_r_squared": "R² held out",
    "cosine": "cosine",
    "mean_cosine": "mean cosine",
}
_TITLES = {
    "pair_sums": "the true force on each training pair sum, -∂ℓ/∂x_ij",
    "tokens": "the true force on each token, -P ∂L/∂E_i",
    "updates": "AdamW's update of each token, without the decay",
}
_STEPS = {"rms": "rms of update", "decay": "rms of decay", "outward": "update along E, times E"}
_MEANINGS = {name: fit.meaning for name, fit in (FITS | OF_UPDATES).items()} | NULLS


def print_audit(engine: Engine, experiment: str, epochs: Sequence[int]) -> None:
    """Print what the stored audit shows of an experiment's networks at some epochs.

    Raises:
        ConfigError: if none of its networks was audited at any of them.
    """
    fits = law_fits(engine, COLUMNS, VERSION, experiment=experiment, epochs=epochs)
    if fits.empty:
        known = ", ".join(map(str, audited_epochs(engine, VERSION, experiment))) or "none"
        raise ConfigError(f"no network of {experiment} was audited at these epochs; known: {known}")
    decays = runs(engine, "transformer", experiment)[["run_id", "weight_decay"]]
    fits = fits.merge(decays, on="run_id")
    parts = [_law(fits), *(_rivals(fits, target) for target in TARGETS), _steps(fits)]
    parts.append("\n".join(f"{name:17} {meaning}" for name, meaning in _MEANINGS.items()))
    print("\n\n".join(parts))


def _law(fits: pd.DataFrame) -> str:
    """Coefficients and scores of the law, a row a weight decay and epoch."""
    cells = law_table(fits)
    header = ["weight decay", "epoch", "n", *(_HEADINGS[q] for q in cells["quantity"].unique())]
    rows = [header]
    for (decay, epoch), group in cells.groupby(["weight_decay", "epoch"]):
        most = int(group["n"].max())
        shown = [_estimate(cell, most) for cell in group.to_dict("records")]
        rows.append([str(decay), str(epoch), str(most), *shown])
    return "\n".join(
        [
            f"the law fitted to {_TITLES['pair_sums']}",
            "medians over n networks (or where it says n=) with their 95 % intervals; "
            "g and f_a ≥ 0, of a force of rms 1",
            "",
            *aligned(rows),
        ]
    )


def _steps(fits: pd.DataFrame) -> str:
    """The two parts of AdamW's step, a row a weight decay and epoch."""
    outward = fits[(fits["target"] == "updates") & (fits["fit"] == "outward")]
    cells = medians(outward, ("weight_decay", "epoch"), list(_STEPS))
    rows = [["weight decay", "epoch", "n", *_STEPS.values()]]
    for (decay, epoch), group in cells.groupby(["weight_decay", "epoch"]):
        most = int(group["n"].max())
        shown = [_estimate(cell, most) for cell in group.to_dict("records")]
        rows.append([str(decay), str(epoch), str(most), *shown])
    return "\n".join(
        [
            "AdamW's step over the learning rate: its update, and the decay -γE; the decay is",
            "balanced where the update is +γE. Medians over n networks, or where it says n=",
            "",
            *aligned(rows),
        ]
    )


def _rivals(fits: pd.DataFrame, target: str) -> str:
    """Held-out R² of every fit to a target, a row a fit, a column a weight decay and epoch."""
    cells = rivals_table(fits, target)
    lines = []
    for decay, of_decay in cells.groupby("weight_decay"):
        by_key = {(c["epoch"], c["fit"]): c for c in of_decay.to_dict("records")}
        epochs = sorted(of_decay["epoch"].unique())
        most = int(of_decay["n"].max())
        header = [f"weight decay {decay}, n = {most}"]
        rows = [[*header, *(f"epoch {epoch}" for epoch in epochs)]]
        for name in sorted(of_decay["fit"].unique(), key=order_of):
            rows.append([name, *(_estimate(by_key[epoch, name], most) for epoch in epochs)])
        lines += ["", *aligned(rows)]
    title = f"R² of {_TITLES[target]}, fitted to one half and scored on the other"
    return "\n".join([title, *lines])


def _estimate(cell: Mapping[Hashable, Any], most: int) -> str:
    """The median and its interval, and its n if that is not the most."""
    value, low, high = (cell[key] for key in ("value", "low", "high"))
    if value != value:
        return "–"
    digits = 2 if "strength" in cell["quantity"] else 3
    shown = f"{value:.{digits}f}"
    bounds = "" if low != low else f" [{low:.{digits}f}, {high:.{digits}f}]"
    return counted(f"{shown}{bounds}", cell["n"], most)
