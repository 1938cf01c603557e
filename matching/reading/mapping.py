"""The document that says what the columns of a source mean, and which of its rows count."""

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

Mark = Literal[".", ","]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
MAX_VALUE = 200  # characters
Value = Annotated[str, Field(max_length=MAX_VALUE)]
LineNumber = Annotated[int, Field(ge=1, le=100_000_000)]
MAX_VALUES = 200
GIVEN = {
    "is_given": True
}  # the context for a mapping that somebody sends; one that is stored may be of an earlier version
_YEARLESS = "dm4?|md4?|dM|Md"
_FORM = (
    f"(?:(?:ymd|dmy|mdy|ydm)(?:[268]|7_roc)?|(?:dMy|Mdy|yMd|ydM)2?|(?:ymd|dmy|mdy|dMy|Mdy|yMd|ydM)2?_(?:be|sh|era|roc)"
    f"|{_YEARLESS}|epoch_(?:s|ms|us|ns)|serial(?:1904)?)"
)
_FORMS = re.compile(rf"{_FORM}(?:\+{_FORM}){{0,3}}")


def _whole(value: object) -> object:
    if isinstance(value, bool | float):  # which equal some of the numbers below
        raise ValueError("must be a whole number")
    return value


Multiple = Annotated[Literal[1, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000], BeforeValidator(_whole)]


def _is_absent(value: object) -> bool:
    return value is None


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _optional(description: str | None = None) -> Any:
    return Field(default=None, exclude_if=_is_absent, description=description)


class SignSpec(_Spec):
    """
    A column of words that say the sign of an amount without one. It may be the amount's own column, if letters stand
    beside the numbers; a number without letters has the value "".
    """

    column: ColumnName
    negative: Annotated[list[Value], Field(max_length=MAX_VALUES, description="the values that mean money out")]
    positive: Annotated[list[Value], Field(max_length=MAX_VALUES)] | None = _optional(
        "the values that mean money in; if it is given, a row with any other value is rejected"
    )


class AmountSpec(_Spec):
    """One amount column, or a debit and a credit column, where the amount is credit minus debit."""

    column: ColumnName | None = _optional()
    debit: ColumnName | None = _optional()
    credit: ColumnName | None = _optional()
    decimal: Mark | None = _optional("the decimal mark; if it is left out, the column's values decide")
    negate: bool | None = _optional()
    signed: bool | None = _optional("debits have a minus sign; if false, a negative debit is one that was reversed")
    signed_credit: bool | None = _optional("credits have a minus sign")
    sign: SignSpec | None = _optional()
    minor_units: bool | None = _optional("the numbers count the smallest unit of the currency, such as cents")
    multiple: Multiple | None = _optional(
        "what one in the column stands for, such as 1000 where amounts are given in thousands"
    )

    @model_validator(mode="after")
    def _one_form(self) -> "AmountSpec":
        if (self.column is None) == (self.debit is None and self.credit is None):
            raise ValueError("give either column, or debit and credit")
        if self.column is None and (self.debit is None or self.credit is None):
            raise ValueError("debit and credit must be given together")
        if self.column is None and self.sign is not None:
            raise ValueError("a sign goes with column; debit and credit already say which way money moves")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns of numbers."""
        return [name for name in (self.column, self.debit, self.credit) if name is not None]


class FeeSpec(_Spec):
    """A column of fees that the amount does not include yet. What moved is the amount without the fee."""

    column: ColumnName
    signed: bool | None = _optional("fees have a minus sign")


class BalanceSpec(_Spec):
    """A column with the running balance."""

    column: ColumnName


class OriginalSpec(_Spec):
    """The amount in the currency in which a payment was made, and that currency."""

    amount: ColumnName | None = _optional()
    currency: ColumnName | None = _optional()


class CurrencySpec(_Spec):
    """A column of currency codes, or one code for all rows."""

    column: ColumnName | None = _optional()
    value: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = _optional()

    @model_validator(mode="after")
    def _one_form(self) -> "CurrencySpec":
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column or value")
        return self


class PartsSpec(_Spec):
    """The columns of the month and the year, where the parts of a date stand in columns of their own."""

    month: ColumnName
    year: ColumnName


class DateSpec(_Spec):
    """A column of dates, and the order of day, month and year in them."""

    column: ColumnName
    order: Literal["ymd", "dmy", "mdy", "ydm"] | None = _optional("if it is left out, the column's values decide")
    form: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{2,12}(\+[A-Za-z0-9_]{2,12}){0,3}$")] | None = _optional(
        "how the dates are written, if the order does not say it: dMy is 5 Jan 2024, ymd8 20240105, serial 45296"
    )
    year: Annotated[int, Field(ge=1900, le=2200)] | None = _optional("the year of dates without one")
    short_years: bool | None = _optional("for the order ymd: years may have two digits")
    parts: PartsSpec | None = _optional("the columns of month and year, if `column` has only the day of the month")

    @field_validator("form")
    @classmethod
    def _known(cls, form: str | None, given: ValidationInfo) -> str | None:
        if form is not None and given.context is GIVEN and not _FORMS.fullmatch(form):
            raise ValueError("is not a form of dates")
        return form

    @model_validator(mode="after")
    def _has_year(self, given: ValidationInfo) -> "DateSpec":
        yearless = [form for form in (self.form or "").split("+") if re.fullmatch(_YEARLESS, form)]
        if yearless and self.year is None and given.context is GIVEN:
            raise ValueError(f"dates of the form {yearless[0]} have no year, so year has to be given")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns of the day, the month and the year, or the one of whole dates."""
        return [self.column] if self.parts is None else [self.column, self.parts.month, self.parts.year]


