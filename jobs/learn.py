"""`modadd learn`: the law that the true forces ask for, and where it would lead the networks."""

import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine

from db.arrangements import arrangements
from db.connect import open_for_reading, open_for_writing
from db.law import law_moments, runs_to_audit
from db.law_trials import add_trials, teachers
from db.schema import law_ends_table, law_scores_table
from jobs.command import Parser, add_database_flag, add_experiment, epoch_number, run_command
from jobs.learn_layout import print_functions, print_led, print_scores
from jobs.networks import stored_networks
from jobs.workers import on_every_core
from modadd import audit, learned_law, learned_twins
from modadd.config import ConfigError
from modadd.force_fits import Products
from modadd.learned_law import MODELS, PHASES, functions, halves, scores, unpacked
from modadd.learned_twins import ends, outcomes
from modadd.spreadsheets import to_csv

DESCRIPTION = (
    "Learn the functions of the force law from audited networks (`modadd audit`), without assuming "
    "their form; say how much more of the true forces they explain (stored as `law_scores`), and "
    "whether particles under the learnt law end as their networks do (stored as `law_ends`)."
)
STARTS = (0, 20, 60, 200)


def command(arguments: Sequence[str]) -> int:
    parser = Parser("learn", DESCRIPTION)
    add_experiment(parser, "whose networks (default: table-1)")
    parser.add_argument(
        "--weight-decay", type=float, nargs="+", metavar="FLOAT", help="of these alone"
    )
    parser.add_argument(
        "--starts",
        type=epoch_number,
        nargs="*",
        metavar="EPOCH",
        help="epochs at which particles begin (default: those of 0 20 60 200 that the networks "
        "reach; none to leave it out)",
    )
    parser.add_argument("--functions", action="store_true", help="print the learnt functions too")
    parser.add_argument("--csv", action="store_true", help="the functions as CSV, and nothing else")
    add_database_flag(parser)
    parsed = parser.parse_args(arguments)
    if parsed.csv:
        opened = open_for_reading(parsed.database)
    else:
        opened = open_for_writing(parsed.database, create=False)
    with opened as engine:
        taught_by = teachers(engine, parsed.experiment, audit.VERSION)
        found = _networks(engine, parsed.experiment, parsed.weight_decay)
        learnt_at = {decay: _learnt_from(engine, decay, networks) for decay, networks in found}
        if parsed.csv:
            every = [_functions(decay, learnt) for decay, (_, learnt) in learnt_at.items()]
            print(to_csv(pd.concat(every)), end="")
            return 0
        # All that may be refused is looked at before anything is computed or written.
        starts_at = {
            decay: {
                epoch: _start(engine, networks, learnt, epoch)
                for epoch in _starts(parsed.starts, networks)
            }
            for decay, (networks, learnt) in learnt_at.items()
        }
        for decay, (networks, learnt) in learnt_at.items():
            if parsed.functions:
                print_functions(decay, _functions(decay, learnt))
            explained = _scores(networks["run_id"].tolist(), learnt)
            add_trials(engine, law_scores_table(), explained, learned_law.VERSION, taught_by)
            print_scores(decay, explained)
            for epoch, start in starts_at[decay].items():
                led = _led(engine, networks, learnt, epoch, start)
                add_trials(engine, law_ends_table(), led, learned_twins.VERSION, taught_by)
                print_led(decay, epoch, _beside(led, networks))
    return 0


def _networks(
    engine: Engine, experiment: str, decays: Sequence[float] | None
) -> list[tuple[float, pd.DataFrame]]:
    """The experiment's networks that came to their end, by weight decay.

    Raises:
        ConfigError: if there are none, or some could be audited and are not.
    """
    found = stored_networks(engine, experiment, seeds=None)
    if decays is not None:
        found = found.where(found.rows["weight_decay"].isin(decays).to_numpy())
    if not found.run_ids:
        raise ConfigError(f"no runs of {experiment} are stored that are such networks")
    waiting = set(found.run_ids).intersection(runs_to_audit(engine, audit.VERSION, experiment))
    if waiting:
        raise ConfigError(
            f"forces are unknown of {len(waiting)} of these {len(found.run_ids)} networks: "
            f"run `modadd audit {experiment}` first"
        )
    return [(decay, found.of(decay).rows) for decay in found.weight_decays]


