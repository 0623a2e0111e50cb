"""The neighbours of every pair sum on processors, an embedding at a time, by Numba.

Loops become vectors but no sum is rearranged: the distances are those of `modadd.structures` to the
last bit, which decides a tie. All that the kernel needs is in this file: see
`modadd.kernels.cpu_training`.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8  # numbers that are compared at a time; LLVM splits them up for narrower processors

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
    sums = np.full((dim, -(-count // LANES) * LANES), np.inf)  # the padding is infinitely far away
    nearest = np.empty((runs, count), np.int64)
    alone = np.empty((runs, count), np.bool_)
    within = np.zeros(runs, np.int64)
    squared = np.empty(sums.shape[1])
    for run in range(runs):
        for d in range(dim):
            for p in range(count):
                sums[d, p] = positions[run, i[p], d] + positions[run, j[p], d]
        for p in range(count):
            _squared_distances(sums, p, squared)
            first = _first_of_least(squared)  # type: ignore[call-arg, var-annotated]  # Numba passes `typing`
            nearest[run, p] = first if first >= 0 else p  # no other at a finite distance
            near = 0
            for k in range(partners.shape[1]):
                near += squared[partners[p, k]] <= reach[run]
            alone[run, p] = near == 0
            within[run] += near
    return nearest, alone, within


@intrinsic
def _first_of_least(typing: Any, numbers: Any) -> Any:
    """Where the least of the numbers is, the first of equal ones; -1 if all are inf or NaN.

    LLVM makes no vectors of a loop that keeps both the least and its place. Here every lane keeps
    its own, and their least comes last. numbers: (number,) float64, a multiple of `LANES`.
    """

    def generate(context: Any, b: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(signature.args[0])(context, b, values[0])
        whole, number = ir.IntType(64), ir.DoubleType()
        wholes, floats = ir.VectorType(whole, LANES), ir.VectorType(number, LANES)
        nowhere = ir.Constant(wholes, [-1] * LANES)
        least = cgutils.alloca_once_value(b, ir.Constant(floats, [math.inf] * LANES))
        where = cgutils.alloca_once_value(b, nowhere)
        here = cgutils.alloca_once_value(b, ir.Constant(wholes, list(range(LANES))))
        count = b.extract_value(array.shape, 0)
        with cgutils.for_range_slice(b, whole(0), count, whole(LANES), intp=whole) as (q, _):
            address = b.bitcast(b.gep(array.data, [q]), floats.as_pointer())
            found = b.load(address, align=8)
            less = b.fcmp_ordered("<", found, b.load(least))
            b.store(b.select(less, found, b.load(least)), least)
            b.store(b.select(less, b.load(here), b.load(where)), where)
            b.store(b.add(b.load(here), ir.Constant(wholes, [LANES] * LANES)), here)

        def over_lanes(operation: str, vector: Any, **flags: Any) -> Any:
            kind = ir.FunctionType(vector.type.element, [vector.type])
            function = cgutils.get_or_insert_function(b.module, kind, operation)
            return b.call(function, [vector], **flags)

        lanes = b.load(least)
        smallest = over_lanes(f"llvm.vector.reduce.fmin.v{LANES}f64", lanes, fastmath=("nnan",))
        one = b.insert_element(ir.Constant(floats, ir.Undefined), smallest, ir.IntType(32)(0))
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        spread = b.shuffle_vector(one, one, first_lane)
        places = b.select(b.fcmp_ordered("==", lanes, spread), b.load(where), nowhere)
        # As whole numbers without a sign, -1 is the greatest.
        return over_lanes(f"llvm.vector.reduce.umin.v{LANES}i64", places)

    return types.int64(numbers), generate


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
