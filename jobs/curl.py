"""`modadd curl`: how far the force law is from a gradient at stored networks' embeddings."""

import sys
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine

from db.arrangements import classifiers
from db.connect import open_for_writing
from db.filters import Filter
from db.law import law_fits, law_moments
from db.law_trials import add_trials, teachers, trials
from db.schema import law_curls_table
from jobs.command import Parser, add_database_flag, run_command
from jobs.layout import aligned, counted
from jobs.networks import Networks, places_at, stored_networks
from jobs.twins import add_network_flags, asked_networks
from jobs.workers import on_every_core
from modadd import audit
from modadd.config import ConfigError
from modadd.curl import FIELDS, VERSION, curl_shares
from modadd.law_tables import curl_means
from modadd.law_terms import LAW
from modadd.learned_law import HATS, learn, phase_of, unpacked

DESCRIPTION = """Say how far laws of force are from the gradient of a potential at audited networks'
embeddings (`modadd audit`): the share ‖(J - Jᵀ)/2‖ / ‖J‖ of the Jacobian J of the forces on the
tokens, 0 for a gradient and about 0.71 for independent entries. It is stored as `law_curls`. The
learnt law is that of all audited networks of the experiment, of a weight decay and phase."""
EPOCHS = (0, 30, 300, 2000)


def command(arguments: Sequence[str]) -> int:
    parser = Parser("curl", DESCRIPTION)
    add_network_flags(parser, EPOCHS)
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    networks, epochs = (
        asked_networks(parsed, parameters=True, at_end=True),
        sorted(set(parsed.epochs)),
    )
    with open_for_writing(parsed.database, create=False) as engine:
        # Whichever networks are asked for: no number depends on who is asked for along with it.
        taught_by = teachers(engine, parsed.experiment, audit.VERSION)
        every = stored_networks(engine, parsed.experiment, seeds=None)
        for weight_decay in networks.weight_decays:
            for epoch in epochs:
                values = _learnt(engine, every.of(weight_decay).run_ids, epoch)
                found = _missing(engine, networks.of(weight_decay), epoch, values)
                if len(found):
                    add_trials(engine, law_curls_table(), found, VERSION, taught_by)
        known = trials(engine, law_curls_table(), VERSION, Filter())
    chosen = known["run_id"].isin(networks.run_ids) & known["epoch"].isin(epochs)
    print(_laid_out(curl_means(known[chosen])))
    return 0


def _missing(
    engine: Engine, networks: Networks, epoch: int, values: NDArray[np.float64]
) -> pd.DataFrame:
    """`_curls` of those of the networks whose are not stored."""
    known = trials(engine, law_curls_table(), VERSION, Filter())
    there = known.loc[known["epoch"] == epoch, "run_id"]
    lacking = ~networks.rows["run_id"].isin(there).to_numpy()
    return _curls(engine, networks.where(lacking), epoch, values) if lacking.any() else known[:0]


def _curls(
    engine: Engine, networks: Networks, epoch: int, values: NDArray[np.float64]
) -> pd.DataFrame:
    """run_id, epoch, law, curl_share of each network. values: of the learnt law, at its knots."""
    embeddings = places_at(engine, networks.run_ids, epoch)
    strengths = _strengths(engine, networks.run_ids, epoch)
    parameters = [_classifier(engine, run_id, epoch) for run_id in networks.run_ids]
    known = zip(networks.configs, embeddings, parameters, strengths, strict=True)
    shares = on_every_core(lambda of_run: curl_shares(*of_run, values), known)
    return pd.DataFrame(
        [
            {"run_id": run_id, "epoch": epoch, "law": law, "curl_share": share}
            for run_id, of_run in zip(networks.run_ids, shares, strict=True)
            for law, share in of_run.items()
        ]
    )


def _strengths(engine: Engine, run_ids: Sequence[int], epoch: int) -> NDArray[np.float64]:
    """(run, term) the coefficients that fit each network's forces; ConfigError where unknown."""
    fits = law_fits(engine, LAW, audit.VERSION, epochs=[epoch], run_ids=run_ids)
    law = fits[(fits["fit"] == "law") & (fits["target"] == "pair_sums")].set_index("run_id")
    missing = set(run_ids) - set(law.index)
    if missing:
        raise ConfigError(
            f"{len(missing)} of the networks are not audited at epoch {epoch}: run `modadd audit`"
        )
    return law.loc[list(run_ids), list(LAW)].fillna(0).to_numpy(float)


def _learnt(engine: Engine, run_ids: Sequence[int], epoch: int) -> NDArray[np.float64]:
    """(hat,) the law that the networks' forces of that phase of training ask for."""
    stored = law_moments(engine, phase_of(epoch), run_ids, audit.VERSION)
    if not stored:
        return np.full(len(HATS), np.nan)
    return learn(unpacked(list(stored.values())))[: len(HATS)]


def _classifier(engine: Engine, run_id: int, epoch: int) -> NDArray[np.float32]:
    epochs, flat = classifiers(engine, run_id)
    return np.asarray(flat[list(epochs).index(epoch)])


def _laid_out(means: pd.DataFrame) -> str:
    rows = [["weight_decay", "epoch", "n", *FIELDS]]
    for (weight_decay, epoch), group in means.groupby(["weight_decay", "epoch"]):
        most = int(group["n"].max())
        cells = {cell["law"]: _shown(cell, most) for cell in group.to_dict("records")}
        labels = [f"{weight_decay:g}", str(epoch), str(most)]
        rows.append([*labels, *(cells.get(name, "–") for name in FIELDS)])
    return "\n".join(
        [
            "‖(J - Jᵀ)/2‖ / ‖J‖ at n networks' embeddings, or where it says n=: mean, t interval\n",
            *aligned(rows),
        ]
    )


def _shown(cell: dict[Hashable, Any], most: int) -> str:
    if cell["value"] != cell["value"]:
        return "–"
    low, high = (f"{cell[name]:.3f}" for name in ("low", "high"))
    bounds = "" if cell["low"] != cell["low"] else f" [{low}, {high}]"
    return counted(f"{cell['value']:.3f}{bounds}", cell["n"], most)


if __name__ == "__main__":
    sys.exit(run_command("curl", command, sys.argv[1:]))
