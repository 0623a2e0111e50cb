"""The terms of the force law on pair sums, and the tables a law is learnt from, by Numba.

The formulae are those of `modadd.law_terms` and `modadd.learned_law`; nothing of the size
(pair, pair) is put into memory.
"""

from typing import Any

import numpy as np

from modadd.kernels.kept import kept

_HOW: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}
compiled = kept(**_HOW)
part = kept(forceinline=True, **_HOW)  # see `modadd.kernels.cpu_training`


@compiled
def law_terms(sums, residue, out):
    """Written: out (snapshot, term, pair, dim). sums (snapshot, pair, dim), residue (pair,)."""
    snapshots, count, dim = sums.shape
    r, direction = np.empty(dim), np.empty((count, dim))
    out[:] = 0
    for s in range(snapshots):
        x = sums[s]
        _directions(x, direction)
        for p in range(count):
            same = different = 0
            nearest_same = nearest_different = np.inf
            for q in range(count):
                if q == p:
                    continue
                squared = facing = 0.0
                for d in range(dim):
                    r[d] = x[p, d] - x[q, d]
                    squared += r[d] * r[d]
                    facing += x[p, d] * x[q, d]
                inverse = 1 / squared if squared > 0 else 0.0
                root = np.sqrt(inverse)
                aligns = 1.0 if facing > 0 else 0.0
                if residue[p] == residue[q]:
                    same += 1
                    closer = squared < nearest_same
                    nearest_same = squared if closer else nearest_same
                    for d in range(dim):
                        out[s, 1, p, d] -= r[d] * root
                        out[s, 2, p, d] += aligns * direction[q, d]
                        out[s, 5, p, d] -= r[d]
                        if closer:
                            out[s, 8, p, d] = -r[d] * root
                else:
                    different += 1
                    closer = squared < nearest_different
                    nearest_different = squared if closer else nearest_different
                    for d in range(dim):
                        out[s, 0, p, d] += r[d] * inverse
                        out[s, 3, p, d] -= aligns * direction[q, d]
                        out[s, 4, p, d] += r[d]
                        out[s, 6, p, d] += r[d] * inverse * root
                        if closer:
                            out[s, 7, p, d] = r[d] * inverse
            for d in range(dim):
                for term in (1, 2, 5):
                    out[s, term, p, d] /= max(same, 1)
                for term in (0, 3, 4, 6):
                    out[s, term, p, d] /= max(different, 1)


@part
def _directions(x, direction):
    """x / ‖x‖, 0 for a sum at the origin."""
    for p in range(x.shape[0]):
        squared = 0.0
        for d in range(x.shape[1]):
            squared += x[p, d] * x[p, d]
        inverse = 1 / np.sqrt(squared) if squared > 0 else 0.0
        for d in range(x.shape[1]):
            direction[p, d] = x[p, d] * inverse


@compiled
def hat_fields(sums, residue, distances, cosines, out):
    """Written: out (snapshot, hat, pair, dim), see `modadd.learned_law.hat_fields`."""
    snapshots, count, dim = sums.shape
    near, facing = len(distances), len(cosines)
    r, direction = np.empty(dim), np.empty((count, dim))
    out[:] = 0
    for s in range(snapshots):
        x = sums[s]
        _directions(x, direction)
        for p in range(count):
            same = different = 0
            for q in range(count):
                if q == p:
                    continue
                squared = cosine = 0.0
                for d in range(dim):
                    r[d] = x[p, d] - x[q, d]
                    squared += r[d] * r[d]
                    cosine += direction[p, d] * direction[q, d]
                distance = np.sqrt(squared)
                inverse = 1 / distance if distance > 0 else 0.0
                alike = residue[p] == residue[q]
                same, different = same + alike, different + (not alike)
                push, share = _between(distances, distance)
                push += near if alike else 0
                turn, part = _between(cosines, cosine)
                turn += 2 * near + (0 if alike else facing)
                for d in range(dim):
                    out[s, push, p, d] += (1 - share) * r[d] * inverse
                    out[s, push + 1, p, d] += share * r[d] * inverse
                    out[s, turn, p, d] += (1 - part) * direction[q, d]
                    out[s, turn + 1, p, d] += part * direction[q, d]
            for hat in range(out.shape[1]):
                of_same = near <= hat < 2 * near + facing
                out[s, hat, p] /= max(same if of_same else different, 1)


@part
def _between(knots, value):
    """The knot below a value, and how far it is on the way to the next, in [0, 1]."""
    below = 0
    while below < len(knots) - 2 and value >= knots[below + 1]:
        below += 1
    share = (value - knots[below]) / (knots[below + 1] - knots[below])
    return below, min(max(share, 0.0), 1.0)


@compiled
def tabulated_forces(sums, residue, distances, cosines, values, out):
    """Written: out (snapshot, pair, dim), Σ values[hat] · field, with `hat_fields`' hats."""
    snapshots, count, dim = sums.shape
    near, facing = len(distances), len(cosines)
    direction, totals = np.empty((count, dim)), np.empty((2, dim))
    for s in range(snapshots):
        x = sums[s]
        _directions(x, direction)
        for p in range(count):
            same = different = 0
            totals[:] = 0
            for q in range(count):
                if q == p:
                    continue
                squared = cosine = 0.0
                for d in range(dim):
                    squared += (x[p, d] - x[q, d]) ** 2
                    cosine += direction[p, d] * direction[q, d]
                distance = np.sqrt(squared)
                alike = residue[p] == residue[q]
                same, different = same + alike, different + (not alike)
                push, share = _between(distances, distance)
                push += near if alike else 0
                turn, part = _between(cosines, cosine)
                turn += 2 * near + (0 if alike else facing)
                away = (1 - share) * values[push] + share * values[push + 1]
                away = away / distance if distance > 0 else 0.0
                along = (1 - part) * values[turn] + part * values[turn + 1]
                own = 1 if alike else 0
                for d in range(dim):
                    totals[own, d] += away * (x[p, d] - x[q, d]) + along * direction[q, d]
            for d in range(dim):
                out[s, p, d] = totals[1, d] / max(same, 1) + totals[0, d] / max(different, 1)
