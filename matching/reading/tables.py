"""Files as batches of text columns, in bounded memory and in time that grows with the file, and their profiles."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from matching.reading.exported import is_export, read_back
from matching.reading.format import Detection
from matching.reading.formats import FORMATS
from matching.reading.rows import BATCH_ROWS, RawBatch, joined_batches
from matching.reading.values import ColumnProfile, Evidence, Rest, evidence_of

MAX_WAITING = 4  # batches that the profile may be behind
SMALL_BYTES = 64 * 1024
PROFILED_BYTES = 4096 * 1024
ALONE_ROWS, GROUP_ROWS = 30_000, 50_000


def read_batches(path: Path, detection: Detection, *, batch_rows: int = BATCH_ROWS) -> Iterator[RawBatch]:
    """Read a file batch by batch. Raises: FileRejected."""
    batches = _with_columns(FORMATS[detection.format].read(path, detection, batch_rows), detection.columns)
    is_escaped = detection.format == "csv" and is_export(detection.columns)
    return map(read_back, batches) if is_escaped else batches


def _with_columns(batches: Iterator[RawBatch], columns: tuple[str, ...]) -> Iterator[RawBatch]:
    """These batches; a table without rows, such as a month without bookings, is one that has its columns."""
    first = next(batches, None)
    if first is not None:
        yield first
        yield from batches
    elif columns:
        none = pa.array([], pa.int64())
        yield RawBatch(pa.table({name: pa.array([], pa.string()) for name in columns}), none, none)


def read_ahead(path: Path, detection: Detection) -> Iterator[RawBatch]:
    """
    The same, with the next batch read in a thread of its own while the last one is looked at. Starting one takes longer than
    reading a small file. Raises: FileRejected.
    """
    batches = read_batches(path, detection)
    return batches if path.stat().st_size <= SMALL_BYTES else _ahead(batches)


def _ahead(batches: Iterator[RawBatch]) -> Iterator[RawBatch]:
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def in_groups(batches: Iterator[RawBatch]) -> Iterator[RawBatch]:
    """
    The same rows in fewer batches, behind the first ones, which are understood one by one. What looks at them takes a fifth
    less time so. Only for a caller who has memory for several of them.
    """
    for batch in batches:
        yield batch
        first = batch.rows[-1].as_py() if len(batch.rows) else 0
        if first >= ALONE_ROWS:
            yield from joined_batches(batches, GROUP_ROWS)


class Profiler:
    """Profiles all columns over all batches. Its memory is limited by the number of columns."""

    def __init__(self) -> None:
        self._evidence: dict[str, Evidence] = {}
        self._rest = Rest()
        self._waiting: list[RawBatch] = []
        self._size = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="profiler")
        self._coming: deque[Future[None]] = deque()

    def add(self, batch: RawBatch) -> None:
        """
        Add a batch. Several are profiled together, because a column takes 0.4 ms besides its rows (measured): a million
        rows take 0.5 s so, and 0.7 s megabyte by megabyte.
        """
        table = batch.columns
        for name in table.column_names if not self._evidence else ():
            self._evidence[name] = Evidence(name)
        if table.num_rows == 0:
            return  # only rejects; a file full of them has very many such batches
        if self._waiting and self._waiting[0].columns.schema != table.schema:
            self._look()
        self._waiting.append(batch)
        self._size += table.nbytes
        if self._size > PROFILED_BYTES:
            self._look()

    def watching(self, batches: Iterator[RawBatch]) -> Iterator[RawBatch]:
        """
        These batches, each of which is added in a thread of its own when the caller has looked at it, so that what the
        caller found out about its columns is known. `finish` waits for that.
        """
        for batch in batches:
            yield batch
            if not self._coming and self._size + batch.columns.nbytes <= PROFILED_BYTES:
                self.add(batch)  # which only keeps it for later
                continue
            self._coming.append(self._thread.submit(self.add, batch))
            if len(self._coming) > MAX_WAITING:
                self._coming.popleft().result()

    def finish(self) -> list[ColumnProfile]:
        """The profiles, in column order."""
        for added in self._coming:
            added.result()
        self._thread.shutdown()
        self._look()
        self._rest.count()
        return [evidence.profile() for evidence in self._evidence.values()]

    def _look(self) -> None:
        if not self._waiting:
            return
        batches, self._waiting, self._size = self._waiting, [], 0
        table = pa.concat_tables([batch.columns for batch in batches])
        names = table.column_names
        for name in names:
            self._evidence.setdefault(name, Evidence(name))
        repeats = {name: batches[0].repeated(name) for name in names} if len(batches) == 1 else {}
        evidence_of(table, [self._evidence[name] for name in names], self._rest, repeats)
