"""
What each answer to a question would make of three rows of the file, and the piece of a mapping that gives this answer.

A person decides by looking at rows, so the three are those that the answers read most differently.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.money import NO_CURRENCY, amount_text
from matching.reading.apply import Exceptions, TypedBatch, apply_mapping
from matching.reading.cells.kinds import are_any
from matching.reading.detect import detect
from matching.reading.look import Look, decided, facts_of
from matching.reading.mapping import BLOCKING, Mapping
from matching.reading.roles.complete import completed
from matching.reading.roles.facts import Facts
from matching.reading.rows import RawBatch
from matching.reading.tables import read_batches
from matching.reading.values import FileRejected

MAX_CHOICES = 8
MAX_STATES = 20  # values of a column of states, which are ticked instead of chosen
MAX_ROWS = 3
MAX_TEXT = 80  # characters of a cell that are shown
SAMPLE_ROWS = 2_000  # among which the rows are looked for
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY")
ORDERS = {
    "dmy": "day, month, year",
    "mdy": "month, day, year",
    "ymd": "year, month, day",
    "ydm": "year, day, month",
}
MARKS = {".": "point", ",": "comma"}
HIDDEN = ("amount", "fee", "negate", "forms", "year", "years")  # parts of a question that only its answers need
Piece = dict[str, Any]


@dataclass(frozen=True)
class _Choice:
    """An answer that can be given. `shows` are rows that it is about, if it is not about all of them."""

    value: str | None
    label: str
    piece: Piece
    facts: Piece | None = None


def with_answers(
    found: Look, batches: Iterable[RawBatch], currencies: Sequence[str] = (), path: Path | None = None
) -> list[dict[str, Any]]:
    """
    The questions of a file, each with its answers. `batches` are the first ones of the file, and `currencies` those
    that are likely, most likely first. `path` is the file, which another sheet or table is read from.
    """
    if not found.questions:
        return []
    batch = next((batch for batch in batches if batch.columns.num_rows), None)
    return [_Asked(question, found, batch, currencies, path).view() for question in found.questions]


class _Asked:
    """One question about a file, and the batch whose rows show what the answers mean."""

    def __init__(
        self,
        question: dict[str, Any],
        found: Look,
        batch: RawBatch | None,
        currencies: Sequence[str],
        path: Path | None,
    ) -> None:
        self.question = question
        self.found = found
        self.batch = batch
        self.currencies = currencies
        self.path = path
        self.column: str | None = question.get("column")
        self.columns: list[str] = question.get("columns") or []
        self.choices = [str(choice) for choice in question["choices"]]
        self.amount: Piece = question.get("amount") or {}  # what is known of the amount besides the answer

    def view(self) -> dict[str, Any]:
        """The question with its answers."""
        kind = self.question["kind"]
        offered = list(getattr(self, f"_{kind}")())
        answers = [
            {
                "value": choice.value,
                "label": choice.label[:200],
                "mapping": choice.piece,
                "rows": rows,
                **(choice.facts or {}),
            }
            for choice, rows in zip(offered, self._rows(offered), strict=True)
        ]
        is_blocking = kind in BLOCKING and bool(self.choices)
        asked = {name: value for name, value in self.question.items() if name not in HIDDEN}
        return {**asked, "blocking": is_blocking, "answers": answers}

    # What can be answered

    def _amount_column(self) -> Iterator[_Choice]:
        for name in self.choices[:MAX_CHOICES]:
            yield _Choice(name, name, {"amount": {"column": name}})
        if fee := self.question.get("fee"):
            name = self.choices[0]
            piece = {"amount": {"column": name}, "fee": fee}
            yield _Choice(f"{name} - {fee['column']}", f"“{name}” less the fee in “{fee['column']}”", piece)
        yield _Choice(None, "no column is an amount", {"amount": None})

    def _sign(self) -> Iterator[_Choice]:
        if self.question.get("negate"):
            for value in self.choices:
                piece = {**self.amount, "negate": value == "out"}
                yield _Choice(value, f"all of them are money {value}", {"amount": piece})
            yield _Choice(None, "no column is an amount", {"amount": None})
            return
        if len(self.choices) == 2 and self.columns == self.choices:
            for debit, credit in (self.choices, self.choices[::-1]):
                yield _Choice(debit, f"“{debit}” is money out", {"amount": self._sides(debit, credit)})
            return
        values = [*self.choices[:MAX_CHOICES]]
        for value in values:
            others = [other for other in self.choices if other != value] or [""]
            yield _Choice(value, f"“{value}” is money out", {"amount": self._signed([value], others)})
        if len(values) == 1:
            # The rows without the word are the other side.
            yield _Choice(f"not {values[0]}", f"“{values[0]}” is money in", {"amount": self._signed([""], values)})

    def _signed(self, negative: list[str], positive: list[str]) -> Piece:
        amount = self.columns[0] if self.columns else self.column
        sign = {"column": self.column, "negative": negative, "positive": positive}
        return {"column": amount, **self.amount, "sign": sign}

    def _sides(self, debit: str, credit: str) -> Piece:
        return {"debit": debit, "credit": credit, **{k: v for k, v in self.amount.items() if k == "decimal"}}

    def _decimal_mark(self) -> Iterator[_Choice]:
        for mark in self.choices[:2] or list(MARKS):
            yield _Choice(mark, MARKS.get(mark, mark), {"amount": {**self._known_amount(), "decimal": mark}})

    def _minor_units(self) -> Iterator[_Choice]:
        known = self._known_amount()
        yield _Choice("yes", "they count the smallest unit, such as cents", {"amount": {**known, "minor_units": True}})
        yield _Choice("no", "they count whole units", {"amount": {**known, "minor_units": False}})

    def _known_amount(self) -> Piece:
        if self.amount:
            return self.amount
        if len(self.columns) == 2:
            return {"debit": self.columns[0], "credit": self.columns[1]}
        return {"column": self.column}

    def _date_order(self) -> Iterator[_Choice]:
        forms = self.question.get("forms") or {}
        year = {"year": self.question["year"]} if self.question.get("year") else {}
        for order in self.choices or [*ORDERS][:3]:
            form = ({"form": forms[order]} if order in forms else {}) | year
            yield _Choice(order, ORDERS.get(order, order), {"date": {"column": self.column, "order": order, **form}})
        yield _Choice(None, "it is not a date", {"date": None})

    def _date_column(self) -> Iterator[_Choice]:
        # Where the days have no year, somebody has to say it; in the order that a form stands for, if there are two.
        forms: dict[str, str] = self.question.get("forms") or {}
        for year in self.question.get("years") or ():
            for order, form in forms.items():
                named = f"“{self.column}” in {year}" + (f", {ORDERS[order][:10]}" if len(forms) > 1 else "")
                piece = {"column": self.column, "order": order, "form": form, "year": year}
                yield _Choice(f"{year} {form}" if len(forms) > 1 else str(year), named, {"date": piece})
        for name in self.choices[: 1 if forms else MAX_CHOICES]:
            yield _Choice(name, name, {"date": {"column": name}})
        yield _Choice(None, "there is no date", {"date": None})

    def _currency(self) -> Iterator[_Choice]:
        # A sign offers only what it may mean, what the project knows first.
        known = [code for code in self.currencies if code in self.choices or not self.choices]
        likely = dict.fromkeys([*known, *(self.choices or CURRENCIES)])
        for code in [*likely][: MAX_CHOICES - 1]:
            yield _Choice(code, code, {"currency": {"value": code}})
        yield _Choice(NO_CURRENCY, "no currency", {"currency": {"value": NO_CURRENCY}})

    def _skip(self) -> Iterator[_Choice]:
        """The values whose rows can be left out, any number of them at once; each with its rows counted and summed."""
        for value in self.choices[:MAX_STATES]:
            piece = {"skip": [{"column": self.column, "values": [value]}]}
            yield _Choice(value, value, piece, self._counted(value))

    def _sheet(self) -> Iterator[_Choice]:
        for name in self.choices[:MAX_CHOICES]:
            yield _Choice(name, name, {"table": {"sheet": name}})

    def _header(self) -> Iterator[_Choice]:
        for line in self.choices[:MAX_CHOICES]:
            label = f"line {line}" if line != "0" else "no line is a header"
            yield _Choice(line, label, {"table": {"header_row": int(line)}})

    # What the answers would make of rows

    def _rows(self, offered: list[_Choice]) -> list[list[dict[str, Any]]]:
        """For each answer the same rows of the file, as it would read them."""
        kind = self.question["kind"]
        if kind in ("sheet", "header"):
            return [self._elsewhere(choice.piece) for choice in offered]
        if self.batch is None:
            return [[] for _ in offered]
        if kind == "skip":
            return [self._shown(self._typed({"skip": []}, self._with(str(choice.value)))) for choice in offered]
        sample = self.batch.columns.slice(0, SAMPLE_ROWS).num_rows
        wanted = np.arange(sample)
        read = [_readings(self._typed(choice.piece, wanted)) for choice in offered]
        chosen = _telling(read, [choice.value is not None for choice in offered])
        return [self._shown_rows(readings, chosen) for readings in read]

    def _elsewhere(self, piece: Piece) -> list[dict[str, Any]]:
        """The first rows of another table or sheet, as they would be read."""
        if self.path is None:
            return []
        said = self.found.mapping.said().get("table") or {}
        given = Mapping.model_validate({"table": {**said, **piece["table"]}})
        try:
            detection = detect(self.path, self.found.detection.format, given.table)
            batches = read_batches(self.path, detection, batch_rows=SAMPLE_ROWS)
            batch = next((batch for batch in batches if batch.columns.num_rows), None)
        except FileRejected:
            return []
        if batch is None:
            return []
        seen = decided(detection, [], facts_of([batch], detection), given)
        return _first_rows(batch, apply_mapping(batch, seen.mapping, seen.exceptions))

    @cached_property
    def _facts(self) -> Facts:
        """The sample as facts, which complete an answer as they do when it is given."""
        assert self.batch is not None
        sample = RawBatch(
            self.batch.columns.slice(0, SAMPLE_ROWS),
            self.batch.rows.slice(0, SAMPLE_ROWS),
            self.batch.lines.slice(0, SAMPLE_ROWS),
            exact={name: is_exact[:SAMPLE_ROWS] for name, is_exact in self.batch.exact.items()},
        )
        return facts_of([sample], self.found.detection)

    def _with(self, value: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Where the first rows with a value of the asked column are."""
        assert self.batch is not None
        return np.flatnonzero(are_any(self.batch.columns[self.column], [value]).to_numpy())[:MAX_ROWS]

    def _typed(self, piece: Piece, places: np.ndarray[Any, np.dtype[np.int64]]) -> TypedBatch:
        """Some rows of the batch, read by the mapping with this piece put in."""
        assert self.batch is not None
        said = {**self.found.mapping.said(), **completed(piece, self._facts)}
        if piece.get("amount") and "currency" not in said:
            # Which currency an amount has is found once the amount is known.
            seen = decided(self.found.detection, self.found.columns, self._facts, Mapping.model_validate(said))
            said |= {name: spec for name, spec in seen.mapping.said().items() if name == "currency"}
        mapping = Mapping.model_validate(said)
        names = {name for _, name in mapping.named()} | {self.column, *self.columns}
        kept = [name for name in self.batch.columns.column_names if name in names]
        take = pa.array(places)
        left_out = {} if self.question["kind"] == "skip" else self.found.exceptions.left_out
        rows = RawBatch(
            self.batch.columns.select(kept or self.batch.columns.column_names[:1]).take(take),
            self.batch.rows.take(take),
            self.batch.lines.take(take),
            exact={name: is_exact[places] for name, is_exact in self.batch.exact.items()},
        )
        return apply_mapping(rows, mapping, Exceptions(left_out))

    def _shown(self, typed: TypedBatch) -> list[dict[str, Any]]:
        readings = _readings(typed)
        return self._shown_rows(readings, [*readings][:MAX_ROWS])

    def _shown_rows(self, readings: dict[int, tuple[str | None, ...]], rows: list[int]) -> list[dict[str, Any]]:
        return [self._shown_row(row, readings.get(row)) for row in rows]

    def _shown_row(self, row: int, reading: tuple[str | None, ...] | None) -> dict[str, Any]:
        """A row as an answer reads it. All fields are empty if the row would be rejected."""
        assert self.batch is not None
        place = int(np.flatnonzero(self.batch.rows.to_numpy(zero_copy_only=False) == row)[0])
        names = [
            name for name in dict.fromkeys((self.column, *self.columns)) if name in self.batch.columns.column_names
        ]
        cells = [(self.batch.columns[name][place].as_py() or "").strip() for name in names]
        amount, currency, date, reference = reading or (None, None, None, None)
        return {
            "line": self.batch.lines[place].as_py(),
            "row": row,
            "text": _cut(" · ".join(cell for cell in cells if cell)),
            "amount": amount,
            "currency": currency,
            "date": date,
            "reference": _cut(reference),
            "rejected": reading is None,
        }

    def _counted(self, value: str) -> Piece:
        """How many rows of the batch have a value, and what they sum to in each currency."""
        if self.batch is None:
            return {}
        places = np.flatnonzero(are_any(self.batch.columns[self.column], [value]).to_numpy())
        typed = self._typed({"skip": []}, places)
        table = pa.table({"currency": typed.currency, "amount": typed.amount.cast(pa.decimal256(60, 9))})
        sums = table.filter(pc.is_valid(table["amount"])).group_by("currency").aggregate([("amount", "sum")])
        return {
            "count": len(places),
            "of": self.batch.columns.num_rows,
            "sums": [
                {"amount": amount_text(row["amount_sum"], row["currency"]), "currency": row["currency"]}
                for row in sums.sort_by("currency").to_pylist()[:MAX_CHOICES]
            ],
        }


