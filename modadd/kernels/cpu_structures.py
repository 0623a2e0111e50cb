"""The neighbours of every pair sum on processors, an embedding at a time, by Numba.

Loops become vectors but no sum is rearranged: the distances are those of `modadd.structures` to the
last bit, which decides a tie. All that the kernel needs is in this file: see
`modadd.kernels.cpu_training`.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from modadd.kernels.kept import kept

# Pair sums that look around together; LLVM splits them up into vectors. (Measured: 16 take a tenth
# less time than 8 with AVX-512 and AVX2 alike, since what passes by is loaded for more of them.)
LANES = 16

compiled = kept(nogil=True, error_model="numpy")


@compiled
def neighbours(positions, i, j, members, reach):
    """What `modadd.structures.Neighbours` holds, for positions (run, token, dim).

    i, j: (pair,) the tokens. members: (member, residue) each residue's pairs, -1 in place of
    missing ones. reach: (run,) the squared distance up to which a pair of one's residue is near.
    Returns nearest and alone (run, pair), and how many are near, over all pairs (run,).
    """
    runs, _, dim = positions.shape
    count = len(i)
    sums = np.full((dim, -(-count // LANES) * LANES), np.nan)  # what fills up is near to nothing
    found = np.empty(sums.shape[1], np.int64)
    nearest = np.empty((runs, count), np.int64)
    alone = np.empty((runs, count), np.bool_)
    within = np.zeros(runs, np.int64)
    alike = np.full((dim, *members.shape), np.nan)
    near = np.empty(members.shape, np.int64)
    squared = np.empty(members.shape[1])
    for run in range(runs):
        for d in range(dim):
            for p in range(count):
                sums[d, p] = positions[run, i[p], d] + positions[run, j[p], d]
        for start in range(0, count, LANES):
            _find_nearest(sums, start, count, found)  # type: ignore[call-arg]  # Numba passes `typing`
        for p in range(count):
            nearest[run, p] = found[p] if found[p] >= 0 else p  # no other at a finite distance
        _count_near(sums, members, reach[run], alike, near, squared)
        for m in range(len(members)):
            for r in range(members.shape[1]):
                if members[m, r] >= 0:
                    alone[run, members[m, r]] = near[m, r] == 0
                    within[run] += near[m, r]
    return nearest, alone, within


@intrinsic
def _find_nearest(typing: Any, points: Any, start: Any, count: Any, found: Any) -> Any:
    """found[p] ← the nearest other one of the first `count` points to each p of start … start +
    LANES - 1: the first of equally near ones, and -1 if none is at a finite distance.

    A lane a point, and all others pass by in their order. LLVM makes no vectors of a loop that
    keeps both the least and its place. points: (dim, point) float64, a multiple of `LANES`.
    """

    def generate(context: Any, b: Any, signature: Any, values: Any) -> Any:
        kinds = signature.args
        points, found = (context.make_array(kinds[k])(context, b, values[k]) for k in (0, 3))
        whole, number = ir.IntType(64), ir.DoubleType()
        wholes, floats = ir.VectorType(whole, LANES), ir.VectorType(number, LANES)
        dim, width = b.extract_value(points.shape, 0), b.extract_value(points.shape, 1)
        start, count = (context.cast(b, values[k], kinds[k], types.int64) for k in (1, 2))
        least = cgutils.alloca_once_value(b, ir.Constant(floats, [math.inf] * LANES))
        where = cgutils.alloca_once_value(b, ir.Constant(wholes, [-1] * LANES))

        def at(d: Any, p: Any, kind: Any) -> Any:
            """What lies at points[d, p] and, for a vector, after it."""
            address = b.gep(points.data, [b.add(b.mul(d, width), p)])
            return b.load(b.bitcast(address, kind.as_pointer()), align=8)

        def spread(one: Any, kind: Any) -> Any:
            first = b.insert_element(ir.Constant(kind, ir.Undefined), one, ir.IntType(32)(0))
            to_all = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
            return b.shuffle_vector(first, first, to_all)

        def gap_squared(d: Any, q: Any) -> Any:
            gap = b.fsub(at(d, start, floats), spread(at(d, q, number), floats))
            return b.fmul(gap, gap)

        def in_the_plane(q: Any) -> Any:
            return b.fadd(gap_squared(whole(0), q), gap_squared(whole(1), q))

        def in_space(q: Any) -> Any:
            total = cgutils.alloca_once(b, floats)
            b.store(ir.Constant(floats, [0.0] * LANES), total)
            with cgutils.for_range(b, dim) as loop:
                b.store(b.fadd(b.load(total), gap_squared(loop.index, q)), total)
            return b.load(total)

        lanes = b.add(spread(start, wholes), ir.Constant(wholes, list(range(LANES))))

        def pass_by(squared: Any) -> None:
            end = b.add(start, whole(LANES))
            after = b.select(b.icmp_signed("<", end, count), end, count)
            for first, stop in ((whole(0), start), (start, after), (after, count)):
                with cgutils.for_range_slice(b, first, stop, whole(1), intp=whole) as (q, _):
                    distance, which = squared(q), spread(q, wholes)
                    less = b.fcmp_ordered("<", distance, b.load(least))
                    if first is start:  # among those that look around: none is its own neighbour
                        less = b.and_(less, b.icmp_signed("!=", lanes, which))
                    b.store(b.select(less, distance, b.load(least)), least)
                    b.store(b.select(less, which, b.load(where)), where)

        with b.if_else(b.icmp_signed("==", dim, whole(2))) as (plane, space):
            with plane:
                pass_by(in_the_plane)
            with space:
                pass_by(in_space)
        address = b.bitcast(b.gep(found.data, [start]), wholes.as_pointer())
        b.store(b.load(where), address, align=8)
        return context.get_dummy_value()

    return types.void(points, start, count, found), generate


@compiled
def _count_near(sums, members, reach, alike, near, squared):
    """near[m, r] ← how many other members of residue r are within reach of its member m.

    Residues are the contiguous axis, since all have as many members, or one less. alike: (dim,
    member, residue), NaN for missing members. squared: (residue,) for distances.
    """
    for m in range(len(members)):
        near[m] = 0
        for r in range(members.shape[1]):
            if members[m, r] >= 0:
                for d in range(len(sums)):
                    alike[d, m, r] = sums[d, members[m, r]]
    for m in range(len(members)):
        for other in range(m):
            squared[:] = 0
            for d in range(len(sums)):
                for r in range(len(squared)):
                    gap = alike[d, m, r] - alike[d, other, r]
                    squared[r] += gap * gap
            for r in range(len(squared)):
                close = squared[r] <= reach
                near[m, r] += close
                near[other, r] += close


@compiled
def line_alignment(positions, i, j, residue):
    """`modadd.structures.line_alignment` of positions (run, token, dim)."""
    runs, tokens, dim = positions.shape
    found = np.empty(runs)
    moments = np.empty((tokens, dim, dim))  # of the pair sums of a residue: Σ x xᵀ
    x = np.empty(dim)
    for run in range(runs):
        moments[:] = 0
        for p in range(len(i)):
            for d in range(dim):
                x[d] = positions[run, i[p], d] + positions[run, j[p], d]
                for e in range(d + 1):
                    moments[residue[p], d, e] += x[d] * x[e]
        total = 0.0
        for r in range(tokens):
            squares, trace = 0.0, 0.0
            for d in range(dim):
                trace += moments[r, d, d]
                squares += moments[r, d, d] * moments[r, d, d]
                for e in range(d):
                    squares += 2 * moments[r, d, e] * moments[r, d, e]
            total += squares / (trace * trace)
        found[run] = total / tokens
    return found
