"""Large networks: torch trains them, one at a time; who calls `train` or a job need not know."""

import numpy as np
import pytest
import torch

from jobs.compute import compute
from jobs.plan import plan
from jobs.requests import Request
from jobs.workers import Resources
from modadd.kernels import processor, torch_training
from modadd.training import TrainingConfig, step_seconds, train

LARGE = {"modulus": 31, "embedding_dim": 512, "hidden_size": 512}


def numbers_of(snapshot):
    embedding = snapshot.embedding.reshape(len(snapshot.embedding), -1)
    return np.concatenate([embedding, snapshot.classifier], axis=1)


def ends(configs, epochs):
    *_, last = train(configs, epochs)
    return numbers_of(last)


@pytest.mark.parametrize(
    ("fields", "server"),
    [
        ({}, "kernel"),
        ({"modulus": 307}, "kernel"),  # however many pairs: torch takes 8 times as long
        ({"modulus": 113, "hidden_size": 2048}, "kernel"),
        ({"embedding_dim": 512}, "kernel"),  # no work that is worth a call
        ({"modulus": 199, "embedding_dim": 256}, "kernel"),  # tokens are dear to add up
        ({"modulus": 113, "hidden_size": 4096}, "torch"),
        (LARGE, "torch"),
    ],
)
def test_torch_serves_where_products_are_deep_and_worth_a_call(fields, server, monkeypatch):
    served = []
    monkeypatch.setattr(processor, "train", lambda *_: served.append("kernel"))
    monkeypatch.setattr(torch_training, "train", lambda *_: served.append("torch"))
    train([TrainingConfig(**fields)], (1,))
    assert served == [server]


def test_large_networks_are_those_of_the_kernel():
    configs = [TrainingConfig(seed=s, weight_decay=s, dtype="float64", **LARGE) for s in range(2)]
    *_, kernel = processor.train(configs, (2,), threads=2)
    np.testing.assert_allclose(ends(configs, (2,)), numbers_of(kernel), rtol=0, atol=1e-9)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_neither_company_nor_torchs_threads_change_a_large_network(two_threads):
    configs = [TrainingConfig(seed=seed, **LARGE) for seed in range(2)]
    together = ends(configs, (1, 3))
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    assert np.array_equal(ends(configs[1:], (3,))[0], together[1])


def test_a_job_computes_large_networks_one_at_a_time():
    configs = tuple(TrainingConfig(seed=seed, epochs=1, **LARGE) for seed in range(4))
    request = Request(kind="transformer", configs=configs, schedule="final", parameters="final")
    chunks = list(plan(None, request, Resources()).chunks)
    assert [len(chunk.configs) for chunk in chunks] == [1, 1, 1, 1]
    (record,) = compute(chunks[2])
    (alone,) = ends(configs[2:3], (1,))
    assert np.array_equal(record.classifiers[-1], alone[-len(record.classifiers[-1]) :])


def test_what_is_computed_at_a_time_is_bounded():
    batch = processor._Training([TrainingConfig()])
    portions = list(processor._together([0, 1, 10**6, *range(10**6, 10**6 + 5000)], batch))
    stops = [stop for portion in portions for stop in portion]
    assert [stop.epoch for stop in stops if stop.wanted][:3] == [0, 1, 10**6]
    assert len([stop for stop in stops if stop.wanted]) == 5003
    steps = np.diff([0, *(portion[-1].epoch for portion in portions)])
    assert steps.max() * step_seconds(batch.configs[0]) <= processor._SECONDS
    assert max(map(len, portions)) * batch.parameters.nbytes <= processor._BYTES
    assert list(processor._together([], batch)) == []
