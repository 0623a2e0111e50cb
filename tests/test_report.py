"""The report is what the database holds, and says what the database lacks."""

import re

import pandas as pd
import pypdf
import pytest
from sqlalchemy import text

from dashboard.report.build import build
from dashboard.report.sections import SECTIONS, needs_of, section_module
from dashboard.report.sections.correlations import papers_intervals
from dashboard.report.text import Span, said, spans, typeset
from dashboard.report.write import write_report
from db.connect import open_for_writing, reader
from jobs.loop import prepare_database
from modadd.experiments import EXPERIMENTS
from modadd.statistics import proportion

# Figures 1 to 6 of the paper, and those of Appendices C to F.
FIGURES = [f"figure-{number}" for number in range(1, 7)]
FIGURES += ["figure-c-1", "figure-d-1", "figure-d-3", "figure-e-1", "figure-f-1", "figure-f-2"]
TABLES = ["table-1-cells", "table-2-cells", "initialisation-cells", "step-size-cells"]


@pytest.fixture(scope="module")
def engine(report_database):
    opened = reader(str(report_database))
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def written(report, tmp_path_factory):
    """The folder of the report."""
    folder = tmp_path_factory.mktemp("written")
    write_report(report, folder)
    return folder


@pytest.fixture(scope="module")
def page(written):
    return (written / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def printed(written):
    """The text of the PDF, its lines as one."""
    pages = pypdf.PdfReader(written / "report.pdf").pages
    return " ".join("".join(page.extract_text() for page in pages).split())


@pytest.fixture(scope="module")
def sections(report):
    return {section.name: section for section in report.sections}


@pytest.fixture(scope="module")
def figures(report):
    return {figure.name: figure for section in report.sections for figure in section.figures}


@pytest.fixture(scope="module")
def tables(report):
    return {table.name: table for section in report.sections for table in section.tables}


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_stands_under_its_name_and_needs_known_experiments(name):
    assert section_module(name).__name__.endswith(name.replace("-", "_"))
    assert {need.experiment for need in needs_of([name])} <= set(EXPERIMENTS)


def test_names_of_sections_figures_and_tables_are_unique(report):
    assert [section.name for section in report.sections] == list(SECTIONS)
    names = [part.name for s in report.sections for part in (s, *s.figures, *s.tables)]
    assert len(names) == len(set(names))


def test_every_section_says_claim_numbers_rule_seeds_and_command(report):
    for section in report.sections:
        says = (section.claim, section.rule, section.seeds, section.sql, section.command)
        assert all(says), section.name
        assert bool(section.ours) == (section.verdict != "not yet computed"), section.name
        assert bool(section.figures or section.tables) == bool(section.ours), section.name


def test_every_link_has_its_anchor(page):
    assert 'href="#' in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_every_figure_and_table_of_the_paper_is_there(figures, tables):
    assert set(FIGURES) <= set(figures)
    assert set(TABLES) <= set(tables)


def test_every_section_s_sql_finds_something(report, engine):
    with engine.connect() as connection:
        for section in report.sections:
            assert connection.execute(text(section.sql.rstrip(";"))).fetchall(), section.name


def test_the_paper_s_correlation_intervals_are_fisher_s_and_not_the_cited_ones(sections):
    found = papers_intervals()
    assert found["fisher_fits"].all()
    assert not found["cited_fits"].any()
    assert sections["correlations"].verdict == "does not hold"


def test_an_empty_database_makes_a_report_of_what_is_missing(tmp_path):
    with open_for_writing(str(tmp_path / "empty.db")) as empty:
        prepare_database(empty)
        made = build(empty, SECTIONS)
        write_report(made, tmp_path / "out")
    for section in made.sections:
        assert not section.figures, section.name
        lacking = [lack.command for lack in section.missing]
        assert [need.command for need in needs_of([section.name])] == lacking
    undecided = ("not yet computed", "not testable")
    judged = {section.name for section in made.sections if section.verdict not in undecided}
    assert judged <= {"correlations"}  # by the paper's numbers alone


def test_what_is_missing_is_said_with_the_command_that_makes_it(page):
    assert re.search(r"39\d of the 400 runs of table-1 are not stored", page)
    assert "modadd reproduce table-1 --seeds 100:1000 --snapshots final --parameters none" in page


def test_the_pdf_says_what_the_page_says(printed, report, tables):
    squeezed = printed.replace("\u00ad", "").replace(" ", "")
    for section in report.sections:
        assert "".join(section.title.split()) in squeezed
        assert section.verdict.replace(" ", "") in squeezed
    for table in tables.values():
        for cell in table.rows.iloc[:, -1].dropna().astype(str):
            # What is longer breaks into lines, and perhaps into pages and syllables.
            assert "".join(typeset(cell[:16]).split()) in squeezed


def test_both_say_what_the_database_says(page, printed, engine):
    read = " ".join(re.sub("<[^>]*>", " ", page).split())
    views = {"table_1": "weight_decay", "table_2": "alignment"}
    for view, group in views.items():
        rows = pd.read_sql(f"SELECT circles, grids FROM {view} ORDER BY {group}", engine)
        assert len(rows) >= 3
        for row in rows.itertuples():
            share = proportion(row.circles, row.circles + row.grids)
            told = f"{said(share, percent=True).split(' (')[0]} ({share.n})"
            assert told in read
            assert told in printed
    weights = pd.read_sql(text(
        "SELECT weight_decay, AVG(mean_abs_hidden_weight) AS mean FROM transformer_runs "
        "WHERE run_id IN (SELECT run_id FROM experiment_runs WHERE experiment = 'appendix-b') "
        "GROUP BY weight_decay"
    ), engine)  # fmt: skip
    for mean in weights["mean"]:
        assert f"{mean:.3f}" in read
        assert f"{mean:.3f}" in printed


def test_every_table_is_written_unrounded_and_as_latex(written, tables):
    for table in tables.values():
        stored = pd.read_csv(written / "tables" / f"{table.name}.csv")
        assert len(stored) == len(table.rows if table.data is None else table.data)
        assert r"\toprule" in (written / "tables" / f"{table.name}.tex").read_text("utf-8")


def test_every_figure_is_written_as_svg_and_pdf(written, figures):
    for name in figures:
        assert (written / "figures" / f"{name}.svg").read_text("utf-8").startswith("<svg")
        assert (written / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_page_is_small(page):
    assert len(page.encode()) < 15e6


def test_a_report_in_place_of_another_leaves_nothing_half_made(report, tmp_path):
    part = report._replace(sections=report.sections[-1:])
    for _ in range(2):
        write_report(part, tmp_path)
        names = {path.name for path in tmp_path.iterdir()}
        assert names <= {"report.html", "report.pdf", "figures", "tables"}


def test_prose_is_taken_apart():
    assert spans("of `SELECT * FROM a * b`, *open* 2 * 3 * 4, [there](#x)") == [
        Span("plain", "of "),
        Span("code", "SELECT * FROM a * b"),
        Span("plain", ", "),
        Span("emphasis", "open"),
        Span("plain", " 2 * 3 * 4, "),
        Span("link", "there", "#x"),
    ]


def test_an_estimate_is_said_with_interval_and_n():
    assert said(proportion(18, 100), percent=True) == "18.0 % [11.7, 26.7] (n = 100)"


def test_minus_signs_are_set_before_numbers_alone():
    assert typeset("-0.9 [-1.0, -0.8] on 2026-11-22, table-1") == (
        "−0.9 [−1.0, −0.8] on 2026-11-22, table-1"
    )