def _learnt_from(
    engine: Engine, decay: float, networks: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Products]]:
    """Those of the networks that have forces in every phase of which any of them has some, and
    phase → their products. How many are left out is said on stderr.

    Raises:
        ConfigError: if there are too few to learn from some.
    """
    ids = networks["run_id"].tolist()
    stored = {phase: law_moments(engine, phase, ids, audit.VERSION) for phase in PHASES}
    stored = {phase: known for phase, known in stored.items() if known}
    kept = networks[[bool(stored) and all(i in known for known in stored.values()) for i in ids]]
    what = "with forces (parameters kept, hidden units that live)"
    if len(kept) < 4:
        raise ConfigError(
            f"a law is learnt from at least 4 networks {what}, got {len(kept)} at weight decay "
            f"{decay}: train more, or choose others with --weight-decay"
        )
    if len(kept) < len(ids):
        print(
            f"weight decay {decay}: {len(ids) - len(kept)} of {len(ids)} networks are left out: "
            f"not {what} in all of {', '.join(stored)}",
            file=sys.stderr,
        )
    return kept.reset_index(drop=True), {
        phase: unpacked([known[run_id] for run_id in kept["run_id"]])
        for phase, known in stored.items()
    }


def _scores(ids: Sequence[int], learnt: dict[str, Products]) -> pd.DataFrame:
    """What each law explains of each network: rows of `law_scores`."""
    explained = [
        pd.DataFrame({"run_id": ids, "phase": phase, "law": model, "r_squared": values})
        for phase, found in learnt.items()
        for model in MODELS
        for values in [scores(found, model)]
    ]
    return pd.concat(explained, ignore_index=True)


def _functions(decay: float, learnt: dict[str, Products]) -> pd.DataFrame:
    """The learnt functions of every phase."""
    return pd.concat(
        functions(found).assign(weight_decay=decay, phase=phase) for phase, found in learnt.items()
    )


def _starts(asked: list[int] | None, networks: pd.DataFrame) -> list[int]:
    """The epochs asked for, or the default ones before the end of all networks."""
    shortest = int(networks["epochs"].min())
    return [epoch for epoch in STARTS if epoch < shortest] if asked is None else asked


def _start(
    engine: Engine, networks: pd.DataFrame, learnt: dict[str, Products], epoch: int
) -> NDArray[np.floating]:
    """The networks' embeddings (run, token, dim) at an epoch.

    Raises:
        ConfigError: if some network has none, or no forces are known from there on.
    """
    ids = networks["run_id"].tolist()
    places = arrangements(engine, ids, [epoch])
    if len(places) < len(ids):
        raise ConfigError(f"not all networks have a snapshot at epoch {epoch}: see --starts")
    if not _onward(learnt, epoch):
        raise ConfigError(f"the networks have no forces from epoch {epoch} on: see --starts")
    return np.concatenate([places[run_id].embeddings for run_id in ids])


def _onward(learnt: dict[str, Products], epoch: int) -> list[Products]:
    """What was learnt of the phases that end after the epoch."""
    return [found for phase, found in learnt.items() if PHASES[phase][1] >= epoch]


def _led(
    engine: Engine,
    networks: pd.DataFrame,
    learnt: dict[str, Products],
    epoch: int,
    start: NDArray[np.floating],
) -> pd.DataFrame:
    """Where each law leads particles from each network's embedding: rows of `law_ends`, and
    `run`, the network's place."""
    ids = networks["run_id"].tolist()
    last = [int(end) for end in networks["last_epoch"]]
    final = arrangements(engine, ids, sorted(set(last)))
    network = np.stack([final[run_id].embeddings[-1] for run_id in ids])
    onward = _onward(learnt, epoch)
    led = outcomes(start, network, ends(start, onward, halves(len(ids)), on_every_core))
    return led.assign(run_id=np.array(ids)[led["run"]], epoch=epoch)


def _beside(led: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """The rows with what became of the networks themselves."""
    return led.assign(
        is_circle=networks["is_circle"].to_numpy()[led["run"]],
        imperfections=networks["grid_imperfections"].to_numpy()[led["run"]],
    )


if __name__ == "__main__":
    sys.exit(run_command("learn", command, sys.argv[1:]))
