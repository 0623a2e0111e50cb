"""`modadd verify` finds nothing in what the jobs made, and every one of these faults."""

import contextlib
import io
import shutil
import sqlite3
import zlib

import pytest

COMMANDS = [
    "train --seeds 0:2 --epochs 20 --snapshots every:10 --experiment mine",
    "train --seeds 3 --epochs 20 --learning-rate 1e38",
    "simulate --seeds 0:2 --steps 4",
    "train --modulus 8 --embedding-dim 3 --hidden-size 5 --epochs 10 --parameters final",
]


def make(path):
    """Networks 1 and 2, a diverged one, simulations 4 and 5, and a network with few parameters."""
    from jobs import simulate, train

    for line in COMMANDS:
        command, *words = line.split()
        with contextlib.redirect_stderr(io.StringIO()):
            job = {"train": train, "simulate": simulate}[command]
            assert job.command([*words, "--database", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made") / "made.db")


@pytest.fixture
def copy(made, own_directory):
    return shutil.copy(made, own_directory / "copy.db")


def flip(place):
    """SQL's argument with one byte changed."""

    def flipped(blob):
        content = bytearray(blob)
        content[place] ^= 1
        return bytes(content)

    return flipped


def plant(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.create_function("flip", 1, flip(-1))
        connection.create_function("crc32", 1, zlib.crc32)
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_what_the_jobs_made_is_whole_and_computes_again_bit_for_bit(copy, modadd):
    status, printed, errors = modadd("verify", "--recompute", 6, "--database", copy)
    assert (status, printed) == (0, ""), printed
    assert "6 of 6 computed again bit for bit" in errors
    assert "no faults" in errors


FAULTS = {
    "a flipped byte of an embedding": (
        ["UPDATE snapshots SET embedding = flip(embedding) WHERE run_id = 4 AND epoch = 2"],
        ["run 4: the embedding at epoch 2 is not what was written"],
    ),
    "a flipped byte of the parameters": (
        ["UPDATE classifiers SET parameters = flip(parameters) WHERE run_id = 1 AND epoch = 10"],
        ["run 1: the classifier at epoch 10 is not what was written"],
    ),
    "a lost checksum": (
        ["UPDATE snapshots SET checksum = NULL WHERE run_id = 1 AND epoch = 0"],
        ["run 1: the embedding at epoch 0 has no checksum"],
    ),
    "another arrangement with its own checksum": (
        [
            "UPDATE snapshots SET embedding = (SELECT embedding FROM snapshots WHERE run_id = 2 "
            "AND epoch = 20) WHERE run_id = 1 AND epoch = 20",
            "UPDATE snapshots SET checksum = crc32(embedding)",
        ],
        ["run 1: embedding_points is not its last embedding", "run 1: radius_ratio at epoch 20"],
    ),
    "a missing snapshot": (
        ["DELETE FROM snapshots WHERE run_id = 2 AND epoch = 10"],
        ["run 2: snapshots lack epochs 10"],
    ),
    "a snapshot nobody asked for": (
        ["UPDATE snapshots SET epoch = 11 WHERE run_id = 2 AND epoch = 10"],
        ["run 2: snapshots lack epochs 10 and have unasked epochs 11"],
    ),
    "missing parameters": (
        ["DELETE FROM classifiers WHERE run_id = 1 AND epoch = 0"],
        ["run 1: classifiers lack epochs 0"],
    ),
    "a missing row of metrics": (
        ["DELETE FROM series WHERE run_id = 4 AND epoch = 3"],
        ["run 4: series lack epochs 3"],
    ),
    "a wrong metric": (
        ["UPDATE series SET radius_ratio = radius_ratio + 1e-4 WHERE run_id = 5 AND epoch = 4"],
        ["run 5: radius_ratio at epoch 4 is stored as "],
    ),
    "a wrong loss": (
        ["UPDATE series SET validation_loss = 0.5 WHERE run_id = 1"],
        ["run 1: validation_loss at epoch 0 is stored as 0.5, measured as"],
    ),
    "a metric of another version": (
        ["UPDATE metrics SET version = 0 WHERE name = 'radius_ratio'"],
        ["metrics: radius_ratio was never measured, or by another version"],
    ),
    "metrics of which nothing is known": (
        ["DELETE FROM metrics"],
        ["metrics: validation_loss was never measured, or by another version"],
    ),
    "a change that never was": (
        ["UPDATE changes SET revision = 1 << 40 WHERE kind = 'particle'"],
        ["changes: the row of 'particle' cannot be"],
    ),
    "a metric that was lost": (
        ["UPDATE series SET train_accuracy = NULL WHERE run_id = 1 AND epoch = 20"],
        ["run 1: train_accuracy at epoch 20 is stored as nan"],
    ),
    "a blob of another length": (
        ["UPDATE snapshots SET embedding = x'00000000' WHERE run_id = 5 AND epoch = 1"],
        ["run 5: the embedding at epoch 1 has 4 bytes, its shape 136"],
    ),
    "a shape beyond all measure": (
        ["UPDATE snapshots SET tokens = 1 << 40 WHERE run_id = 5 AND epoch = 1"],
        ["run 5: the embedding at epoch 1 has sizes (1099511627776, 2), its config (17, 2)"],
    ),
    "an orphan": (
        ["INSERT INTO snapshots SELECT 99, epoch, tokens, dim, embedding, checksum "
         "FROM snapshots WHERE run_id = 1"],
        ["snapshots: 3 rows belong to a row of runs that is not there"],
    ),
    "a run without its job": (
        ["UPDATE runs SET job_id = 77 WHERE run_id = 2"],
        ["runs: 1 rows belong to a row of jobs that is not there"],
    ),
    "a run without its config": (
        ["DELETE FROM particle_configs WHERE run_id = 4"],
        ["run 4: its config is missing"],
    ),
    "a wrong config hash": (
        ["UPDATE runs SET config_hash = 'abcdef' WHERE run_id = 2"],
        ["run 2: config_hash abcdef is not its config's, "],
    ),
    "a changed config": (
        ["UPDATE transformer_configs SET weight_decay = 0.25 WHERE run_id = 1"],
        ["is not its config's, "],
    ),
    "a config against the rules": (
        ["UPDATE transformer_configs SET modulus = -5 WHERE run_id = 1"],
        ["run 1: modulus must be >= 2, got -5"],
    ),
    "a diverged run that says it is done": (
        ["UPDATE runs SET status = 'done' WHERE run_id = 3"],
        ["run 3: snapshots lack epochs"],
    ),
    "a done run that says it diverged": (
        ["UPDATE runs SET status = 'diverged' WHERE run_id = 1"],
        ["run 1: status 'diverged' does not go with 3 snapshots"],
    ),
    "a status that is none": (
        ["UPDATE runs SET status = 'fine' WHERE run_id = 4"],
        ["run 4: status 'fine' does not go with"],
    ),
    "a wrong last epoch": (
        ["UPDATE runs SET last_epoch = 10 WHERE run_id = 1"],
        ["run 1: last_epoch 10 is not its last snapshot's, 20"],
    ),
    "a kind that nobody knows": (
        ["UPDATE runs SET kind = 'wave' WHERE run_id = 4"],
        ["run 4: kind must be one of transformer, particle"],
    ),
    "a wrong schedule": (
        ["UPDATE runs SET schedule = 'often' WHERE run_id = 4"],
        ["run 4: snapshots must list default"],
    ),
    "a point out of place": (
        ["UPDATE embedding_points SET x1 = x1 + 1 WHERE run_id = 4 AND token = 3"],
        ["run 4: embedding_points is not its last embedding"],
    ),
    "a missing point": (
        ["DELETE FROM embedding_points WHERE run_id = 4 AND token = 16"],
        ["run 4: embedding_points is not its last embedding"],
    ),
}  # fmt: skip


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
