"""Rows typed by a mapping: amount, currency, date and reference, beside the raw text."""

import json
import re
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import MAX_DECIMALS, NO_CURRENCY
from matching.reading.cells import raw, wide
from matching.reading.cells.column import MANY
from matching.reading.cells.currencies import SHARED, currency_of, minor_units
from matching.reading.cells.days import NAMED_BY_ORDER, NAMED_MONTHS, YEARLESS, Days
from matching.reading.cells.kinds import are_any
from matching.reading.cells.numbers import Numbers
from matching.reading.cells.parts import joined_days
from matching.reading.cells.repeated import encoded, repeated
from matching.reading.mapping import AmountSpec, DateSpec, Mapping, SignSpec
from matching.reading.rows import Fault, RawBatch, Reject
from matching.reading.values import select

Mask = NDArray[np.bool_]
AMOUNT = pa.decimal128(38, MAX_DECIMALS)
_WIDE = pa.decimal256(60, MAX_DECIMALS)
_TOO_LARGE = Decimal(10) ** (38 - MAX_DECIMALS)
_ORDER_WORDS = {
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "ymd": "year, month, day",
    "ydm": "year, day, month",
}


@dataclass(frozen=True)
class TypedBatch:
    """Rows that can be stored. Every array has one entry per row. `left_out` are rows that are no bookings."""

    rows: pa.Array
    data: pa.Array
    amount: pa.Array
    currency: pa.Array
    date: pa.Array
    reference: pa.Array
    rejects: list[Reject]
    left_out: list[Reject] = field(default_factory=list)


@dataclass(frozen=True)
class Exceptions:
    """
    What the mapping alone does not decide: why rows are left out, by their number, and the column of states with the
    values that nobody knows. Rows with those have no amount until somebody says whether they count.
    """

    left_out: Map[int, str] = field(default_factory=dict)
    unknown_states: tuple[str, tuple[str, ...]] | None = None
    languages: frozenset[str] | None = None  # of the months in the date column; a batch alone may know only "jan"
    pads_rows: bool = False  # many rows lack their last cells, so that it is the file's way to leave them out


class _Faults:
    """The first fault of each row."""

    def __init__(self, count: int) -> None:
        self.of_row = np.full(count, -1, np.int16)
        self._known: list[tuple[str | None, Fault]] = []

    def add(self, mask: Mask, column: str | None, code: str, message: str, value_type: str = "text") -> None:
        """Note a fault in the rows that have none yet."""
        self._known.append((column, Fault(code, message, value_type)))
        self.of_row[mask & (self.of_row < 0)] = len(self._known) - 1

    def at(self, row: int) -> tuple[str | None, Fault]:
        """The fault of a row."""
        return self._known[int(self.of_row[row])]


def apply_mapping(
    batch: RawBatch, mapping: Mapping, exceptions: Exceptions | None = None, *, with_data: bool = True
) -> TypedBatch:
    """
    Type a batch. Its faults make rejects of rows, unless they are left out. Without `with_data`, the rows are not
    written as JSON, which takes as long as all the rest.

    A row whose mapped amount, date or currency is filled but not readable becomes a reject. Nothing is guessed or
    rounded.
    """
    rows, lines, count = batch.rows, batch.lines, batch.columns.num_rows
    if count == 0:
        return _empty()
    exceptions = exceptions or Exceptions()
    numbers = rows.to_numpy(zero_copy_only=False)
    typing = _Typing(batch, mapping, _Faults(count))
    left = typing.left_out(numbers, lines.to_numpy(zero_copy_only=False), exceptions)
    is_kept = left == 0
    for row, fault in batch.faults.items():
        if exceptions.pads_rows and fault.code == "field_count":
            continue
        typing.faults.add(numbers == row, None, *fault)
    amount = typing.amount()
    currency = typing.currency(amount)
    if mapping.amount is not None and mapping.amount.minor_units:
        amount = _in_units(amount, currency)
    if mapping.amount is not None and (mapping.amount.multiple or 1) > 1:
        amount = typing.multiplied(amount, mapping.amount)
    if exceptions.unknown_states is not None:
        amount = pc.if_else(typing.holds(*exceptions.unknown_states), pa.scalar(None, AMOUNT), amount)
    date, reference = typing.date(exceptions.languages), typing.reference()
    typing.note_nul()
    data = typing.data() if with_data else pa.nulls(count, pa.string())
    bad = (typing.faults.of_row >= 0) & is_kept
    rejects = [
        typing.explained(Reject(lines[row].as_py(), column, *fault, row=int(numbers[row])), row)
        for row in np.flatnonzero(bad).tolist()
        for column, fault in (typing.faults.at(row),)
    ]
    is_good = is_kept & ~bad
    columns = (rows, data, amount, currency, date, reference)
    if not is_good.all():
        columns = tuple(column.filter(pa.array(is_good)) for column in columns)
    rows, data, amount, currency, date, reference = columns
    return TypedBatch(
        rows=rows,
        data=data,
        amount=amount,
        currency=pc.if_else(pc.is_valid(amount), currency, pa.scalar(None, pa.string()))
        if amount.null_count
        else currency,
        date=date,
        reference=reference,
        rejects=rejects,
        left_out=[
            Reject(lines[row].as_py(), None, reason, _LEFT_OUT[reason], "row", row=int(numbers[row]))
            for row in np.flatnonzero(~is_kept).tolist()
            for reason in (_REASONS[left[row]],)
        ],
    )


