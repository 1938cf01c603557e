"""Integers of 128 bits as pairs of 64, shape (n, 2): the low and the high half, as Arrow keeps decimals."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
MASK = (1 << 64) - 1


def products(values: NDArray[np.int64], factors: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Products of numbers from 0 to 2**63 - 1, shape (n,), and factors from 0 to 2**31 - 1, shape (n,). They are exact."""
    value, factor = values.astype(np.uint64), factors.astype(np.uint64)
    low = (value & _LOW) * factor
    high = (value >> _HALF) * factor
    found = np.empty((len(values), 2), np.uint64)
    np.add(low, high << _HALF, out=found[:, 0])
    found[:, 1] = (high >> _HALF) + (found[:, 0] < low)
    return found


def negate(numbers: NDArray[np.uint64], rows: NDArray[np.bool_]) -> None:
    """Negate the numbers of some rows in place (two's complement)."""
    chosen = ~numbers[rows]
    chosen[:, 0] += np.uint64(1)
    chosen[:, 1] += chosen[:, 0] == 0
    numbers[rows] = chosen


def decimals(numbers: NDArray[np.uint64], valid: NDArray[np.bool_], scale: int) -> pa.Array:
    """The numbers divided by 10**scale, as decimal128(38, scale). Null where not valid."""
    bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal128(38, scale), len(numbers), [bits, pa.py_buffer(numbers)])