def _first_rows(batch: RawBatch, typed: TypedBatch) -> list[dict[str, Any]]:
    """The first rows that count, with all that they say."""
    places = {row: place for place, row in enumerate(batch.rows.to_pylist())}
    found = []
    for row, reading in [*_readings(typed).items()][:MAX_ROWS]:
        cells = [(column[places[row]].as_py() or "").strip() for column in batch.columns.columns]
        amount, currency, date, reference = reading
        found.append(
            {
                "line": batch.lines[places[row]].as_py(),
                "row": row,
                "text": _cut(" · ".join(cell for cell in cells if cell)),
                "amount": amount,
                "currency": currency,
                "date": date,
                "reference": _cut(reference),
                "rejected": False,
            }
        )
    return found


def _readings(typed: TypedBatch) -> dict[int, tuple[str | None, ...]]:
    """Amount, currency, date and reference of each row that can be read, by its number."""
    columns = (typed.rows, typed.amount, typed.currency, typed.date, typed.reference)
    return {
        row: (
            None if amount is None else amount_text(amount, currency),
            None if currency == NO_CURRENCY else currency,
            None if date is None else date.isoformat(),
            reference,
        )
        for row, amount, currency, date, reference in zip(*(c.to_pylist() for c in columns), strict=True)
    }


def _telling(read: list[dict[int, tuple[str | None, ...]]], counts: list[bool]) -> list[int]:
    """
    The rows that most answers read differently, in the file's order. Rows that no answer can read come last. `counts`
    says which answers are readings; that there is no such column reads every row alike.
    """
    rows = sorted({row for readings in read for row in readings})
    asked = [readings for readings, is_reading in zip(read, counts, strict=True) if is_reading]

    def rank(row: int) -> tuple[int, int, int]:
        known = [readings.get(row) for readings in asked]
        filled = sum(value is not None for reading in known for value in reading or ())
        return -len(set(known)), -filled, row

    return sorted(sorted(rows, key=rank)[:MAX_ROWS])


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
