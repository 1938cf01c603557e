"""Reads two tables as a pass of a plan that is not written yet would read them."""

import pyarrow as pa

from matching import normalise
from matching.plan import PayoutsPass, Plan, PlanField, SeriesPass, SumsPass, VouchersPass, column_of
from matching.reading.values import prepared
from matching.sides import Sides
from matching.sums import rows


def ledgers_of(
    tables: tuple[pa.Table, pa.Table],
    fields: dict[str, PlanField],
    step: SumsPass | PayoutsPass | SeriesPass | VouchersPass,
) -> list[rows.Ledgers]:
    """The rows of both sides as a pass reads them."""
    plan = Plan(fields=fields, passes=(step,))
    connection = prepared(sum(table.num_rows for table in tables))
    try:
        for side, table in zip("lr", tables, strict=True):
            normalise.load(connection, side, table.select(_columns(fields, side)), plan)
            connection.execute(f"CREATE TEMP VIEW {side}_free AS SELECT * FROM {side}")
        sizes = (tables[0].num_rows, tables[1].num_rows)
        return rows.read(Sides(connection, plan, sizes, 2), step, ((), ()))
    finally:
        connection.close()


def _columns(fields: dict[str, PlanField], side: str) -> list[str]:
    name = "left" if side == "l" else "right"
    found = [column_of(getattr(field, name)) for field in fields.values()]
    codes = [getattr(field.currency, name) for field in fields.values() if field.currency is not None]
    return list(dict.fromkeys([*found, *(code for code in codes if isinstance(code, str))]))
