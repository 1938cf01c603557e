"""What the script of a table tells: what the sign ¥ stands for, and that a comma begins no decimals."""

import re

import pyarrow.compute as pc

from matching.reading.roles.facts import Column, Facts

SIGNS = "[¥￥]"
# The languages that are written in these scripts have a point before decimals: those of East Asia, of India, Thai, Hebrew.
_POINTS = "[\u0590-\u05ff\u0900-\u0dff\u0e00-\u0e7f\u1200-\u137f\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]"
SAMPLE = 200  # rows whose script is looked at
_ETHIOPIC = "[\u1200-\u137f]"
_PERSIAN = "[\u067e\u0686\u0698\u06a9\u06af\u06cc]"
_KANA = "[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]"
_HAN = "[\u4e00-\u9fff]"


def has_sign(column: Column) -> bool:
    """Whether the cells of a column, or its name, have the sign."""
    return any(sign in column.name for sign in "¥￥") or _says(column, SIGNS)


def meant_by_yen(facts: Facts, column: Column) -> str | None:
    """
    The currency of a column whose cells or name have the sign. Kana are only written in Japan. Beside other Chinese
    letters, amounts with decimals are yuan, since the yen has none. None if nothing tells.
    """
    if not has_sign(column):
        return None
    if _is_written(facts, _KANA):
        return "JPY"
    numbers = column.numbers
    has_decimals = numbers.max_decimals(".", numbers.ok) > 0
    return "CNY" if has_decimals and _is_written(facts, _HAN) else None


def writes_points(facts: Facts) -> bool:
    """Whether the columns have names in a script in which a comma begins no decimals."""
    return bool(re.search(_POINTS, " ".join(column.name for column in facts.columns)))


def writes_ethiopic(facts: Facts) -> bool:
    """Whether the columns have names in the script of Ethiopia."""
    return bool(re.search(_ETHIOPIC, " ".join(column.name for column in facts.columns)))


def writes_persian(facts: Facts) -> bool:
    """Whether the names of columns have letters that Persian has and Arabic has not."""
    return bool(re.search(_PERSIAN, " ".join(column.name for column in facts.columns)))


def _is_written(facts: Facts, letters: str) -> bool:
    """Whether the names of columns, the lines above the table or its first rows have some of these letters."""
    names = " ".join(column.name for column in facts.columns)
    above = " ".join(cell for line in facts.above for cell in line.cells)
    return bool(re.search(letters, names + above)) or any(_says(column, letters) for column in facts.columns)


def _says(column: Column, pattern: str) -> bool:
    found = pc.match_substring_regex(column.texts.slice(0, SAMPLE), pattern)
    return bool(pc.any(found).as_py())
