"""Small regressions as rivals: what a few features of an arrangement foretell by themselves."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modadd import structures
from modadd.snapshots import Floats

Numbers = NDArray[np.float64]
Fit = Callable[[Numbers, Numbers], Numbers]

FOLDS = 10
# In units of one case on standardised features: enough that a perfect separation stays finite.
RIDGE = 1.0
_NEWTON_STEPS = 50

FEATURES = ("log radius ratio", "circularity", "RQI", "imperfections")


def features(embedding: Floats) -> Numbers:
    """(run, feature) of an arrangement (run, token, dim): the numbers of `FEATURES`."""
    ratio = np.nan_to_num(structures.radius_ratio(embedding), nan=1e6, posinf=1e6)
    near = structures.neighbours(embedding)
    return np.column_stack(
        [
            np.log(ratio),
            np.nan_to_num(structures.circularity(embedding)),
            near.realised,
            near.imperfect.sum(axis=1),
        ]
    )


def logistic(design: Numbers, labels: Numbers) -> Numbers:
    """(feature,) ridge-penalised logistic coefficients by Newton's method; the first column of
    design (case, feature) is the constant, which is not penalised."""
    penalty = _penalty(design)
    weights = np.zeros(design.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (labels - chance) - penalty * weights
        curvature = (design.T * (chance * (1 - chance))) @ design + np.diag(penalty)
        change = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), slope)
        weights += change
        if np.abs(change).max() < 1e-10:
            break
    return weights


def linear(design: Numbers, values: Numbers) -> Numbers:
    """(feature,) ridge-penalised least squares coefficients; arguments as `logistic`."""
    return np.asarray(
        np.linalg.solve(design.T @ design + np.diag(_penalty(design)), design.T @ values)
    )


def out_of_fold(fit: Fit, given: Numbers, target: Numbers, folds: int = FOLDS) -> Numbers:
    """(case,) what a fit on the other folds scores each case of `given` (case, feature).

    Case i is in fold i mod `folds`. The score is linear (of a logistic regression, the log odds)
    and lacks the constant: what the other folds make of it runs against the fold's own mean, and
    would have features that tell nothing do worse than chance.
    """
    spread = given.std(axis=0)
    standard = (given - given.mean(axis=0)) / np.where(spread > 0, spread, 1)
    design = np.column_stack([np.ones(len(target)), standard])
    scores = np.empty(len(target))
    fold = np.arange(len(target)) % folds
    for held_out in range(min(folds, len(target))):
        apart = fold == held_out
        scores[apart] = standard[apart] @ fit(design[~apart], target[~apart])[1:]
    return scores


def _penalty(design: Numbers) -> Numbers:
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = 0
    return penalty
