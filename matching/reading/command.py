"""`tallyroom read FILE`, or `python -m matching read FILE`: what a file is read as, without a server."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.money import NO_CURRENCY
from matching.reading.look import Look, Reading
from matching.reading.mapping import GIVEN, Mapping, unknown_columns
from matching.reading.values import FileRejected

NOTHING: dict[str, Any] = {
    "format": None,
    "encoding": None,
    "delimiter": None,
    "sheet": None,
    "header_line": None,
    "columns": [],
    "mapping": {},
    "questions": [],
    "notes": [],
    "rows": [],
    "left_out": [],
    "rejects": [],
    "problem": None,
}


def main(arguments: list[str], program: str = "python -m matching read") -> int:
    """Print how a file is read, as one JSON object. Exit status 1: the file is refused; 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog=program, description="Show how a file is read, as JSON.")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--mapping", metavar="JSON", help="what the file itself does not say, as JSON or in a file")
    parser.add_argument("--rows", metavar="N", type=int, help="how many rows to show; all, if it is left out")
    options = parser.parse_args(arguments)
    try:
        given = _mapping(options.mapping) if options.mapping is not None else None
    except (OSError, ValueError) as error:
        parser.error(f"--mapping: {_line_of(error)}")
    try:
        shown = _shown(Reading(options.file, given), options.rows)
    except FileRejected as refusal:
        shown = _refused("file_rejected", str(refusal))
    except OSError as error:
        shown = _refused("file_rejected", f"the file cannot be opened: {error.strerror}")
    # A terminal that cannot show every letter still gets valid JSON.
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(shown, ensure_ascii=not is_unicode) + "\n")
    return 1 if shown["problem"] else 0


def _mapping(text: str) -> Mapping:
    """A mapping that is given as JSON, or by the name of a file, with or without an @. Raises: OSError, ValueError."""
    is_json = text.lstrip().startswith("{")
    return Mapping.model_validate_json(text if is_json else Path(text.removeprefix("@")).read_bytes(), context=GIVEN)


def _line_of(error: OSError | ValueError) -> str:
    """What is wrong with a mapping, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        return f"{where}: {first['msg']}" if where else first["msg"]
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)


def _refused(code: str, detail: str) -> dict[str, Any]:
    return {**NOTHING, "problem": {"code": code, "detail": detail}}


def _shown(reading: Reading, limit: int | None) -> dict[str, Any]:
    if unknown := unknown_columns(reading.mapping, reading.columns):
        names = ", ".join(dict.fromkeys(name for *_, name in unknown))
        detail = f"the mapping names columns that the file does not have: {names}; see the names in columns"
        return {**NOTHING, **_layout(reading.finish()), "problem": {"code": "invalid_field", "detail": detail}}
    rows = _rows(reading, limit)  # they are typed while the columns are still being profiled
    return {**NOTHING, **_layout(reading.finish()), **rows}


def _rows(reading: Reading, limit: int | None) -> dict[str, Any]:
    """The rows, those that are no bookings, and those that cannot be read."""
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for batch, typed in reading.typed_batches():
        columns = (typed.rows, typed.amount, typed.currency, typed.date, typed.reference)
        room = typed.rows.slice(0, None if limit is None else max(0, limit - len(rows)))
        for row, amount, currency, date, reference in zip(
            *(column.slice(0, len(room)).to_pylist() for column in columns), strict=True
        ):
            rows.append(
                {
                    "row": row,
                    "amount": None if amount is None else _plain(amount),
                    "currency": None if currency == NO_CURRENCY else currency,
                    "date": None if date is None else date.isoformat(),
                    "reference": reference,
                }
            )
        left_out += [{"line": r.line, "row": r.row, "reason": r.code, "detail": r.message} for r in typed.left_out]
        rejects += [
            {"line": r.line, "row": r.row, "column": r.column, "code": r.code, "detail": r.message}
            for r in (*batch.rejects, *typed.rejects)
        ]
    return {"rows": rows, "left_out": left_out, "rejects": rejects}


def _layout(found: Look) -> dict[str, Any]:
    """What the file is, what its columns are, and what is open."""
    detection = found.detection
    return {
        "format": detection.format,
        "encoding": detection.encoding,
        "delimiter": detection.delimiter,
        "sheet": detection.sheet,
        "header_line": detection.skipped + 1 if detection.header else None,
        "columns": [_column(found, profile) for profile in found.profiles],
        "mapping": found.mapping.model_dump(mode="json", exclude_none=True),
        "questions": found.questions,
        "notes": list(detection.notes),
    }


def _column(found: Look, profile: Any) -> dict[str, Any]:
    role, proof = found.understanding.roles.get(profile.name, (None, None))
    return {
        "name": profile.name,
        "type": profile.type,
        "role": role,
        "role_proof": proof,
        "fill": profile.fill,
        "distinct": profile.distinct,
        "min": profile.min,
        "max": profile.max,
        "examples": list(profile.examples),
    }


def _plain(amount: Any) -> str:
    """An amount without an exponent and without zeros that only the column's scale adds."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
