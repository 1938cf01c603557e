"""The matching plan: a versioned JSON document that says which fields are compared, and in which passes."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    Tag,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from core.pointers import Parts
from core.text import refuse_blank

FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ -]{0,63}$")]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
Accept = Literal["confirm", "confirm_if_unambiguous", "suggest", "report"]
Method = Literal["token_set", "token_sort", "partial", "jaro_winkler", "ratio"]
Contradiction = tuple[Parts, str]  # where it is, and what to change
# What each way to compare uses, besides the field and the weight.
USED: dict[str, tuple[str, ...]] = {
    "equal": (),
    "within": ("absolute", "percent"),
    "days": ("from", "to"),
    "similarity": ("method", "minimum"),
}
_ONLY_SOME_USE = frozenset(key for keys in USED.values() for key in keys)
_COMPARABLE = {"within": ("money",), "days": ("date",), "similarity": ("text", "reference", "code")}  # types of fields
DAYS_ALONE = (
    "needs another gate besides days: equal, within or similarity. Days alone compare nearly every pair of records"
)
# Hashes have all keys with their defaults, as documents had when the first of them were stored.
_FOR_HASH = {"is_for_hash": True}


class PlanInvalid(ValueError):
    """The plan is not valid, or does not fit the tables. Each of `faults` is (JSON pointer, code, message)."""

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{pointer or 'plan'}: {message}" for pointer, _, message in faults))
        self.faults = faults


def _refuse(title: str, contradictions: Iterable[Contradiction]) -> None:
    """Raises: ValidationError, if there are contradictions, with the place of each."""
    told = [
        InitErrorDetails(type=PydanticCustomError("invalid_plan", "{said}", {"said": message}), loc=place, input=None)
        for place, message in contradictions
    ]
    if told:
        raise ValidationError.from_exception_data(title, told)


class _Part(BaseModel):
    # Strict, so that true is no number and "5" neither. JSON has only lists, so the tuples below take them.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Extracted(_Part):
    """A part of a column: whatever a regular expression (RE2) finds in it."""

    from_: ColumnName = Field(alias="from")
    extract: Annotated[str, Field(min_length=1, max_length=500)]

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    @field_validator("extract")
    @classmethod
    def _is_re2(cls, pattern: str) -> str:
        # Arrow has the same RE2 as DuckDB, without a connection.
        try:
            pc.match_substring_regex(pa.array([""]), pattern)
        except pa.ArrowInvalid:
            raise ValueError("is not a valid RE2 regular expression") from None
        return pattern


class Signed(_Part):
    """A column whose sign is reversed, such as debits booked as positive amounts."""

    column: ColumnName
    negate: bool = False


class Constant(_Part):
    """One value for all rows."""

    value: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def _notation(spec: Any) -> str:
    """Which of the notations of a column is meant, so that only its own faults are reported."""
    if isinstance(spec, Extracted | Signed):
        return type(spec).__name__
    return ("Extracted" if "from" in spec or "extract" in spec else "Signed") if isinstance(spec, dict) else "name"


Column = Annotated[
    Annotated[ColumnName, Tag("name")] | Annotated[Extracted, Tag("Extracted")] | Annotated[Signed, Tag("Signed")],
    Discriminator(_notation),
]


class CurrencySides(_Part):
    """The currency of each side."""

    left: ColumnName | Constant
    right: ColumnName | Constant


class PlanField(_Part):
    """A field: the columns on both sides that mean the same."""

    type: Literal["money", "number", "date", "reference", "code", "text"]
    left: Column
    right: Column
    currency: CurrencySides | None = None


class Comparison(_Part):
    """How a field is compared. As a gate it must hold; as a score it adds evidence."""

    field: FieldName
    compare: Literal["equal", "within", "days", "similarity"]
    absolute: Annotated[str, Field(pattern=r"^[0-9]{1,20}(\.[0-9]{1,9})?$")] | None = None
    percent: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$")] | None = None
    from_: int | None = Field(None, alias="from", ge=-3660, le=3660)
    to: Annotated[int, Field(ge=-3660, le=3660)] | None = None
    method: Method = "token_set"
    minimum: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    weight: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 1.0

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    @model_validator(mode="after")
    def _complete(self) -> "Comparison":
        given = {"absolute": self.absolute, "percent": self.percent, "from": self.from_, "to": self.to}
        _refuse("Comparison", incomplete(self.compare, given))
        return self

    @model_serializer(mode="wrap")
    def _only_used(self, write: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        """Only what the comparison uses. A weight of 1 is left out too."""
        found: dict[str, Any] = write(self)
        if info.context == _FOR_HASH:
            return found
        unused = _ONLY_SOME_USE.difference(USED[self.compare]) | ({"weight"} if self.weight == 1 else set())
        return {key: value for key, value in found.items() if key.rstrip("_") not in unused}


def incomplete(compare: str, given: Mapping[str, Any]) -> Iterator[Contradiction]:
    """What a comparison lacks. `given` are its keys, as in a document."""
    if compare == "within" and given.get("absolute") is None and given.get("percent") is None:
        yield (), "within needs absolute, percent or both"
    if compare == "days":
        missing = [key for key in ("from", "to") if given.get(key) is None]
        yield from (((key,), f"is missing: days needs from and to, so add {key}") for key in missing)
        low, high = given.get("from"), given.get("to")
        if isinstance(low, int) and isinstance(high, int) and low > high:
            yield ("from",), "must not be greater than to"


class Booked(_Part):
    """Differences that are booked, with the code of their reason."""

    booked: Annotated[str, Field(min_length=1, max_length=64)]


class _Pass(_Part):
    """
    A pass over the records that earlier passes left open.

    `difference` says what becomes of the difference of a confirmed match. Without it, it stays open.
    """

    name: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(refuse_blank)]
    difference: Literal["open"] | Booked | None = None  # None keeps the hashes of earlier plans


class RulesPass(_Pass):
    """A pass by rules: the gates of `where` must hold, and `score` adds evidence."""

    kind: Literal["rules"]
    where: Annotated[tuple[Comparison, ...], Field(min_length=1, max_length=20, strict=False)]
    score: Annotated[tuple[Comparison, ...], Field(max_length=20, strict=False)] = ()
    accept: Accept = "confirm_if_unambiguous"


class ProbabilisticPass(_Pass):
    """
    A pass that learns from the records themselves what true pairs look like, and needs no rules.

    With `confirm_at_margin`, matches that are nearly certain are confirmed, unless pairs that are none look as good.
    """

    kind: Literal["probabilistic"]
    fields: Annotated[tuple[FieldName, ...], Field(min_length=1, max_length=20, strict=False)]
    accept: Literal["suggest", "report"] = "suggest"
    confirm_at_margin: Literal["high"] | None = None


Percent = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$")]


class FeeModel(_Part):
    """What is kept back from a payment. `reserve` is a percentage of the gross amount that is paid out later."""

    percent: Percent = "0"
    fixed: Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")] = "0"
    per: Literal["part", "total"] = "part"  # for what the fixed amount is kept back
    rounded: Literal["part", "total"] = "total"  # what the percentage is rounded on, half up
    refunds_bear: bool = False  # whether negative parts have a fee too
    reserve: Percent = "0"


class GroupPass(_Pass):
    """The fields by which a pass finds groups of rows."""

    amount: FieldName
    date: FieldName | None = None

    @property
    def texts(self) -> tuple[tuple[str, FieldName | None], tuple[str, FieldName | None]]:
        """The two fields whose texts a pass reads, by what they are for."""
        return ("reference", None), ("party", None)

    @property
    def fields(self) -> dict[str, FieldName]:
        """The fields by what they are for."""
        parts = {"amount": self.amount, "date": self.date} | dict(self.texts) | self._others()
        return {part: name for part, name in parts.items() if name is not None}

    def _others(self) -> dict[str, FieldName | None]:
        return {}


class NamedPass(GroupPass):
    """A pass in whose groups rows name each other, by `reference` and by `party`."""

    reference: FieldName | None = None
    party: FieldName | None = None

    @property
    def texts(self) -> tuple[tuple[str, FieldName | None], tuple[str, FieldName | None]]:
        """How rows name others."""
        return ("reference", self.reference), ("party", self.party)

    @model_validator(mode="after")
    def _named(self) -> "NamedPass":
        if self.reference is None and self.party is None:
            raise ValueError("needs reference, party or both: amounts alone do not tell which rows belong together")
        return self


class SumsPass(NamedPass):
    """
    A pass that finds rows of one side that together come to a row of the other, without a key that both have.

    The texts of one side name rows of the other, by reference or by party. `fees` are learned from what references prove,
    unless they are given. All bounds are counts, so the result is the same on any machine.
    """

    kind: Literal["sums"]
    fees: Literal["learned"] | Annotated[tuple[FeeModel, ...], Field(max_length=10, strict=False)] = "learned"
    max_parts: Annotated[int, Field(ge=2, le=12)] = 8
    unnamed: bool = True  # whether rows that name nobody are looked at, if others with the same text were batches
    max_sums: Annotated[int, Field(ge=1_000, le=10_000_000_000)] = 300_000_000  # partial sums listed by the whole pass
    accept: Literal["confirm_if_unique", "suggest", "report"] = "confirm_if_unique"


class PayoutsPass(GroupPass):
    """
    A pass that finds payments of all rows of some days that belong to one branch, shop or terminal, less fees.

    `by` is the column that says which, and on the other side the text of the payments, whatever it says; `fee_by` is what
    fees and times may depend on, such as the kind of card. Which text pays what, and the fees, are learned from amounts
    that tie to the unit. Where all rows belong together, `text` is the text of the payments, and there is no `by`.
    """

    kind: Literal["payouts"]
    date: FieldName
    parts: Literal["left", "right"]
    by: FieldName | None = None
    text: FieldName | None = None
    fee_by: FieldName | None = None
    accept: Literal["confirm_if_unique", "suggest", "report"] = "confirm_if_unique"

    @property
    def texts(self) -> tuple[tuple[str, FieldName | None], tuple[str, FieldName | None]]:
        """What rows belong to, or the text of payments alone, and what kind rows are."""
        return ("by", self.by) if self.by is not None else ("text", self.text), ("fee_by", self.fee_by)

    @model_validator(mode="after")
    def _told_apart(self) -> "PayoutsPass":
        if (self.by is None) == (self.text is None):
            raise ValueError("needs by, or text where all rows belong together")
        return self


class SeriesPass(NamedPass):
    """
    A pass for what parties owe again and again, such as fees of members: each payment pays one row of its party, or several
    that follow each other.

    `party` and `reference` are the name and the number of who owes, and on the other side who pays, and what he says. Names may
    be cut, turned around or have a slip; who pays for whom, and how many days after, is learned.
    """

    kind: Literal["series"]
    date: FieldName
    owed: Literal["left", "right"]
    accept: Literal["confirm_if_unique", "suggest", "report"] = "confirm_if_unique"


class VouchersPass(GroupPass):
    """
    A pass for two books of the same business, such as those of two firms of a group about each other.

    Rows of one side with one `number` and day are a voucher, and so are those that name one number of the other side. Its total
    is that of a voucher on the other side, mostly of one row: the one whose number its `text` has or that has its number, or
    that names the same numbers, or the only one that comes to the total.
    """

    kind: Literal["vouchers"]
    number: FieldName
    text: FieldName
    accept: Literal["confirm_if_unique", "suggest", "report"] = "confirm_if_unique"

    @property
    def texts(self) -> tuple[tuple[str, FieldName | None], tuple[str, FieldName | None]]:
        """The number of a row's voucher, and what it says."""
        return ("number", self.number), ("text", self.text)


