"""The SQL views for people: one row a run with plain columns, and the paper's two tables."""

from collections.abc import Iterable, Mapping, Sequence

# The 97.5 % quantile of the normal distribution, and of Student's t with ν degrees of freedom as
# its expansion in 1/ν (Cornish & Fisher): within 0.01 from ν = 4 on.
Z = 1.959963984540054
_T_TERMS = (
    (Z**3 + Z) / 4,
    (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
    (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
)

CIRCLE_THRESHOLD = 1.2  # Algorithm 1


def run_view(kind: str, fields: Iterable[str], metrics: Iterable[str]) -> str:
    """`<kind>_runs`: a run's config, final metrics and provenance as plain columns."""
    config = ", ".join(f"c.{field}" for field in fields)
    final = "".join(f", s.{metric}" for metric in metrics)
    return f"""
        SELECT r.run_id, {config}, r.status, r.last_epoch{final},
               CASE WHEN s.radius_ratio < {CIRCLE_THRESHOLD} THEN 1 ELSE 0 END AS is_circle,
               r.wall_time, r.config_hash, r.job_id, j.project_version, j.git_commit, j.device,
               j.threads
        FROM runs AS r
        JOIN {kind}_configs AS c ON c.run_id = r.run_id
        JOIN jobs AS j ON j.job_id = r.job_id
        LEFT JOIN series AS s ON s.run_id = r.run_id AND s.epoch = r.last_epoch
        WHERE r.kind = '{kind}'
    """


def table_1_view() -> str:
    """The paper's Table 1 over the runs of the experiment `table-1`."""
    return _table_view("table-1", "transformer_runs", "weight_decay", accuracy=True)


def table_2_view() -> str:
    """The paper's Table 2 over the runs of the experiment `table-2`."""
    return _table_view("table-2", "particle_runs", "alignment", accuracy=False)


def _table_view(experiment: str, runs: str, group: str, *, accuracy: bool) -> str:
    x, y = "t.grid_imperfections", "t.validation_accuracy"
    done, grid = "t.status = 'done'", "t.status = 'done' AND t.is_circle = 0"
    sums = {
        "runs": "COUNT(*)",
        "diverged": _total("t.status <> 'done'", "1"),
        "n": _total(done, "1"),
        "circles": _total(f"{done} AND t.is_circle = 1", "1"),
        "grids": _total(grid, "1"),
        "sx": _total(grid, f"1.0 * {x}"),
        "sxx": _total(grid, f"1.0 * {x} * {x}"),
    }
    if accuracy:
        sums |= {
            "circle_accuracy": _mean(f"{done} AND t.is_circle = 1", y),
            "grid_accuracy": _mean(grid, y),
            "sy": _total(grid, f"1.0 * {y}"),
            "syy": _total(grid, f"1.0 * {y} * {y}"),
            "sxy": _total(grid, f"1.0 * {x} * {y}"),
        }
    summed = ", ".join(f"{expression} AS {name}" for name, expression in sums.items())
    shown = _table_1_columns() if accuracy else _table_2_columns()
    columns = ", ".join(f"{expression} AS {name}" for name, expression in shown.items())
    return f"""
        WITH summed AS (
            SELECT t.{group}, {summed}
            FROM {runs} AS t
            JOIN experiment_runs AS e ON e.run_id = t.run_id AND e.experiment = '{experiment}'
            GROUP BY t.{group}
        ), moments AS (
            SELECT summed.*, grids - 1 AS nu, sxx - sx * sx / NULLIF(grids, 0) AS vx
                   {", syy - sy * sy / NULLIF(grids, 0) AS vy" if accuracy else ""}
                   {", sxy - sx * sy / NULLIF(grids, 0) AS vxy" if accuracy else ""}
            FROM summed
        ), estimates AS (
            SELECT moments.*, {_mean_half_width()} AS half
                   {f", {_pearson()} AS r" if accuracy else ""}
            FROM moments
        )
        SELECT {group}, runs, diverged, {columns} FROM estimates ORDER BY {group}
    """


def _table_1_columns() -> Mapping[str, str]:
    fisher = "{sign} CASE WHEN grids > 3 THEN {z} / SQRT(grids - 3) END"
    z = "CASE WHEN ABS(r) < 1 THEN LN((1 + r) / (1 - r)) / 2 END"
    bounds = [_tanh(f"({z} {fisher.format(sign=sign, z=Z)})") for sign in "-+"]
    return {
        **_circle_columns(),
        "circle_accuracy": _rounded("circle_accuracy"),
        "grids": "grids",
        "grid_accuracy": _rounded("grid_accuracy"),
        **_imperfection_columns(),
        "correlation": _rounded("r"),
        "correlation_low": _rounded(bounds[0]),
        "correlation_high": _rounded(bounds[1]),
    }


def _table_2_columns() -> Mapping[str, str]:
    return {**_circle_columns(), "grids": "grids", **_imperfection_columns()}


def _circle_columns() -> Mapping[str, str]:
    """The count of circles, and Wilson's interval of their share."""
    centre = f"(circles + {Z**2 / 2}) / NULLIF(n + {Z**2}, 0)"
    spread = f"SQRT(1.0 * circles * (n - circles) / NULLIF(n, 0) + {Z**2 / 4})"
    half = f"{Z} * {spread} / NULLIF(n + {Z**2}, 0)"
    return {
        "circles": "circles",
        "circle_share_low": _rounded(f"{centre} - {half}"),
        "circle_share_high": _rounded(f"{centre} + {half}"),
    }


def _imperfection_columns() -> Mapping[str, str]:
    return {
        "grid_imperfections": _rounded("sx / NULLIF(grids, 0)"),
        "grid_imperfections_half_width": _rounded("half"),
    }


def _mean_half_width() -> str:
    """t · √(s²/n), undefined below n = 2."""
    terms = [f"{term} / POWER(nu, {power})" for power, term in enumerate(_T_TERMS, start=1)]
    quantile = " + ".join((str(Z), *terms))
    return f"CASE WHEN nu > 0 THEN ({quantile}) * SQRT(vx / (1.0 * nu * grids)) END"


def _pearson() -> str:
    """r; undefined over constant values."""
    return "CASE WHEN vx > 0 AND vy > 1e-12 THEN vxy / SQRT(vx * vy) END"


def _tanh(x: str) -> str:
    return f"(1 - 2 / (EXP(2 * {x}) + 1))"


def _total(condition: str, value: str) -> str:
    return f"SUM(CASE WHEN {condition} THEN {value} ELSE 0 END)"


def _mean(condition: str, value: str) -> str:
    return f"AVG(CASE WHEN {condition} THEN {value} END)"


def _rounded(expression: str) -> str:
    return f"ROUND(CAST({expression} AS NUMERIC), 3)"


def views(kinds: Mapping[str, tuple[Iterable[str], Sequence[str]]]) -> dict[str, str]:
    """Name → SELECT of every view, in order of dependence, for kind → (fields, metrics)."""
    made = {f"{kind}_runs": run_view(kind, *columns) for kind, columns in kinds.items()}
    if "transformer" in kinds:
        made["table_1"] = table_1_view()
    if "particle" in kinds:
        made["table_2"] = table_2_view()
    return made
