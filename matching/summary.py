"""What a run comes to: counts and sums per side and currency, where confirmed + suggested + open = total, to the last digit."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import NO_CURRENCY, exponent
from matching.fields import Roles
from matching.plan import Constant, Plan, column_of
from matching.reading.values import currencies_in, parse_amount, profile_column
from matching.results import CONFIRMED, Chunk, PassFinished

OPEN, SUGGESTED_ROW, CONFIRMED_ROW = 0, 1, 2
STATES = ("open", "suggested", "confirmed")  # by these numbers
_CONTEXT = Context(prec=100)  # Decimal's own keeps 28 digits
_WIDE = pa.decimal256(60, 9)  # a sum of amounts of 38 digits does not fit into 38


@dataclass
class Tally:
    """Which rows of both sides are used by matches, and the passes that are finished."""

    states: tuple[NDArray[np.uint8], NDArray[np.uint8]]  # OPEN, SUGGESTED_ROW or CONFIRMED_ROW of each row
    matches: int = 0
    passes: list[PassFinished] = field(default_factory=list)

    @classmethod
    def of(cls, left: pa.Table, right: pa.Table) -> "Tally":
        """Nothing is matched yet."""
        return cls((np.zeros(left.num_rows, np.uint8), np.zeros(right.num_rows, np.uint8)))

    def add(self, item: object) -> None:
        """Add what a run yields. What a pass only reports uses no rows."""
        if isinstance(item, PassFinished):
            self.passes.append(item)
        elif isinstance(item, Chunk) and not item.is_reported:
            self.matches += item.matches.num_rows
            is_confirmed = pc.equal(item.matches["status"], CONFIRMED).to_numpy()
            for name, rows, states in zip(("left", "right"), item.used, self.states, strict=True):
                counts = pc.list_value_length(item.matches[name]).to_numpy()
                state = np.where(is_confirmed, CONFIRMED_ROW, SUGGESTED_ROW).astype(np.uint8)
                states[rows.to_numpy()] = np.repeat(state, counts)


def side_of(table: pa.Table, roles: Roles, states: NDArray[np.uint8]) -> dict[str, Any]:
    """The counts of a side's records by their state, and their sums per currency."""
    counts = np.bincount(states, minlength=len(STATES)).tolist()
    found: dict[str, Any] = {
        "records": table.num_rows,
        "matched": table.num_rows - counts[OPEN],
        **dict(zip(STATES, counts, strict=True)),
    }
    if roles.amount is not None and roles.amount in table.column_names:
        found["sums"] = _sums(table[roles.amount], _codes(table, roles), states)
    return found


def summed(table: pa.Table, roles: Roles) -> tuple[pa.Table, Roles]:
    """The amounts as decimals, which may be texts, with their currencies, which they may name."""
    if roles.amount is None or pa.types.is_decimal(table[roles.amount].type):
        return table, roles
    texts = table[roles.amount]
    decimal = profile_column(roles.amount, texts).decimal or "."
    columns = {roles.amount: parse_amount(texts, decimal)}
    if roles.currency not in (None, roles.amount):
        columns |= {str(roles.currency): table[roles.currency]}
    elif roles.currency_value is None:
        roles = replace(roles, currency=f"currency of {roles.amount}")
        columns |= {str(roles.currency): currencies_in(texts)}
    return pa.table(columns), roles


def roles_of(plan: Plan, side: str) -> Roles:
    """The columns of the plan's money field."""
    name = plan.money_of()
    money = None if name is None else plan.fields[name]
    if money is None:
        return Roles()
    code = getattr(money.currency, side) if money.currency else None
    if isinstance(code, Constant):
        return Roles(amount=column_of(getattr(money, side)), currency_value=code.value)
    return Roles(amount=column_of(getattr(money, side)), currency=code)


def _codes(table: pa.Table, roles: Roles) -> pa.Array:
    """The currency of each row."""
    if roles.currency is None:
        return pa.repeat(roles.currency_value or NO_CURRENCY, table.num_rows)
    codes = pc.fill_null(table[roles.currency].cast(pa.string()), NO_CURRENCY).combine_chunks().dictionary_encode()
    codes = codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes
    plain = pc.utf8_upper(pc.utf8_trim_whitespace(codes.dictionary))
    return pc.if_else(pc.equal(plain, ""), NO_CURRENCY, plain).take(codes.indices)


def _sums(amounts: pa.ChunkedArray, codes: pa.Array, states: NDArray[np.uint8]) -> dict[str, dict[str, str]]:
    given = amounts.combine_chunks()
    given = pa.concat_arrays(given.chunks) if isinstance(given, pa.ChunkedArray) else given
    grouped = (
        pa.table({"code": codes, "state": states, "amount": given.cast(_WIDE)})
        .group_by(["code", "state"])
        .aggregate([("amount", "sum")])
    )
    sums: dict[str, dict[str, Decimal]] = {}
    for code, state, amount in zip(
        *(grouped[name].to_pylist() for name in ("code", "state", "amount_sum")), strict=True
    ):
        side = sums.setdefault(code, dict.fromkeys(("matched", *STATES, "total"), Decimal(0)))
        if amount is None:
            continue
        for name in (STATES[state], "total", *(("matched",) if state != OPEN else ())):
            side[name] = _CONTEXT.add(side[name], amount)
    return {code: {name: _written(value) for name, value in side.items()} for code, side in sorted(sums.items())}


def _written(value: Decimal) -> str:
    return f"{value.normalize(_CONTEXT):f}"


def money_table(sides: dict[str, dict[str, Any]], tally: Tally) -> str:
    """The passes and both sides as a table for people. Each line of a side adds up: confirmed + suggested + open = total."""
    passes = [
        (
            f"{step.pass_name}",
            f"{step.candidates:,}",
            f"{step.confirmed:,}",
            f"{step.suggested:,}",
            f"{step.ambiguous:,}",
        )
        for step in tally.passes
    ]
    lines = _aligned(("pass", "pairs compared", "confirmed", "suggested", "ambiguous"), passes)
    rows = []
    for name, side in sides.items():
        rows.append((name, "records", *(f"{side[state]:,}" for state in reversed(STATES)), f"{side['records']:,}"))
        for code, sums in side.get("sums", {}).items():
            terms = _grouped([sums[one] for one in (*reversed(STATES), "total")], code)
            rows.append((name, "amount" if code == NO_CURRENCY else code, *terms))
    return (
        "\n".join([*lines, "", *_aligned(("side", "", "confirmed", "+ suggested", "+ open", "= total"), rows)]) + "\n"
    )


def _grouped(amounts: Sequence[str], code: str) -> list[str]:
    """Amounts of a line with as many decimals as one of them needs, and at least those of the currency."""
    decimals = max(2 if code == NO_CURRENCY else exponent(code), *(len(one.partition(".")[2]) for one in amounts))
    return [f"{Decimal(one):,.{decimals}f}" for one in amounts]


def _aligned(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lines of a table: texts to the left, numbers to the right."""
    widths = [max(len(row[n]) for row in (header, *rows)) for n in range(len(header))]
    texts = 2 if header[1] == "" else 1
    return [
        "  ".join(
            cell.ljust(w) if n < texts else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    ]
