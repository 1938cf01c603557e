"""Reads files as a loader does, but without a database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import settings

from matching.reading.format import Detection
from matching.reading.look import look, typed_batches
from matching.reading.mapping import Mapping, blocking
from matching.reading.values import ColumnProfile

# The same examples in every run: a new one may fail in `make fuzz`, but not in somebody's change of another part.
settings.register_profile("suite", derandomize=True)
settings.load_profile("suite")
settings.register_profile("fuzz", max_examples=4_200)  # for `make fuzz`; ten minutes on two cores


@dataclass
class Loaded:
    """The result of loading a file."""

    detection: Detection
    profiles: dict[str, ColumnProfile]
    mapping: dict[str, Any]
    questions: list[tuple[str, str]]
    data: list[dict[str, str | None]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    amounts: list[str | None] = field(default_factory=list)
    currencies: list[str | None] = field(default_factory=list)
    dates: list[str | None] = field(default_factory=list)
    references: list[str | None] = field(default_factory=list)
    rejects: list[tuple[int, str | None, str]] = field(default_factory=list)
    reject_rows: list[int | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)


Load = Callable[..., Loaded]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Detects, profiles and types a file."""

    def read(body: bytes | str, name: str = "a.csv", mapping: dict[str, Any] | None = None) -> Loaded:
        path = tmp_path / name
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        seen = look(path, Mapping.model_validate(mapping) if mapping else None)
        if blocking(seen.questions):
            seen.mapping = Mapping()
        found = Loaded(
            seen.detection,
            {profile.name: profile for profile in seen.profiles},
            seen.suggested.model_dump(exclude_none=True),
            [(question["column"], question["kind"]) for question in seen.questions],
            notes=list(seen.detection.notes),
        )
        for batch, typed in typed_batches(path, seen):
            found.data += [orjson.loads(text) for text in typed.data.to_pylist()]
            found.rows += typed.rows.to_pylist()
            found.amounts += [None if v is None else f"{v:f}".rstrip("0").rstrip(".") for v in typed.amount.to_pylist()]
            found.currencies += typed.currency.to_pylist()
            found.dates += [None if v is None else v.isoformat() for v in typed.date.to_pylist()]
            found.references += typed.reference.to_pylist()
            found.left_out += [(r.line, r.code) for r in typed.left_out]
            rejects = (*batch.rejects, *typed.rejects)
            found.rejects += [(r.line, r.column, r.code) for r in rejects]
            found.reject_rows += [r.row for r in rejects]
        return found

    return read