class WithinSidePass(NamedPass):
    """A pass that finds rows booked twice, which join the match of their twin, and rows that another one reverses."""

    kind: Literal["within_side"]
    find: Annotated[tuple[Literal["duplicates", "reversals"], ...], Field(min_length=1, max_length=2, strict=False)] = (
        "duplicates",
        "reversals",
    )
    accept: Literal["confirm_if_unique", "suggest", "report"] = "confirm_if_unique"


class RunsPass(GroupPass):
    """
    A pass that finds rows that follow each other in time and whose sum, to the unit, is one row of the other side.

    Such runs are payouts of all that was taken since the last one, and collective entries. Only rows that have the same
    values of `by` are in a run; the time of day counts where dates have one. `total` is the side of the sums, whose `text`
    may say how many rows they have, and name the values of `by`. Where a share of the `gross` amounts is kept back,
    it is learned. All bounds are counts, so the result is the same on any machine.
    """

    kind: Literal["runs"]
    total: Literal["left", "right"]
    by: Annotated[tuple[FieldName, ...], Field(max_length=6, strict=False)] = ()
    text: FieldName | None = None
    gross: FieldName | None = None
    max_days: Annotated[int, Field(ge=1, le=31)] = 7  # that a run spans
    max_runs: Annotated[int, Field(ge=1_000, le=20_000_000)] = 4_000_000  # that are looked at in each currency
    accept: Literal["confirm_if_unique", "suggest", "report"] = "confirm_if_unique"

    @model_validator(mode="after")
    def _dated(self) -> "RunsPass":
        if self.date is None:
            raise ValueError("needs date: runs are of rows that follow each other in time")
        return self

    def _others(self) -> dict[str, FieldName | None]:
        keys = {f"by {n}": name for n, name in enumerate(self.by, 1)}
        return {"text": self.text, "gross": self.gross} | keys


