"""Beyond the paper: the force law tried on the networks' true forces, and on their own fates."""

import pandas as pd
from sqlalchemy import Engine

from dashboard.charts_law import NULL, explained, foretold
from dashboard.law_rows import (
    HELD_OUT,
    MEANINGS,
    ORDER,
    foretelling,
    paper_law,
    twins_in_words,
)
from dashboard.report.needs import Audits, Need, Twins
from dashboard.report.parts import Figure, Part, Section, Table
from dashboard.report.sections.audit_ends import ends
from dashboard.report.sections.audit_twins import beside_rivals, explained_by_learnt
from dashboard.report.text import estimate_in, said
from db.filters import Filter
from db.law_summaries import fit_medians, twin_counts
from modadd.audit import NULLS, VERSION
from modadd.claims.checks import UNCOMPUTED
from modadd.statistics import Estimate, median_rank
from modadd.structures import CIRCLE_THRESHOLD
from modadd.twins import STARTS

EXPERIMENT = "table-1"
NEEDS = (Need(EXPERIMENT), Audits(EXPERIMENT), Twins(EXPERIMENT, STARTS))
#: What more is drawn where it is stored.
FURTHER = (
    "modadd learn",
    "modadd fate --seeds 0:50 --branches 3",
    "modadd curl --seeds 0:50",
    "modadd reproduce alignment-forms",
)
CHOSEN = Filter(kind="transformer", experiments=(EXPERIMENT,), status="done")
EPOCHS = (0, 30, 300, 2000)
SQL = """SELECT r.weight_decay, f.epoch, f.fit, COUNT(*) AS n, AVG(f.held_out_r_squared) AS mean
FROM law_fits AS f JOIN transformer_runs AS r USING (run_id)
WHERE f.target = 'pair_sums'
GROUP BY r.weight_decay, f.epoch, f.fit;"""
_METHOD = (
    "The true force on a training pair's sum is the negative gradient of that pair's loss. At "
    "every stored snapshot the law's four terms, each a mean over its partners, are fitted to the "
    "forces of one half of the pairs by least squares with coefficients ≥ 0, and scored on the "
    "other half; R² is about zero force. The nulls are the same fit where residues are dealt out "
    "at random, where every force is turned at random, and at tokens of the same radii in random "
    "directions. A *twin* is a particle simulation from a network's own embedding; *nothing moves* "
    "foretells that embedding itself."
)


def section(engine: Engine) -> Section:
    rows = fit_medians(engine, CHOSEN, ORDER, HELD_OUT, median_rank, VERSION)
    counts = twin_counts(engine, CHOSEN, paper_law(), CIRCLE_THRESHOLD)
    verdict, ours = judged(rows)
    parts = [*(_explained(rows) if len(rows) else ()), *(_twins(counts) if len(counts) else ())]
    parts += beside_rivals(engine, CHOSEN)
    parts += explained_by_learnt(engine, CHOSEN) if len(rows) else []
    parts += ends(engine, CHOSEN, rows, foretelling(counts) if len(counts) else counts)
    return Section(
        name="audit",
        title="The force law on trial",
        place="beyond Sec. 5 and 6",
        claim="The forces of Eqs. 2–4 model what training does to the embeddings.",
        ours=ours,
        verdict=verdict,
        rule="Over weight decays and the epochs of the table from 30 on: holds if the law explains "
        "more than half of the force everywhere (the whole interval of the median of R² above "
        "0.5); holds partly if somewhere its interval lies above those of all three nulls; does "
        "not hold if nowhere; not testable below 6 networks, which have no interval.",
        parts=tuple(parts),
        seeds="Those of table-1 that are audited, and those that have twins.",
        sql=SQL if len(rows) else CHOSEN.sql(),
        command="\n".join([*(need.command for need in NEEDS), *FURTHER]),
    )


