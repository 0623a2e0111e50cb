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


# Who trains on a processor, measured (Xeon, AVX-512; `make bench` prints the curve): torch's time
# over the kernel's. The kernel keeps what lies between two products in the cache, which saves all
# the more the fewer dimensions there are: 8 at N = 307, H = 32, D = 2, and 1.3 to 1.6 at H = 512.
# - torch's products have the better of it where they are deep: 0.8 at N = 59, D = 256, H = 512, 0.6
#   at N = 31, D = H = 512, but 1.0 at D = 128. Calls cost it 0.25 ms a step: 1.5 with D = 256,
#   N = 17, H = 512, 17 million products.
# - So they do where the block's hidden units overflow the second cache: of 2 MiB 1.0 to 1.2 at
#   N = 113, H = 3072, and 0.98 at H = 4096; of 1 MiB 0.8 at H = 2048.
# - It adds up tokens by products with a dense matrix, which is dear where there are many tokens and
#   not many hidden units: at N = 113 1.3 with D = 256, H = 32, but 0.8 with D = H = 512; at N = 199
#   2.3 and 0.9; at N = 307 1.0 to 3.7 with D = 256 or 512 and H up to 512.
DEEP, HIDDEN_PER_DIMENSION, WORTH_CALLING = 240, 12, 25_000_000
CHEAP_TOKENS, HIDDEN_PER_TOKEN = 64, 4
PRODUCT_SECONDS = 8.7e-11  # of the kernel, for each product of the pass forward (Xeon, AVX-512)
# Numbers from which torch on a processor works on one run at a time: two fill its cache.
LARGE_NUMBERS = 300_000


def _trained(config: TrainingConfig) -> int:
    return training_pair_count(config.modulus, config.train_fraction)


def numbers(config: TrainingConfig) -> tuple[int, int]:
    """How many numbers a run works on in a step (activations and slopes) and in a snapshot."""
    rows = config.embedding_dim + config.hidden_size + config.modulus
    return 2 * rows * _trained(config), parameter_count(config)


def products(config: TrainingConfig) -> int:
    """How many products the pass forward adds up in a step; that back, twice as many."""
    return (config.embedding_dim + config.modulus) * config.hidden_size * _trained(config)


def step_seconds(config: TrainingConfig) -> float:
    """About what a step takes the compiled kernel on one core."""
    return products(config) * PRODUCT_SECONDS


def kernel_serves(config: TrainingConfig, device: str) -> bool:
    """Whether the compiled kernel trains such a config, or torch does, by the measured rule."""
    deep = config.embedding_dim + config.hidden_size // HIDDEN_PER_DIMENSION >= DEEP
    dear = config.modulus > CHEAP_TOKENS + config.hidden_size // HIDDEN_PER_TOKEN
    for_torch = deep and not dear and products(config) >= WORTH_CALLING
    return device == "cpu" and compiled_kernels_work() and not for_torch


def is_large(config: TrainingConfig) -> bool:
    """Whether torch on a processor trains such runs one by one, each by whole matrices."""
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
