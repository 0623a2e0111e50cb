"""Losses and accuracies by the kernel are those of NumPy, for networks of any shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modadd import metrics
from modadd.metrics import Measured
from modadd.network import parameter_count
from modadd.snapshots import Snapshot
from modadd.training import TrainingConfig


@settings(max_examples=25)
@given(
    modulus=st.integers(2, 23),
    dim=st.integers(1, 4),
    hidden=st.integers(1, 40),
    number=st.sampled_from([np.float32, np.float64]),
    scale=st.sampled_from([0.5, 1.0, 3.0]),
    random=st.integers(0, 2**16).map(np.random.default_rng),
)
def test_evaluations_of_any_shape_are_those_of_numpy_ties_and_all(
    modulus, dim, hidden, number, scale, random
):
    config = TrainingConfig(modulus=modulus, embedding_dim=dim, hidden_size=hidden)
    # Whole numbers, so that logits tie, and sums come out the same in any order.
    embedding = random.integers(-3, 4, (5, modulus, dim)).astype(number)
    flat = random.integers(-2, 3, (5, parameter_count(config) - embedding[0].size)).astype(number)
    flat[0] = 0
    snapshot = Snapshot((config,) * 5, 0, embedding, flat)
    compiled, scaled = Measured(snapshot).evaluation, Measured(snapshot).correct_at(scale)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "compiled_kernels_work", lambda: False)
        readable = Measured(snapshot).evaluation
        assert np.array_equal(scaled, Measured(snapshot).correct_at(scale))
    assert np.array_equal(compiled.correct, readable.correct)
    np.testing.assert_allclose(compiled.loss, readable.loss, rtol=1e-9, atol=1e-13)
