import shutil

import pytest

from dashboard import growing, warm
from dashboard.charts_run import _template
from modadd.particles import ParticleConfig
from modadd.training import TrainingConfig


@pytest.mark.parametrize(("config", "run"), [(TrainingConfig(), 1), (ParticleConfig(), None)])
def test_a_run_of_the_papers_sizes_finds_its_panels_laid_out(
    open_page, small_database, config, run
):
    _template.cache_clear()
    warm._draw_run(config)
    query = {"run": str(run)} if run else {"kind": "particle"}
    open_page("run", small_database, **query)
    found = _template.cache_info()
    assert (found.misses, found.hits) == (1, 1)


@pytest.fixture
def reads(monkeypatch):
    """The filters of the runs that were read whole, one a reading."""
    found, read = [], growing.filtered_runs
    monkeypatch.setattr(
        growing, "filtered_runs", lambda *asked: found.append(asked) or read(*asked)
    )
    return found


def test_the_first_page_finds_the_runs_that_were_read_ahead(
    open_page, small_database, tmp_path, monkeypatch, reads
):
    database = shutil.copy(small_database, tmp_path / "fresh.db")
    monkeypatch.setenv("MODADD_DATABASE", str(database))
    warm.read_ahead().join(30)
    assert [chosen.kind for _, chosen in reads] == ["transformer"]
    open_page("runs", database)
    assert len(reads) == 1


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_there_may_be_nothing_to_read_ahead(tmp_path, monkeypatch, reads):
    monkeypatch.setenv("MODADD_DATABASE", str(tmp_path / "none.db"))
    warm.read_ahead().join(30)
    assert not reads
