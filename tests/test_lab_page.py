import numpy as np
import pytest
from conftest import checked

from dashboard import keep
from dashboard.keep import Keeping
from dashboard.lab import LIMITS, LiveRun, Origin, first_snapshot
from db.connect import open_for_reading
from db.queries import stored_runs
from modadd.config import ConfigError
from modadd.particles import ParticleConfig, simulate
from modadd.training import TrainingConfig, train

NETWORK = TrainingConfig(epochs=30, seed=4)
PARTICLES = ParticleConfig(steps=12, seed=4)


@pytest.mark.parametrize(("config", "engine"), [(NETWORK, train), (PARTICLES, simulate)])
def test_what_one_looks_at_is_what_the_jobs_would_compute(config, engine):
    run = LiveRun(config)
    for _ in range(10):
        run.advance(4)
    (last,) = engine([config], [config.length])
    assert run.finished
    assert run.now.epoch == config.length
    assert np.array_equal(run.now.embedding, last.embedding)
    assert run.series["epoch"].is_monotonic_increasing


@pytest.mark.parametrize("config", [NETWORK, PARTICLES])
def test_epoch_0_is_the_streams(config):
    run = LiveRun(config)
    before = run.now.embedding
    run.advance(0)
    np.testing.assert_allclose(before, first_snapshot(config, None).embedding)
    assert run.now.epoch == 0


def test_a_fork_begins_where_the_other_run_was():
    run = LiveRun(NETWORK)
    run.advance(10)
    fork = LiveRun(TrainingConfig(epochs=30, weight_decay=0.0), Origin(run.now, "epoch 10"))
    np.testing.assert_allclose(fork.now.embedding, run.now.embedding, rtol=1e-6)
    fork.advance(1)
    assert fork.now.epoch == 1
    assert not np.array_equal(fork.now.embedding, run.now.embedding)


def test_particles_begin_at_a_networks_embedding():
    run = LiveRun(NETWORK)
    run.advance(10)
    twin = LiveRun(PARTICLES, Origin(run.now, "epoch 10"))
    np.testing.assert_allclose(twin.now.embedding, run.now.embedding, rtol=1e-6)
    twin.advance(3)
    assert twin.now.epoch == 3


def test_a_fork_of_another_shape_is_one_clear_line():
    run = LiveRun(NETWORK)
    for config in (TrainingConfig(modulus=5), TrainingConfig(hidden_size=3)):
        with pytest.raises(ConfigError, match="must stay"):
            LiveRun(config, Origin(run.now, "epoch 0"))
    particles = Origin(LiveRun(PARTICLES).now, "step 0")
    with pytest.raises(ConfigError, match="no classifier"):
        LiveRun(NETWORK, particles)


@pytest.mark.parametrize("name", [name for name in LIMITS if name != "steps"])
def test_runs_that_would_not_be_responsive_are_refused(name):
    with pytest.raises(ConfigError, match=f"{name} must be <= {LIMITS[name]} in the Lab"):
        LiveRun(TrainingConfig(**{name: LIMITS[name] + 1}))


def test_a_run_that_diverges_stops_at_its_last_finite_snapshot():
    run = LiveRun(TrainingConfig(learning_rate=1e38, epochs=20))
    run.advance(20)
    assert run.diverged
    assert run.finished
    assert np.isfinite(run.now.embedding).all()


@pytest.mark.parametrize(("config", "panels"), [(NETWORK, 1), (PARTICLES, 0)])
def test_a_picture_has_regions_or_forces(config, panels):
    shown = LiveRun(config).picture()
    assert len(shown.pictures) == panels
    assert (shown.arrows is None) == bool(panels)


def test_keep_stores_the_run_by_the_ordinary_job():
    job = Keeping(TrainingConfig(epochs=3, seed=5))
    job.wait(60)
    assert job.failure is None
    assert job.command.startswith("modadd train --epochs 3 --seeds 5 --database")
    with open_for_reading("modadd.db") as engine:
        assert stored_runs(engine, [job.config.identity])


def test_a_job_that_fails_is_one_line(monkeypatch):
    monkeypatch.setattr(keep, "location", lambda: "no/such/folder/x.db")
    job = Keeping(TrainingConfig(epochs=3))
    job.wait(60)
    assert "no directory" in job.failure


def press(shown, label):
    (button,) = (button for button in shown.button if button.label == label)
    button.click()
    shown.run()
    assert not shown.exception, [element.message for element in shown.exception]
    return shown


def test_step_fork_and_particles(open_page, small_database):
    shown = press(open_page("lab", small_database), "Step")
    assert "**Epoch 1** of 2,000" in [element.value for element in shown.markdown]
    shown = press(shown, "Fork")
    assert "it began at epoch 1 of a network" in " ".join(c.value for c in shown.caption)
    shown = press(shown, "Particles from this embedding")
    assert any("Step 0" in element.value for element in shown.markdown)
    shown = press(shown, "Reset")
    assert not any("it began at" in c.value for c in shown.caption)


def test_settings_that_are_not_the_runs_say_so_until_reset(open_page, small_database):
    shown = open_page("lab", small_database)
    assert not any("not those of the run" in c.value for c in shown.caption)
    (decay,) = [one for one in shown.number_input if one.label == "weight decay"]
    decay.set_value(0.25)
    shown = checked(shown.run())
    assert any("not those of the run" in c.value for c in shown.caption)
    shown = press(shown, "Reset")
    assert not any("not those of the run" in c.value for c in shown.caption)


def test_the_lab_goes_on_from_a_stored_run(open_page, small_database):
    shown = open_page("lab", small_database, run="1", epoch="300")
    assert "it began at epoch 300 of run 1" in " ".join(c.value for c in shown.caption)
    shown = open_page("lab", small_database, run="77777")
    assert "The run in the URL is left out" in shown.warning[0].value
