"""The report is what the database holds, and says what the database lacks."""

import pandas as pd
import pypdf
import pytest

from dashboard.report.build import build
from dashboard.report.needs import Need
from dashboard.report.sections import SECTIONS, needs_of, section_module
from dashboard.report.text import Span, said, spans
from dashboard.report.write import write_report
from db.connect import open_for_writing, reader
from jobs.loop import prepare_database
from modadd.experiments import EXPERIMENTS
from modadd.statistics import proportion


@pytest.fixture(scope="module")
def written(small_database, tmp_path_factory):
    """The folder of a report from a database in which much is missing."""

    folder = tmp_path_factory.mktemp("report")
    engine = reader(str(small_database))
    write_report(build(engine, SECTIONS), folder)
    engine.dispose()
    return folder


@pytest.fixture(scope="module")
def report(small_database):
    engine = reader(str(small_database))
    yield build(engine, SECTIONS)
    engine.dispose()


@pytest.fixture(scope="module")
def empty_report(tmp_path_factory):
    with open_for_writing(str(tmp_path_factory.mktemp("empty") / "empty.db")) as engine:
        prepare_database(engine)
        yield build(engine, SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_stands_under_its_name_and_needs_known_experiments(name):
    assert section_module(name).__name__.endswith(name.replace("-", "_"))
    assert {need.experiment for need in needs_of([name])} <= set(EXPERIMENTS)


def test_names_of_sections_figures_and_tables_are_unique(report):
    assert [section.name for section in report.sections] == list(SECTIONS)
    names = [part.name for s in report.sections for part in (s, *s.figures, *s.tables)]
    assert len(names) == len(set(names))


def test_an_empty_database_makes_a_report_of_what_is_missing(empty_report):
    for section in empty_report.sections:
        assert not section.figures, section.name
        assert section.verdict in ("not yet computed", "not testable"), section.name
        lacking = [lack.command for lack in section.missing]
        assert [need.command for need in needs_of([section.name])] == lacking


def test_what_is_missing_is_said_with_the_command_that_makes_it(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "400 of the 400 runs of table-1 are not stored" in page  # the small ones are shorter
    assert "modadd reproduce table-1 --seeds 100:1000 --snapshots final --parameters none" in page


def test_the_pdf_says_what_the_page_says(written, report):
    text = "".join(page.extract_text() for page in pypdf.PdfReader(written / "report.pdf").pages)
    squeezed = "".join(text.split())
    for section in report.sections:
        assert "".join(section.title.split()) in squeezed
        assert section.verdict.replace(" ", "") in squeezed
    for table in (table for section in report.sections for table in section.tables):
        for cell in table.rows.iloc[:, -1].dropna().astype(str):
            assert "".join(cell.split()) in squeezed


def test_every_table_is_written_unrounded_and_as_latex(written, report):
    tables = [table for section in report.sections for table in section.tables]
    assert tables
    for table in tables:
        stored = pd.read_csv(written / "tables" / f"{table.name}.csv")
        assert len(stored) == len(table.rows if table.data is None else table.data)
        assert r"\toprule" in (written / "tables" / f"{table.name}.tex").read_text("utf-8")


def test_the_page_asks_for_nothing_and_is_small(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    for asking in ("<script", "<link", "@import", "src=", "url(http"):
        assert asking not in page
    assert len(page.encode()) < 15e6


def test_the_command_writes_and_counts_what_is_missing(modadd, small_database):
    status, printed, errors = modadd(
        "report", "--no-compute", "--database", small_database, "--only", "table-2", "--to", "out"
    )
    assert status == 0
    assert "open out/report.html" in printed
    assert "missing" in errors


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--only", "tabel-1"], "did you mean 'table-1'"),
        (["--to", "modadd.db"], "--to must be a folder"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_computed(words, complaint, modadd, own_directory):
    (own_directory / "modadd.db").touch()
    status, _, errors = modadd("report", *words)
    assert status == 2
    assert complaint in errors
    assert len(errors.splitlines()) == 1
    assert (own_directory / "modadd.db").stat().st_size == 0


def test_a_need_names_the_command_that_makes_it():
    need = Need("table-1", range(100, 1000), "final", "none")
    words = "--seeds 100:1000 --snapshots final --parameters none"
    assert need.command == f"modadd reproduce table-1 {words}"
    assert Need("appendix-b").command == "modadd reproduce appendix-b"


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
