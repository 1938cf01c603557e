"""What the script of a table tells: where it was written, and that a comma begins no decimals."""

import re

import pyarrow.compute as pc

from matching.reading.roles.facts import Column, Facts

# The languages that are written in these scripts have a point before decimals: those of East Asia, of India, Thai, Hebrew.
_POINTS = "[\u0590-\u05ff\u0900-\u0dff\u0e00-\u0e7f\u1200-\u137f\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]"
SAMPLE = 200  # rows whose script is looked at
_ETHIOPIC = "[\u1200-\u137f]"
_PERSIAN = "[\u067e\u0686\u0698\u06a9\u06af\u06cc]"
_KANA = "[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]"
_HAN = "[\u4e00-\u9fff]"


def has_japanese(facts: Facts) -> bool:
    """Whether a table has kana, or its names have Chinese letters that only the character set of Japan has."""
    if _is_written(facts, _KANA):
        return True
    return any(_is_in(c, "shift_jis") and not _is_in(c, "big5", "gb2312") for c in re.findall(_HAN, _around(facts)))


def has_han(facts: Facts) -> bool:
    """Whether a table has Chinese letters."""
    return _is_written(facts, _HAN)


def has_simplified(facts: Facts) -> bool:
    """Whether names of columns or the lines above have Chinese letters that only the character set of the mainland has."""
    return any(_is_in(c, "gb2312") and not _is_in(c, "big5", "shift_jis") for c in re.findall(_HAN, _around(facts)))


def has_traditional(facts: Facts) -> bool:
    """Whether names of columns or the lines above have Chinese letters that the character set of the mainland lacks."""
    return any(_is_in(c, "big5") and not _is_in(c, "gb2312") for c in re.findall(_HAN, _around(facts)))


def _around(facts: Facts) -> str:
    """The names of the columns and the lines above the table, which the program wrote and not whoever paid."""
    return "".join([column.name for column in facts.columns] + [cell for line in facts.above for cell in line.cells])


def _is_in(letter: str, *encodings: str) -> bool:
    """Whether one of these character sets has a letter."""
    for encoding in encodings:
        try:
            letter.encode(encoding)
        except UnicodeEncodeError:
            continue
        return True
    return False


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
    return bool(re.search(letters, _around(facts))) or any(_says(column, letters) for column in facts.columns)


def _says(column: Column, pattern: str) -> bool:
    found = pc.match_substring_regex(column.texts.slice(0, SAMPLE), pattern)
    return bool(pc.any(found).as_py())
