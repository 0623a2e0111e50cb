import sqlite3

import numpy as np
import pytest
from sqlalchemy import text

from db.arrangements import arrangements, series
from db.connect import StoreError, open_for_reading
from db.epochs import StoredEpochs, embeddings_at, metrics_at, stored_epochs
from db.filters import Filter, OneOf
from db.run_lists import filtered_runs


@pytest.fixture
def engine(small_database):
    with open_for_reading(str(small_database)) as engine:
        yield engine


TABLE_1 = Filter(experiments=("table-1",))


def test_epochs_are_those_of_the_runs_that_are_asked_for(engine):
    networks = stored_epochs(engine, "transformer")
    members = filtered_runs(engine, TABLE_1, ["run_id"])["run_id"]
    assert networks.of(members)[-1] == 300
    assert networks.of([]) == networks.of([10**9]) == []
    particles = stored_epochs(engine, "particle")
    assert max(particles.of(particles.run_ids)) == 30


def test_shared_are_the_epochs_of_half_of_the_runs():
    few, all_of_them = {0, 10, 20}, set(range(21))
    known = StoredEpochs(
        np.arange(1, 7), np.array([1, 1, 1, 4, 4, 6]), {1: few, 4: all_of_them, 6: {0}}
    )
    assert known.shared([1, 2, 3, 4]) == [0, 10, 20]
    assert known.shared([3, 4]) == known.of([3, 4]) == list(range(21))
    assert known.shared([1, 2, 3, 4, 5, 6]) == [0, 10, 20]
    assert known.shared([3, 6]) == [0, 10, 20]
    assert known.shared([]) == []


def test_metrics_at_an_epoch_are_the_series(engine):
    found = metrics_at(engine, TABLE_1, 300)
    assert len(found) == 48
    run_id = int(found["run_id"][5])
    own = series(engine, run_id)
    assert found.iloc[5]["radius_ratio"] == own[own["epoch"] == 300]["radius_ratio"].item()


def test_runs_without_the_epoch_are_left_out(engine):
    assert metrics_at(engine, TABLE_1, 299).empty
    assert embeddings_at(engine, TABLE_1, 299) == []


def test_embeddings_come_by_shape_and_in_the_order_of_runs(engine):
    found = embeddings_at(engine, Filter(), 0)
    assert {some.embeddings.shape[1:] for some in found} == {(17, 2), (8, 3)}
    for some in found:
        run_id = int(some.run_ids[-1])
        stored = arrangements(engine, [run_id], [0])[run_id]
        np.testing.assert_array_equal(some.embeddings[-1], stored.embeddings[0])


def test_without_an_epoch_each_run_has_its_last(engine):
    chosen = Filter(where=(OneOf("modulus", (8.0,)),))
    (found,) = embeddings_at(engine, chosen)
    run_id = int(found.run_ids[0])
    stored = arrangements(engine, [run_id])[run_id]
    np.testing.assert_array_equal(found.embeddings[0], stored.embeddings[-1])


def test_a_blob_of_another_length_is_one_line(modadd):
    modadd("simulate", "--steps", 2)
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE snapshots SET embedding = x'00'")
    with (
        open_for_reading("modadd.db") as engine,
        pytest.raises(StoreError, match="run 1 has a snapshot whose length"),
    ):
        embeddings_at(engine, Filter(kind="particle"))


@pytest.mark.parametrize("kind", ["transformer", "particle"])
def test_no_epoch_is_missed_by_looking_at_one_run_of_many(engine, kind):
    found = stored_epochs(engine, kind)
    query = text("SELECT epoch FROM series WHERE run_id = :run_id ORDER BY epoch")
    with engine.connect() as connection:
        for run_id in found.run_ids.tolist():
            every = connection.execute(query, {"run_id": run_id}).scalars().all()
            assert found.of([run_id]) == every
    assert len(found.epochs) < len(found.run_ids) / 4


def test_runs_of_a_kind_that_was_never_stored_have_no_epochs(engine):
    assert stored_epochs(engine, "twin").of([1, 2]) == []
