"""
The tables that Tallyroom itself exports: their columns, how they are read, and how texts are kept from being formulas.

A spreadsheet program runs a cell of a CSV file that begins like a formula. Such a text gets an apostrophe in front, and
so does a text that begins with one. So each text has one escaped form, and reading takes exactly one apostrophe away.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.rows import RawBatch

_RECORD = ("side", "row", "amount", "currency", "date", "reference")
MATCHES = (
    *("match_id", "status", "kind", "pass", "score", "margin", "ambiguity"),
    *("difference", "difference_as", "difference_reason", "remainder", "remainder_side"),
    *_RECORD,
    *("origin", "decided_by", "decided_at", "reason", "plan_hash", "explanation", "record_id"),
)
OPEN_ITEMS = ("record_id", "match_id", *_RECORD, "age_days")
# What the columns of an export mean. Without this, a file of amounts such as 1.234 would be asked about.
MAPPING: dict[str, Any] = {
    "amount": {"column": "amount", "decimal": "."},
    "currency": {"column": "currency"},
    "date": {"column": "date", "order": "ymd"},
    "reference": {"column": "reference"},
    **dict.fromkeys(("fee", "balance", "original", "identity")),
    "skip": [],
}
MARK = "'"
# Formulas also begin after blanks, invisible characters and quotes, and in East Asian programs with full-width signs.
FORMULA = r"^(?:'|[\t\r\n]|[\s\pC\pZ\"'`´\x{2018}-\x{201f}]*[=+\-@\x{2212}\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}\x{fe62}\x{fe63}\x{fe66}\x{fe6b}])"
# A number is harmless, also with a sign on either side, marks between its thousands, or a percent sign.
NUMBER = r"^[+\-]?[.,]?[0-9][0-9.,' \x{a0}\x{202f}]*[+\-%]?$"
_SUSPICIOUS = np.array([not (0 < code < 128 and (chr(code).isalnum() or chr(code) in "([{")) for code in range(256)])


def is_export(columns: Sequence[str]) -> bool:
    """Whether these are the columns of an export, in their order, with those of its sources behind them."""
    return any(tuple(columns[: len(known)]) == known for known in (MATCHES, OPEN_ITEMS))


def is_formula(texts: pa.Array) -> pa.Array:
    """Which texts a spreadsheet program might run, or begin with an apostrophe. Null stays null, or is false."""
    if not _are_suspicious(texts):
        return pa.array(np.zeros(len(texts), np.bool_))
    begins = pc.match_substring_regex(texts, FORMULA)
    if not pc.any(begins).as_py():
        return begins
    return pc.and_not(begins, pc.match_substring_regex(texts, NUMBER))


def _are_suspicious(texts: pa.Array) -> bool:
    """Whether any text begins with something other than a letter, a digit or a bracket in ASCII."""
    _, ends, body = texts.buffers()
    if body is None or not len(texts):
        return False
    offsets = np.frombuffer(ends, np.int32, len(texts) + 1, texts.offset * 4)
    starts = offsets[:-1][np.diff(offsets) > 0]
    return bool(_SUSPICIOUS[np.frombuffer(body, np.uint8)[starts]].any())


def escaped(texts: pa.Array) -> pa.Array:
    """Texts that no spreadsheet program runs. `read_back` is the way back."""
    found = is_formula(texts)
    if not pc.any(found).as_py():
        return texts
    return pc.if_else(found, pc.binary_join_element_wise(MARK, texts, ""), texts)


def read_back(batch: RawBatch) -> RawBatch:
    """A batch of an exported CSV file with the texts as they were before the export."""
    columns = [_unescaped(column) for column in batch.columns.columns]
    return replace(batch, columns=pa.table(columns, schema=batch.columns.schema))


def _unescaped(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    found = pc.starts_with(texts, MARK)
    return pc.if_else(found, pc.utf8_slice_codeunits(texts, 1), texts) if pc.any(found).as_py() else texts
