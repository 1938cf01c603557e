"""JSON Lines: each row as an object, in which the columns of either source are an object of their own."""

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from server.export.encoding import About, Format
from server.export.layout import DATA
from server.export.texts import bytes_of, has_any

_ESCAPED = r'["\\\x00-\x1f]'
_CONTROL = tuple(bytes([code]) for code in range(32))


class JsonLinesEncoder:
    """Rows as objects."""

    def __init__(self, about: About) -> None:
        self._layout = about.layout

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def add(self, page: bytes) -> memoryview:
        """The rows."""
        columns = self._layout.base_of(page)
        is_left = pc.equal(columns["side"], "left")
        record = columns.pop(DATA)
        parts: list[pa.Array | str] = []
        for name, column in columns.items():
            parts += [f'{"," if parts else "{"}"{name}":', _value(column)]
        left, right = pc.if_else(is_left, record, None), pc.if_else(is_left, None, record)
        parts += [',"left":', left, ',"right":', right, "}\n"]
        return bytes_of(pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="null"))

    def end(self) -> bytes:
        """Nothing."""
        return b""


def _value(column: pa.Array) -> pa.Array:
    """Values as JSON. Amounts are texts, so that no program rounds them."""
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    if has_any(column, (b'"', b"\\", *_CONTROL)):
        is_odd = pc.fill_null(pc.match_substring_regex(column, _ESCAPED), False)
        odd = [orjson.dumps(text)[1:-1].decode() for text in column.filter(is_odd).to_pylist()]
        column = pc.replace_with_mask(column, is_odd, pa.array(odd, pa.string()))
    return pc.binary_join_element_wise('"', column, '"', "")


FORMAT = Format("application/jsonl", "jsonl", JsonLinesEncoder)
