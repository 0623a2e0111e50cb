import sqlite3

import numpy as np
import pytest

from db import arrangements as stored
from db import queries
from db.connect import StoreError, open_for_writing, reader


@pytest.fixture(scope="module")
def engine(small_database):
    engine = reader(str(small_database))
    yield engine
    engine.dispose()


def test_arrangements_of_many_runs_are_those_of_each(engine):
    ids = [3, 1, 50]
    found = stored.arrangements(engine, ids)
    assert list(found) == ids
    for one in queries.snapshots(engine, ids):
        assert np.array_equal(found[one.run_id].epochs, one.epochs)
        assert np.array_equal(found[one.run_id].embeddings, one.embeddings)


def test_only_the_epochs_asked_for_come_back(engine):
    found = stored.arrangements(engine, [1, 2], [0, 300, 299])
    assert all(run.epochs.tolist() == [0, 300] for run in found.values())


def test_the_final_arrangement_is_the_last_snapshot(engine):
    final = stored.final_arrangements(engine, [1, 2, 49])
    for run_id, run in stored.arrangements(engine, [1, 2, 49]).items():
        assert np.array_equal(final[run_id], run.embeddings[-1])


def test_runs_that_are_not_there_are_absent(engine):
    assert stored.arrangements(engine, [10**6]) == {}
    assert stored.final_arrangements(engine, []) == {}
    assert stored.stored_epochs(engine, []) == []
    assert stored.kind_of(engine, 10**6) is None


def test_the_epochs_of_several_runs_are_their_union(engine):
    networks = stored.arrangements(engine, [1])[1].epochs
    particles = stored.arrangements(engine, [60])[60].epochs
    assert stored.stored_epochs(engine, [1, 60]) == sorted({*networks, *particles})


def test_a_network_has_its_parameters_and_particles_have_none(engine):
    epochs, parameters = stored.classifiers(engine, 1)
    (one,) = queries.snapshots(engine, [1])
    assert np.array_equal(parameters, one.classifiers)
    assert epochs.tolist() == one.epochs[-len(parameters) :].tolist()
    assert stored.kind_of(engine, 60) == "particle"
    assert stored.classifiers(engine, 60)[1].size == 0


def test_a_series_has_a_row_a_snapshot(engine):
    rows = stored.series(engine, 1)
    assert rows["epoch"].tolist() == stored.arrangements(engine, [1])[1].epochs.tolist()
    assert {"train_loss", "grid_imperfections"} <= set(rows.columns)


def test_a_damaged_blob_is_named(modadd):
    modadd("simulate", "--steps", 2)
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE snapshots SET embedding = x'00' WHERE epoch = 1")
    with open_for_writing("modadd.db") as engine, pytest.raises(StoreError, match="run 1 has a"):
        stored.arrangements(engine, [1])
