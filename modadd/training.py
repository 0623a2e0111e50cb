"""Training networks (Sec. 3): the config of a run, and the door to the engine.

Full-batch AdamW on the cross-entropy (mean over the training pairs). The readable engine is
`modadd.kernels.torch_training`; whoever calls `train` need not know which engine serves it.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar

from modadd.config import Config, ConfigError, Scalar, count, parameter
from modadd.kernels import compiled_kernels_work
from modadd.network import GROUPS, INITIALIZATIONS, group_counts, parameter_count
from modadd.snapshots import Snapshot, check_batch
from modadd.task import pair_count, training_pair_count


def _decay(of: str) -> float:
    value: float = parameter(1.0, f"factor on the weight decay of {of}", minimum=0)
    return value


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig(Config):
    """One network's training run; the paper's values are the defaults.

    The paper varies weight_decay over 0, 0.3, 0.6 and 1; the default is the one with most circles.
    Raises ConfigError as `Config` does, and when a split would leave a side without pairs.
    """

    kind: ClassVar[str] = "transformer"

    modulus: int = count(17, "number of tokens N", minimum=2)
    embedding_dim: int = count(2, "dimension D of the embedding")
    hidden_size: int = count(32, "hidden units H")
    learning_rate: float = parameter(0.01, "AdamW's learning rate", above=0)
    weight_decay: float = parameter(
        1.0, "decoupled weight decay γ (Eq. 1; paper: 0 to 1)", minimum=0
    )
    train_fraction: float = parameter(0.8, "share of the pairs trained on", above=0, maximum=1)
    epochs: int = count(2000, "full-batch steps")
    initialization: str = parameter("glorot", "initial weights", choices=INITIALIZATIONS)
    decay_embedding: float = _decay("E")
    decay_hidden_weight: float = _decay("W_h")
    decay_hidden_bias: float = _decay("b_h")
    decay_output_weight: float = _decay("W_o")
    decay_output_bias: float = _decay("b_o")
    dtype: str = parameter("float32", "arithmetic", choices=("float32", "float64"))

    def check(self) -> None:
        total = pair_count(self.modulus)
        trained = training_pair_count(self.modulus, self.train_fraction)
        if not 0 < trained < total:
            side = "validation" if trained else "training"
            raise ConfigError(
                f"train_fraction must leave training and validation pairs, got "
                f"{self.train_fraction:g}: none of {total} pairs is left for {side}"
            )

    @property
    def length(self) -> int:
        return self.epochs

    @property
    def shape(self) -> tuple[Scalar, ...]:
        trained = training_pair_count(self.modulus, self.train_fraction)
        sizes = (self.modulus, self.embedding_dim, self.hidden_size)
        return (*sizes, trained, self.epochs, self.dtype)

    @property
    def decay_factors(self) -> tuple[float, ...]:
        """The factor on weight_decay of each parameter group, in the order of `GROUPS`."""
        return tuple(getattr(self, f"decay_{group}") for group in GROUPS)


# Numbers worked on in a step from which torch is as fast as the compiled kernel or faster. Measured
# (Xeon, AVX-512, 2 cores with 1 MiB of second cache each; `make bench` prints the curve), torch's
# time over the kernel's: 1.1 at N = 113, H = 512 (6 million), 0.95 at H = 1536 (17 million), 0.8 at
# H = 2048 (22 million), 0.7 at H = 4096; at N = 211, 1.0 at H = 512 (26 million) and 0.75 at 1024.
# (With D = 64, torch is 0.9 times already at N = 59 or 113, H = 512.) A compromise: on a newer Xeon
# with 2 MiB of second cache it is 1.4 at H = 2048 still, and 0.97 at H = 4096.
LARGE_NUMBERS = 16_000_000


def numbers(config: TrainingConfig) -> tuple[int, int]:
    """How many numbers a run works on in a step (activations and slopes) and in a snapshot."""
    trained = training_pair_count(config.modulus, config.train_fraction)
    return 2 * (config.hidden_size + config.modulus) * trained, parameter_count(config)


def kernel_serves(config: TrainingConfig, device: str) -> bool:
    """Whether the compiled kernel trains such a config, or torch does."""
    return device == "cpu" and compiled_kernels_work() and not is_large(config)


def is_large(config: TrainingConfig) -> bool:
    """Whether a processor trains such a config by torch's products of one run's whole matrices.

    The compiled kernel multiplies faster what its second cache holds, and needs no start-up.
    """
    worked, _ = numbers(config)
    return worked >= LARGE_NUMBERS


def _behind_the_embedding(configs: Sequence[TrainingConfig]) -> int:
    return sum(group_counts(configs[0])[1:]) if configs else 0


def train(
    configs: Sequence[TrainingConfig],
    epochs: Sequence[int],
    device: str = "cpu",
    threads: int = 1,
    start: Snapshot | None = None,
) -> Iterator[Snapshot]:
    """Train configs of equal shape as one batch; yield a Snapshot at each of the sorted epochs.

    Snapshot `t` holds the parameters after t steps, so epoch 0 is the initialisation. Runs do not
    touch each other: one that diverges fills with NaN or inf, its companions are unaffected.
    device: any that torch knows. threads: how many cores share the runs where the compiled kernel
    serves; they change no number. start: parameters to begin with at epoch 0 in place of the
    initialisation's, such as a snapshot of other configs; Adam's moments begin at 0.

    Raises:
        ConfigError: for what is no batch, see `modadd.snapshots.check_batch`.
    """
    check_batch(configs, epochs, threads, start, _behind_the_embedding(configs))
    # Imported here: only those who train should wait for torch, and for Numba's compiled kernels.
    if kernel_serves(configs[0], device):
        from modadd.kernels import processor

        return processor.train(configs, epochs, threads, start)
    from modadd.kernels import torch_training

    return torch_training.train(configs, epochs, device, start)
