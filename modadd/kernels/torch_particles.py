"""The particle simulation in torch, batched over runs: the readable reference, on any device."""

from collections.abc import Iterator, Sequence

import torch

from modadd.kernels.torch_settings import captured, steady_arithmetic
from modadd.particles import Coefficients, ParticleConfig, initial_positions, step
from modadd.snapshots import Snapshot


def simulate(
    configs: Sequence[ParticleConfig],
    epochs: Sequence[int],
    device: str,
    start: Snapshot | None = None,
) -> Iterator[Snapshot]:
    """Yield a Snapshot at each step asked for; see `modadd.particles.simulate`."""
    dtype = getattr(torch, configs[0].dtype)
    positions = torch.as_tensor(initial_positions(configs, start), dtype=dtype, device=device)
    coefficients = Coefficients(configs, positions)

    def advance() -> None:
        positions.copy_(step(positions, coefficients))

    if device.startswith("cuda"):
        advance = captured(advance, lambda: step(positions, coefficients), device)
    done = 0
    for epoch in epochs:
        with steady_arithmetic():
            for _ in range(done, epoch):
                advance()
        done = epoch
        yield Snapshot(tuple(configs), epoch, positions.cpu().numpy().copy())