_TEXTS = ("text", "reference", "code")

AnyGroupPass = SumsPass | PayoutsPass | SeriesPass | RunsPass | VouchersPass | WithinSidePass
_AnyPass = RulesPass | ProbabilisticPass | AnyGroupPass
KINDS: tuple[str, ...] = tuple(get_args(one.model_fields["kind"].annotation)[0] for one in get_args(_AnyPass))

Pass = Annotated[
    _AnyPass,
    Discriminator(
        "kind",
        custom_error_type="pass_kind",
        custom_error_message=f"kind must be {', '.join(KINDS[:-1])} or {KINDS[-1]}",
    ),
]


def _compared(step: "Pass") -> tuple[FieldName, ...]:
    """The fields that a pass compares, in its order."""
    if step.kind == "rules":
        return tuple(comparison.field for comparison in (*step.where, *step.score))
    return step.fields if step.kind == "probabilistic" else tuple(step.fields.values())


Fields = Mapping[
    str, PlanField | None
]  # by name; None is a field whose type is not known, since it has faults of its own


def same_names(names: Iterable[Any]) -> Iterator[Contradiction]:
    """Passes that have the name of an earlier one."""
    seen = set()
    for number, name in enumerate(names):
        if isinstance(name, str) and name in seen:
            yield ("passes", number, "name"), "an earlier pass has it too: two passes must not have the same name"
        seen.add(name if isinstance(name, str) else None)