_LEFT_OUT = {
    "total": "a total of other rows",
    "opening_balance": "an opening balance",
    "closing_balance": "a closing balance",
    "header": "the header again",
    "caption": "a caption or a note without a date and an amount",
    "other_table": "a row of another table in the same file",
    "not_booked": "a state in which no money has moved",
    "outside": "a line outside the table",
}
_REASONS = ("", *_LEFT_OUT)


class _Typing:
    """One batch while it is typed."""

    def __init__(self, batch: RawBatch, mapping: Mapping, faults: _Faults) -> None:
        self.batch = batch
        self.columns = batch.columns
        self.mapping = mapping
        self.faults = faults
        self.exact = batch.exact
        self.numbers: dict[str, Numbers] = {}

    def left_out(self, rows: NDArray[np.int64], lines: NDArray[np.int64], exceptions: Exceptions) -> NDArray[np.int8]:
        """Why each row is left out, as a place in _REASONS; the first of these is none."""
        found = np.zeros(len(rows), np.int8)
        if exceptions.left_out:
            for place in np.flatnonzero(np.isin(rows, list(exceptions.left_out))).tolist():
                found[place] = _REASONS.index(exceptions.left_out[int(rows[place])])
        if (table := self.mapping.table) is not None:
            outside = (lines < (table.first_row or 0)) | (lines > (table.last_row or lines.max()))
            found[outside] = _REASONS.index("outside")
        for skip in self.mapping.skip or ():
            skipped = self.holds(skip.column, skip.values).to_numpy(zero_copy_only=False)
            found[skipped & (found == 0)] = _REASONS.index("not_booked")
        if table is not None and table.take_in:
            found[np.isin(lines, table.take_in)] = 0
        return found

    def holds(self, column: str, values: Sequence[str]) -> pa.Array:
        """In which rows a column has one of these values. In none if the batch lacks the column."""
        if column not in self.columns.column_names:
            return pa.repeat(False, self.columns.num_rows)
        return are_any(self.columns[column].combine_chunks(), values)

    # The amount

    def amount(self) -> pa.Array:
        """The amounts as decimal128(38, 9)."""
        spec = self.mapping.amount
        if spec is None or any(name not in self.columns.column_names for name in spec.columns):
            return pa.nulls(self.columns.num_rows, AMOUNT)
        parsed = {name: self._number(name, spec) for name in spec.columns}
        if spec.column is None:
            value = self._without_fee(self._sides(spec, parsed), spec, is_alone=True)
        else:
            value = parsed[spec.column]
            if spec.sign is not None:
                value = self._signed(value, spec.column, spec.sign)
            value = self._without_fee(value, spec)
        return pc.negate(value) if spec.negate else value

    def _number(self, name: str, spec: AmountSpec) -> pa.Array:
        if (usual := self._usual_number(name, spec)) is not None:
            return usual
        numbers = self.numbers[name] = Numbers(self.columns[name], self.exact.get(name))
        mark: str = spec.decimal or next(iter(sorted(numbers.marks(), reverse=True)), ".")
        value = numbers.decimal(mark)
        unread = numbers.filled & ~numbers.blank & pc.is_null(value).to_numpy(zero_copy_only=False)
        self.faults.add(
            unread & numbers.too_precise(mark),
            name,
            "too_many_decimals",
            f"has more than {MAX_DECIMALS} decimals, and amounts are never rounded",
        )
        self.faults.add(unread, name, "amount_unparsable", f"is not an amount with the decimal mark {mark}")
        return value

    def _usual_number(self, name: str, spec: AmountSpec) -> pa.Array | None:
        """The amounts of a column in which each has only digits and two decimals, as most files have them, else None."""
        if name in self.exact or (spec.sign is not None and spec.sign.column == name):
            return None
        found = raw.bytes_of(self.columns[name].combine_chunks())
        for mark in [spec.decimal] if spec.decimal else [".", ","]:
            cents = found.cents(mark)
            if cents is not None:
                return wide.from_cents(cents, MAX_DECIMALS)
        return None

    def _sides(self, spec: AmountSpec, parsed: dict[str, pa.Array]) -> pa.Array:
        assert spec.debit is not None
        assert spec.credit is not None
        debit, credit = parsed[spec.debit], parsed[spec.credit]
        zero = pa.scalar(Decimal(0), AMOUNT)
        has_debit = pc.fill_null(pc.not_equal(debit, zero), False)
        has_credit = pc.fill_null(pc.not_equal(credit, zero), False)
        both = pc.and_(has_debit, has_credit).to_numpy(zero_copy_only=False)
        self.faults.add(both, spec.credit, "debit_and_credit", "debit and credit are both filled")
        lowered = debit if spec.signed else pc.negate(debit)
        raised = pc.negate(credit) if spec.signed_credit else credit
        return pc.if_else(has_credit, raised, pc.if_else(pc.is_valid(debit), lowered, raised))

    def _signed(self, value: pa.Array, column: str, sign: SignSpec) -> pa.Array:
        if sign.column == column:
            numbers = self.numbers[column]
            words = pa.array([token or "" for token in numbers.tokens], pa.string()).take(pa.array(numbers.token))
        elif sign.column in self.columns.column_names:
            texts = self.columns[sign.column].combine_chunks()
            words = pc.fill_null(pc.utf8_trim_whitespace(texts), "")
        else:
            return value
        is_out = pc.is_in(words, pa.array(sign.negative, pa.string()))
        if sign.positive is not None:
            known = pc.or_(is_out, pc.is_in(words, pa.array(sign.positive, pa.string())))
            unknown = pc.and_(pc.is_valid(value), pc.invert(known)).to_numpy(zero_copy_only=False)
            self.faults.add(unknown, sign.column, "sign_unknown", "does not say whether money goes out or comes in")
        return pc.if_else(is_out, pc.negate(pc.abs(value)), value)

    def _without_fee(self, value: pa.Array, spec: AmountSpec, *, is_alone: bool = False) -> pa.Array:
        """The amounts without the fees. `is_alone`: a fee is a booking of its own where there is no other amount."""
        fee_spec = self.mapping.fee
        if fee_spec is None or fee_spec.column not in self.columns.column_names:
            return value
        given = self._number(fee_spec.column, spec)
        zero = pa.scalar(Decimal(0), AMOUNT)
        if is_alone:
            is_charged = pc.fill_null(pc.not_equal(given, zero), False)
            value = pc.if_else(pc.and_(pc.is_null(value), is_charged), zero, value)
        fee = pc.fill_null(given, zero).cast(_WIDE)
        combined = pc.add(value.cast(_WIDE), fee) if fee_spec.signed else pc.subtract(value.cast(_WIDE), fee)
        return combined.cast(AMOUNT)

    def multiplied(self, amount: pa.Array, spec: AmountSpec) -> pa.Array:
        """What the numbers stand for, where one counts a thousand or more."""
        whole = pc.multiply(amount.cast(pa.decimal256(50, MAX_DECIMALS)), pa.scalar(spec.multiple, pa.decimal256(9, 0)))
        fits = pc.fill_null(pc.less(pc.abs(whole), pa.scalar(_TOO_LARGE, whole.type)), True)
        large = pc.invert(fits).to_numpy(zero_copy_only=False)
        message = f"stands for {spec.multiple} times as much, which is more than can be stored"
        self.faults.add(large, spec.columns[0], "amount_unparsable", message)
        return pc.if_else(fits, whole, pa.scalar(None, whole.type)).cast(AMOUNT)

    # The rest

    def currency(self, amount: pa.Array) -> pa.Array:
        """The currency of each row: the mapping's or, if it has none, what the amount's cell names."""
        count = self.columns.num_rows
        code = self._mapped_currency(count)
        for name in self.mapping.amount.columns if self.mapping.amount is not None else ():
            if name not in self.numbers or len(self.numbers[name].currencies) == 1:
                continue
            numbers = self.numbers[name]
            is_open = self.mapping.currency is not None and self.mapping.currency.value == NO_CURRENCY
            names = [
                None if named == SHARED or (is_open and meanings) else named
                for named, meanings in zip(numbers.currencies, numbers.meanings, strict=True)
            ]
            named = pa.array(names, pa.string()).take(pa.array(numbers.currency))
            differs = pc.fill_null(pc.not_equal(named, code), False).to_numpy(zero_copy_only=False)
            for place, meanings in enumerate(numbers.meanings) if differs.any() else ():
                may_mean = pc.is_in(code, pa.array(sorted(meanings), pa.string())).to_numpy(zero_copy_only=False)
                differs = differs & ~(may_mean & (numbers.currency == place))
            self.faults.add(differs, name, "currency_mismatch", "names a currency other than the row's")
            code = pc.coalesce(code, named)
        return pc.fill_null(code, NO_CURRENCY) if code.null_count else code

    def _mapped_currency(self, count: int) -> pa.Array:
        spec = self.mapping.currency
        if spec is None:
            return pa.nulls(count, pa.string())
        if spec.value is not None:
            return pa.nulls(count, pa.string()) if spec.value == NO_CURRENCY else pa.repeat(spec.value, count)
        column = spec.column or ""
        if column not in self.columns.column_names:
            return pa.nulls(count, pa.string())
        if self.mapping.amount is not None and column in self.mapping.amount.columns:
            return pa.nulls(count, pa.string())
        different = self.batch.repeated(column) or encoded(self.columns[column])
        texts = different.texts.to_pylist()
        found = [_code(text) for text in texts]
        is_odd = [bool(text.strip()) and code is None for text, code in zip(texts, found, strict=True)]
        if any(is_odd):
            unread = np.array(is_odd, np.bool_)[different.codes]
            self.faults.add(unread, column, "currency_unparsable", "is not a currency code")
        if len(found) == 1:
            return pa.repeat(pa.scalar(found[0], pa.string()), count)
        return pa.array(found, pa.string()).take(pa.array(different.codes))

    def date(self, languages: frozenset[str] | None) -> pa.Array:
        """The dates as date32."""
        spec = self.mapping.date
        if spec is None or any(name not in self.columns.column_names for name in spec.columns):
            return pa.nulls(self.columns.num_rows, pa.date32())
        days, valid, unread = self._days(spec, languages)
        words = _ORDER_WORDS[spec.order or "ymd"]
        self.faults.add(unread, spec.column, "date_unparsable", f"is not a date in the order {words}")
        return pa.array(days, pa.int32(), mask=None if valid.all() else ~valid).cast(pa.date32())

    def _days(self, spec: DateSpec, languages: frozenset[str] | None) -> tuple[NDArray[np.int32], Mask, Mask]:
        """The days of the rows, which of them are valid, and which are filled with something else."""
        column = self._dates(spec)
        different = self.batch.repeated(spec.column) if spec.parts is None else repeated(column)
        if different is None or len(different.texts) > MANY:
            return _read_days(Days(column, languages), spec)
        days = Days(different.texts, languages)
        if languages is None and days.languages:
            # How often each name of a month occurs decides about the language.
            return _read_days(Days(column), spec)
        found, valid, unread = _read_days(days, spec)
        return found[different.codes], valid[different.codes], unread[different.codes]

    def _dates(self, spec: DateSpec) -> pa.ChunkedArray:
        """The texts of the dates, put together where their parts stand in several columns."""
        if spec.parts is None:
            return self.columns[spec.column]
        return joined_days(*(self.columns[name] for name in spec.columns))

    def reference(self) -> pa.Array:
        """The references, without spaces around them."""
        spec = self.mapping.reference
        if spec is None or spec.column not in self.columns.column_names:
            return pa.nulls(self.columns.num_rows, pa.string())
        texts = self.columns[spec.column].combine_chunks()
        if raw.are_tidy(texts):
            return texts
        trimmed = pc.utf8_trim_whitespace(texts)
        return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)

    def note_nul(self) -> None:
        """Note the rows with a character that cannot be stored."""
        for name in self.columns.column_names:
            if all(raw.bytes_of(chunk).least for chunk in self.columns[name].chunks):
                continue
            has_nul = pc.fill_null(pc.match_substring(self.columns[name], "\x00"), False).to_numpy()
            self.faults.add(has_nul, name, "nul_character", "contains the character U+0000")

    def data(self) -> pa.Array:
        """The rows as JSON objects."""
        # Columns go by number, because the file's names may differ only in case, which SQL ignores.
        known = {name: f"c{number}" for number, name in enumerate(self.columns.column_names)}
        table = self.columns.rename_columns(list(known.values()))
        return select(table, f"SELECT {_json_sql(known)} AS data FROM t")["data"].combine_chunks()

    def explained(self, reject: Reject, row: int) -> Reject:
        """A reject with a more precise reason where there is one."""
        if reject.column is None or not reject.code.endswith("_unparsable"):
            return reject
        if str(self.columns[reject.column][row]).startswith("="):
            message = "is a formula without a value; open the workbook and save it again"
            return Reject(reject.line, reject.column, "formula_without_value", message, "formula", reject.row)
        return reject


