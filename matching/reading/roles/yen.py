"""What the sign ¥ stands for, which the yen and the yuan share: the script of the table tells."""

import re

import pyarrow.compute as pc

from matching.reading.roles.facts import Column, Facts

SIGNS = "[¥￥]"
SAMPLE = 200  # rows whose script is looked at
_KANA = "[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]"
_HAN = "[\u4e00-\u9fff]"


def has_sign(column: Column) -> bool:
    """Whether the cells of a column, or its name, have the sign."""
    return any(sign in column.name for sign in "¥￥") or _says(column, SIGNS)


def meant_by_sign(facts: Facts, column: Column) -> str | None:
    """
    The currency of a column whose cells or name have the sign. Kana are only written in Japan. Beside other Chinese
    letters, amounts with decimals are yuan, since the yen has none. None if nothing tells.
    """
    if not has_sign(column):
        return None
    if _is_written(facts, _KANA):
        return "JPY"
    numbers = column.numbers
    has_decimals = all(numbers.max_decimals(mark, numbers.ok) > 0 for mark in (".", ","))
    return "CNY" if has_decimals and _is_written(facts, _HAN) else None


def _is_written(facts: Facts, letters: str) -> bool:
    """Whether the names of columns, the lines above the table or its first rows have some of these letters."""
    names = " ".join(column.name for column in facts.columns)
    above = " ".join(cell for line in facts.above for cell in line.cells)
    return bool(re.search(letters, names + above)) or any(_says(column, letters) for column in facts.columns)


def _says(column: Column, pattern: str) -> bool:
    found = pc.match_substring_regex(column.texts.slice(0, SAMPLE), pattern)
    return bool(pc.any(found).as_py())
