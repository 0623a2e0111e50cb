"""The SQL views for people: one row a run with plain columns, and the paper's two tables."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping

# The 97.5 % quantile of the normal distribution.
Z = 1.959963984540054

# That of Student's t with nu degrees of freedom, as its expansion in 1/nu (Cornish & Fisher):
# within 0.01 from nu = 4 on.
_T = f"""({Z} + {(Z**3 + Z) / 4} / nu
                     + {(5 * Z**5 + 16 * Z**3 + 3 * Z) / 96} / (nu * nu)
                     + {(3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384} / (nu * nu * nu))"""

_RUNS = """
    SELECT r.run_id, {fields}, r.status, r.last_epoch, {metrics},
           CASE WHEN s.radius_ratio < 1.2 THEN 1 ELSE 0 END AS is_circle,  -- Algorithm 1
           r.wall_time, r.config_hash, r.job_id,
           j.project_version, j.git_commit, j.device, j.threads
    FROM runs AS r
    JOIN {kind}_configs AS c ON c.run_id = r.run_id
    JOIN jobs AS j ON j.job_id = r.job_id
    LEFT JOIN series AS s ON s.run_id = r.run_id AND s.epoch = r.last_epoch
    WHERE r.kind = '{kind}'
"""


def _pattern(template: str) -> Callable[[str], re.Pattern[str]]:
    """kind → what the view of its runs looks like, whatever its `fields` and `metrics`, which are
    the pattern's groups."""

    def of(kind: str) -> re.Pattern[str]:
        columns = {
            "fields": r"(?P<fields>c\.\w+(?:, c\.\w+)*)",
            "metrics": r"(?P<metrics>s\.\w+(?:, s\.\w+)*)",
        }
        parts = re.split(r"\{(\w+)\}", template.rstrip())  # as SQLite keeps it
        texts = [
            columns.get(p, re.escape(kind)) if i % 2 else re.escape(p) for i, p in enumerate(parts)
        ]
        return re.compile(f"CREATE VIEW {re.escape(kind)}_runs AS {''.join(texts)}")

    return of


# Those of every released version: where `_RUNS` changes, what it was is added here.
RUN_VIEWS = (_pattern(_RUNS),)

# x: imperfections of the grids (non-circles); y: their validation accuracy. Aggregates skip NULL,
# so diverged runs count in `runs` and `diverged` alone.
_TABLE = """
    WITH members AS (
        SELECT t.{group}, t.status,
               CASE WHEN t.status = 'done' THEN t.is_circle END AS circle,
               CASE WHEN t.status = 'done' AND t.is_circle = 0 THEN t.grid_imperfections END AS x,
               CASE WHEN t.status = 'done' AND t.is_circle = 0 THEN {accuracy} END AS y,
               CASE WHEN t.status = 'done' AND t.is_circle = 1 THEN {accuracy} END AS y_circle
        FROM {runs} AS t
        JOIN experiment_runs AS e ON e.run_id = t.run_id AND e.experiment = '{experiment}'
    ), means AS (
        SELECT {group}, COUNT(*) AS runs, COUNT(*) - COUNT(circle) AS diverged,
               COUNT(circle) AS n, 1.0 * SUM(circle) AS k, COUNT(x) AS grids, COUNT(x) - 1.0 AS nu,
               AVG(y_circle) AS circle_accuracy, AVG(y) AS grid_accuracy, AVG(x) AS x,
               SUM(x * x) - COUNT(x) * AVG(x) * AVG(x) AS xx,
               SUM(y * y) - COUNT(y) * AVG(y) * AVG(y) AS yy,
               SUM(x * y) - COUNT(x) * AVG(x) * AVG(y) AS xy
        FROM members
        GROUP BY {group}
    ), spreads AS (
        SELECT means.*,
               -- Wilson's interval of the share of circles is centre ± half
               (k + {z2} / 2) / (n + {z2}) AS centre,
               {z} / (n + {z2}) * SQRT(k * (n - k) / NULLIF(n, 0) + {z2} / 4) AS half,
               -- Student's t times the standard error of the mean
               CASE WHEN nu > 0 THEN {t} * SQRT(ABS(xx) / nu / grids) END AS x_half,
               -- Pearson's r, undefined over constant values
               CASE WHEN xx > 1e-9 AND yy > 1e-9 THEN xy / SQRT(xx * yy) END AS r
        FROM means
    ), transformed AS (
        SELECT spreads.*,
               -- Fisher's z = artanh r, and the half-width of its interval
               CASE WHEN ABS(r) < 1 THEN LN((1 + r) / (1 - r)) / 2 END AS fisher,
               CASE WHEN grids > 3 THEN {z} / SQRT(grids - 3) END AS fisher_half
        FROM spreads
    )
    SELECT {columns}
    FROM transformed
    ORDER BY {group}
"""

_COLUMNS = {
    "circles": "CAST(k AS INTEGER)",
    "circle_share_low": "centre - half",
    "circle_share_high": "centre + half",
    "circle_accuracy": "circle_accuracy",
    "grids": "grids",
    "grid_accuracy": "grid_accuracy",
    "grid_imperfections": "x",
    "grid_imperfections_half_width": "x_half",
    "correlation": "r",
    "correlation_low": "1 - 2 / (EXP(2 * (fisher - fisher_half)) + 1)",
    "correlation_high": "1 - 2 / (EXP(2 * (fisher + fisher_half)) + 1)",
}
_NEED_ACCURACY = ("circle_accuracy", "grid_accuracy", "correlation")
_COUNTS = ("circles", "grids")


def views(kinds: Mapping[str, tuple[Iterable[str], Iterable[str]]]) -> dict[str, str]:
    """Name → SELECT of every view, in order of dependence, for kind → (config fields, metrics).

    `<kind>_runs` has a run's config, final metrics and provenance; `table_1` and `table_2` are the
    paper's, over the runs of the experiments of those names.
    """
    made = {f"{kind}_runs": _run_view(kind, *columns) for kind, columns in kinds.items()}
    return made | {name: view for kind, name, view in _table_views() if kind in kinds}


def view_names(kinds: Collection[str]) -> list[str]:
    """The views that a database with runs of these kinds has."""
    tables = [name for kind, name, _ in _table_views() if kind in kinds]
    return [*(f"{kind}_runs" for kind in kinds), *tables]


def _run_view(kind: str, fields: Iterable[str], metrics: Iterable[str]) -> str:
    return _RUNS.format(
        kind=kind,
        fields=", ".join(f"c.{field}" for field in fields),
        metrics=", ".join(f"s.{metric}" for metric in metrics),
    )


def _table_views() -> Iterable[tuple[str, str, str]]:
    """(kind, name, SELECT) of the views of the paper's tables."""
    accuracy = "t.validation_accuracy"
    one = _table_view("table-1", "transformer_runs", "weight_decay", accuracy)
    two = _table_view("table-2", "particle_runs", "alignment", None)
    return ("transformer", "table_1", one), ("particle", "table_2", two)


def _table_view(experiment: str, runs: str, group: str, accuracy: str | None) -> str:
    columns = [
        f"{expression} AS {name}"
        if name in _COUNTS
        else f"ROUND(CAST({expression} AS NUMERIC), 3) AS {name}"
        for name, expression in _COLUMNS.items()
        if accuracy or not name.startswith(_NEED_ACCURACY)
    ]
    return _TABLE.format(
        experiment=experiment,
        runs=runs,
        group=group,
        accuracy=accuracy or "0.0",
        columns=", ".join([group, "runs", "diverged", *columns]),
        z=Z,
        z2=Z**2,
        t=_T,
    )


# Name → what its definition is, of every released version.
TABLE_VIEWS = {
    name: (f"CREATE VIEW {name} AS {view.rstrip()}",) for _, name, view in _table_views()
}
