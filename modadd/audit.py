"""The force law on trial: how much of a network's true forces do the law and its rivals explain?

At every snapshot, the forces of `modadd.true_forces` are fitted with the terms of the paper's law
(`modadd.law_terms`), with those of its rivals, and with the law of networks that are wrong on
purpose, which shows what a fit of as many coefficients finds in nothing.
"""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modadd.force_fits import (
    FITS,
    Fit,
    Products,
    coefficients,
    cosine,
    groups_of,
    held_out,
    mean_cosine,
    products,
    r_squared,
    together,
)
from modadd.law_terms import LAW, TERMS, law_terms, parallelograms
from modadd.network import unpack_classifier
from modadd.randomness import Stream, normal, permutation
from modadd.snapshots import Floats
from modadd.training import TrainingConfig
from modadd.true_forces import TrainingPairs, Vectors, pair_sum_forces, training_pairs

#: Goes up whenever the numbers change: stored audits of another version are made again.
VERSION = 3

#: What a fit leaves behind, each (snapshot,) with NaN for undefined.
#: decay: the rms of the decay -γE that AdamW's step has beside its update, in the update's units.
SCORES = ("r_squared", "held_out_r_squared", "cosine", "mean_cosine", "rms", "decay")
COLUMNS = (*LAW, "outward", *SCORES)

#: The law fitted to what it should not explain.
NULLS = {
    "shuffled-labels": "the law where residues are dealt out to the pairs at random",
    "rotated-forces": "the law, of true forces each turned into a random direction",
    "random-embedding": "the law at tokens of the same radii in random directions",
}

#: What stands beside the law where it is fitted to Adam's update, besides those of `FITS`.
OF_UPDATES = {
    fit.name: fit
    for fit in (
        Fit("gradient", {"gradient": "gradient"}, "the true force on the token alone"),
        Fit("outward", {"outward": "outward"}, "the token's position: an update undoing the decay"),
        Fit("law-outward", {**FITS["law"].terms, "outward": "outward"}, "the law, and `outward`"),
    )
}

#: Which fits are made to which target.
TARGETS = {
    "pair_sums": (*FITS, *NULLS),
    "tokens": (*FITS, *NULLS),
    "updates": ("law", *OF_UPDATES, "shuffled-labels"),
}


class Fitted(NamedTuple):
    """A fit to a target, at each snapshot of a run. n: how many numbers were fitted."""

    target: str
    fit: str
    n: int
    columns: Mapping[str, NDArray[np.float64]]


# Of a network that diverged, forces may overflow: such fits are undefined, which is not news.
@np.errstate(over="ignore", invalid="ignore")
def audit(
    config: TrainingConfig, embedding: Floats, classifier: Floats, updates: Vectors
) -> list[Fitted]:
    """Every fit of `TARGETS` at every snapshot of one run.

    embedding: (snapshot, token, dim). classifier: (snapshot, count) flat parameters. updates:
    (snapshot, token, dim), see `modadd.true_forces.updates`; NaN leaves those fits undefined.

    A law says what a pair sum feels, and so what a token does: the sum over its pairs (Sec. 5.1).
    Rivals and nulls move the tokens likewise; of rotated forces, those on the tokens are turned.

    Out of sample, the pairs (of the other targets: the tokens) fall into two halves by the run's
    own seed, and each half is foretold from the other. The nulls are drawn from that seed, too,
    once for all of its snapshots.
    """
    return [
        _fitted(target, name, fit, side)
        for target, sides in _sides(config, embedding, classifier, updates).items()
        for name, fit, side in sides
    ]


@dataclasses.dataclass(frozen=True)
class _Side:
    """Fields (snapshot, term, vector, dim), the names of their terms, and the force they explain.

    half: (vector,) whether a vector is in the first half. decay: (snapshot,) as in `COLUMNS`.
    """

    fields: Vectors
    terms: tuple[str, ...]
    force: Vectors
    half: NDArray[np.bool_]
    decay: Vectors | None = None

    @cached_property
    def halves(self) -> tuple[Products, Products]:
        """The inner products over each half of the vectors."""
        first, second = (
            products(self.fields[:, :, chosen], self.force[:, chosen])
            for chosen in (self.half, ~self.half)
        )
        return first, second


