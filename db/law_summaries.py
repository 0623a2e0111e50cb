"""What the page of the force law shows of many runs, added up by the database: a query each."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from sqlalchemy import Engine, bindparam, inspect, text

from db.filters import Filter
from db.run_lists import columns
from db.schema import audits_table, law_fits_table

# Columns: what identifies an estimate, then the estimate.
ESTIMATE = ("value", "low", "high", "n")
_ROWS = 500  # read at a time: where many rows stay, Python looks through all of them time and again


def count_audited(engine: Engine, chosen: Filter, version: int) -> int:
    """How many runs of the filter, which is of networks, were audited by this version."""
    if not inspect(engine).has_table(audits_table().name):
        return 0
    runs, values = networks(chosen)
    with engine.connect() as connection:
        query = text(
            "SELECT COUNT(*) FROM audits WHERE version = :version "
            f"AND run_id IN (SELECT run_id FROM ({runs}) q)"
        )
        return int(connection.execute(query, {**values, "version": version}).scalar_one())


def fit_medians(
    engine: Engine,
    chosen: Filter,
    fits: Sequence[str],
    quantities: Mapping[str, str],
    rank: Callable[[int], int],
    version: int,
    target: str = "pair_sums",
) -> pd.DataFrame:
    """The median over the filter's networks of quantities of some fits to a target, as that version
    of the audit made them.

    quantities: name → SQL over the columns of `law_fits`. rank: n → which of n sorted values, from
    each end and counted from 1, bounds the median; 0 for none (`modadd.statistics.median_rank`).
    Columns weight_decay, epoch, fit, quantity, value, low, high, n; undefined values do not count.
    """
    labels = ["weight_decay", "epoch", "fit", "quantity"]
    if not inspect(engine).has_table(law_fits_table([]).name):
        return pd.DataFrame(columns=[*labels, *ESTIMATE])
    runs, values = networks(chosen)
    taken = ", ".join(f"{expression} AS {name}" for name, expression in quantities.items())
    query = text(f"""
        SELECT r.weight_decay, f.epoch, f.fit, {taken} FROM law_fits AS f
        JOIN ({runs}) AS r USING (run_id)
        JOIN audits AS a ON a.run_id = f.run_id AND a.version = :version
        WHERE f.target = :target AND f.fit IN :fits""")
    query = query.bindparams(bindparam("fits", expanding=True))
    asked = {**values, "target": target, "fits": list(fits), "version": version}
    rows = pd.read_sql(query, engine, params=asked)
    long = rows.melt(labels[:3], list(quantities), "quantity").dropna(subset="value")
    # Sorted here: the database takes three times as long to rank a quarter of a million fits.
    groups = long.groupby(labels)
    found = groups.size().reset_index(name="n")
    sizes = found["n"].to_numpy()
    numbers = long["value"].to_numpy(np.float64)
    ordered = numbers[np.lexsort((numbers, groups.ngroup().to_numpy()))]
    first = np.cumsum(sizes) - sizes
    bounds = {n: rank(n) for n in np.unique(sizes).tolist()}
    k = np.array([bounds[n] for n in sizes.tolist()], dtype=np.int64)
    middle = (ordered[first + (sizes - 1) // 2] + ordered[first + sizes // 2]) / 2
    low = np.where(k > 0, ordered[first + np.maximum(k, 1) - 1], np.nan)
    high = np.where(k > 0, ordered[first + sizes - np.maximum(k, 1)], np.nan)
    return found.assign(value=middle, low=low, high=high)[[*labels, *ESTIMATE]]


def twin_counts(
    engine: Engine, chosen: Filter, law: Mapping[str, float | str], threshold: float
) -> pd.DataFrame:
    """How twins end and how their networks do, by weight_decay and network_epoch.

    chosen: the networks. law: the twins' config fields. threshold: of the radius ratio, below which
    an arrangement is a circle. A row a predictor: weight_decay, epoch, predictor (`twin` or, of the
    arrangement that the twin began at, `nothing moves`), both_circles, only_predicted, only_actual,
    neither (counts of circles), n and correlation (Pearson's, of the final imperfections; NULL
    where undefined). Done runs count.
    """
    names = ["weight_decay", "epoch", "predictor"]
    counts = ["both_circles", "only_predicted", "only_actual", "neither"]
    if not has_kind(engine, "twin"):
        return pd.DataFrame(columns=[*names, *counts, "n", "correlation"])
    runs, values = networks(chosen)
    fixed = " AND ".join(f"t.{name} = :law_{name}" for name in law)
    yes, was = "CASE WHEN actual THEN 1 ELSE 0 END", "CASE WHEN foretold THEN 1 ELSE 0 END"
    query = text(f"""
        WITH couples AS (
            SELECT r.weight_decay, t.network_epoch AS epoch, r.radius_ratio AS ratio,
                   r.grid_imperfections AS y, t.radius_ratio AS twin_ratio,
                   t.grid_imperfections AS twin_x, s.radius_ratio AS still_ratio,
                   s.grid_imperfections AS still_x
            FROM twin_runs AS t JOIN ({runs}) AS r ON r.config_hash = t.network
            JOIN series AS s ON s.run_id = r.run_id AND s.epoch = t.network_epoch
            WHERE t.status = 'done' AND r.status = 'done' AND {fixed}
        ), predicted AS (
            SELECT weight_decay, epoch, 'twin' AS predictor, y, twin_x AS x,
                   COALESCE(ratio < :threshold, 0 = 1) AS actual,
                   COALESCE(twin_ratio < :threshold, 0 = 1) AS foretold FROM couples
            UNION ALL
            SELECT weight_decay, epoch, 'nothing moves', y, still_x,
                   COALESCE(ratio < :threshold, 0 = 1),
                   COALESCE(still_ratio < :threshold, 0 = 1) FROM couples
        ), summed AS (
            SELECT weight_decay, epoch, predictor, COUNT(*) AS n,
                   SUM(({yes}) * ({was})) AS both_circles,
                   SUM((1 - {yes}) * ({was})) AS only_predicted,
                   SUM(({yes}) * (1 - {was})) AS only_actual,
                   SUM((1 - {yes}) * (1 - {was})) AS neither,
                   SUM(x * x) - COUNT(x) * AVG(x) * AVG(x) AS xx,
                   SUM(y * y) - COUNT(y) * AVG(y) * AVG(y) AS yy,
                   SUM(x * y) - COUNT(x) * AVG(x) * AVG(y) AS xy
            FROM predicted GROUP BY weight_decay, epoch, predictor
        )
        SELECT weight_decay, epoch, predictor, both_circles, only_predicted, only_actual, neither,
               n, CASE WHEN xx > 1e-9 AND yy > 1e-9 THEN xy / SQRT(xx * yy) END AS correlation
        FROM summed ORDER BY weight_decay, epoch, predictor DESC""")
    asked = {**values, **{f"law_{name}": value for name, value in law.items()}}
    return pd.read_sql(query, engine, params={**asked, "threshold": threshold})


def twin_couples(engine: Engine, chosen: Filter, law: Mapping[str, float | str]) -> pd.DataFrame:
    """weight_decay, epoch (that the twin begins at), run_id (of the network) and twin_id, in this
    order, of the filter's done networks with a done twin under a law, given as `twin_counts` takes
    it."""
    wanted = ["weight_decay", "epoch", "run_id", "twin_id"]
    if not has_kind(engine, "twin"):
        return pd.DataFrame(columns=wanted)
    runs, values = networks(chosen)
    fixed = " AND ".join(f"t.{name} = :law_{name}" for name in law)
    query = text(
        "SELECT r.weight_decay, t.network_epoch AS epoch, r.run_id, t.run_id AS twin_id "
        f"FROM twin_runs AS t JOIN ({runs}) AS r ON r.config_hash = t.network "
        f"WHERE t.status = 'done' AND r.status = 'done' AND {fixed} ORDER BY 1, 2, 3, 4"
    )
    asked = {**values, **{f"law_{name}": value for name, value in law.items()}}
    return pd.read_sql(query, engine, params=asked)


def twins_of(engine: Engine, network: str) -> pd.DataFrame:
    """The done twins of a network, by its identity: all of `twin_runs`, by network_epoch."""
    if not has_kind(engine, "twin"):
        return pd.DataFrame(columns=["run_id", "network_epoch"])
    query = text(
        "SELECT * FROM twin_runs WHERE network = :network AND status = 'done' "
        "ORDER BY network_epoch, run_id"
    )
    return pd.read_sql(query, engine, params={"network": network})


def circles_by_form(engine: Engine, experiment: str) -> pd.DataFrame:
    """alignment_form, alignment, circles, n of an experiment's done particle simulations."""
    wanted = ["alignment_form", "alignment", "circles", "n"]
    if "alignment_form" not in columns(engine, "particle"):
        return pd.DataFrame(columns=wanted)
    query = text(
        "SELECT alignment_form, alignment, SUM(is_circle) AS circles, COUNT(*) AS n "
        "FROM particle_runs "
        "WHERE status = 'done' AND run_id IN "
        "(SELECT run_id FROM experiment_runs WHERE experiment = :experiment) "
        "GROUP BY alignment_form, alignment ORDER BY alignment_form, alignment"
    )
    return pd.read_sql(query, engine, params={"experiment": experiment})


