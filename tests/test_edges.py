"""The smallest networks and simulations there are, what diverges and what coincides: everything
computes, nothing warns, every page shows them."""

import shutil

import numpy as np
import pytest
from planted import plant
from test_pages import every_page, filtered_pages

from db.connect import open_for_reading, open_for_writing
from db.filters import Filter
from db.run_lists import filtered_runs
from jobs.loop import prepare_database, run_requests
from jobs.requests import sweep
from jobs.workers import Resources
from modadd import particles, training
from modadd.particles import ParticleConfig
from modadd.snapshots import Snapshot
from modadd.training import TrainingConfig

SIZES = {"modulus": [2, 3, 4], "embedding_dim": [1, 3], "seeds": "0:2"}
UNDEFINED_AT_THE_ORIGIN = ("radius_ratio", "circularity", "representation_quality")
PLACES = {
    "all at the origin": np.zeros((5, 2)),
    "all in one place": np.ones((5, 2)),
    "two places": np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]]),
    "two of them at the origin": np.array([[0, 0], [0, 0], [1, 1], [1, 1], [1, 1]]),
    "a line": np.arange(5)[:, None] * [1, 0],
    "nowhere": np.full((5, 2), np.nan),
    "infinitely far": np.full((5, 2), np.inf),
}


@pytest.fixture(scope="module")
def edges(shared):
    return shared("edges.db", _write_edges)


def _write_edges(path):
    with open_for_writing(str(path)) as engine:
        prepare_database(engine)
        requests = [
            sweep("train", {**SIZES, "hidden_size": [1, 2], "epochs": 12}),
            sweep("train", {"modulus": 5, "learning_rate": [1e4, 1e30], "epochs": 12}),
            sweep("simulate", {**SIZES, "steps": 5}),
        ]
        for _, summary in run_requests(engine, requests, Resources()):
            assert summary.computed


@pytest.fixture(params=[True, False], ids=["compiled", "readable"])
def engine(request, monkeypatch):
    """Once with the compiled kernels, once without."""
    for module in (particles, training):
        monkeypatch.setattr(module, "compiled_kernels_work", lambda: request.param)


@every_page
def test_every_page_shows_the_smallest_runs(open_page, name, edges):
    assert not open_page(name, edges).error


@filtered_pages
def test_every_page_shows_simulations_on_a_line(open_page, name, edges):
    assert not open_page(name, edges, kind="particle", where="embedding_dim:1..1").error


@pytest.fixture
def collapsed(small_database, own_directory):
    """Networks whose embeddings all went to the origin, as far as their numbers tell."""
    path = shutil.copy(small_database, own_directory / "modadd.db")
    nothing = ", ".join(f"{name} = NULL" for name in UNDEFINED_AT_THE_ORIGIN)
    plant(path, f"UPDATE series SET {nothing}")
    return path


@filtered_pages
def test_every_page_shows_runs_that_all_collapsed(open_page, name, collapsed):
    assert not open_page(name, collapsed).error


@pytest.mark.usefixtures("collapsed")
@pytest.mark.parametrize("words", ["tables", "tables --interval bca", "claims", "tables --csv"])
def test_commands_take_runs_that_all_collapsed(modadd, words):
    assert modadd(*words.split())[0] == 0


@pytest.mark.parametrize("kind", ["transformer", "particle"])
def test_a_run_of_two_tokens_on_a_line_has_its_page(open_page, edges, kind):
    with open_for_reading(str(edges)) as reading:
        rows = filtered_runs(reading, Filter(kind=kind), ["run_id", "modulus", "embedding_dim"])
    smallest = rows[(rows["modulus"] == 2) & (rows["embedding_dim"] == 1)]
    shown = open_page("run", edges, run=str(smallest["run_id"].iloc[0]))
    assert not shown.error
    assert not shown.warning


def test_the_smallest_runs_are_verified(edges, modadd):
    status, _, found = modadd("verify", "--database", edges, "--recompute", 38)
    assert (status, found.splitlines()[-1]) == (0, "no faults")


@pytest.mark.parametrize("size", [(2, 1, 1), (2, 3, 1), (3, 1, 7), (6, 1, 1)])
def test_both_engines_train_the_smallest_networks_alike(size, monkeypatch):
    modulus, dim, hidden = size
    config = TrainingConfig(
        modulus=modulus, embedding_dim=dim, hidden_size=hidden, epochs=50, dtype="float64"
    )
    ends = []
    for compiled in (True, False):
        monkeypatch.setattr(training, "compiled_kernels_work", lambda value=compiled: value)
        (last,) = training.train([config], [50])
        ends.append(last)
    for part in ("embedding", "classifier"):
        one, other = (getattr(end, part) for end in ends)
        np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize("name", PLACES)
def test_particles_start_anywhere(name, engine):
    configs = (ParticleConfig(modulus=5),)
    start = Snapshot(configs, 0, PLACES[name][None].astype(np.float32))
    *_, last = particles.simulate(configs, [0, 5], start=start)
    assert np.isfinite(last.embedding).all() == np.isfinite(PLACES[name]).all()
