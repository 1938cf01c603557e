"""Completes what people say about a file with what its values show, so that they need not say it all."""

from typing import Any

import numpy as np

from matching.reading.cells.days import COUNTS, NAMED_BY_ORDER, WEAK, YEARLESS, order_of
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
    if spec.get("year") is not None and (forms := yearless_forms(column, order)):
        # Of two orders that fit equally well, nobody knows which is meant.
        return spec | ({"order": order_of(forms[0]), "form": forms[0]} if len(forms) == 1 else {})
    if order and not any(column.days.fits.get(form) for form in NAMED_BY_ORDER[order]):
        written = {form: n for form, n in column.days.fits.items() if order_of(form) == order and form not in YEARLESS}
        best = max(written, key=lambda form: (written[form], form not in WEAK), default=None)
        return spec if best is None or best in COUNTS else spec | {"form": best}
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


def yearless_forms(column: Column, order: str | None = None) -> list[str]:
    """The ways to read a column as days without a year, if more cells are such days than whole dates; the best, or several."""
    fits = column.days.fits
    found = {form: fits[form] for form in sorted(YEARLESS & fits.keys()) if order in (None, order_of(form))}
    most = max(found.values(), default=0)
    if most == 0 or any(count >= most for form, count in fits.items() if form not in WEAK):
        return []
    return [form for form, count in found.items() if count == most]


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
