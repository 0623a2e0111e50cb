import pytest

from dashboard import warm
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
