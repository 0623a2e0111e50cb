"""The terms of the force law on pair sums, and the tables a law is learnt from, by Numba.

The formulae are those of `modadd.law_terms` and `modadd.learned_law`; nothing of the size
(pair, pair) is put into memory.
"""

import numpy as np
from numba import njit

compiled = njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"}
)


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


@compiled
def _directions(x, direction):
    """x / ‖x‖, 0 for a sum at the origin."""
    for p in range(x.shape[0]):
        squared = 0.0
        for d in range(x.shape[1]):
            squared += x[p, d] * x[p, d]
        inverse = 1 / np.sqrt(squared) if squared > 0 else 0.0
        for d in range(x.shape[1]):
            direction[p, d] = x[p, d] * inverse
