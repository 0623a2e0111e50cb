import dataclasses
import sqlite3
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import queries, running, store
from db.connect import StoreError, open_for_writing, reader, revision, writing
from db.declarations import KindDeclaration, MetricDeclaration, declare, mark_measured
from db.schema import Snapshot
from db.store import RunRecord

SIZE = MetricDeclaration(
    name="size", version=1, description="how big", source="here", needs_classifier=False
)
# A ratio is in every run view: it says which runs are circles.
RATIO = dataclasses.replace(SIZE, name="radius_ratio")
KIND = KindDeclaration(
    name="toy", fields={"seed": int, "speed": float, "mode": str}, metrics=["size", "radius_ratio"]
)
JOB = {
    "command": "test", "project_version": "0", "git_commit": None, "device": "cpu", "threads": 1,
}  # fmt: skip


@pytest.fixture
def engine():
    with open_for_writing("store.db") as engine:
        declare(engine, [KIND], [SIZE, RATIO])
        yield engine


def job(engine):
    made = running.job_at_work(engine, planned_runs=1, provenance=JOB, packages={"numpy": "2"})
    with made as job_id:
        return job_id


def record(seed, *, epochs=(0, 5), dim=2, **changes):
    embeddings = np.random.default_rng(seed).normal(size=(len(epochs), 3, dim)).astype("f4")
    values = {
        "kind": "toy",
        "config_hash": f"hash {seed}",
        "config": {"seed": seed, "speed": 0.5, "mode": "fast"},
        "status": "done",
        "schedule": "all",
        "kept_parameters": "none",
        "wall_time": 0.1,
        "epochs": list(epochs),
        "embeddings": embeddings,
        "classifiers": np.zeros(0, "f4"),
        "metrics": {
            "size": np.arange(len(epochs)) + 0.25,
            "radius_ratio": np.full(len(epochs), np.nan),
        },
    }
    return RunRecord(**(values | changes))


def sql(query):
    with sqlite3.connect("store.db") as connection:
        return connection.execute(query).fetchall()


def test_a_run_comes_back_as_it_went_in(engine):
    given = record(1)
    store.add_runs(engine, job(engine), [given], ["mine"])
    (found,) = queries.snapshots(engine, [1])
    assert found.epochs.tolist() == [0, 5]
    assert np.array_equal(found.embeddings, given.embeddings)
    assert queries.configs(engine, "toy") == {1: given.config}
    (row,) = queries.runs(engine, "toy", "mine").to_dict("records")
    assert (row["seed"], row["speed"], row["mode"]) == (1, 0.5, "fast")
    assert (row["size"], row["last_epoch"], row["status"]) == (1.25, 5, "done")


def test_undefined_is_null(engine):
    store.add_runs(engine, job(engine), [record(1)])
    assert sql("SELECT radius_ratio, size FROM series WHERE epoch = 0") == [(None, 0.25)]
    assert sql("SELECT radius_ratio, is_circle FROM toy_runs") == [(None, 0)]


def test_blobs_are_little_endian_float32_whose_shape_is_in_the_row(engine):
    given = record(1, dim=3)
    store.add_runs(engine, job(engine), [given])
    ((tokens, dim, blob),) = sql("SELECT tokens, dim, embedding FROM snapshots WHERE epoch = 5")
    array = np.frombuffer(blob, "<f4").reshape(tokens, dim)
    assert np.array_equal(array, given.embeddings[1])


@given(st.lists(st.floats(width=32), min_size=6, max_size=6))
def test_any_float32_survives_the_blob(values):
    array = np.array(values, "f4").reshape(3, 2)
    blobs, checksums = store._blobs(array[None])
    assert [bytes(blob) for blob in blobs] == [array.astype("<f4").tobytes()]
    assert checksums == [zlib.crc32(blobs[0])]


def test_final_arrangements_are_plain_columns_of_as_many_dimensions(engine):
    store.add_runs(engine, job(engine), [record(1)])
    store.add_runs(engine, job(engine), [record(2, dim=3)])
    points = pd.read_sql("SELECT * FROM embedding_points ORDER BY run_id, token", engine)
    assert list(points.columns) == ["run_id", "token", "x0", "x1", "x2"]
    assert points["x2"].isna().tolist() == [True] * 3 + [False] * 3
    expected = record(2, dim=3).embeddings[-1]
    np.testing.assert_array_equal(points[3:][["x0", "x1", "x2"]].to_numpy("f4"), expected)