def before_the_end(
    engine: Engine, chosen: Filter, metrics: Sequence[str], epochs: Sequence[int]
) -> pd.DataFrame:
    """run_id, weight_decay, epoch and metrics of the filter's done networks at those epochs, beside
    what they end as: is_circle, accuracy (of the validation pairs). Metrics unknown here are left
    out.
    """
    stored = columns(engine, "transformer")
    known = [name for name in metrics if name in stored]
    runs, values = networks(
        chosen, ("run_id", "weight_decay", "is_circle", "validation_accuracy AS accuracy", "status")
    )
    ends = f"SELECT * FROM ({runs}) AS r WHERE status = 'done' AND is_circle IS NOT NULL"
    # Put beside each other here: from a join each end would come once a snapshot.
    query = text(
        f"SELECT {', '.join(['run_id', 'epoch', *known])} FROM series WHERE epoch IN :epochs "
        f"AND run_id IN (SELECT run_id FROM ({ends}) AS q)"
    ).bindparams(bindparam("epochs", expanding=True))
    with engine.connect() as connection:
        found = connection.execute(query, {**values, "epochs": list(epochs)})
        parts = [
            np.array([tuple(row) for row in some], dtype=np.float64)
            for some in found.partitions(_ROWS)
        ]
    numbers = np.concatenate([np.empty((0, 2 + len(known))), *parts])
    snapshots = pd.DataFrame(numbers, columns=["run_id", "epoch", *known])
    whole = pd.read_sql(text(ends), engine, params=values).drop(columns="status")
    return snapshots.astype({"run_id": int, "epoch": int}).merge(whole, on="run_id")


