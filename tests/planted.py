"""A small database of every kind of run, and the faults that are planted in it."""

import contextlib
import io
import sqlite3
import zlib

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
        connection.create_function("nans", 1, lambda blob: b"\0\0\xc0\x7f" * (len(blob) // 4))
        connection.create_function("crc32", 1, zlib.crc32)
        for statement in statements:
            connection.execute(statement)
        connection.commit()


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
    "a job without threads": (
        ["UPDATE jobs SET threads = -5 WHERE job_id = 2"],
        ["job 2: threads must be >= 1, got -5"],
    ),
    "a job at no time": (
        ["UPDATE jobs SET started_at = 'yesterday', finished_at = 'soon' WHERE job_id = 1"],
        ["job 1: started_at must be a time in ISO 8601, got 'yesterday'", "job 1: finished_at"],
    ),
    "a job with packages that are no list": (
        ["UPDATE jobs SET packages = '[1, 2' WHERE job_id = 1"],
        ["job 1: packages must be JSON of name: version, got '[1, 2'"],
    ),
    "a job with packages in nests without end": (
        ["UPDATE jobs SET packages = replace(printf('%.*c', 99999, 'x'), 'x', '[') "
         "WHERE job_id = 1"],
        ["job 1: packages must be JSON of name: version, got '[[["],
    ),
    "a run before its time": (
        ["UPDATE runs SET wall_time = -9e999 WHERE run_id = 4"],
        ["run 4: wall_time must be >= 0, got -inf"],
    ),
    "a table that is gone": (
        ["DROP TABLE experiment_runs"],
        ["file: the table experiment_runs is missing"],
    ),
    "a view that is gone": (
        ["DROP VIEW table_1", "DROP VIEW transformer_runs"],
        ["file: the view transformer_runs is missing", "file: the view table_1 is missing"],
    ),
    "an accuracy of what has none": (
        ["UPDATE series SET validation_accuracy = 1 WHERE run_id = 4 AND epoch = 2"],
        ["run 4: validation_accuracy at epoch 2 is stored, and particle runs have none"],
    ),
    "an experiment's name that is no text": (
        ["UPDATE experiment_runs SET experiment = CAST(x'ff' AS TEXT)"],
        ["file: Could not decode to UTF-8"],
    ),
    "points of an axis that is none": (
        ["ALTER TABLE embedding_points RENAME COLUMN x1 TO y1"],
        ["run 1: embedding_points is not its last embedding"],
    ),
    "a point past its dimension": (
        ["UPDATE embedding_points SET x2 = 0.5 WHERE run_id = 1"],
        ["run 1: embedding_points is not its last embedding"],
    ),
    "parameters of what has none": (
        ["UPDATE runs SET kept_parameters = 'all' WHERE run_id = 4"],
        ["run 4: kept_parameters must be one of none, got 'all'"],
    ),
    "parameters kept as nobody asks": (
        ["UPDATE runs SET kept_parameters = 'some' WHERE run_id = 1",
         "DELETE FROM classifiers WHERE run_id = 1"],
        ["run 1: kept_parameters must be one of none, final, all, got 'some'"],
    ),
    "a missing point": (
        ["DELETE FROM embedding_points WHERE run_id = 4 AND token = 16"],
        ["run 4: embedding_points is not its last embedding"],
    ),
}  # fmt: skip
