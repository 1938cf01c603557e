"""Files as tables for the engine: amounts and dates are typed, and everything else is text."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.fields import Roles
from matching.reading.apply import TypedBatch
from matching.reading.look import Look, read_whole
from matching.reading.mapping import Mapping, blocking
from matching.reading.rows import RawBatch
from matching.reading.values import FileRejected

SHOWN_REJECTS = 20  # per file


@dataclass(frozen=True)
class Input:
    """A file that was read. `notes` say what people should know about it, each in one line."""

    table: pa.Table
    rows: NDArray[np.int64]  # the data row in the file of each row of the table
    roles: Roles
    notes: list[str]


def read_both(left: Path, right: Path) -> tuple[Input, Input]:
    """Read two files at the same time. Raises: FileRejected, OSError; those of the left one first."""
    with ThreadPoolExecutor(2, thread_name_prefix="input") as threads:
        first, second = threads.submit(read, left), threads.submit(read, right)
        return first.result(), second.result()


def read(path: Path) -> Input:
    """Read a file. Raises: FileRejected if it cannot be used; OSError."""
    found, batches = read_whole(path)
    tables = [_table(batch, typed, found.mapping) for batch, typed in batches]
    if not sum(table.num_rows for table in tables):
        raise FileRejected(f"{path}: the file has no rows")
    rows = np.concatenate([typed.rows.to_numpy(zero_copy_only=False) for _, typed in batches])
    table = pa.concat_tables(tables)
    return Input(table, rows.astype(np.int64), _roles(found.mapping, table), _notes(path, found, batches))


def _notes(path: Path, found: Look, batches: list[tuple[RawBatch, TypedBatch]]) -> list[str]:
    notes = []
    if blocking(found.questions):
        asked = (f"{q['column']} ({q['kind'].replace('_', ' ')})" for q in found.questions if q["kind"] != "currency")
        notes.append(f"{path}: ambiguous columns are compared as text: {', '.join(asked)}")
    rejects = [reject for batch, typed in batches for reject in (*batch.rejects, *typed.rejects)]
    notes += [f"{path}: line {reject.line}: {reject.message}" for reject in rejects[:SHOWN_REJECTS]]
    if len(rejects) > SHOWN_REJECTS:
        notes.append(f"{path}: {len(rejects) - SHOWN_REJECTS:,} more rows could not be read")
    return notes


def _table(batch: RawBatch, typed: TypedBatch, mapping: Mapping) -> pa.Table:
    """The rows of a batch that could be typed, with their amounts and dates in place of the texts."""
    table = batch.columns
    if len(typed.rows) < table.num_rows:
        table = table.filter(pc.is_in(batch.rows, value_set=typed.rows))
    names = table.column_names
    if mapping.amount is not None and mapping.amount.column is not None:
        table = table.set_column(names.index(mapping.amount.column), mapping.amount.column, typed.amount)
    elif mapping.amount is not None:
        table = table.append_column(_unused("amount", names), typed.amount)
    if mapping.date is not None:
        table = table.set_column(names.index(mapping.date.column), mapping.date.column, typed.date)
    currency = mapping.currency.column if mapping.currency is not None else None
    if currency is None:
        return table
    if _is_beside_amounts(mapping):
        return table.append_column(_unused("currency", table.column_names), typed.currency)
    return table.set_column(names.index(currency), currency, typed.currency)


def _is_beside_amounts(mapping: Mapping) -> bool:
    """Whether the cells of the amounts name their currencies."""
    amount, currency = mapping.amount, mapping.currency
    if amount is None or currency is None or currency.column is None:
        return False
    return currency.column in (amount.column, amount.debit, amount.credit)


def _unused(name: str, names: list[str]) -> str:
    while name in names:
        name += "_"
    return name


def _roles(mapping: Mapping, table: pa.Table) -> Roles:
    is_beside = _is_beside_amounts(mapping)
    return Roles(
        amount=mapping.amount.column if mapping.amount else None,
        currency=table.column_names[-1] if is_beside else mapping.currency.column if mapping.currency else None,
        currency_value=mapping.currency.value if mapping.currency else None,
        date=mapping.date.column if mapping.date else None,
        reference=mapping.reference.column if mapping.reference else None,
    )
