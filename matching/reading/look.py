"""Looks at a file: what it is, what its columns contain and mean, and what only a person can tell about it."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import CURRENCIES
from matching.reading.apply import Exceptions, TypedBatch, apply_mapping
from matching.reading.detect import detect
from matching.reading.exported import MAPPING, is_export
from matching.reading.format import Detection
from matching.reading.later import Later
from matching.reading.mapping import Mapping
from matching.reading.roles.complete import completed
from matching.reading.roles.facts import Column, Facts
from matching.reading.roles.found import Understanding
from matching.reading.roles.money import code_words
from matching.reading.roles.parts import with_days
from matching.reading.roles.understand import understand
from matching.reading.rows import RawBatch, joined_batches
from matching.reading.settled import with_new_states
from matching.reading.tables import Profiler, in_groups, read_ahead
from matching.reading.values import SHOWN, ColumnProfile

UNDERSTOOD_ROWS = 30_000  # what rows mean is decided by so many of them, and by those behind them that say more
MIN_SHORT, SHORT_SHARE = 2, 0.2  # rows that lack their last cells, from which that is the file's way
UNDERSTOOD_BYTES = 64 * 1024 * 1024
KEPT_BYTES = 256 * 1024 * 1024  # of texts, which are not read again
TYPED_ROWS = 250_000  # typed at once: more vectors do not fit into the caches, and fewer take longer to begin
_FIELD = re.compile(r"[a-z][a-z0-9]*(?:[_.]?[A-Za-z0-9]+)*")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)? ?(?:Z|UTC|[+-]\d\d:?\d\d)")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")  # seconds or milliseconds
NAMED = 0.5  # of a column's name that must say what it is
TABLES = ("parquet", "jsonl", "json")  # in which each row is a record, and numbers may count the smallest unit


@dataclass
class Look:
    """
    What a file was found to be. `mapping` is what it is read with: what was given, completed by what was found.
    `suggested` is what was found by itself.
    """

    detection: Detection
    profiles: list[ColumnProfile]
    suggested: Mapping
    mapping: Mapping
    questions: list[dict[str, Any]]
    understanding: Understanding
    exceptions: Exceptions = field(default_factory=Exceptions)
    columns: list[str] = field(default_factory=list)


def look(path: Path, given: Mapping | None = None, *, format_given: str | None = None) -> Look:
    """Look at a file. `given` is what people said about it. Raises: FileRejected."""
    return look_at(path, detect(path, format_given, given.table if given is not None else None), given)


def look_at(path: Path, detection: Detection, given: Mapping | None = None) -> Look:
    """Look at a file that was recognised. Raises: FileRejected."""
    profiler = Profiler()
    found = _understood_from(profiler.watching(read_ahead(path, detection)), detection, given)
    found.profiles = _ranged(profiler.finish(), found, lambda: read_ahead(path, detection))
    return found


def _ranged(
    profiles: list[ColumnProfile], found: Look, batches: Callable[[], Iterable[RawBatch]]
) -> list[ColumnProfile]:
    """
    These profiles, in which amounts and dates that only the whole file explains, such as 120.00 CR or 3. März 2026, are least
    and greatest by value. A profile knows its column alone and takes them for texts. They are read once more for it.
    """
    mapping = found.mapping
    used = {
        spec.column: name for name, spec in (("date", mapping.date), ("amount", mapping.amount)) if spec and spec.column
    }
    texts = {
        profile.name: used[profile.name] for profile in profiles if profile.type == "text" and profile.name in used
    }
    if not texts:
        return profiles
    ranges: dict[str, list[tuple[Any, str]]] = {name: [] for name in texts}
    for batch in batches():
        typed = apply_mapping(batch, mapping, found.exceptions, with_data=False)
        places = np.searchsorted(batch.rows.to_numpy(), typed.rows.to_numpy())
        for name, role in texts.items():
            values = typed.date if role == "date" else typed.amount
            for end in pc.min_max(values).values():
                if end.is_valid:
                    text = batch.columns[name][int(places[pc.index(values, end).as_py()])].as_py()
                    ranges[name].append((end.as_py(), text[:SHOWN]))
    return [
        replace(profile, min=min(ends)[1], max=max(ends)[1]) if (ends := ranges.get(profile.name)) else profile
        for profile in profiles
    ]


class Reading:
    """
    A look at a file whose rows are typed right away: a file that fits into memory is read once, and typed while its profile
    is still being made.
    """

    def __init__(self, path: Path, given: Mapping | None = None) -> None:
        """Look at a file. Raises: FileRejected."""
        self._path = path
        self._profiler = Profiler()
        self._kept: list[RawBatch] | None = []
        detection = detect(path, None, given.table if given is not None else None)
        batches = self._keeping(in_groups(read_ahead(path, detection)))
        self._found = _understood_from(self._profiler.watching(batches), detection, given)
        self.mapping, self.columns = self._found.mapping, self._found.columns

    def _keeping(self, batches: Iterator[RawBatch]) -> Iterator[RawBatch]:
        """These batches, which are kept until they take too much memory."""
        size = 0
        for batch in batches:
            size += batch.columns.nbytes
            if self._kept is not None:
                self._kept = [*self._kept, batch] if size <= KEPT_BYTES else None
            yield batch

    def typed_batches(self) -> Iterator[tuple[RawBatch, TypedBatch]]:
        """All rows, typed as decided, without their JSON. Raises: FileRejected."""
        found = self._found
        for batch in self._kept if self._kept is not None else read_ahead(self._path, found.detection):
            yield batch, apply_mapping(batch, found.mapping, found.exceptions, with_data=False)

    def finish(self) -> Look:
        """What the file was found to be, with its profiles."""
        kept = self._kept
        self._found.profiles = _ranged(
            self._profiler.finish(),
            self._found,
            lambda: kept if kept is not None else read_ahead(self._path, self._found.detection),
        )
        return self._found


def read_whole(path: Path, given: Mapping | None = None) -> tuple[Look, list[tuple[RawBatch, TypedBatch]]]:
    """
    All rows of a file, typed as decided, for a caller who needs them in memory anyway: the file is read once, and there
    are no profiles and no JSON. Raises: FileRejected.
    """
    detection = detect(path, None, given.table if given is not None else None)
    batches = list(in_groups(read_ahead(path, detection)))
    found = _understood_from(batches, detection, given)
    typed = [
        (batch, apply_mapping(batch, found.mapping, found.exceptions, with_data=False))
        for batch in joined_batches(batches, TYPED_ROWS)
    ]
    return found, typed


def _understood_from(given_batches: Iterable[RawBatch], detection: Detection, given: Mapping | None) -> Look:
    """What the batches of a whole file mean. The profiles are left empty."""
    notes = list(detection.notes)
    names: dict[str, None] = {}
    batches: list[RawBatch] = []
    later: Later | None = None
    rows = size = 0
    for batch in given_batches:
        notes += batch.notes
        names |= dict.fromkeys(batch.columns.column_names)
        if rows < UNDERSTOOD_ROWS and size < UNDERSTOOD_BYTES:
            batches.append(batch)
            rows += batch.columns.num_rows
            size += batch.columns.nbytes
        else:
            later = later or Later(batches)
            later.add(batch)
    detection = replace(detection, notes=tuple(dict.fromkeys(notes)))
    facts = facts_of([*batches, *(later.batches() if later else ())], detection, joined=rows)
    found = decided(detection, list(names), facts, given)
    short = sum(fault.code == "field_count" for batch in batches for fault in batch.faults.values())
    found.exceptions = replace(found.exceptions, pads_rows=short >= max(MIN_SHORT, SHORT_SHARE * rows))
    return found


def facts_of(batches: list[RawBatch], detection: Detection, *, joined: int | None = None) -> Facts:
    """The rows of these batches as one table of facts. Behind the first `joined` ones, others may be missing between them."""
    filled = [batch for batch in batches if batch.columns.num_rows]
    if not filled:
        return Facts([], np.zeros(0, np.int64), np.zeros(0, np.int64))
    table = pa.concat_tables([batch.columns for batch in filled])
    rows = np.concatenate([batch.rows.to_numpy() for batch in filled])
    lines = np.concatenate([batch.lines.to_numpy() for batch in filled])
    ignored = code_words()
    columns = [
        Column(number, name, table[name], ignored, _exact(filled, name))
        for number, name in enumerate(table.column_names)
    ]
    return with_days(Facts(columns, rows, lines, list(detection.above), joined, detection.fractions))


def _exact(batches: list[RawBatch], name: str) -> NDArray[np.bool_] | None:
    """Which cells of a column the file stores as numbers, or None if it stores none so."""
    if not any(name in batch.exact for batch in batches):
        return None
    return np.concatenate([batch.exact.get(name, np.zeros(batch.columns.num_rows, np.bool_)) for batch in batches])


def decided(detection: Detection, names: list[str], facts: Facts, given: Mapping | None) -> Look:
    """What is read how, from the names of all columns, what was found and what people said. Profiles are left empty."""
    known = MAPPING if is_export(names) else detection.mapping
    by_people = given.said() if given is not None else {}
    said = {**known, **by_people}
    found = _understood(facts, detection, said, is_known=bool(known))
    alone = found
    if by_people.get("amount") or by_people.get("date"):
        alone = _understood(facts, detection, known, is_known=bool(known))
    suggested = Mapping.model_validate({**alone.mapping, **known})
    if "amount" in said and "fee" not in said:
        found.mapping.pop("fee", None)  # it was found for another reading of the amount
    by_format = set(known) - set(by_people)
    if "skip" in known and by_people.get("skip") == known["skip"]:
        by_format.add("skip")  # it came from the format, and was only stored with the answers
    if by_people.get("skip") is not None and "skip" not in by_format:
        said["skip"], found = with_new_states(found, by_people["skip"])
    questions = [
        q
        for q in (*detection.questions, *found.questions)
        if not _is_answered(q["kind"], said) and FIELDS[q["kind"]] not in by_format
    ]
    asked = {FIELDS[question["kind"]] for question in questions} - {"table", "skip"}
    mapping = Mapping.model_validate({**found.mapping, **_completed(said, found.mapping, facts, asked)})
    left_out = {int(facts.rows[row.place]): row.reason for row in found.left_out if row.reason != "skipped"}
    unknown = found.unknown_states if any(question["kind"] == "skip" for question in questions) else None
    dates = facts.named(mapping.date.column) if mapping.date is not None else None
    languages = (dates.days.languages or None) if dates is not None else None
    exceptions = Exceptions(left_out, unknown, languages)
    return Look(detection, [], suggested, mapping, questions, found, exceptions, names)


def _understood(facts: Facts, detection: Detection, said: dict[str, Any], *, is_known: bool) -> Understanding:
    """What a table means. `is_known`: its format says what the columns are, and that each row is a record."""
    by_program = detection.format in TABLES or _is_written_by_program(facts)
    only_records = is_known or detection.format in TABLES
    return understand(facts, by_program=by_program, only_records=only_records, has_sums=not is_known, said=said)


def _is_written_by_program(facts: Facts) -> bool:
    """
    Whether two of these show that no person wrote the table: all names are those of fields of a program, of which one has two
    words; times have their zone; codes of currencies are in small letters.
    """
    if not facts.count:
        return False
    are_fields = all(_FIELD.fullmatch(column.name) for column in facts.columns)
    has_joined = any("_" in column.name or column.name != column.name.lower() for column in facts.columns)
    codes = {column.text(0) for column in facts.columns if column.role("currency") >= NAMED}
    has_small_codes = any(code.islower() and code.upper() in CURRENCIES for code in codes)
    has_stamps = any(map(_has_stamps, facts.columns))
    return (has_stamps and are_fields and has_joined) or (has_small_codes and (are_fields or has_stamps))


def _has_stamps(column: Column) -> bool:
    """Whether a column begins with a time as programs write it."""
    is_time = column.role("booked", "value_date", "entered") >= NAMED
    return bool(_STAMP.fullmatch(column.text(0)) or (is_time and _EPOCH.fullmatch(column.text(0))))


FIELDS = {
    "amount_column": "amount",
    "sign": "amount",
    "decimal_mark": "amount",
    "minor_units": "amount",
    "date_order": "date",
    "date_column": "date",
    "currency": "currency",
    "skip": "skip",
    "sheet": "table",
    "header": "table",
}


def _completed(said: dict[str, Any], found: dict[str, Any], facts: Facts, asked: set[str]) -> dict[str, Any]:
    """What people said, with what was found about the columns that they only pointed at. Open questions are left out."""
    whole = {name: spec for name, spec in completed(said, facts).items() if name not in asked or spec is None}
    if said.get("amount") and not said["amount"].get("decimal") and "amount" in whole:
        whole["amount"] = {**found.get("amount", {}), **whole["amount"]}
    if said.get("date") and not said["date"].get("order") and "date" in whole:
        whole["date"] = {**whole["date"], **found.get("date", {})}
    return whole


def _is_answered(kind: str, said: dict[str, Any]) -> bool:
    """Whether people have said it. Who only points at a column has not said how to read it."""
    field = FIELDS[kind]
    if field == "skip":
        return field in said and not said[field]  # of others, only those that were not decided about are asked
    if field == "table":
        return bool(said.get(field)) and said[field].get("sheet" if kind == "sheet" else "header_row") is not None
    if field not in said or said[field] is None or field not in ("amount", "date"):
        return field in said
    if field == "amount":
        return kind == "amount_column"
    return kind == "date_column" or bool(said["date"].get("order") or said["date"].get("form"))


def typed_batches(path: Path, found: Look, *, with_data: bool = True) -> Iterator[tuple[RawBatch, TypedBatch]]:
    """The rows of a file, typed as decided, on request without their JSON. Raises: FileRejected."""
    for batch in read_ahead(path, found.detection):
        yield (
            batch,
            apply_mapping(batch, found.mapping, found.exceptions, with_data=with_data),
        )
