"""Bad input gets one clear line and exit status 2, before anything is computed or written."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from jobs import simulate

CASES = {
    "unknown command": (["trian"], "no command 'trian' (did you mean 'train'?)"),
    "unknown flag": (["train", "--wieght-decay", "1"], "did you mean '--weight-decay'?"),
    "unknown flag, nothing near": (["train", "--zzz"], "see `modadd train --help`"),
    "abbreviated flag": (["train", "--weight", "1"], "unknown argument --weight"),
    "no number": (["train", "--modulus", "many"], "--modulus: invalid int value: 'many'"),
    "negative weight decay": (["train", "--weight-decay", "-1"], "must be >= 0, got -1.0"),
    "one bad value of many": (["train", "--weight-decay", "0", "nan"], "must be a finite number"),
    "fraction above 1": (["train", "--train-fraction", "1.5"], "must be > 0 and <= 1, got 1.5"),
    "fraction of 0": (["train", "--train-fraction", "0"], "must be > 0 and <= 1, got 0.0"),
    "no validation pair": (["train", "--train-fraction", "1"], "is left for validation"),
    "modulus 1": (["train", "--modulus", "1"], "modulus must be >= 2, got 1"),
    "unknown choice": (["train", "--initialization", "he"], "invalid choice: 'he'"),
    "epoch past the end": (["train", "--epochs", "9", "--snapshots", "10"], "past the end"),
    "unknown schedule": (["train", "--snapshots", "daily"], "snapshots must list"),
    "no seeds": (["train", "--seeds", "5:5"], "seeds must name at least one seed"),
    "bad seeds": (["train", "--seeds", "a:b"], "seeds must be numbers or ranges such as 0:100"),
    "bad seed step": (["train", "--seeds", "0:9:0"], "seeds must advance by at least 1"),
    "negative seeds": (["train", "--seeds", "-3"], "-3"),
    "too many seeds": (["train", "--seeds", "0:99999999999"], "seeds must be at most"),
    "too many runs": (
        ["train", "--seeds", "0:400000", "--modulus", "5", "7", "9"],
        "a sweep holds at most 1000000 runs, got 1200000",
    ),
    "empty experiment": (["train", "--experiment", " "], "must be a printable name, got ' '"),
    "name with a line break": (["train", "--experiment", "a\nb"], "must be a printable name"),
    "name that is no text": (["train", "--experiment", "\udcff"], "arguments must be UTF-8"),
    "the paper's name": (
        ["train", "--experiment", "table-1"],
        "experiment must be a name of your own, 'table-1' is the paper's",
    ),
    "endless number": (["train", "--modulus", "9" * 400], "a number of hundreds of digits"),
    "endless epoch": (["train", "--snapshots", "9" * 5000], "snapshots must list"),
    "an argument of two lines": (["list", "a\nb\x1b[31m"], "unknown argument a b\ufffd[31m"),
    "name without end": (["train", "--experiment", "a" * 201], "at most 200 letters, got 201"),
    "schedule of many letters": (
        ["train", "--snapshots", ",".join(["0"] * 500_001)],
        "must be written in at most 1000000 letters, got 1000001",
    ),
    "endless schedule": (["simulate", "--steps", "2000000000"], "at most 1000000 a run"),
    "a network beyond the memory": (
        ["train", "--hidden-size", "2147483647", "--modulus", "5000"],
        "runs must fit the memory",
    ),
    "a network beyond the memory beside others": (
        ["train", "--hidden-size", "2147483647", "--modulus", "5000", "--database", "good.db"],
        "runs must fit the memory",
    ),
    "particles beyond the memory": (
        ["simulate", "--modulus", "10000000", "--snapshots", "final"],
        "runs must fit the memory",
    ),
    "parameters of particles": (["simulate", "--parameters", "all"], "unknown argument"),
    "path that is no text": (["train", "--database", "\udcff.db"], "arguments must be UTF-8"),
    "options of SQLite": (
        ["list", "--database", "sqlite:///x.db?mode=ro&vfs=none"],
        "no options here, got mode, vfs",
    ),
    "missing driver": (["list", "--database", "mysql://u:secret@h/x"], "needs the package MySQLdb"),
    "@ in a password": (
        ["list", "--database", "postgresql://u:sec@ret@h/x"],
        "must have its password's @ written as %40, got postgresql://u:***@h/x",
    ),
    "password in a bad URL": (["list", "--database", "no://u:secret@h/x"], "no://u:***@h/x"),
    "nothing to measure": (["measure"], "no database at modadd.db"),
    "workers without end": (["train", "--workers", "100000"], "workers must be at most 256, got"),
    "negative workers": (["train", "--workers", "-1"], "workers must be >= 0, got -1"),
    "no CUDA": (["train", "--device", "cuda"], "device cuda needs a CUDA GPU"),
    "unknown metric": (["measure", "radius"], "did you mean 'radius_ratio'?"),
    "unknown experiment": (["reproduce", "tabel-1"], "did you mean 'table-1'?"),
    "unknown table": (["tables", "tabel-1", "--database", "good.db"], "did you mean 'table-1'?"),
    "bad threshold": (["tables", "--threshold", "0.5"], "threshold must be >= 1"),
    "no database": (["tables"], "no database at modadd.db: make one with `modadd reproduce`"),
    "no TOML file": (["run", "none.toml"], "cannot read none.toml: No such file"),
    "directory as TOML": (["run", "."], "cannot read .: Is a directory"),
    "directory as database": (["train", "--database", "."], "must be a file, got the directory"),
    "database nowhere": (["train", "--database", "a/b.db"], "to hold the database b.db"),
    "no SQLite file": (["train", "--database", "text.db"], "text.db is no SQLite database"),
    "foreign database": (["train", "--database", "foreign.db"], "is no modadd database"),
    "read-only database": (["train", "--database", "locked.db"], "locked.db is read-only"),
    "newer database": (["train", "--database", "newer.db"], "newer than this program's"),
    "unknown database": (["train", "--database", "nosql://x"], "a path or a SQLAlchemy URL"),
}
NEEDS_NO_CUDA = {"no CUDA"}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_line_and_exit_2(name, modadd, own_directory, prepared):
    import torch

    if name in NEEDS_NO_CUDA and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    shutil.copytree(prepared, own_directory, dirs_exist_ok=True)
    before = databases()
    words, message = CASES[name]
    status, printed, errors = modadd(*words)
    assert status == 2
    assert message in errors
    assert errors.startswith("modadd")
    assert len(errors.strip().splitlines()) == 1
    assert printed == ""
    assert databases() == before


def databases():
    return {name: os.stat(name).st_size for name in os.listdir() if name.endswith(".db")}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A directory of databases good and bad."""
    directory = tmp_path_factory.mktemp("prepared")
    (directory / "text.db").write_text("not a database, but long enough for a header")
    for name in ("good.db", "newer.db", "locked.db"):
        assert simulate.command(["--steps", "1", "--database", str(directory / name)]) == 0
    for path, statement in (
        ("foreign.db", "CREATE TABLE t (x)"),
        ("newer.db", "UPDATE store SET schema_version = 99"),
    ):
        with closing(sqlite3.connect(directory / path)) as connection, connection:
            connection.execute(statement)
    (directory / "locked.db").chmod(0o444)
    return directory


