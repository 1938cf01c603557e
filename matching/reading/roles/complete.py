"""Completes what people say about a file with what its values show, so that they need not say it all."""

from typing import Any

import numpy as np

from matching.reading.cells.days import WEAK, YEARLESS, order_of
from matching.reading.roles.facts import Column, Facts


def completed(said: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """The given parts of a mapping, with the form of their dates and the signs of their sides."""
    found = dict(said)
    if said.get("date"):
        found["date"] = _date(said["date"], facts)
    if said.get("amount"):
        found["amount"] = _amount(said["amount"], facts)
    return found


def _date(spec: dict[str, Any], facts: Facts) -> dict[str, Any]:
    column = facts.named(spec["column"])
    if column is None or spec.get("form") is not None:
        return spec
    if spec.get("parts"):
        return {"order": "ymd", **{key: value for key, value in spec.items() if value is not None}}
    order = spec.get("order")
    fits = {
        form: count
        for form, count in column.days.fits.items()
        if order in (None, order_of(form)) and form not in YEARLESS and (order is None or form not in WEAK)
    }
    if not fits:
        return spec if order else spec | {"order": "ymd"}
    best = max(fits, key=lambda form: (fits[form], form not in WEAK))
    if best == "ymd2":
        # Among years of four digits, one of two digits may be a day.
        is_short = fits[best] > 2 * fits.get("ymd", 0) and spec.get("short_years") is None
        return spec | {"order": "ymd"} | ({"short_years": True} if is_short else {})
    if order is None:
        spec = spec | {"order": order_of(best)}
        if best not in ("ymd", "dmy", "mdy", "dmy2", "mdy2", "ydm"):
            spec["form"] = best
    return spec


def _amount(spec: dict[str, Any], facts: Facts) -> dict[str, Any]:
    spec = dict(spec)
    names = [spec[key] for key in ("column", "debit", "credit") if spec.get(key)]
    columns = [column for name in names if (column := facts.named(name)) is not None]
    if spec.get("decimal") is None and columns:
        marks = [mark for column in columns if len(mark := column.numbers.marks()) == 1]
        spec["decimal"] = sorted(set().union(*marks), reverse=True)[0] if marks else "."
    for key, side in (("signed", "debit"), ("signed_credit", "credit")):
        column = facts.named(spec.get(side))
        if spec.get(key) is None and column is not None and _is_mostly_negative(column):
            spec[key] = True
    return spec


def _is_mostly_negative(column: Column) -> bool:
    numbers = column.numbers
    if not numbers.ok.any():
        return False
    return int(np.count_nonzero(numbers.negative)) * 2 > int(np.count_nonzero(numbers.ok))
