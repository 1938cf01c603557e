"""CSV as in RFC 4180, in UTF-8, without cells that a spreadsheet program would run."""

import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.exported import escaped
from server.export.encoding import About, Format
from server.export.texts import bytes_of, has_any, has_empty

# An empty text is quoted and a missing value is not.
_QUOTED = r'[",\r\n]|^$'


class CsvEncoder:
    """Rows as lines."""

    def __init__(self, about: About) -> None:
        self._layout = about.layout

    def begin(self) -> bytes:
        """The header."""
        return bytes(_line([pa.array([name]) for name in self._layout.names]))

    def add(self, page: bytes) -> memoryview:
        """The rows."""
        return _line(self._layout.columns_of(page))

    def end(self) -> bytes:
        """Nothing."""
        return b""


def _line(columns: list[pa.Array]) -> memoryview:
    cells = [_cell(column) for column in columns]
    lines = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    return bytes_of(pc.binary_join_element_wise(lines, "\r\n", ""))


def _cell(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    texts = escaped(column)
    if not has_empty(texts) and not has_any(texts, (b",", b'"', b"\n", b"\r")):
        return texts
    quoted = pc.match_substring_regex(texts, _QUOTED)
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(quoted, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


FORMAT = Format("text/csv; charset=utf-8; header=present", "csv", CsvEncoder)