class ReferenceSpec(_Spec):
    """A column of references."""

    column: ColumnName


class SkipSpec(_Spec):
    """
    Values of a column whose rows are left out, such as the state "pending". In "Denied #", # is any number. Another value
    that could say that no money has moved is asked about, unless it is one of those that count.
    """

    column: ColumnName
    values: Annotated[list[Value], Field(max_length=MAX_VALUES)]
    counted: Annotated[list[Value], Field(max_length=MAX_VALUES)] | None = _optional("values whose rows count")

    @model_validator(mode="after")
    def _says_something(self) -> "SkipSpec":
        if not self.values and not self.counted:
            raise ValueError("give values whose rows are left out, or those whose rows count as counted")
        return self


class TableSpec(_Spec):
    """Where the table is in a file. Lines count from 1; a sheet is named."""

    sheet: Annotated[str, Field(min_length=1, max_length=256)] | None = _optional()
    header_row: Annotated[int, Field(ge=0, le=1_048_576)] | None = _optional("0 if the table has no header")
    first_row: Annotated[int, Field(ge=1, le=100_000_000)] | None = _optional("the first line with data")
    last_row: Annotated[int, Field(ge=1, le=100_000_000)] | None = _optional("the last line with data")
    take_in: Annotated[list[LineNumber], Field(min_length=1, max_length=1_000)] | None = _optional(
        "lines that are rows though they look like totals, captions or pending payments"
    )

    @field_validator("first_row")
    @classmethod
    def _below_the_header(cls, first: int | None, given: ValidationInfo) -> int | None:
        header = given.data.get("header_row")
        if first is not None and header is not None and first <= header and given.context is GIVEN:
            raise ValueError(f"is not below header_row, {header}")
        return first

    @field_validator("last_row")
    @classmethod
    def _after_the_first(cls, last: int | None, given: ValidationInfo) -> int | None:
        first = given.data.get("first_row")
        if last is not None and first is not None and first > last and given.context is GIVEN:
            raise ValueError(f"comes before first_row, {first}, so no row is left")
        return last


class Mapping(_Spec):
    """What the columns of a source mean. A field that is left out is detected; null means that it has no column."""

    amount: AmountSpec | None = _optional()
    fee: FeeSpec | None = _optional()
    balance: BalanceSpec | None = _optional()
    original: OriginalSpec | None = _optional()
    currency: CurrencySpec | None = _optional()
    date: DateSpec | None = _optional()
    reference: ReferenceSpec | None = _optional()
    identity: ReferenceSpec | None = _optional("a column that identifies a row across files")
    table: TableSpec | None = _optional()
    skip: Annotated[list[SkipSpec], Field(max_length=20)] | None = _optional(
        "rows that are left out; an empty list takes all rows in"
    )

    def said(self) -> dict[str, Any]:
        """The fields that were given, including those that are null."""
        dumped = self.model_dump(mode="json")
        return {field: dumped.get(field) for field in Mapping.model_fields if field in self.model_fields_set}

    def named(self) -> list[tuple[str, str]]:
        """The columns that it names, each with the place in the document, such as `amount/debit`."""
        found = []
        for field in Mapping.model_fields:
            found += _named_in(field, getattr(self, field))
        return found


def _named_in(pointer: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [pair for number, item in enumerate(value) for pair in _named_in(f"{pointer}/{number}", item)]
    if not isinstance(value, _Spec) or isinstance(value, TableSpec):
        return []
    found = []
    for key in type(value).model_fields:
        item = getattr(value, key)
        is_name = key in ("column", "debit", "credit") or isinstance(value, (OriginalSpec, PartsSpec))
        if is_name and isinstance(item, str):
            found.append((f"{pointer}/{key}", item))
        elif isinstance(item, _Spec):
            found += _named_in(f"{pointer}/{key}", item)
    return found


def unknown_columns(mapping: Mapping, known: Collection[str]) -> list[tuple[str, str, str]]:
    """Columns that a mapping names but a table does not have: field, key and name of each."""
    return [(*pointer.partition("/")[::2], name) for pointer, name in mapping.named() if name not in known]


# Questions without whose answer rows cannot be typed. The others change what is shown, and can be answered later.
BLOCKING = frozenset({"amount_column", "sign", "decimal_mark", "date_order", "minor_units"})


def blocking(questions: list[dict[str, Any]]) -> bool:
    """Whether a question must be answered before rows can be typed."""
    return any(question["kind"] in BLOCKING and question["choices"] for question in questions)
