"""`modadd learn`: the law that the true forces ask for, and where it would lead the networks."""

import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine

from db.arrangements import arrangements
from db.connect import open_for_reading, open_for_writing
from db.law import law_moments
from db.law_trials import add_trials
from db.schema import law_ends_table, law_scores_table
from jobs.command import Parser, add_database_flag, epoch_number, run_command
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
    parser.add_argument("experiment", nargs="?", default="table-1", help="default: table-1")
    parser.add_argument(
        "--weight-decay", type=float, nargs="+", metavar="FLOAT", help="of these alone"
    )
    parser.add_argument(
        "--starts",
        type=epoch_number,
        nargs="*",
        default=STARTS,
        metavar="EPOCH",
        help="epochs at which particles begin (default: 0 20 60 200; none to leave it out)",
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
        found = _networks(engine, parsed.experiment, parsed.weight_decay)
        if parsed.csv:
            every = [_functions(decay, _learnt_from(engine, group)) for decay, group in found]
            print(to_csv(pd.concat(every)), end="")
            return 0
        # All that may be refused is looked at before anything is computed or written.
        learnt_at = {decay: _learnt_from(engine, networks) for decay, networks in found}
        starts_at = {
            decay: {e: _start(engine, networks, learnt_at[decay], e) for e in parsed.starts}
            for decay, networks in found
        }
        for decay, networks in found:
            if parsed.functions:
                print_functions(decay, _functions(decay, learnt_at[decay]))
            _score(engine, decay, networks["run_id"].tolist(), learnt_at[decay])
            for epoch, start in starts_at[decay].items():
                _try_laws(engine, decay, networks, learnt_at[decay], epoch, start)
    return 0


def _networks(
    engine: Engine, experiment: str, decays: Sequence[float] | None
) -> list[tuple[float, pd.DataFrame]]:
    """The experiment's networks that came to their end, by weight decay."""
    found = stored_networks(engine, experiment, seeds=None)
    wanted = [d for d in found.weight_decays if decays is None or d in decays]
    if not wanted:
        raise ConfigError(f"no runs of {experiment} are stored that are such networks")
    return [(decay, found.of(decay).rows) for decay in wanted]


def _learnt_from(engine: Engine, networks: pd.DataFrame) -> dict[str, Products]:
    """Phase → the products of all networks, in their order; only phases that all of them have.

    Raises:
        ConfigError: if no forces are known of some, or there are too few to learn from some.
    """
    ids = networks["run_id"].tolist()
    if len(ids) < 4:
        raise ConfigError(f"a law is learnt from at least 4 networks, got {len(ids)}")
    stored = {phase: law_moments(engine, phase, ids, audit.VERSION) for phase in PHASES}
    if not any(len(known) == len(ids) for known in stored.values()):
        lacking = len(ids) - max(map(len, stored.values()))
        raise ConfigError(
            f"forces are unknown of {lacking} of these {len(ids)} networks: run `modadd audit` "
            "first (a network whose hidden units are all dead has none)"
        )
    return {
        phase: unpacked([known[run_id] for run_id in ids])
        for phase, known in stored.items()
        if len(known) == len(ids)
    }


def _score(engine: Engine, decay: float, ids: Sequence[int], learnt: dict[str, Products]) -> None:
    """Store what each law explains of each network, and print it."""
    explained = [
        pd.DataFrame({"run_id": ids, "phase": phase, "law": model, "r_squared": values})
        for phase, found in learnt.items()
        for model in MODELS
        for values in [scores(found, model)]
    ]
    rows = pd.concat(explained, ignore_index=True)
    add_trials(engine, law_scores_table(), rows, learned_law.VERSION)
    print_scores(decay, rows)


def _functions(decay: float, learnt: dict[str, Products]) -> pd.DataFrame:
    """The learnt functions of every phase."""
    return pd.concat(
        functions(found).assign(weight_decay=decay, phase=phase) for phase, found in learnt.items()
    )


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


def _try_laws(
    engine: Engine,
    decay: float,
    networks: pd.DataFrame,
    learnt: dict[str, Products],
    epoch: int,
    start: NDArray[np.floating],
) -> None:
    ids = networks["run_id"].tolist()
    last = [int(end) for end in networks["last_epoch"]]
    final = arrangements(engine, ids, sorted(set(last)))
    network = np.stack([final[run_id].embeddings[-1] for run_id in ids])
    onward = _onward(learnt, epoch)
    led = outcomes(start, network, ends(start, onward, halves(len(ids)), on_every_core))
    numbered = led.assign(run_id=np.array(ids)[led["run"]], epoch=epoch)
    add_trials(engine, law_ends_table(), numbered, learned_twins.VERSION)
    ends_beside = numbered.assign(
        is_circle=networks["is_circle"].to_numpy()[led["run"]],
        imperfections=networks["grid_imperfections"].to_numpy()[led["run"]],
    )
    print_led(decay, epoch, ends_beside)


if __name__ == "__main__":
    sys.exit(run_command("learn", command, sys.argv[1:]))
