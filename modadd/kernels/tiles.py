"""Matrix products for compiled kernels, with a tile of the result held in registers.

LLVM turns loops into vectors by itself, but would go to memory at every product. These products are
told to it in its own terms, which makes them three times as fast. One axis is contiguous and a
multiple of `PADDING_BYTES` long; the other axes have any length and any strides.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS, VECTORS = 6, 2  # a tile: 12 sums and 3 operands, what 16 registers have room for


def _vector_bytes() -> int:
    features = llvmlite.binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


VECTOR_BYTES = _vector_bytes()
#: The contiguous axis is padded to a multiple of this many bytes.
PADDING_BYTES = VECTORS * VECTOR_BYTES


class _Code:
    """Emits LLVM's operations on vectors, for the Numba arrays that a tile is called with."""

    def __init__(self, context: Any, builder: Any, kinds: Any, values: Any) -> None:
        self.builder = builder
        self.arrays = [
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(kinds, values, strict=True)
        ]
        self.bytes = kinds[0].dtype.bitwidth // 8
        self.scalar = context.get_value_type(kinds[0].dtype)
        self.vector = ir.VectorType(self.scalar, VECTOR_BYTES // self.bytes)
        self.undefined = ir.Constant(self.vector, ir.Undefined)
        self.zero = ir.Constant(self.vector, [0.0] * self.vector.count)

    def length(self, array: int, axis: int) -> Any:
        return self.builder.extract_value(self.arrays[array].shape, axis)

    def at(self, array: int, row: Any, column: Any, vectors: int = 0) -> Any:
        """The address of an element, or so many vectors after it."""
        b, of = self.builder, self.arrays[array]
        down, across = cgutils.unpack_tuple(b, of.strides)
        offset = b.add(b.mul(row, down), b.mul(column, across))
        start = b.add(b.ptrtoint(of.data, offset.type), offset.type(vectors * VECTOR_BYTES))
        return b.inttoptr(b.add(start, offset), self.scalar.as_pointer())

    def load(self, address: Any) -> Any:
        pointer = self.builder.bitcast(address, self.vector.as_pointer())
        return self.builder.load(pointer, align=self.bytes)

    def store(self, vector: Any, address: Any) -> None:
        pointer = self.builder.bitcast(address, self.vector.as_pointer())
        self.builder.store(vector, pointer, align=self.bytes)

    def spread(self, address: Any) -> Any:
        """The number at an address, in every lane."""
        first = self.builder.insert_element(
            self.undefined, self.builder.load(address), ir.IntType(32)(0)
        )
        lanes = ir.VectorType(ir.IntType(32), self.vector.count)
        return self.builder.shuffle_vector(
            first, self.undefined, ir.Constant(lanes, [0] * self.vector.count)
        )

    def variable(self, start: Any) -> Any:
        """A vector that changes; LLVM keeps it in a register."""
        variable = cgutils.alloca_once(self.builder, self.vector)
        self.builder.store(start, variable)
        return variable

    def call(self, operation: str, result: Any, *arguments: Any, **flags: Any) -> Any:
        """LLVM's own operation of that name, on this type of vector."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        name = f"llvm.{operation}.v{self.vector.count}f{8 * self.bytes}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments, **flags)

    def add_product(self, variable: Any, left: Any, right: Any) -> None:
        total = self.call("fma", self.vector, left, right, self.builder.load(variable))
        self.builder.store(total, variable)

    def add_lanes(self, variable: Any, address: Any) -> None:
        """Add the sum of a vector's lanes to the number at an address."""
        so_far, lanes = self.builder.load(address), self.builder.load(variable)
        total = self.call("vector.reduce.fadd", self.scalar, so_far, lanes, fastmath=("reassoc",))
        self.builder.store(total, address)


def _tiled(emit: Callable[[_Code, int, Any, Any], None], width: Callable[[_Code], int]) -> Any:
    """A function of (out, a, b, c) that emits a tile for every part of out, `width` wide.

    Rows are shared out evenly among tiles of at most ROWS; columns past the last whole tile are
    left to the caller.
    """

    @intrinsic
    def product(typing: Any, out: Any, a: Any, b: Any, c: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            code = _Code(context, builder, signature.args, values)
            rows, columns = code.length(0, 0), code.length(0, 1)
            index = rows.type
            step = index(width(code))
            parts = builder.udiv(builder.add(rows, index(ROWS - 1)), index(ROWS))
            end = builder.mul(builder.udiv(columns, step), step)
            with (
                cgutils.for_range_slice(builder, index(0), end, step, intp=index) as (column, _),
                cgutils.for_range(builder, parts) as part,
            ):
                first = builder.udiv(builder.mul(rows, part.index), parts)
                after = builder.mul(rows, builder.add(part.index, index(1)))
                height = builder.sub(builder.udiv(after, parts), first)
                done = builder.append_basic_block("done")
                heights = builder.switch(height, done)
                for count in range(1, ROWS + 1):
                    block = builder.append_basic_block(f"height{count}")
                    heights.add_case(index(count), block)
                    builder.position_at_end(block)
                    emit(code, count, first, column)
                    builder.branch(done)
                builder.position_at_end(done)
            return context.get_dummy_value()

        return types.void(out, a, b, c), generate

    return product


def _product(finish: str) -> Any:
    """out[i, p] = finish(start[0, i] + Σ_j weights[i, j] right[j, p]), arrays in that order."""

    def emit(code: _Code, rows: int, row: Any, p: Any) -> None:
        b, index = code.builder, p.type
        down = [b.add(row, index(r)) for r in range(rows)]
        starts = [code.spread(code.at(3, index(0), i)) for i in down]
        sums = [[code.variable(start) for _ in range(VECTORS)] for start in starts]
        with cgutils.for_range(b, code.length(2, 0)) as loop:
            vectors = [code.load(code.at(2, loop.index, p, v)) for v in range(VECTORS)]
            for i, of_row in zip(down, sums, strict=True):
                weight = code.spread(code.at(1, i, loop.index))
                for variable, vector in zip(of_row, vectors, strict=True):
                    code.add_product(variable, weight, vector)
        for i, of_row in zip(down, sums, strict=True):
            for v, variable in enumerate(of_row):
                total, address = b.load(variable), code.at(0, i, p, v)
                if finish != "as it is":
                    gate = total if finish == "relu" else code.load(address)
                    shut = b.fcmp_ordered("<=", gate, code.zero)
                    total = b.select(shut, code.zero, total)
                code.store(total, address)

    return _tiled(emit, lambda code: VECTORS * code.vector.count)


def _emit_contraction(code: _Code, rows: int, row: Any, column: Any) -> None:
    """out[i, j] += Σ_p left[i, p] right[j, p] for VECTORS columns j; out, left, right, right."""
    b, index = code.builder, column.type
    down = [b.add(row, index(r)) for r in range(rows)]
    across = [b.add(column, index(c)) for c in range(VECTORS)]
    sums = [[code.variable(code.zero) for _ in across] for _ in down]
    lanes = index(code.vector.count)
    with cgutils.for_range_slice(b, index(0), code.length(1, 1), lanes, intp=index) as (p, _):
        rights = [code.load(code.at(2, j, p)) for j in across]
        for i, of_row in zip(down, sums, strict=True):
            left = code.load(code.at(1, i, p))
            for variable, right in zip(of_row, rights, strict=True):
                code.add_product(variable, left, right)
    for i, of_row in zip(down, sums, strict=True):
        for j, variable in zip(across, of_row, strict=True):
            code.add_lanes(variable, code.at(0, i, j))


affine, affine_relu, gated = _product("as it is"), _product("relu"), _product("gate")
contraction = _tiled(_emit_contraction, lambda code: VECTORS)