def test_a_run_asked_for_again_is_replaced_and_keeps_its_id_and_experiments(engine):
    job_id = job(engine)
    store.add_runs(engine, job_id, [record(1), record(2)], ["first"])
    store.add_runs(engine, job_id, [record(1, epochs=(0, 1, 5))], ["second"])
    assert sql("SELECT run_id, config_hash FROM runs ORDER BY run_id") == [
        (1, "hash 1"), (2, "hash 2"),
    ]  # fmt: skip
    assert sql("SELECT epoch FROM snapshots WHERE run_id = 1 ORDER BY epoch") == [(0,), (1,), (5,)]
    assert sql("SELECT experiment FROM experiment_runs WHERE run_id = 1 ORDER BY 1") == [
        ("first",), ("second",),
    ]  # fmt: skip


def test_what_another_job_stored_meanwhile_is_not_lost(engine):
    job_id = job(engine)
    store.add_runs(engine, job_id, [record(1, epochs=(0, 1, 5))], ["first"])
    store.add_runs(engine, job_id, [record(1, epochs=(0, 5)), record(2)], ["second"])
    assert sql("SELECT epoch FROM snapshots WHERE run_id = 1 ORDER BY epoch") == [(0,), (1,), (5,)]
    assert sql("SELECT experiment, run_id FROM experiment_runs ORDER BY 2, 1") == [
        ("first", 1), ("second", 1), ("second", 2),
    ]  # fmt: skip


def test_of_two_jobs_with_other_snapshots_neither_loses_what_it_asked_for(engine):
    job_id = job(engine)
    assert store.add_runs(engine, job_id, [record(1, epochs=(0, 2, 5), schedule="2")]) == 0
    late = [record(1, epochs=(0, 3, 5), schedule="3"), record(2, schedule="3")]
    assert store.add_runs(engine, job_id, late, ["mine"]) == 1
    assert sql("SELECT epoch FROM snapshots WHERE run_id = 1 ORDER BY epoch") == [(0,), (2,), (5,)]
    both = record(1, epochs=(0, 2, 3, 5), schedule="2,3")
    assert store.add_runs(engine, job_id, [both]) == 0
    assert sql("SELECT group_concat(epoch) FROM snapshots WHERE run_id = 1") == [("0,2,3,5",)]
    assert sql("SELECT run_id FROM experiment_runs ORDER BY 1") == [(1,), (2,)]


def test_parameters_are_lost_as_little(engine):
    job_id = job(engine)
    kept = np.zeros((2, 4), "f4")
    whole = record(1, kept_parameters="all", classifiers=kept)
    whole = dataclasses.replace(whole, config={**whole.config, "hidden_size": 1})
    fields = {**KIND.fields, "hidden_size": int}
    kind = dataclasses.replace(KIND, fields=fields, added={"hidden_size": 1})
    declare(engine, [kind], [SIZE, RATIO])
    store.add_runs(engine, job_id, [whole])
    more = dataclasses.replace(record(1, epochs=(0, 3, 5)), config=whole.config)
    assert store.add_runs(engine, job_id, [more]) == 1
    assert sql("SELECT epoch FROM classifiers") == [(0,), (5,)]


def test_a_failing_write_leaves_nothing_behind(engine):
    broken = dataclasses.replace(record(2), config={"seed": 2, "speed": 1.0, "mode": None})
    before = revision(engine)
    with pytest.raises(StoreError):
        store.add_runs(engine, job(engine), [record(1), broken])
    assert sql("SELECT count(*) FROM runs") == [(0,)]
    assert sql("SELECT count(*) FROM snapshots") == [(0,)]
    assert revision(engine) == before + 1  # the job's own row


def test_membership_is_added_once(engine):
    store.add_runs(engine, job(engine), [record(1)], ["mine"])
    before = revision(engine)
    store.add_to_experiments(engine, ["mine"], [1])
    assert revision(engine) == before
    store.add_to_experiments(engine, ["mine", "other"], [1])
    assert revision(engine) == before + 1
    assert sql("SELECT count(*) FROM experiment_runs") == [(2,)]


