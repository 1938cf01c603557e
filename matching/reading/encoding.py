"""
Finds the encoding of a text file. A wrong one would silently change names, so each candidate is judged by what the
bytes become. Letters next to letters of the same script count in its favour; symbols inside words, two scripts in one
word, and undefined bytes count against it.
"""

import codecs
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

BLOCK_BYTES = 256 * 1024
MAX_LINE_BYTES = 1024 * 1024
MAX_ODD_LINES = 20_000  # enough to judge by
MAX_ODD_BYTES = 4 * 1024 * 1024
# In the order of preference when the bytes do not decide.
CANDIDATES = ("cp1252", "iso8859_15", "cp1250", "cp1251", "cp437")
FALLBACK = "cp1252"
# UTF-32's mark must come before UTF-16's, which it begins with.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CURRENCY_SIGNS = "€£¥$"
_MAX_JUDGED = 20_000  # non-ASCII characters are enough


def encoding_of(path: Path) -> str:
    """The encoding of a file, by its byte order mark, by whether it is valid UTF-8, or by its words."""
    with path.open("rb") as file:
        start = file.read(4)
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    odd, size = [], 0
    for line in _odd_lines(path):
        odd.append(line)
        size += len(line)
        if len(odd) >= MAX_ODD_LINES or size >= MAX_ODD_BYTES:
            break
    valid = sum(_is_utf8(line) for line in odd)
    # A file of mostly valid UTF-8 with a few bad lines is UTF-8 with bad rows, which are listed as rejects.
    return "utf-8" if valid * 2 > len(odd) or not odd else _by_words(b"\n".join(odd))


def _odd_lines(path: Path) -> Iterator[bytes]:
    """The lines that are not pure ASCII, because a long ASCII beginning says nothing."""
    with path.open("rb") as file:
        rest = b""
        while block := file.read(BLOCK_BYTES):
            lines, _, rest = (rest + block).rpartition(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                rest = b""  # too long to be a row
            if not lines.isascii():
                yield from (line for line in lines.split(b"\n") if not line.isascii())
        if not rest.isascii():
            yield rest


def _by_words(text: bytes) -> str:
    scores = {name: _plausibility(text, name) for name in CANDIDATES}
    best = max(CANDIDATES, key=lambda name: scores[name])
    if scores[best] > 0 and best != "cp1251":
        return best
    # All words consist of non-ASCII letters, so letter frequencies must tell the scripts apart.
    scripts = ["cp1251", "cp1253", "koi8_r"] if scores[best] > 0 else None
    guess = from_bytes(text[:65536], cp_isolation=scripts).best()
    return guess.encoding if guess is not None else FALLBACK


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plausibility(text: bytes, encoding: str) -> int:
    """The evidence that the text is in the encoding, minus the evidence that it is not."""
    decoded = text.decode(encoding, errors="replace")
    score, run, judged = 0, 0, 0
    for before, char, after in zip(" " + decoded, decoded, decoded[1:] + " ", strict=False):
        if char.isascii():
            run = 0
            continue
        judged += 1
        if judged > _MAX_JUDGED:
            break
        run += 1
        score += _sign(before, char, after, run)
    return score


def _sign(before: str, char: str, after: str, run: int) -> int:
    kind = unicodedata.category(char)
    neighbours = [c for c in (before, after) if unicodedata.category(c) in ("Ll", "Lu")]
    if kind in ("Ll", "Lu"):
        if any(_script(c) != _script(char) for c in neighbours):
            return -2
        # Words made only of accented letters are another script, decoded wrongly.
        if _script(char) == "LATIN" and run > 3:
            return -2
        if kind == "Lu" and before.islower():
            return -2
        return 1 if neighbours else 0
    if char in ("\ufffd", "¤") or kind in ("Cc", "Cn", "Co"):
        return -2
    if char in _CURRENCY_SIGNS:
        return 1
    if len(neighbours) == 2 and char not in "\u2019\u00ad\u2013\u2014":
        return -2
    return -2 if "BOX DRAWINGS" in unicodedata.name(char, "") else 0


def _script(char: str) -> str:
    return unicodedata.name(char, "?").split(" ", 1)[0]
