"""Section 4: imperfections against accuracy, and how Table 1's correlation intervals are made."""

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_tables import correlated
from dashboard.drawn import joined
from dashboard.report.needs import Need, stored
from dashboard.report.parts import Figure, Part, Section, Table
from dashboard.run_rows import with_structure
from dashboard.table_rows import named
from modadd.paper import TABLE_1
from modadd.statistics import INTERVALS, correlation, fisher_interval, olivoto_interval

NEEDS = (Need("table-1"),)
X, Y = "grid_imperfections", "validation_accuracy"
SQL = f"""SELECT weight_decay, run_id, seed, is_circle, {X}, {Y}
FROM transformer_runs
WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'table-1')
  AND status = 'done' AND seed < 100
ORDER BY weight_decay, run_id;"""


def section(engine: Engine) -> Section:
    rows = stored(engine, NEEDS[0]._replace(seeds=range(100)))
    rows = rows[rows["status"] == "done"] if len(rows) else rows
    papers = papers_intervals()
    fisher, cited = (int(papers[name].sum()) for name in ("fisher_fits", "cited_fits"))
    parts: tuple[Part, ...] = (_papers_table(papers),)
    if len(rows):
        parts = (_figure(rows), *parts, _own_table(rows))
    return Section(
        name="correlations",
        title="How sure the correlation is",
        place="Sec. 4, Table 1",
        claim="The 95 % confidence intervals of the correlation coefficients are those of Olivoto "
        "et al. (2018).",
        ours=f"Of the paper's {len(papers)} intervals (n = 82 to 100), the cited formula gives "
        f"{cited} to the printed digit, Fisher's z {fisher}: the table's are Fisher's, and so are "
        "ours.",
        verdict="holds" if cited == len(papers) else "does not hold",
        rule="Holds if the cited formula, r ± 0.45304^|r| · 2.25152 · n^−0.50089, gives both ends "
        "of every printed interval, rounded as they are.",
        parts=parts,
        seeds="0 to 99 of table-1; the judgement needs the paper's numbers alone.",
        sql=SQL,
        command="modadd tables table-1 --interval olivoto",
    )


def papers_intervals() -> pd.DataFrame:
    """The correlations of Table 1: weight_decay, n, r, the printed interval, Fisher's and the cited
    one, and whether each of these gives what is printed (fisher_fits, cited_fits)."""
    found = []
    for weight_decay, row in TABLE_1.items():
        r, n, low, high = row["correlation"]
        assert low is not None
        assert high is not None
        fisher, cited = fisher_interval(r, n), olivoto_interval(r, n)
        fits = [bool(np.allclose(np.round(ends, 2), (low, high))) for ends in (fisher, cited)]
        found.append((weight_decay[0], n, r, low, high, *fisher, *cited, *fits))
    columns = ["weight_decay", "n", "r", "low", "high", "fisher_low", "fisher_high"]
    return pd.DataFrame(found, columns=[*columns, "cited_low", "cited_high",
                                        "fisher_fits", "cited_fits"])  # fmt: skip


def _papers_table(papers: pd.DataFrame) -> Table:
    rows = pd.DataFrame({"weight_decay": papers["weight_decay"], "n": papers["n"]})
    rows["r"] = papers["r"].map("{:.2f}".format)
    for name, (low, high) in {
        "printed in the paper": ("low", "high"),
        "Fisher's z": ("fisher_low", "fisher_high"),
        "the cited formula": ("cited_low", "cited_high"),
    }.items():
        rows[name] = [_interval(*ends) for ends in papers[[low, high]].to_numpy()]
    return Table(
        name="correlation-intervals",
        label="The paper's intervals",
        caption="From the paper's r and n alone: the intervals that it prints, those of Fisher's "
        "z, and those of the formula that it cites, which can leave [−1, 1].",
        rows=rows,
        data=papers,
        groups=0,
    )


def _own_table(rows: pd.DataFrame) -> Table:
    found = []
    for weight_decay, members in rows.groupby("weight_decay"):
        grids = members[members["is_circle"] == 0][[X, Y]].dropna()
        estimates = {name: correlation(grids[X], grids[Y], name) for name in INTERVALS}
        found.append((weight_decay, len(grids), estimates))
    shown = [
        (w, n, f"{e['fisher-z'].value:.2f}", *(_interval(e[k].low, e[k].high) for k in INTERVALS))
        for w, n, e in found
    ]
    names = {"fisher-z": "Fisher's z", "olivoto": "the cited formula", "bca": "BCa bootstrap"}
    return Table(
        name="correlation-intervals-here",
        label="Our intervals",
        caption="The same for our grids of the first hundred seeds, with a bootstrap that assumes "
        "no distribution (BCa, 2000 resamples).",
        rows=pd.DataFrame(shown, columns=["weight_decay", "n", "r", *names.values()]),
        data=pd.DataFrame(
            [(w, kind, *e[kind]) for w, _, e in found for kind in INTERVALS],
            columns=["weight_decay", "interval", "r", "low", "high", "n"],
        ),
        groups=0,
    )


def _figure(rows: pd.DataFrame) -> Figure:
    told = with_structure(rows)
    circle = told["structure"] == "circle"
    shown = named(told, ["weight_decay"]).assign(
        structure=circle.map({True: "circle", False: "grid"}), counted=~circle
    )
    charts = [
        correlated(members, X, Y, selects=False).having(
            title={"text": str(group), "anchor": "start", "fontSize": 13}, width=310, height=190
        )
        for group, members in shown.groupby("group")
    ]
    return Figure(
        name="accuracy-by-imperfections",
        label="Accuracy by imperfections",
        caption=f"Validation accuracy over grid imperfections, a mark a network "
        f"(n = {len(rows)}); circles, which do not count, are faint.",
        alt="Four scatter plots, one a weight decay: accuracy falls as imperfections grow.",
        chart=joined("concat", charts, columns=2, spacing=24),
    )


def _interval(low: float, high: float) -> str:
    return "undefined" if low != low else f"[{low:.2f}, {high:.2f}]"
