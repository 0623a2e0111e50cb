"""`modadd verify` finds nothing in what the jobs made, and every one of these faults."""

import shutil
import sqlite3

import pytest
from planted import FAULTS, make, plant


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made") / "made.db")


@pytest.fixture
def copy(made, own_directory):
    return shutil.copy(made, own_directory / "copy.db")


def test_what_the_jobs_made_is_whole_and_computes_again_bit_for_bit(copy, modadd):
    status, printed, errors = modadd("verify", "--recompute", 6, "--database", copy)
    assert (status, printed) == (0, ""), printed
    assert "6 of 6 computed again bit for bit" in errors
    assert "no faults" in errors


@pytest.mark.parametrize("name", FAULTS)
def test_every_planted_fault_is_found(name, copy, modadd):
    statements, expected = FAULTS[name]
    plant(copy, *statements)
    status, printed, errors = modadd("verify", "--database", copy)
    assert status == 1, errors
    for text in expected:
        assert text in printed
    assert f"{len(printed.splitlines())} fault" in errors


def test_a_truncated_file_is_found(copy, modadd):
    content = copy.read_bytes()
    copy.write_bytes(content[: len(content) * 2 // 3])
    status, printed, errors = modadd("verify", "--database", copy)
    assert status in (1, 2)
    assert "malformed" in printed + errors
    assert "Traceback" not in errors


def test_overwritten_pages_are_found(copy, modadd):
    content = bytearray(copy.read_bytes())
    middle = len(content) // 2 // 32768 * 32768
    content[middle : middle + 32768] = b"\xff" * 32768
    copy.write_bytes(content)
    status, printed, errors = modadd("verify", "--database", copy)
    assert status in (1, 2)
    assert (printed + errors).strip()
    assert "Traceback" not in errors


def test_a_run_that_its_config_does_not_give_is_found_by_computing_it_again(copy, modadd):
    swap = "SELECT {0} FROM {1} AS o WHERE o.run_id = 5 AND o.epoch = {1}.epoch"
    columns = [
        row[1]
        for row in sqlite3.connect(copy).execute("PRAGMA table_info(series)")
        if row[1] not in ("run_id", "epoch")
    ]
    plant(
        copy,
        f"UPDATE snapshots SET embedding = ({swap.format('embedding', 'snapshots')}), "
        f"checksum = ({swap.format('checksum', 'snapshots')}) WHERE run_id = 4",
        *(
            f"UPDATE series SET {name} = ({swap.format(name, 'series')}) WHERE run_id = 4"
            for name in columns
        ),
        "DELETE FROM embedding_points WHERE run_id = 4",
        "CREATE TEMP TABLE moved AS SELECT * FROM embedding_points WHERE run_id = 5",
        "UPDATE moved SET run_id = 4",
        "INSERT INTO embedding_points SELECT * FROM moved",
    )
    assert modadd("verify", "--database", copy)[0] == 0
    status, printed, _ = modadd("verify", "--recompute", 100, "--database", copy)
    assert (status, "run 4: computed again, it differs from epoch 0 on" in printed) == (1, True)


def test_a_wrong_loss_without_its_parameters_is_found_by_computing_it_again(copy, modadd):
    plant(copy, "UPDATE series SET validation_loss = 0.5 WHERE run_id = 6 AND epoch = 0")
    assert modadd("verify", "--database", copy)[0] == 0  # only those of its end were kept
    status, printed, _ = modadd("verify", "--recompute", 6, "--database", copy)
    assert (status, printed.count("\n")) == (1, 1)
    assert "run 6: validation_loss at epoch 0 is stored as 0.5, measured as 2.1" in printed


def test_a_twin_whose_network_is_gone_is_named(copy, modadd):
    modadd("twins", "--experiment", "mine", "--epochs", 0, "--steps", 2, "--database", copy)
    plant(copy, "PRAGMA foreign_keys = ON", "DELETE FROM runs WHERE run_id = 1")
    status, printed, errors = modadd("verify", "--recompute", 9, "--database", copy)
    assert (status, printed.count("\n")) == (1, 1)
    assert "run 7: it cannot be computed again: the networks must have snapshots" in printed
    assert "6 of 7 computed again bit for bit" in errors


def test_an_old_file_says_how_to_be_brought_up_to_date(copy, modadd):
    plant(copy, "UPDATE store SET schema_version = 1")
    status, _, errors = modadd("verify", "--database", copy)
    assert (status, "has schema version 1: run `modadd upgrade` first" in errors) == (2, True)


def test_verifying_changes_nothing(copy, modadd):
    before = copy.read_bytes()
    modadd("verify", "--recompute", 1, "--database", copy)
    assert copy.read_bytes() == before


def test_a_backup_made_while_a_job_writes_is_whole(made, own_directory, modadd):
    assert modadd("backup", "whole.db", "--database", made)[0] == 0
    assert modadd("verify", "--database", "whole.db")[0] == 0
