"""A step on a GPU can be captured as one graph: it reads nothing back, and brings nothing along.

Without a GPU that is seen on torch's `meta` device, which has shapes but no numbers: to read one is
an error there, and what comes from the processor shows among the operands.
"""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from modadd.forces import ALIGNMENT_FORMS, WEIGHTINGS, particle_forces
from modadd.kernels import torch_training
from modadd.particles import Coefficients, ParticleConfig, initial_positions, step
from modadd.training import TrainingConfig


class Operands(TorchDispatchMode):
    """Notes the operations, and those that work on arrays of the processor."""

    def __init__(self):
        super().__init__()
        self.count, self.from_outside = 0, []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += 1
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if any(tensor.device.type == "cpu" and tensor.ndim for tensor in tensors):
            self.from_outside.append(str(function))
        return function(*args, **(kwargs or {}))


def positions_of(configs):
    return torch.as_tensor(initial_positions(configs), dtype=torch.float32, device="meta")


@pytest.mark.parametrize("form", ALIGNMENT_FORMS)
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_step_of_particles_stays_on_the_device(form, weighting):
    configs = [
        ParticleConfig(seed=seed, alignment_form=form, weighting=weighting) for seed in range(3)
    ]
    positions = positions_of(configs)
    coefficients = Coefficients(configs, positions)
    with Operands() as seen:
        positions.copy_(step(positions, coefficients))
    assert seen.count > 50
    assert not seen.from_outside


def test_what_comes_from_the_processor_would_show():
    with Operands() as seen:
        particle_forces(positions_of([ParticleConfig()]))  # finds the partners anew
    assert seen.from_outside


def test_a_step_of_training_stays_on_the_device():
    batch = torch_training._Batch([TrainingConfig(seed=seed) for seed in range(3)], "meta", None)
    with Operands() as seen:
        batch.step()
    assert seen.count > 30
    assert not seen.from_outside
