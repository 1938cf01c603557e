"""What stands before and behind the digits of a number: signs, brackets, a currency, and one flag of letters."""

import re
from dataclasses import dataclass

from matching.reading.cells.currencies import SHARED, currency_of, letter_currency, meanings_of
from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.words import key

LONGEST_BEFORE = 3  # letters of a flag before a number, such as DR
LONGEST_BEHIND = 12  # letters of a flag behind it, such as CREDIT
# Flags that stand before whole numbers too. With other letters, "INV 89" and "No 5" are names.
SIGN_LETTERS = frozenset(("D", "C", "S", "H", "DR", "CR", "DB", "DT", "CT", "DEB", "CRE"))

# Marks that refer to a note, as in 310,00 *. A number without decimals and groups may be a name such as 4539*.
FOOTNOTE = re.compile("[*\u2020\u2021\u00a7]{1,2}|[\u00b9\u00b2\u00b3\u2070-\u2079]{1,2}")

_BRACKETED = re.compile(r" ?\(([^\W\d_]{1,6}\.?)\)$")  # 12.50 (DR)
# Brackets mean a minus. A minus inside them repeats it, but -(5) may be meant as either.
_OPENED = re.compile(r"[^()+-]*\([^()]*")
_CLOSED = re.compile(r"[^()]*\)[^()+-]*")
_FLAG = re.compile(r"[^\W\d_][^\W\d_./]*(?:[./][^\W\d_]+)*\.?")


@dataclass(slots=True)
class Surroundings:
    """What was read around the digits."""

    negative: bool = False
    explicit: bool = False
    currency: str | None = None
    meanings: frozenset[str] = frozenset()
    token: str | None = None
    token_before: bool = False


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a number."""

    raw: str
    is_before: bool
    has_mark: bool  # whether the digits have a mark, so that nobody takes them for a name such as R1

    @property
    def is_apart(self) -> bool:
        return self.raw.endswith(" ") if self.is_before else self.raw.startswith(" ")


def read(before: str, behind: str, *, has_mark: bool) -> Surroundings | None:
    """What stands around the digits; None if a part of it belongs to no number."""
    found = Surroundings()
    behind = _BRACKETED.sub(r" \1", behind)
    if any(bracket in before + behind for bracket in "()"):
        if not (_OPENED.fullmatch(before) and _CLOSED.fullmatch(behind)):
            return None
        before, behind = before.replace("(", ""), behind.replace(")", "")
        found.negative = found.explicit = True
    left, left_signs = _without_signs(before)
    right, right_signs = _without_signs(behind)
    signs = left_signs + right_signs
    if len(signs) > 1 or (found.negative and signs == "+"):
        return None
    found.negative |= signs == "-"
    found.explicit |= bool(signs)
    sides = ((left, _Side(before, True, has_mark)), (right, _Side(behind, False, has_mark)))
    return found if all(_read_words(found, words, side) for words, side in sides) else None


def _without_signs(text: str) -> tuple[str, str]:
    """What surrounds a number on one side without the signs at its ends, and these signs."""
    inner = text.strip("+- ")
    return inner, "".join(c for c in text.replace(inner, "", 1) if c in "+-") if inner else text.replace(" ", "")


def _read_words(found: Surroundings, words: str, side: _Side) -> bool:
    """Read the words of one side: at most one flag, and a currency, which may stand on both sides."""
    if not words:
        return True
    for word in [words] if _currency(words, side) else words.split():
        code = _currency(word, side)
        if code is None:
            if found.token is not None or not _is_flag(word, side):
                return False
            found.token, found.token_before = word.rstrip(".").upper(), side.is_before
        else:
            _add_currency(found, code, meanings_of(word))
    return True


def _add_currency(found: Surroundings, code: str, meanings: frozenset[str]) -> None:
    """Add what one side names. A code says which of its meanings a sign on the other side has."""
    is_open = found.currency in (None, SHARED) or (code in found.meanings and not meanings)
    if is_open:
        found.currency, found.meanings = code, meanings
    elif code not in (found.currency, SHARED) and found.currency not in meanings:
        found.currency, found.meanings = SHARED, frozenset()


def _currency(word: str, side: _Side) -> str | None:
    if len(word) > 1 or not word.isascii() or not word.isalpha():
        return currency_of(word)
    return letter_currency(word) if side.is_before and (side.has_mark or side.is_apart) else None


def _is_flag(word: str, side: _Side) -> bool:
    """Whether letters may be a flag of debit or credit. What they mean, other rows tell."""
    letters = word.rstrip(".")
    if FOOTNOTE.fullmatch(word):
        return not side.is_before and side.has_mark
    if not _FLAG.fullmatch(word) or _is_name_of_month(letters):
        return False
    if side.is_before:
        # RE-7001 and A12 are names.
        is_free = side.raw.endswith((" ", word)) and (
            side.has_mark or (side.is_apart and letters.upper() in SIGN_LETTERS)
        )
        return is_free and len(letters) <= LONGEST_BEFORE
    is_glued_to_sign = side.raw[:1] in ("-", "+") and side.raw[1:2] != " "
    return not is_glued_to_sign and len(letters) <= LONGEST_BEHIND


def _is_name_of_month(word: str) -> bool:
    return len(word) >= 3 and key(word) in lexicon().months