def test_declaring_the_same_again_writes_nothing(engine):
    before = revision(engine)
    declare(engine, [KIND], [SIZE, RATIO])
    assert revision(engine) == before


def test_a_new_metric_gets_a_column_but_counts_as_measured_only_when_it_is(engine):
    store.add_runs(engine, job(engine), [record(1)])
    new = dataclasses.replace(SIZE, name="weight")
    more = dataclasses.replace(KIND, metrics=["size", "radius_ratio", "weight"])
    declare(engine, [more], [SIZE, RATIO, new])
    assert queries.metric_versions(engine) == {"size": 1, "radius_ratio": 1}
    store.update_series(engine, {"weight": np.array([3.0, np.nan])}, [(1, 0), (1, 5)])
    mark_measured(engine, [new])
    assert queries.metric_versions(engine)["weight"] == 1
    assert sql("SELECT weight FROM series ORDER BY epoch") == [(3.0,), (None,)]
    assert sql("SELECT weight, size FROM toy_runs") == [(None, 1.25)]


def test_configs_of_another_version_are_refused(engine):
    other = dataclasses.replace(KIND, fields={**KIND.fields, "colour": str})
    with pytest.raises(StoreError, match="toy runs and this program disagree on the fields colour"):
        declare(engine, [other], [SIZE, RATIO])


def test_a_field_that_comes_later_is_filled_in_for_what_is_stored(engine):
    store.add_runs(engine, job(engine), [record(1)])
    added = {"colour": "grey '50'", "gain": 1.5, "hops": -3}
    fields = {**KIND.fields, **{name: type(value) for name, value in added.items()}}
    declare(engine, [dataclasses.replace(KIND, fields=fields, added=added)], [SIZE, RATIO])
    assert queries.configs(engine, "toy") == {1: {**record(1).config, **added}}
    other = record(2, config={**record(2).config, **added, "gain": 2.5})
    store.add_runs(engine, job(engine), [other])
    assert sql("SELECT run_id, colour, gain FROM toy_runs ORDER BY 1") == [
        (1, "grey '50'", 1.5), (2, "grey '50'", 2.5),
    ]  # fmt: skip


def test_a_program_that_lacks_a_stored_field_is_refused(engine):
    added = {"gain": 1.5}
    more = dataclasses.replace(KIND, fields={**KIND.fields, "gain": float}, added=added)
    declare(engine, [more], [SIZE, RATIO])
    with pytest.raises(StoreError, match="disagree on the fields gain"):
        declare(engine, [KIND], [SIZE, RATIO])


def test_a_blob_of_the_wrong_length_is_noticed(engine):
    store.add_runs(engine, job(engine), [record(1)])
    with writing(engine) as connection:
        connection.execute(Snapshot.__table__.update().values(embedding=b"123"))
    with pytest.raises(StoreError, match="run 1 has a snapshot whose length is not"):
        list(queries.snapshots(engine, [1]))


def test_a_run_that_is_not_there_is_named(engine):
    with pytest.raises(StoreError, match="run 7 has no snapshots"):
        list(queries.snapshots(engine, [7]))


def test_many_hashes_are_looked_up_in_pieces(engine):
    store.add_runs(engine, job(engine), [record(1)])
    hashes = [f"hash {seed}" for seed in range(25_000)]
    assert list(queries.stored_runs(engine, hashes)) == ["hash 1"]


def test_readers_cannot_write(engine):
    store.add_runs(engine, job(engine), [record(1)])
    outside = reader("store.db")
    with pytest.raises(StoreError, match="readonly"), writing(outside):
        pass
    assert queries.runs(outside, "toy")["run_id"].tolist() == [1]
    assert queries.runs(outside, "unknown").empty
    outside.dispose()


def test_readers_see_each_transaction_by_its_revision(engine):
    outside = reader("store.db")
    before = revision(outside)
    store.add_runs(engine, job(engine), [record(1)])
    assert revision(outside) == before + 2
    outside.dispose()