def branch_ends(engine: Engine, chosen: Filter) -> pd.DataFrame:
    """weight_decay, network, epoch (that they begin at), perturbation, branch, circle, accuracy and
    imperfections of the done branches of the filter's networks."""
    names = ["weight_decay", "network", "epoch", "perturbation", "branch"]
    ends = {
        "circle": "is_circle", "accuracy": "validation_accuracy",
        "imperfections": "grid_imperfections",
    }  # fmt: skip
    if not has_kind(engine, "branch"):
        return pd.DataFrame(columns=[*names, *ends])
    runs, values = networks(chosen)
    query = text(
        "SELECT r.weight_decay, b.network, b.network_epoch AS epoch, b.perturbation, b.branch, "
        f"{', '.join(f'b.{column} AS {name}' for name, column in ends.items())} "
        f"FROM branch_runs AS b JOIN ({runs}) AS r ON r.config_hash = b.network "
        "WHERE b.status = 'done' ORDER BY r.weight_decay, b.network_epoch, b.network, b.branch"
    )
    return pd.read_sql(query, engine, params=values)


def has_kind(engine: Engine, kind: str) -> bool:
    """Whether the database knows runs of the kind."""
    return bool(inspect(engine).has_table(f"{kind}_configs"))


def networks(chosen: Filter, wanted: Iterable[str] = ("*",)) -> tuple[str, dict[str, float | str]]:
    """The networks of the filter as a subquery, and its values."""
    condition, values = chosen.condition()
    return f"SELECT {', '.join(wanted)} FROM transformer_runs WHERE {condition}", values