TOML = {
    "misspelt key": ("[[train]]\nwieght_decay = 1", "train has no 'wieght_decay' (did you mean"),
    "misspelt table": ("[[trian]]\nmodulus = 5", "has no 'trian' (did you mean 'train'?)"),
    "seed for seeds": ("[[train]]\nseed = 3", 'train takes seeds, as in "0:100", not seed'),
    "text for a number": ('[[train]]\nmodulus = "5"', "modulus must be of type int, got '5'"),
    "bool for a number": ("[[train]]\nmodulus = true", "modulus must be of type int, got True"),
    "float for an int": ("[[train]]\nmodulus = 5.0", "modulus must be of type int, got 5.0"),
    "table for a value": ("[[train]]\nmodulus = {a = 1}", "modulus must be of type int"),
    "empty list": ("[[train]]\nmodulus = []", "a list of values must not be empty"),
    "number for a text": ("[[train]]\nexperiment = 5", "experiment must be a text, got 5"),
    "list for a text": ("[[train]]\nexperiment = []", "experiment must be a text, got []"),
    "bad parameters": ('[[train]]\nparameters = "some"', "must be one of none, final, all"),
    "no table": ("train = 5", "train must be a table, written [[train]], got 5"),
    "no TOML": ("[[train", "is no TOML"),
    "nothing": ("", "asks for nothing: add a [[train]] or [[simulate]] table"),
    "infinite": ("[[train]]\nlearning_rate = inf", "must be a finite number, got inf"),
    "not UTF-8": (b"\xff\xfe", "is no TOML"),
}


@pytest.mark.parametrize("name", TOML)
def test_a_bad_sweep_file_is_one_line_that_names_it(name, modadd, own_directory):
    content, message = TOML[name]
    path = own_directory / "sweep.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    status, _, errors = modadd("run", "sweep.toml")
    assert status == 2
    assert message in errors
    assert "sweep.toml" in errors
    assert len(errors.strip().splitlines()) == 1
    assert os.listdir() == ["sweep.toml"]


@pytest.mark.parametrize("command", ["tables", "backup", "curl"])
def test_arguments_that_are_no_text_are_refused(command, modadd):
    status, printed, errors = modadd(command, "a\udcff.db")
    assert (status, printed) == (2, "")
    assert errors == f"modadd {command}: error: arguments must be UTF-8, got 'a\\udcff.db'\n"


def test_a_terminal_obeys_nothing_that_a_file_holds(modadd):
    evil = "\x1b]0;owned\x07\x1b[2J"
    modadd("simulate", "--steps", 1, "--experiment", "mine")
    with closing(sqlite3.connect("modadd.db")) as connection, connection:
        connection.execute("UPDATE experiment_runs SET experiment = ?", (evil,))
        connection.execute("UPDATE runs SET config_hash = ?", (evil,))
    for words in (["list"], ["tables", "zz"], ["audit", "zz"], ["verify"]):
        _, printed, errors = modadd(*words)
        assert "\x1b" not in printed + errors
        assert "\x07" not in printed + errors
