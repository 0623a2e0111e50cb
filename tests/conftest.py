import contextlib
import functools
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
import torch
from filelock import FileLock
from law_database import write_law_database
from report_database import write_report_database
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES
from dashboard.states import ENDED
from db.connect import open_for_writing, reader
from jobs.loop import prepare_database, run_requests
from jobs.main import main
from jobs.requests import sweep
from jobs.workers import Resources
from modadd.kernels import compiled_kernels_work

APP = Path(__file__).parent.parent / "dashboard" / "script.py"

# Deterministic: the same examples on every machine and every day.
hypothesis.settings.register_profile(
    "suite", derandomize=True, deadline=None, max_examples=40, database=None
)
hypothesis.settings.load_profile("suite")
torch.set_num_threads(1)
# Each AppTest looks through every installed package for components, which takes as long as a page.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)


def pytest_collection_modifyitems(config, items):
    wanted = config.option.markexpr
    for item in items:
        if item.get_closest_marker("stress") and "stress" not in wanted:
            item.add_marker(pytest.mark.skip(reason="a slow proof: `make stress` runs it"))
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device, there is none"))


@pytest.fixture(autouse=True)
def the_engines_stay():
    """No test leaves the next one, or a shared fixture, another engine than it found."""
    yield
    assert compiled_kernels_work(), "Numba is gone: see `make install`"
    for module in [m for name, m in sys.modules.items() if name.startswith("modadd.")]:
        asked = getattr(module, "compiled_kernels_work", compiled_kernels_work)
        assert asked is compiled_kernels_work, f"{module.__name__} still asks a patch for Numba"


@pytest.fixture(autouse=True)
def own_directory(the_engines_stay, tmp_path, monkeypatch):
    """Every test works in an empty directory of its own, with the default database in it, whatever
    pytest itself was told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["streamlit"])
    monkeypatch.delenv("MODADD_DATABASE", raising=False)
    return tmp_path


@pytest.fixture
def modadd(monkeypatch, capsys):
    """Run a command line in this process; returns its exit status, output and errors."""

    def run(*words):
        capsys.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr("sys.argv", ["modadd", *map(str, words)])
            try:
                status = main()
            except SystemExit as leaving:
                status = leaving.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id):
    """Makes a file once for all workers of the suite: the first to ask makes it, others wait."""
    own = tmp_path_factory.getbasetemp()
    folder = own if worker_id == "master" else own.parent

    def made(name, make):
        path = folder / name
        with FileLock(f"{path}.making"):
            if not path.exists():
                unfinished = own / f"unfinished-{name}"
                make(unfinished)
                unfinished.rename(path)
        return path

    return made


# A name that would act, if a page or a chart took it for more than text.
MARKUP = "<img src=evil onerror=alert(1)> [a](javascript:b) **b** :red[c] $x$ =1+1"


@pytest.fixture(scope="session")
def small_database(shared):
    """A real database made by the jobs: short runs of both tables' configs, and a diverged run.

    Read it only; it is shared.
    """
    return shared("small.db", _write_small_database)


def _write_small_database(path):
    with open_for_writing(str(path)) as engine:
        prepare_database(engine)
        table_1 = {"epochs": 300, "weight_decay": [0.0, 0.3, 0.6, 1.0], "seeds": "0:12"}
        table_2 = {"alignment": [0.5, 1.0, 2.0], "seeds": "0:12", "steps": 30}
        other = {"embedding_dim": 3, "hidden_size": 5, "modulus": 8, "epochs": 20}
        appendix_b = {"epochs": 20, "weight_decay": [0.0, 0.5, 1.0], "seeds": "0:2"}
        requests = [
            replace(sweep("train", table_1), experiment="table-1"),
            replace(
                sweep("train", {"learning_rate": 1e38, "epochs": 20, "seeds": 3}),
                experiment=MARKUP,
            ),
            sweep("train", other),
            replace(sweep("simulate", table_2), experiment="table-2"),
            replace(sweep("train", appendix_b), experiment="appendix-b"),
        ]
        for _, summary in run_requests(engine, requests, Resources()):
            assert summary.computed
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE jobs SET device = :text, command = :text "
            "WHERE job_id = (SELECT job_id FROM runs WHERE status = 'diverged')",
            {"text": MARKUP},
        )


@pytest.fixture(scope="session")
def server(small_database):
    """The address of a dashboard on that database, one for all tests of a worker."""
    from browser.serving import serving

    with serving(small_database) as address:
        yield address


@pytest.fixture(scope="session")
def report_database(small_database, shared):
    """The small database with something of every section of the report. Read it only."""
    return shared("report.db", lambda path: write_report_database(small_database, path))


@pytest.fixture(scope="session")
def report(report_database):
    """The report on that database, all sections."""
    from dashboard.report.build import build
    from dashboard.report.sections import SECTIONS

    opened = reader(str(report_database))
    yield build(opened, SECTIONS)
    opened.dispose()


@pytest.fixture
def open_page(monkeypatch):
    def open_(name, database="modadd.db", **query):
        monkeypatch.setenv("MODADD_DATABASE", str(database))
        shown = AppTest.from_file(str(APP), default_timeout=30)
        for key, value in query.items():
            shown.query_params[key] = value
        if name != next(iter(PAGES)):
            shown.switch_page(str(PAGES[name].path))
        return checked(shown.run())

    return open_


def checked(shown):
    assert not shown.exception, [element.message for element in shown.exception]
    assert not any(element.value.startswith(ENDED) for element in shown.error), shown.error
    return shown


@pytest.fixture(scope="session")
def law_database(shared):
    """A database with the law on trial. Read it only; it is shared."""
    return shared("law.db", write_law_database)