def _read_days(days: Days, spec: DateSpec) -> tuple[NDArray[np.int32], Mask, Mask]:
    """The days, which of them are valid, and which texts are something else."""
    found, valid = np.zeros(days.rows, np.int32), np.zeros(days.rows, np.bool_)
    for form in forms_of(spec):
        if form in YEARLESS and spec.year is None:
            continue  # stored by an earlier version, which took such a mapping; no text is a day then
        more, fits = days.days(form, spec.year) if form in YEARLESS else days.days(form)
        found = np.where(fits & ~valid, more, found)
        valid |= fits
    return found, valid, days.filled & ~days.blank & ~valid


def forms_of(spec: DateSpec) -> tuple[str, ...]:
    """The forms in which dates are tried, in this order."""
    if spec.form is not None:
        return tuple(spec.form.split("+"))
    forms = NAMED_BY_ORDER[spec.order or "ymd"]
    return ("ymd", "ymd8", "ymd2", *NAMED_MONTHS) if spec.order == "ymd" and spec.short_years else forms


def _code(text: str | None) -> str | None:
    if text is None or not text.strip():
        return None
    upper = text.strip().upper()
    if re.fullmatch("[A-Z]{3}", upper):
        return upper
    code = currency_of(text.strip())
    return None if code == SHARED else code