def misfits(step: "Pass", fields: Fields) -> Iterator[Contradiction]:
    """Where a pass names a field that there is not, or that it cannot use."""
    if step.kind == "rules":
        for key, items in (("where", step.where), ("score", step.score)):
            for number, item in enumerate(items):
                yield from (((key, number, *place), said) for place, said in unfit(item, fields))
    elif step.kind == "probabilistic":
        for number, name in enumerate(step.fields):
            if name in step.fields[:number]:
                yield ("fields", number), f"names the field {name!r} twice"
            yield from _unknown(name, ("fields", number), fields)
    else:
        yield from _misfits_of_groups(step, fields)


def unfit(comparison: Comparison, fields: Fields) -> Iterator[Contradiction]:
    """Whether the field of a comparison is missing, or of a type that it cannot compare."""
    yield from _unknown(comparison.field, ("field",), fields)
    found, fits = fields.get(comparison.field), _COMPARABLE.get(comparison.compare)
    if found is not None and fits is not None and found.type not in fits:
        said = f"{comparison.compare} cannot compare the field {comparison.field!r} of type {found.type}"
        yield ("compare",), f"{said}, only one of type {_alternatives(fits)}"


def _misfits_of_groups(step: GroupPass, fields: Fields) -> Iterator[Contradiction]:
    fits = {"amount": ("money",), "gross": ("money",), "date": ("date",)}
    for part, name in step.fields.items():
        key, _, number = part.partition(" ")  # such as "by 2", the second in a list
        place: Parts = (key, int(number) - 1) if number else (key,)
        yield from _unknown(name, place, fields)
        found, wanted = fields.get(name), fits.get(part, _TEXTS)
        if found is not None and found.type not in wanted:
            said = f"{part} of the pass {step.name!r} cannot be the field {name!r} of type {found.type}"
            yield place, f"{said}, only one of type {_alternatives(wanted)}"


