"""Which columns mean what, and rows typed accordingly: amount, currency, date and reference besides the raw text."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.money import MAX_DECIMALS, NO_CURRENCY
from matching.reading.rows import Reject
from matching.reading.values import (
    PLAIN_AMOUNT,
    PLAIN_CURRENCY,
    PLAIN_DATE,
    ColumnProfile,
    all_match,
    amount_sql,
    date_sql,
    parse_amount,
    select,
)

Mark = Literal[".", ","]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_absent(value: object) -> bool:
    return value is None


class AmountSpec(_Spec):
    """One amount column, or a debit and a credit column, where the amount is credit minus debit."""

    column: ColumnName | None = Field(default=None, exclude_if=_is_absent)
    debit: ColumnName | None = Field(default=None, exclude_if=_is_absent)
    credit: ColumnName | None = Field(default=None, exclude_if=_is_absent)
    decimal: Mark
    negate: bool | None = Field(default=None, exclude_if=_is_absent)
    signed: bool | None = Field(
        default=None,
        exclude_if=_is_absent,
        description="debits have a minus sign; if false, a negative debit is one that was reversed",
    )

    @model_validator(mode="after")
    def _one_form(self) -> "AmountSpec":
        if (self.column is None) == (self.debit is None and self.credit is None):
            raise ValueError("give either column, or debit and credit")
        if self.column is None and (self.debit is None or self.credit is None):
            raise ValueError("debit and credit must be given together")
        return self


class CurrencySpec(_Spec):
    """A column of currency codes, or one code for all rows."""

    column: ColumnName | None = Field(default=None, exclude_if=_is_absent)
    value: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(default=None, exclude_if=_is_absent)

    @model_validator(mode="after")
    def _one_form(self) -> "CurrencySpec":
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column or value")
        return self


class DateSpec(_Spec):
    """A column of dates, and the order of day, month and year in them."""

    column: ColumnName
    order: Literal["ymd", "dmy", "mdy"]
    short_years: bool | None = Field(
        default=None, exclude_if=_is_absent, description="for the order ymd: years may have two digits"
    )


class ReferenceSpec(_Spec):
    """A column of references."""

    column: ColumnName


class Mapping(_Spec):
    """What the columns of a source mean. A field that is left out is detected; null means that it has no column."""

    amount: AmountSpec | None = Field(default=None, exclude_if=_is_absent)
    currency: CurrencySpec | None = Field(default=None, exclude_if=_is_absent)
    date: DateSpec | None = Field(default=None, exclude_if=_is_absent)
    reference: ReferenceSpec | None = Field(default=None, exclude_if=_is_absent)

    def said(self) -> dict[str, Any]:
        """The fields that were given, including those that are null."""
        dumped = self.model_dump(mode="json")
        return {field: dumped.get(field) for field in Mapping.model_fields if field in self.model_fields_set}


@dataclass(frozen=True)
class TypedBatch:
    """Rows that can be stored. Every array has one entry per row."""

    rows: pa.Array
    data: pa.Array
    amount: pa.Array
    currency: pa.Array
    date: pa.Array
    reference: pa.Array
    rejects: list[Reject]


_Checks = list[tuple[str, str | None, str, str]]  # SQL condition for the fault, column, code, message

_HINTS = {
    "credit": r"credit|haben|gutschrift|deposit|paid.?in|money.?in|eingang",
    "debit": r"debit|soll|lastschrift|withdraw|paid.?out|money.?out|ausgang",
    "amount": r"amount|betrag|montant|importe|importo|bedrag|summe|total|value|umsatz|sum|gross|net|price|credit|haben",
    "currency": r"currency|ccy|curr|w.?hrung|waehrung|devise|divisa|valuta_?code",
    "date": r"book|buchung|posting|transaction|trans|value|valuta|date|datum|fecha|data|day",
    "reference": r"ref|invoice|rechnung|facture|beleg|document|doc_?no|order|number|nummer|\bno\b|_no$|code",
}
# Numbers in columns with such names are identifiers, never amounts.
_NAMES = r"account|konto|acct|compte|cuenta|iban|number|nummer|code|ref|type|date|datum|desc|name|text|(?<![a-z])(?:id|no|nr|num)(?![a-z])"


def suggest_mapping(
    profiles: list[ColumnProfile], given: Mapping | None = None
) -> tuple[Mapping, list[dict[str, Any]]]:
    """
    The likely meaning of the columns, and the questions that only a person can answer.

    What is given, including null, stays as it is: nothing is suggested or asked about it.
    """
    given = given or Mapping()
    said = given.model_fields_set
    questions: list[dict[str, Any]] = []
    amount = _with_sign(given.amount, profiles) if "amount" in said else _suggest_amount(profiles, questions)
    date = _with_years(given.date, profiles) if "date" in said else _suggest_date(profiles, questions)
    currency = given.currency if "currency" in said else _suggest_currency(profiles, amount)
    if amount is not None and currency is None and "currency" not in said:
        currency = CurrencySpec(value=NO_CURRENCY)
        column = amount.column or amount.credit or ""
        questions.append({"column": column, "kind": "currency", "choices": [], "examples": []})
    reference = given.reference if "reference" in said else _suggest_reference(profiles)
    found = {"amount": amount, "currency": currency, "date": date, "reference": reference}
    return Mapping.model_validate({field: spec for field, spec in found.items() if spec is not None}), questions


def unknown_columns(mapping: Mapping, known: Collection[str]) -> list[tuple[str, str, str]]:
    """Columns that a mapping names but a table does not have: field, key and name of each."""
    specs = [(field, getattr(mapping, field)) for field in Mapping.model_fields]
    named = [(field, key, getattr(spec, key, None)) for field, spec in specs for key in ("column", "debit", "credit")]
    return [(field, key, name) for field, key, name in named if name is not None and name not in known]


def blocking(questions: list[dict[str, Any]]) -> bool:
    """Whether a question must be answered before rows can be typed. A missing currency does not count."""
    return any(question["kind"] in ("date_order", "decimal_mark") for question in questions)


def _suggest_amount(profiles: list[ColumnProfile], questions: list[dict[str, Any]]) -> AmountSpec | None:
    best = _best(profiles, "amount", ("amount", "number"))
    debit, credit = _named(profiles, "debit", is_side=True), _named(profiles, "credit", is_side=True)
    if debit is not None and credit is not None and debit is not credit and not _are_accounts(debit, credit, best):
        mark = _common_mark((debit, credit), questions)
        signed = debit.is_negative or None
        return AmountSpec(debit=debit.name, credit=credit.name, decimal=mark, signed=signed) if mark else None
    if best is None or not _is_called(best, "amount"):
        unnamed = best if best is not None and best.type == "amount" else None
        best = _named(profiles, "amount") or unnamed
    if best is None:
        return None
    mark = _mark_of(best)
    if mark is None:
        questions.append(_question(best, "decimal_mark", [".", ","]))
        return None
    return AmountSpec(column=best.name, decimal=mark)


def _named(profiles: list[ColumnProfile], role: str, *, is_side: bool = False) -> ColumnProfile | None:
    """
    The column with such a name whose values read as amounts. Columns of numbers come before columns chosen by name
    alone.
    """
    found = [p for p in profiles if _is_called(p, role) and not re.search(_NAMES, p.name, re.I)]
    # An empty debit or credit column, or one with few amounts, is still half of a pair.
    found = [p for p in found if p.as_amount or (is_side and (p.type == "empty" or p.has_amounts))]
    found = [p for p in found if p.type != "date"]
    return min(found, key=lambda p: p.type not in ("amount", "number"), default=None)


def _are_accounts(debit: ColumnProfile, credit: ColumnProfile, best: ColumnProfile | None) -> bool:
    """Whether debit and credit name the accounts for an amount in another column, or are both empty."""
    types = {debit.type, credit.type}
    if types == {"empty"}:
        return True
    return best is not None and best.type == "amount" and best not in (debit, credit) and "amount" not in types


def _is_called(profile: ColumnProfile, role: str) -> bool:
    return bool(re.search(_HINTS[role], profile.name, re.I))


def _mark_of(profile: ColumnProfile) -> Mark | None:
    if profile.type in ("amount", "number"):
        return profile.decimal
    return None if profile.as_amount == "ask" else profile.as_amount


def _common_mark(sides: tuple[ColumnProfile, ...], questions: list[dict[str, Any]]) -> Mark | None:
    """The decimal mark of both columns. If one leaves it open, the other may decide; integers fit either."""
    marked = [p for p in sides if not _is_whole(p)]
    marks = {_mark_of(p) for p in marked} - {None}
    doubtful = [p for p in marked if p.type != "amount" and p.as_amount in ("ask", None)]
    if doubtful or len(marks) > 1 or (marked and not marks):
        asked = _question((doubtful or marked)[0], "decimal_mark", [".", ","])
        questions.append({**asked, "columns": [p.name for p in sides]})
        return None
    return marks.pop() if marks else "."


def _is_whole(profile: ColumnProfile) -> bool:
    return profile.type in ("number", "empty") or (profile.type == "code" and profile.as_amount == ".")


def _with_sign(spec: AmountSpec | None, profiles: list[ColumnProfile]) -> AmountSpec | None:
    """The amount spec, completed with whether its debits have a minus sign."""
    if spec is None or spec.debit is None or spec.signed is not None:
        return spec
    is_signed = any(p.name == spec.debit and p.is_negative for p in profiles)
    return spec.model_copy(update={"signed": True}) if is_signed else spec


def _suggest_date(profiles: list[ColumnProfile], questions: list[dict[str, Any]]) -> DateSpec | None:
    date = _best(profiles, "date", ("date",))
    if date is None:
        return None
    if date.date_order is None:
        questions.append(_question(date, "date_order", list(date.date_orders)))
        return None
    return _with_years(DateSpec(column=date.name, order=date.date_order), profiles)


def _with_years(spec: DateSpec | None, profiles: list[ColumnProfile]) -> DateSpec | None:
    """The date spec, completed with whether its dates begin with a two-digit year."""
    if spec is None or spec.order != "ymd" or spec.short_years is not None:
        return spec
    is_short = any(p.name == spec.column and p.has_short_years for p in profiles)
    return spec.model_copy(update={"short_years": True}) if is_short else spec


def _suggest_reference(profiles: list[ColumnProfile]) -> ReferenceSpec | None:
    found = [
        p
        for p in profiles
        if p.type in ("code", "text", "number") and re.search(_HINTS["reference"], p.name, re.I) and p.distinct > 1
    ]
    found.sort(key=lambda p: (-bool(re.search(r"invoice|ref|rechnung", p.name, re.I)), -p.fill, -p.distinct))
    return ReferenceSpec(column=found[0].name) if found else None


def _best(profiles: list[ColumnProfile], role: str, kinds: tuple[str, ...]) -> ColumnProfile | None:
    found = [p for p in profiles if p.type in kinds]
    if not found:
        return None
    # A column with a fitting name before others, an amount before a plain number, a fuller column before a sparser one.
    return min(
        enumerate(found),
        key=lambda item: (
            not re.search(_HINTS[role], item[1].name, re.I),
            kinds.index(item[1].type),
            -round(item[1].fill, 1),
            item[0],
        ),
    )[1]


def _suggest_currency(profiles: list[ColumnProfile], amount: AmountSpec | None) -> CurrencySpec | None:
    """A column of currency codes, preferably with a fitting name, or else the amounts, if each names its currency."""
    codes = [p for p in profiles if p.currency == "code"]
    codes.sort(key=lambda p: not re.search(_HINTS["currency"], p.name, re.I))
    if codes:
        return CurrencySpec(column=codes[0].name)
    named = {p.name for p in profiles if p.currency == "amount"}
    return CurrencySpec(column=amount.column) if amount is not None and amount.column in named else None


def _question(profile: ColumnProfile, kind: str, choices: list[str]) -> dict[str, Any]:
    return {"column": profile.name, "kind": kind, "choices": choices, "examples": list(profile.examples)}


_ORDER_WORDS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}


def apply_mapping(columns: pa.Table, rows: pa.Array, mapping: Mapping, *, lines: pa.Array) -> TypedBatch:
    """
    Type a batch. `columns` are text; `rows` and `lines` number them.

    A row whose mapped amount, date or currency is filled but not readable becomes a reject. Nothing is guessed or
    rounded.
    """
    if columns.num_rows == 0:
        return _empty()
    # Columns go by number, because the file's names may differ only in case, which SQL ignores.
    known = {name: f"c{number}" for number, name in enumerate(columns.column_names)}
    table = columns.rename_columns(list(known.values())).append_column("_row_", rows).append_column("_line_", lines)
    checks: _Checks = []
    plain = _plain(columns, mapping)
    amount = _amount_sql(mapping.amount, known, plain, checks)
    currency = _currency_sql(mapping, known, plain, checks)
    date = "NULL::DATE"
    if mapping.date is not None and mapping.date.column in known:
        column = known[mapping.date.column]
        is_plain = (mapping.date.column, PLAIN_DATE) in plain
        has_short_years = bool(mapping.date.short_years)
        date = date_sql(column, mapping.date.order, is_plain=is_plain, has_short_years=has_short_years)
        message = f"is not a date in the order {_ORDER_WORDS[mapping.date.order]}"
        checks.append((f"trim({column}) <> '' AND {date} IS NULL", mapping.date.column, "date_unparsable", message))
    reference = "NULL::VARCHAR"
    if mapping.reference is not None and mapping.reference.column in known:
        reference = f"nullif(trim({known[mapping.reference.column]}), '')"
    for name, column in known.items():
        checks.append((f"contains({column}, chr(0))", name, "nul_character", "contains the character U+0000"))
    cases = " ".join(f"WHEN {condition} THEN {number}" for number, (condition, *_) in enumerate(checks))
    typed = select(
        table,
        f"SELECT _row_, _line_, {_json_sql(known)} AS data, {amount} AS amount, {currency} AS currency, "
        f"{date} AS date, {reference} AS reference, CASE {cases} END AS fault FROM t",
    )
    is_bad = pc.is_valid(typed["fault"])
    bad = typed.filter(is_bad)
    rejects = []
    for row, line, fault in zip(*(bad[name].to_pylist() for name in ("_row_", "_line_", "fault")), strict=True):
        _, column, code, message = checks[fault]
        rejects.append(Reject(line, column, code, message, row=row))
    rejects = _explained(rejects, columns.filter(is_bad), mapping)
    good = typed.filter(pc.invert(is_bad))
    amounts = good["amount"].combine_chunks().cast(pa.decimal128(38, 9))
    currencies = pc.if_else(pc.is_valid(amounts), good["currency"].combine_chunks(), pa.scalar(None, pa.string()))
    return TypedBatch(
        rows=good["_row_"].combine_chunks(),
        data=good["data"].combine_chunks(),
        amount=amounts,
        currency=currencies,
        date=good["date"].combine_chunks(),
        reference=good["reference"].combine_chunks(),
        rejects=rejects,
    )


def _explained(rejects: list[Reject], rows: pa.Table, mapping: Mapping) -> list[Reject]:
    """The rejects of these rows, with a more precise reason where there is one."""
    for number, reject in enumerate(rejects):
        if reject.code.endswith("_unparsable") and str(rows[reject.column][number]).startswith("="):
            message = "is a formula without a value; open the workbook and save it again"
            rejects[number] = replace(reject, code="formula_without_value", message=message, value_type="formula")
    places = [number for number, reject in enumerate(rejects) if reject.code == "amount_unparsable"]
    if not places or mapping.amount is None:
        return rejects
    mark = mapping.amount.decimal
    texts = [str(rows[rejects[number].column][number]) for number in places]
    shorter = [re.sub(rf"([{mark}][0-9]{{{MAX_DECIMALS}}})[0-9]+", r"\1", text) for text in texts]
    amounts = parse_amount(pa.array(shorter, pa.string()), mark)
    for number, text, short, amount in zip(places, texts, shorter, amounts.is_valid().to_pylist(), strict=True):
        if amount and short != text:
            message = f"has more than {MAX_DECIMALS} decimals, and amounts are never rounded"
            rejects[number] = replace(rejects[number], code="too_many_decimals", message=message)
    return rejects


def _plain(columns: pa.Table, mapping: Mapping) -> set[tuple[str, str]]:
    """Which mapped columns contain only plain values of their kind, as pairs of column and pattern."""
    forms = [(mapping.date.column, PLAIN_DATE)] if mapping.date is not None else []
    if mapping.currency is not None and mapping.currency.column is not None:
        forms.append((mapping.currency.column, PLAIN_CURRENCY))
    forms += [(name, PLAIN_AMOUNT) for name in _amount_columns(mapping.amount)]
    return {(n, pattern) for n, pattern in forms if n in columns.column_names and all_match(columns[n], pattern)}


def _amount_columns(spec: AmountSpec | None) -> list[str]:
    return [] if spec is None else [name for name in (spec.column, spec.debit, spec.credit) if name is not None]


def _json_sql(known: dict[str, str]) -> str:
    """SQL that gives a row as a JSON object."""
    parts = []
    for number, (name, column) in enumerate(known.items()):
        key = ("{" if number == 0 else ",") + json.dumps(name, ensure_ascii=False) + ":"
        parts.append("'" + key.replace("'", "''") + f"', coalesce(to_json({column})::VARCHAR, 'null')")
    return f"concat({', '.join(parts)}, '}}')"


def _amount_sql(spec: AmountSpec | None, known: dict[str, str], plain: set[tuple[str, str]], checks: _Checks) -> str:
    names = _amount_columns(spec)
    if spec is None or any(name not in known for name in names):
        return "NULL::DECIMAL(38,9)"
    sign = "-" if spec.negate else ""
    parsed = {n: amount_sql(known[n], spec.decimal, is_plain=(n, PLAIN_AMOUNT) in plain) for n in names}
    for name in names:
        fault = f"trim({known[name]}) <> '' AND {parsed[name]} IS NULL"
        checks.append((fault, name, "amount_unparsable", f"is not an amount with the decimal mark {spec.decimal}"))
    if spec.column is not None:
        return f"{sign}({parsed[spec.column]})"
    assert spec.debit is not None
    assert spec.credit is not None
    debit, credit = parsed[spec.debit], parsed[spec.credit]
    both = f"coalesce({debit}, 0) <> 0 AND coalesce({credit}, 0) <> 0"
    checks.append((both, spec.credit, "debit_and_credit", "debit and credit are both filled"))
    lowered = debit if spec.signed else f"-({debit})"
    value = (
        f"CASE WHEN coalesce({credit}, 0) <> 0 THEN {credit} WHEN {debit} IS NOT NULL THEN {lowered} ELSE {credit} END"
    )
    return f"{sign}({value})"


def _currency_sql(mapping: Mapping, known: dict[str, str], plain: set[tuple[str, str]], checks: _Checks) -> str:
    """SQL for the currency: the mapping's or, if it has none, what the amount's cell contains."""
    spec = mapping.currency
    code = "NULL::VARCHAR"
    if spec is not None and spec.value is not None:
        code = "NULL::VARCHAR" if spec.value == NO_CURRENCY else f"'{spec.value}'"
    elif spec is not None and (spec.column, PLAIN_CURRENCY) in plain:
        code = f"nullif({known[spec.column or '']}, '')"
    elif spec is not None and spec.column in known:
        column = known[spec.column]
        text = f"upper(trim({column}))"
        code = f"CASE WHEN regexp_matches({text}, '^[A-Z]{{3}}$') THEN {text} ELSE currency_in({column}) END"
        checks.append(
            (f"{text} <> '' AND {code} IS NULL", spec.column, "currency_unparsable", "is not a currency code")
        )
    for name in _amount_columns(mapping.amount):
        # Plain digits and marks name no currency.
        if name in known and (name, PLAIN_AMOUNT) not in plain:
            named = f"currency_in({known[name]})"
            checks.append((f"{named} <> {code}", name, "currency_mismatch", "names a currency other than the row's"))
            code = f"coalesce({code}, {named})"
    return f"coalesce({code}, '{NO_CURRENCY}')"


def _empty() -> TypedBatch:
    return TypedBatch(
        rows=pa.array([], pa.int64()),
        data=pa.array([], pa.string()),
        amount=pa.array([], pa.decimal128(38, 9)),
        currency=pa.array([], pa.string()),
        date=pa.array([], pa.date32()),
        reference=pa.array([], pa.string()),
        rejects=[],
    )
