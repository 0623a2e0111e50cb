import sqlite3

import pytest
from test_jobs import QUICK, contents, sql

from modadd.metrics import METRICS


def test_measure_has_nothing_to_do_after_a_job(modadd):
    modadd("train", *QUICK)
    before = sql("SELECT revision FROM store")
    status, _, errors = modadd("measure")
    assert status == 0
    assert "every metric is measured" in errors
    assert sql("SELECT revision FROM store") == before


def test_a_new_metric_is_measured_over_what_is_stored(modadd, monkeypatch):
    modadd("train", *QUICK, "--seeds", "0:3", "--snapshots", "10")
    modadd("train", *QUICK, "--seeds", "5", "--snapshots", "10", "--parameters", "final")
    modadd("simulate", "--steps", 4)
    for name, source in (("span", "embedding_variance"), ("heft", "mean_abs_hidden_weight")):
        changed = METRICS[source]._replace(name=name)
        monkeypatch.setitem(METRICS, name, changed)

    status, _, errors = modadd("train", *QUICK, "--seeds", 4)
    assert status == 2
    assert "span, heft is new or changed: run `modadd measure` first" in errors

    status, _, errors = modadd("measure")
    assert status == 0
    assert "span, heft: measured on 5 runs" in errors
    assert sql("SELECT count(*) FROM series WHERE span IS NOT embedding_variance") == [(0,)]
    # Where parameters were kept at the end alone, the metric is undefined before.
    rows = sql("SELECT s.epoch, s.heft IS s.mean_abs_hidden_weight, s.heft IS NULL FROM series s "
               "JOIN transformer_configs USING (run_id) WHERE seed = 5 ORDER BY 1")  # fmt: skip
    assert rows == [(0, 0, 1), (10, 0, 1), (20, 1, 0)]
    assert sql("SELECT count(span) FROM particle_runs") == [(1,)]
    assert modadd("train", *QUICK, "--seeds", 4)[0] == 0


@pytest.mark.parametrize("kept", ["final", "none"])
def test_measuring_again_keeps_what_only_the_run_itself_could_know(modadd, monkeypatch, kept):
    modadd("train", *QUICK, "--snapshots", "10", "--parameters", kept)
    before = contents()
    assert modadd("measure", *METRICS)[0] == 0
    assert contents() == before

    # A changed metric is another matter: its old numbers mean something else now.
    changed = METRICS["train_loss"]._replace(version=2)
    monkeypatch.setitem(METRICS, "train_loss", changed)
    assert modadd("measure")[0] == 0
    rows = sql("SELECT epoch, train_loss IS NULL FROM series ORDER BY 1")
    assert rows == [(0, 1), (10, 1), (20, int(kept == "none"))]


def test_a_changed_metric_is_measured_again(modadd, monkeypatch):
    modadd("simulate", "--steps", 4)
    doubled = METRICS["radius_ratio"]._replace(
        version=2, compute=lambda measured: 2 * METRICS["embedding_variance"].compute(measured)
    )
    monkeypatch.setitem(METRICS, "radius_ratio", doubled)
    assert modadd("measure")[0] == 0
    assert sql("SELECT version FROM metrics WHERE name = 'radius_ratio'") == [(2,)]
    (rows,) = sql("SELECT count(*) FROM series WHERE radius_ratio <> 2 * embedding_variance")
    assert rows == (0,)


def test_named_metrics_are_measured_again(modadd):
    modadd("train", *QUICK)
    before = contents()
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE series SET circularity = 7, train_loss = 7")
    assert modadd("measure", "circularity", "train_loss")[0] == 0
    assert contents() == before
