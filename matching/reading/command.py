"""`python -m matching read FILE`: what a file is read as, without a server."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from core.money import NO_CURRENCY
from matching.reading.look import Look, look, typed_batches
from matching.reading.mapping import Mapping
from matching.reading.values import FileRejected


def main(arguments: list[str]) -> int:
    """Print how a file is read, as one JSON object. Exit status 1: the file is refused; 2: wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m matching read", description="Show how a file is read, as JSON.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--mapping", type=Path, help="a mapping as JSON: what the file itself does not say")
    parser.add_argument("--rows", type=int, help="how many rows to show; all, if it is left out")
    options = parser.parse_args(arguments)
    try:
        given = Mapping.model_validate_json(options.mapping.read_bytes()) if options.mapping else None
    except (OSError, ValueError) as error:
        sys.stderr.write(f"matching read: {options.mapping}: {str(error).splitlines()[0]}\n")
        return 2
    try:
        found = look(options.file, given)
        shown = _shown(found, options.file, options.rows)
    except FileRejected as refusal:
        shown = _refused(str(refusal))
    except OSError as error:
        shown = _refused(f"the file cannot be opened: {error.strerror}")
    json.dump(shown, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return 1 if shown["problem"] else 0


def _refused(detail: str) -> dict[str, Any]:
    return {"problem": {"code": "file_rejected", "detail": detail}, "rows": [], "questions": []}


def _shown(found: Look, path: Path, limit: int | None) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for batch, typed in typed_batches(path, found):
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
        "rows": rows,
        "left_out": left_out,
        "rejects": rejects,
        "problem": None,
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
