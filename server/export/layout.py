"""The columns of an export, and its rows as Arrow tables."""

import io
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.json as pj

from matching.reading.exported import MATCHES, OPEN_ITEMS
from server.export.schemas import What
from server.export.texts import bytes_of

COLUMNS: dict[What, tuple[str, ...]] = {"matches": MATCHES, "open-items": OPEN_ITEMS}
_TYPES = {"score": pa.float64(), "margin": pa.float64(), "row": pa.int64(), "age_days": pa.int64()}
MONEY = ("amount", "difference", "remainder")
DATA = "data"  # the last column of a page: a record as JSON
# PostgreSQL writes pages as CSV with characters that hardly any text contains, so that hardly anything is quoted.
DELIMITER, QUOTE = "\x02", "\x01"


@dataclass(frozen=True)
class Layout:
    """
    What each row holds: the columns of the export, then those of the left and of the right source in the files' order.
    """

    what: What
    left: tuple[str, ...]
    right: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all columns."""
        sides = (f"{side}.{name}" for side in ("left", "right") for name in getattr(self, side))
        return (*COLUMNS[self.what], *sides)

    @cached_property
    def _base(self) -> dict[str, pa.DataType]:
        return {name: _TYPES.get(name, pa.string()) for name in (*COLUMNS[self.what], DATA)}

    @cached_property
    def _schema(self) -> pa.Schema:
        return pa.schema([(name, pa.string()) for name in dict.fromkeys((*self.left, *self.right))])

    def columns_of(self, page: bytes) -> list[pa.Array]:
        """A page as columns, in the order of `names`: numbers for scores, rows and ages, and otherwise texts."""
        base = self.base_of(page)
        is_left = pc.equal(base["side"], "left")
        lines = pc.binary_join_element_wise(pc.fill_null(base.pop(DATA), "{}"), "\n", "")
        found = _objects(bytes_of(lines), self._schema)
        left = [pc.if_else(is_left, found[name], None) for name in self.left]
        right = [pc.if_else(is_left, None, found[name]) for name in self.right]
        return [*base.values(), *left, *right]

    def base_of(self, page: bytes) -> dict[str, pa.Array]:
        """The columns of a page without those of the sources, and what the sources say as JSON."""
        table = pacsv.read_csv(
            io.BytesIO(page),
            pacsv.ReadOptions(use_threads=False, block_size=len(page) + 1, column_names=list(self._base)),
            pacsv.ParseOptions(delimiter=DELIMITER, quote_char=QUOTE, newlines_in_values=True),
            pacsv.ConvertOptions(
                column_types=self._base, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        return {name: table[name].combine_chunks() for name in self._base}


def _objects(lines: memoryview, schema: pa.Schema) -> dict[str, pa.Array]:
    """Lines of JSON objects as columns of texts."""
    if not len(schema):
        return {}
    table = pj.read_json(
        io.BytesIO(lines),
        pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )
    return {name: table[name].combine_chunks() for name in schema.names}
