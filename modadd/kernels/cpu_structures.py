"""The neighbours of every pair sum on processors, an embedding at a time, by Numba.

Loops become vectors but no sum is rearranged: the distances are those of `modadd.structures` to the
last bit, which decides a tie. All that the kernel needs is in this file: see
`modadd.kernels.cpu_training`.
"""

import numpy as np
from numba import njit

VECTORS = 32  # loops over a multiple of this leave no remainder, whatever the processor's vectors

INFINITE = np.array(np.inf).view(np.int64).item()  # as bits

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def neighbours(positions, i, j, partners, reach):
    """What `modadd.structures.Neighbours` holds, for positions (run, token, dim).

    i, j: (pair,) the tokens. partners: (pair, partner) the other pairs of the residue. reach:
    (run,) the squared distance up to which a partner is near. Returns nearest and alone (run,
    pair), and how many partners are near (run,).
    """
    runs, _, dim = positions.shape
    count = len(i)
    padded = -(-count // VECTORS) * VECTORS
    sums = np.full((dim, padded), np.inf)  # the padding is infinitely far away
    nearest = np.empty((runs, count), np.int64)
    alone = np.empty((runs, count), np.bool_)
    within = np.zeros(runs, np.int64)
    squared = np.empty(padded)
    # Numbers that are not negative rank as their bits do, and the least of integers is found with
    # vectors, that of floats is not.
    bits = squared.view(np.int64)
    for run in range(runs):
        for d in range(dim):
            for p in range(count):
                value = positions[run, i[p], d] + positions[run, j[p], d]
                sums[d, p] = value if np.isfinite(value) else np.inf
        for p in range(count):
            _squared_distances(sums, p, squared)
            smallest = bits[0]
            for q in range(padded):
                smallest = min(smallest, bits[q])
            first = count
            for q in range(padded):
                first = min(first, q if bits[q] == smallest else count)
            # Itself where all the others are infinitely far, or itself is.
            nearest[run, p] = first if 0 <= smallest < INFINITE else p
            near = 0
            for k in range(partners.shape[1]):
                near += squared[partners[p, k]] <= reach[run]
            alone[run, p] = near == 0
            within[run] += near
    return nearest, alone, within


@compiled
def _squared_distances(points, p, squared):
    """From pair sum p to all; inf to itself."""
    if len(points) == 2:  # the plane in one loop, with nothing in between put into memory
        at_0, at_1 = points[0, p], points[1, p]
        for q in range(len(squared)):
            gap_0, gap_1 = at_0 - points[0, q], at_1 - points[1, q]
            squared[q] = gap_0 * gap_0 + gap_1 * gap_1
    else:
        squared[:] = 0
        for d in range(len(points)):
            for q in range(len(squared)):
                gap = points[d, p] - points[d, q]
                squared[q] += gap * gap
    squared[p] = np.inf