def _in_units(amount: pa.Array, currency: pa.Array) -> pa.Array:
    """
    Amounts in the smallest unit of their currency, such as cents, in whole units. Null while the currency is unknown:
    nobody knows then how many of them make one.
    """
    codes = currency.dictionary_encode()
    known = [None if code is None or code == NO_CURRENCY else code for code in codes.dictionary.to_pylist()]
    shares = [None if code is None else Decimal(1).scaleb(-minor_units(code)) for code in known]
    factors = pa.array(shares, pa.decimal256(6, 5)).take(codes.indices)
    return pc.multiply(amount.cast(pa.decimal256(50, MAX_DECIMALS)), factors).cast(AMOUNT)


def _json_sql(known: dict[str, str]) -> str:
    """SQL that gives a row as a JSON object."""
    parts = []
    for number, (name, column) in enumerate(known.items()):
        key = ("{" if number == 0 else ",") + json.dumps(name, ensure_ascii=False) + ":"
        parts.append("'" + key.replace("'", "''") + f"', coalesce(to_json({column})::VARCHAR, 'null')")
    return f"concat({', '.join(parts)}, '}}')"


def _empty() -> TypedBatch:
    return TypedBatch(
        rows=pa.array([], pa.int64()),
        data=pa.array([], pa.string()),
        amount=pa.array([], AMOUNT),
        currency=pa.array([], pa.string()),
        date=pa.array([], pa.date32()),
        reference=pa.array([], pa.string()),
        rejects=[],
    )