def judged(rows: pd.DataFrame) -> tuple[str, str]:
    """The verdict and our numbers in words. rows: as `db.law_summaries.fit_medians`."""
    chosen = rows[rows["epoch"].isin(EPOCHS) & (rows["epoch"] > 0)]
    if chosen.empty:
        return UNCOMPUTED, ""
    cases = {
        f"at γ = {decay:g}, epoch {epoch}": {r["fit"]: estimate_in(r) for r in some}
        for (decay, epoch), cell in chosen.groupby(["weight_decay", "epoch"])
        for some in [cell.to_dict("records")]
    }
    told = "; ".join(f"{said(case['law'], decimals=2)} {where}" for where, case in cases.items())
    laws = [case["law"] for case in cases.values()]
    if any(law.low != law.low for law in laws):
        return "not testable", f"Too few networks for an interval: {told}."
    above = sum(_beats(case, *NULLS) for case in cases.values())
    most = sum(law.low > 0.5 for law in laws)
    parts = [sum(_beats(case, name) for case in cases.values()) for name in _PARTS]
    verdict = "holds" if most == len(cases) else "holds partly" if above else "does not hold"
    return verdict, (
        f"The law explains more of the force than all three nulls in {above} of {len(cases)} "
        f"cases, more than half of it in {most}, more than clustering alone in {parts[0]} and more "
        f"than alignment alone in {parts[1]} (each with the intervals apart). Median R² on "
        f"held-out pairs: {told}."
    )


_PARTS = ("clustering", "alignment")


def _beats(case: dict[str, Estimate], *rivals: str) -> bool:
    return all(case["law"].low > case[name].high for name in rivals)


def _explained(rows: pd.DataFrame) -> tuple[Part, ...]:
    some = rows[rows["fit"].isin(["law", "shuffled-labels"])]
    shown = rows[rows["epoch"].isin(EPOCHS)].sort_values(["weight_decay", "epoch"])
    shown = shown.assign(text=[said(estimate_in(r), decimals=3) for r in shown.to_dict("records")])
    wide = shown.pivot(index="fit", columns=["weight_decay", "epoch"], values="text")
    last = shown["weight_decay"].max()
    table = wide.reindex([name for name in ORDER if name in wide.index])[last].reset_index()
    table.columns = pd.Index(["fit", *(f"epoch {epoch}" for epoch in table.columns[1:])])
    return (
        _METHOD,
        Figure(
            name="law-explained",
            label="What the law explains",
            caption="Median R² of the law on held-out pairs over training, with the median's 95 % "
            f"interval, and of its null (n up to {int(some['n'].max())} a weight decay).",
            alt="R² of the law and of its null over epochs, a line with a band a weight decay.",
            chart=explained(some, {"shuffled-labels": NULL}, "R² held out"),
        ),
        Table(
            name="law-rivals",
            label="The law, its rivals and its nulls",
            caption=f"Median R² on held-out pairs at γ = {last:g}, with 95 % intervals and n.",
            rows=table,
            data=rows,
            groups=0,
            note=" ".join(f"*{name}*: {MEANINGS[name]}." for name in table["fit"]),
        ),
    )


def _twins(counts: pd.DataFrame) -> tuple[Part, ...]:
    found = foretelling(counts)
    return (
        Table(
            name="law-twins",
            label="Twins beside their networks",
            caption="Circles foretold and come / foretold alone / come alone / neither; odds ratio "
            "with its exact interval, p of Fisher's exact test; r of the final imperfections with "
            "Fisher's interval.",
            rows=twins_in_words(found),
            data=found,
            groups=2,
        ),
        Figure(
            name="law-foretold",
            label="Imperfections foretold",
            caption="Correlation of the twin's final imperfections with its network's, by the "
            "epoch that the twin began at, beside that of the embedding there; 95 % intervals.",
            alt="Correlations over the epoch that twins begin at, a panel a weight decay.",
            chart=foretold(found.rename(columns={"correlation": "value"}), "r", middle=0),
        ),
    )
