"""Numba that is there, that fails, or that is not there: who computes then, and what is said."""

import os
import shutil
import subprocess
import sys

import pytest

from modadd import metrics
from modadd.kernels import notice, processor
from modadd.metrics import measure
from modadd.particles import ParticleConfig
from modadd.training import TrainingConfig


def last(stream):
    *_, snapshot = stream
    return snapshot


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
from modadd.metrics import METRICS, measure
from modadd.particles import ParticleConfig, simulate
from modadd.training import TrainingConfig, train
for start in (train([TrainingConfig(seed=1)], [0, 3]), simulate([ParticleConfig(seed=1)], [0, 3])):
    *_, snapshot = start
    print({name: float(values[0]) for name, values in measure(snapshot, list(METRICS)).items()})
print("torch" in sys.modules, sys.modules["numba"])
"""


def test_without_numba_everything_works_through_torch():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA], capture_output=True, text=True, check=True
    )
    *found, engines = done.stdout.splitlines()
    assert engines == "True None"
    streams = (
        processor.train([TrainingConfig(seed=1)], [3]),
        processor.simulate([ParticleConfig(seed=1)], [3]),
    )
    for line, stream in zip(found, streams, strict=True):
        ours = {
            name: float(v[0]) for name, v in measure(last(stream), list(metrics.METRICS)).items()
        }
        assert ours == pytest.approx(eval(line), rel=1e-4)


NUMBA_THAT_FAILS = {
    "NUMBA_DISABLE_JIT is set": "import os; os.environ['NUMBA_DISABLE_JIT'] = '1'",
    "NUMBA_CACHE_DIR names a folder": """
import numba.core.caching
numba.core.caching.CacheImpl._locator_classes = []  # as where no folder can be written
numba.core.caching.FunctionCache._impl_class._locator_classes = []
""",
}


@pytest.mark.parametrize("reason", NUMBA_THAT_FAILS)
def test_where_numba_fails_torch_serves_and_a_warning_says_why(reason):
    code = f"""{NUMBA_THAT_FAILS[reason]}
import sys
from modadd.training import TrainingConfig, train
*_, snapshot = train([TrainingConfig(seed=1)], [0, 3])
print(float(snapshot.embedding.sum()), "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, by_torch = done.stdout.split()
    ours = last(processor.train([TrainingConfig(seed=1)], [3])).embedding.sum()
    assert float(found) == pytest.approx(float(ours), rel=1e-4)
    assert by_torch == "True"
    assert done.stderr.count("RuntimeWarning: torch serves") == 1
    assert reason in done.stderr


def of_line_alignment(folder, before=""):
    """What a process that uses a kernel says, and what it finds; the kernels lie in the folder."""
    code = f"""{before}
import numpy as np
from modadd.structures import line_alignment
print(line_alignment(np.random.default_rng(0).normal(size=(1, 5, 2))))
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stderr.splitlines(), done.stdout


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A folder with what a first process has kept; what it said, and what it found."""
    folder = tmp_path_factory.mktemp("kept")
    return folder, *of_line_alignment(folder)


@pytest.fixture
def copied(compiled, tmp_path):
    """A copy of that folder, the one file in it, and what was found."""
    shutil.copytree(compiled[0], tmp_path / "kept")
    (path,) = tmp_path.rglob("*.code")
    return tmp_path / "kept", path, compiled[2]


def test_whoever_waits_for_the_compiler_is_told_once(compiled):
    folder, cold, found = compiled
    assert cold == [notice.TEXT]
    assert of_line_alignment(folder) == ([], found)


def cut_short(content):
    return content[:50]  # as after a power failure


def with_a_page_lost(content):
    return content[:8192] + bytes(4096) + content[12288:]


@pytest.mark.parametrize("damage", [cut_short, with_a_page_lost])
def test_kept_kernels_that_are_damaged_are_compiled_again(copied, damage):
    folder, path, found = copied
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert of_line_alignment(folder) == ([notice.TEXT], found)
    assert len(path.read_bytes()) == len(whole)


ANOTHER_STAMP = """
import numba.core.caching
numba.core.caching.UserProvidedCacheLocator.get_source_stamp = lambda self: 1
"""


def test_kept_kernels_of_another_source_are_not_run(copied):
    folder, _, found = copied
    assert of_line_alignment(folder, ANOTHER_STAMP) == ([notice.TEXT], found)


def test_the_source_is_the_one_that_was_loaded_not_what_lies_there_since(copied):
    folder, _, found = copied
    loaded = "import modadd.kernels.cpu_structures"
    assert of_line_alignment(folder, loaded + ANOTHER_STAMP) == ([], found)


def test_a_cache_that_becomes_a_file_is_no_traceback(tmp_path):
    folder = tmp_path / "kept"
    gone = f"""
import modadd.kernels.cpu_structures, shutil
shutil.rmtree({str(folder)!r})
open({str(folder)!r}, "w").close()
"""
    told, _ = of_line_alignment(folder, gone)
    assert told[0] == notice.TEXT
    assert "RuntimeWarning: compiled kernels could not be kept" in told[1]


def test_kernels_for_which_there_is_no_room_serve_and_a_warning_says_so(compiled, tmp_path):
    no_room = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    told, found = of_line_alignment(tmp_path, no_room)
    assert found == compiled[2]
    assert told[0] == notice.TEXT
    assert "RuntimeWarning: compiled kernels could not be kept" in told[1]
    assert "NUMBA_CACHE_DIR names another folder" in told[1]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_importing_compiles_and_loads_nothing():
    imports = "import sys, modadd.training, modadd.particles, modadd.metrics"
    code = f"{imports}; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