def _sides(
    config: TrainingConfig, embedding: Floats, classifier: Floats, updates: Vectors
) -> dict[str, list[tuple[str, Fit, _Side]]]:
    """target → (name, fit, what it is made of) of every fit."""
    trained = training_pairs(config)
    tokens = embedding.astype(np.float64)
    sums = trained.membership @ tokens
    parameters = unpack_classifier(classifier, config)
    force = pair_sum_forces(sums, trained.residue, parameters)
    drawn = _draws(config, trained, tokens)

    terms = (*TERMS, "parallelogram")
    fields = _fields(tokens, trained, trained.residue)
    shuffled = law_terms(sums, trained.residue[drawn.order])[:, : len(LAW)]
    elsewhere = law_terms(trained.membership @ drawn.positions, trained.residue)[:, : len(LAW)]
    half = np.argsort(drawn.order) % 2 == 0
    of_pairs = _Side(fields, terms, force, half)

    down = trained.membership.T
    on_tokens = down @ force
    halves = permutation(config.seed, Stream.NULLS, config.modulus) % 2 == 0
    of_tokens = _Side(down @ fields, terms, on_tokens, halves)
    beside = np.stack([tokens, on_tokens], axis=1)
    named = (*terms, "outward", "gradient")
    everything = np.concatenate([of_tokens.fields, beside], axis=1)
    decay = config.weight_decay * config.decay_embedding * _rms(tokens)
    of_updates = _Side(everything, named, updates, halves, decay)
    wrong_updates = _Side(down @ shuffled, LAW, updates, halves, decay)
    sides = {
        "pair_sums": dict.fromkeys(FITS, of_pairs)
        | _nulls(of_pairs, shuffled, elsewhere, drawn.of_pairs),
        "tokens": dict.fromkeys(FITS, of_tokens)
        | _nulls(of_tokens, down @ shuffled, down @ elsewhere, drawn.of_tokens),
        "updates": dict.fromkeys(("law", *OF_UPDATES), of_updates)
        | {"shuffled-labels": wrong_updates},
    }
    return {target: _listed(target, found) for target, found in sides.items()}


def _nulls(
    told: _Side, shuffled: Vectors, elsewhere: Vectors, directions: Vectors
) -> dict[str, _Side]:
    """Each of `NULLS`. told: where the law itself is fitted. shuffled, elsewhere: what it would do
    there with wrong residues and with wrong tokens. directions: (vector, dim)."""
    turned = np.linalg.norm(told.force, axis=2, keepdims=True) * directions
    return {
        "shuffled-labels": _Side(shuffled, LAW, told.force, told.half),
        "rotated-forces": _Side(told.fields[:, : len(LAW)], LAW, turned, told.half),
        "random-embedding": _Side(elsewhere, LAW, told.force, told.half),
    }


def _listed(target: str, sides: Mapping[str, _Side]) -> list[tuple[str, Fit, _Side]]:
    known = FITS | OF_UPDATES | dict.fromkeys(NULLS, FITS["law"])
    return [(name, known[name], sides[name]) for name in TARGETS[target]]


def _fields(tokens: Vectors, trained: TrainingPairs, residue: NDArray[np.int64]) -> Vectors:
    """(snapshot, term, pair, dim) of `TERMS` and the parallelograms."""
    found = law_terms(trained.membership @ tokens, residue)
    pull = found[:, TERMS.index("far_attraction")]
    beside = parallelograms(tokens, trained.membership, residue, pull)
    return np.concatenate([found, beside[:, None]], axis=1)


class _Drawn(NamedTuple):
    """What the nulls draw: an order of the pairs, a direction for each pair and each token, and
    tokens of the same radii elsewhere, (snapshot, token, dim)."""

    order: NDArray[np.int64]
    of_pairs: Vectors
    of_tokens: Vectors
    positions: Vectors


def _draws(config: TrainingConfig, trained: TrainingPairs, tokens: Vectors) -> _Drawn:
    count, (_, modulus, dim) = len(trained.residue), tokens.shape
    order = permutation(config.seed, Stream.NULLS, count)
    drawn = normal(config.seed, Stream.NULLS, (count + 2 * modulus) * dim).reshape(-1, dim)
    directions = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    of_pairs, elsewhere, of_tokens = np.split(directions, [count, count + modulus])
    radii = np.linalg.norm(tokens, axis=2, keepdims=True)
    return _Drawn(order, of_pairs, of_tokens, radii * elsewhere)


def _rms(vectors: Vectors) -> Vectors:
    """(snapshot,) the root mean square of (snapshot, vector, dim)."""
    return np.asarray(np.sqrt(np.square(vectors).mean(axis=(1, 2))))


def _fitted(target: str, name: str, fit: Fit, side: _Side) -> Fitted:
    groups = groups_of(fit, side.terms)
    first, second = (half.of(groups) for half in side.halves)
    whole = first.plus(second)
    # All three at once: a solver's calls take longer than what they do.
    chosen, of_first, of_second = np.split(
        coefficients(together((whole, first, second)), free=fit.free), 3
    )
    used = groups.any(axis=0)
    fields = side.fields[:, used].swapaxes(0, 1)
    moved = sum((chosen @ groups[:, used]).T[..., None, None] * fields)
    columns = dict.fromkeys(COLUMNS, np.full(len(chosen), np.nan))
    roles = {role: 0 if fit.tied else place for place, role in enumerate(fit.terms)}
    columns |= {role: chosen[:, place] for role, place in roles.items() if role in COLUMNS}
    columns |= {
        "r_squared": r_squared(whole, chosen),
        "held_out_r_squared": held_out(first, second, of_first, of_second),
        "cosine": cosine(whole, chosen),
        "mean_cosine": mean_cosine(moved, side.force),
        "rms": np.sqrt(whole.squares / side.force[0].size),
    }
    if side.decay is not None:
        columns["decay"] = side.decay
    undefined = ~np.isfinite(columns["r_squared"])
    cleaned = {key: np.where(undefined, np.nan, values) for key, values in columns.items()}
    return Fitted(target, name, side.force[0].size, cleaned)
