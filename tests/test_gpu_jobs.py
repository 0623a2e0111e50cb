"""What a job does about a GPU, as far as none is needed to see it; and one job on one."""

import dataclasses
import sqlite3

import numpy as np
import pytest
import torch

from jobs import compute
from jobs.plan import plan
from jobs.requests import Request
from jobs.workers import Resources
from modadd.particles import ParticleConfig
from modadd.simulators import SIMULATORS
from modadd.training import TrainingConfig, train


def batches(kind, count, schedule="final", **fields):
    configs = tuple(kind(seed=seed, **fields) for seed in range(count))
    request = Request(kind=kind.kind, configs=configs, schedule=schedule, parameters="all")
    planned = plan(None, request, Resources(device="cuda"))
    return [len(chunk.configs) for chunk in planned.chunks]


def test_a_gpu_takes_table_1_at_once_and_more_in_thousands():
    assert batches(TrainingConfig, 400, "default") == [400]
    assert min(batches(TrainingConfig, 10_000, "default")) > 2000


def test_a_gpus_batch_of_particles_shrinks_as_they_need_more_memory():
    plane, space = (batches(ParticleConfig, 3000, embedding_dim=dim)[0] for dim in (2, 64))
    assert plane > 1000
    assert space < plane / 10


def test_too_little_of_a_gpus_memory_is_one_line(modadd, monkeypatch):
    def too_large(*_arguments, **_more):
        raise torch.OutOfMemoryError("CUDA out of memory")

    known = SIMULATORS["particle"]
    monkeypatch.setitem(SIMULATORS, "particle", known._replace(run=too_large))
    status, _, errors = modadd("simulate", "--steps", 2)
    assert status == 2
    assert "runs must fit the GPU's memory" in errors
    assert "Traceback" not in errors


def test_metrics_are_the_same_on_however_many_cores(monkeypatch):
    configs = tuple(TrainingConfig(seed=seed, epochs=20) for seed in range(4))
    kept = compute._as_stored(train(configs, (0, 5, 20)), 3)
    kept.embedding[5, 0, 0] = np.nan  # the second run's last snapshot
    finite, known = compute._measure_in_groups(kept, 3, 1)
    assert np.argwhere(~finite).tolist() == [[1, 2]]
    assert np.argwhere(np.isnan(known["radius_ratio"])).tolist() == [[1, 2]]
    for together in (1, 3, 5):  # with 1, nothing of a group is finite
        monkeypatch.setattr(compute, "MEASURED_TOGETHER", together)
        for threads in (1, 3):
            same, found = compute._measure_in_groups(kept, 3, threads)
            assert np.array_equal(same, finite)
            assert found.keys() == known.keys()
            for name, values in known.items():
                np.testing.assert_array_equal(values, found[name], err_msg=name)


@pytest.mark.gpu
def test_a_job_on_a_gpu_stores_what_a_processor_would(modadd):
    words = ("--seeds", "0:3", "--snapshots", "all", "--dtype", "float64")
    for device in ("cuda", "cpu"):
        for command, length in (("train", "--epochs"), ("simulate", "--steps")):
            path = f"{device}.db"
            assert modadd(
                command, *words, length, 20, "--device", device, "--database", path
            )[0] == 0  # fmt: skip
    query = "SELECT run_id, epoch, radius_ratio, grid_imperfections FROM series ORDER BY 1, 2"
    rows = {}
    for device in ("cuda", "cpu"):
        with sqlite3.connect(f"{device}.db") as connection:
            rows[device] = np.array(connection.execute(query).fetchall(), dtype=float)
            (name,) = connection.execute("SELECT DISTINCT device FROM jobs").fetchone()
            assert name == ("cpu" if device == "cpu" else torch.cuda.get_device_name())
    np.testing.assert_allclose(rows["cuda"], rows["cpu"], rtol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("config", [TrainingConfig(epochs=30), ParticleConfig(steps=30)])
def test_batches_follow_each_other_on_a_gpu(config):
    run = SIMULATORS[config.kind].run
    several = [dataclasses.replace(config, seed=seed) for seed in range(4)]
    *_, together = run(several, (0, 30), "cuda")
    *_, again = run(several, (30,), "cuda")
    np.testing.assert_array_equal(again.embedding, together.embedding)
    *_, alone = run(several[2:3], (30,), "cuda")
    np.testing.assert_allclose(alone.embedding[0], together.embedding[2], atol=1e-3)