def _unknown(name: str, place: Parts, fields: Fields) -> Iterator[Contradiction]:
    if name not in fields:
        yield place, f"the pass compares the field {name!r}, which is not in fields: add it there, or name another"


def _alternatives(types: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(types[:-1]), types[-1])))


class Plan(_Part):
    """Fields and passes. `hash` identifies exactly this plan on every match it makes."""

    fields: Annotated[dict[FieldName, PlanField], Field(min_length=1, max_length=50)]
    passes: Annotated[tuple[Pass, ...], Field(min_length=1, max_length=50, strict=False)]

    @model_validator(mode="after")
    def _consistent(self) -> "Plan":
        found = list(same_names([step.name for step in self.passes]))
        for number, step in enumerate(self.passes):
            found += [(("passes", number, *place), said) for place, said in misfits(step, self.fields)]
        _refuse("Plan", found)
        return self

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        document = self.model_dump(mode="json", by_alias=True, exclude_none=True, context=_FOR_HASH)
        return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def in_order(self) -> "Plan":
        """
        The same plan with its fields in the order of their names. The hash does not depend on their order, which a database
        changes, so neither may what is found.
        """
        return self.model_copy(update={"fields": dict(sorted(self.fields.items()))})

    def money_of(self, step: "Pass | None" = None) -> FieldName | None:
        """
        The money field in which the records of a match differ: the first that the pass compares, or if it compares none, that
        any pass of the plan compares, or else the first by name.
        """
        steps = (step, *self.passes) if step is not None else self.passes
        compared = [name for one in steps for name in _compared(one)]
        return next((name for name in (*compared, *sorted(self.fields)) if self.fields[name].type == "money"), None)

    def unbounded(self) -> list[tuple[str, str, str]]:
        """
        Faults for passes that compare every record with all records of some days, however many those are.

        Equal, close or similar values narrow the pairs down as far as the values differ; days never do.
        """
        return [
            (f"/passes/{number}/where", "invalid_plan", DAYS_ALONE)
            for number, step in enumerate(self.passes)
            if step.kind == "rules" and all(gate.compare == "days" for gate in step.where)
        ]

    def bind(self, left: list[str], right: list[str]) -> None:
        """Check that the plan can be run and fits the columns of two tables. Raises: PlanInvalid."""
        faults = self.unbounded()
        for name, found in self.fields.items():
            for side, columns in (("left", left), ("right", right)):
                spec = getattr(found, side)
                column = column_of(spec)
                if column not in columns:
                    faults.append(
                        (f"/fields/{name}/{side}", "invalid_plan", f"the {side} source has no column {column!r}")
                    )
                elif column not in distinct_names(columns):
                    twin = f"the {side} source has another column that differs from {column!r} only in upper and lower case; rename one of them"
                    faults.append((f"/fields/{name}/{side}", "invalid_plan", twin))
                currency = getattr(found.currency, side) if found.currency else None
                if isinstance(currency, str) and currency not in columns:
                    faults.append(
                        (
                            f"/fields/{name}/currency/{side}",
                            "invalid_plan",
                            f"the {side} source has no column {currency!r}",
                        )
                    )
        if faults:
            raise PlanInvalid(faults)


def distinct_names(columns: list[str]) -> list[str]:
    """The columns that SQL can refer to: none without a name, and only the first of those that differ only in case."""
    found: dict[str, str] = {}
    for name in columns:
        if name:
            found.setdefault(name.casefold(), name)
    return list(found.values())


def column_of(spec: Any) -> str:
    """The column that one side of a field reads."""
    if isinstance(spec, Extracted):
        return spec.from_
    if isinstance(spec, Signed):
        return spec.column
    return str(spec)
