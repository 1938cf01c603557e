"""Integers of 128 bits as pairs of 64, shape (n, 2): the low and the high half, as Arrow keeps decimals."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
LONGEST = 38  # digits of a decimal128


def products(values: NDArray[np.int64], factors: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Products of numbers from 0 to 2**63 - 1, shape (n,), and factors from 0 to 2**31 - 1, shape (n,). They are exact."""
    value, factor = values.astype(np.uint64), factors.astype(np.uint64)
    low = (value & _LOW) * factor
    high = (value >> _HALF) * factor
    found = np.empty((len(values), 2), np.uint64)
    np.add(low, high << _HALF, out=found[:, 0])
    found[:, 1] = (high >> _HALF) + (found[:, 0] < low)
    return found


def from_cents(cents: NDArray[np.int64], scale: int) -> pa.Array:
    """Hundredths of at most ten digits, shape (n,), as decimal128(38, scale). The scale is at most 10."""
    found = np.empty((len(cents), 2), np.int64)
    np.multiply(cents, 10 ** (scale - 2), out=found[:, 0])  # at most 18 digits, which fit
    np.right_shift(found[:, 0], 63, out=found[:, 1])  # the sign fills the upper half
    return pa.Array.from_buffers(pa.decimal128(LONGEST, scale), len(cents), [None, pa.py_buffer(found)])


def scaled(digits: pa.Array, power: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """
    Numbers written in digits times 10**power, exact.

    Args:
        digits: large_string of shape (n,), only ASCII digits.

    Returns: shape (n, 2), and which of them are valid: whole, and of at most 38 digits. Others are 0.
    """
    is_whole = np.ones(len(digits), np.bool_)
    if power < 0:
        rest = pc.utf8_ltrim(pc.utf8_slice_codeunits(digits, power), "0")
        is_whole = pc.equal(rest, "").to_numpy(zero_copy_only=False)
        digits = pc.utf8_slice_codeunits(digits, 0, power)
    digits = pc.utf8_ltrim(digits, "0")
    lengths = pc.binary_length(digits).to_numpy(zero_copy_only=False)
    valid = is_whole & ((lengths + max(power, 0) <= LONGEST) | (lengths == 0))
    zero, empty, zeros = (pa.scalar(text, digits.type) for text in ("0", "", "0" * min(max(power, 0), LONGEST)))
    texts = pc.if_else(pa.array(valid & (lengths > 0)), pc.binary_join_element_wise(digits, zeros, empty), zero)
    found = texts.cast(pa.decimal128(LONGEST, 0))
    words = np.frombuffer(found.buffers()[1], np.uint64)[2 * found.offset : 2 * (found.offset + len(found))]
    return words.reshape(-1, 2), valid


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
