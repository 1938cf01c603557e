"""
Finds the code page of a text that is not UTF-8. A wrong one would silently change names, so each page is judged by what
the bytes become.

Words of one script count in a page's favour, and symbols inside words, two scripts in a word and undefined bytes count
against it. What then still looks alike, such as cp1250 and cp1252, is told apart by the pairs of letters that a language
really has (letters/), and by words that files use for their columns and rows (roles/words.toml).
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from matching.reading.letters import characters_of, pairs_of_languages
from matching.reading.roles.word_lists import spellings

MAX_TEXT_BYTES = 256 * 1024  # of lines that are not ASCII; enough to judge by
MAX_WORDS = 1_500  # different ones
MAX_DOUBLE_BYTES = 60 * 1024
FALLBACK = "cp1252"
# Single-byte pages, in the order of preference when the bytes do not decide, and what speaks against each before a
# byte was looked at: old and regional pages are rare, and a few words in them look like anything.
PAGES = {
    "cp1252": 0.0,
    "iso8859_15": 0.02,
    "cp1250": 0.01,
    "cp1251": 0.0,
    "cp1253": 0.0,
    "cp1254": 0.04,
    "cp1255": 0.0,
    "cp1256": 0.1,
    "cp1257": 0.06,
    "cp874": 0.05,
    "iso8859_2": 0.02,
    "iso8859_7": 0.01,
    "cp437": 0.1,
    "cp850": 0.11,
    "cp852": 0.15,
    "cp866": 0.1,
    "koi8_r": 0.05,
    "koi8_u": 0.05,
    "iso8859_5": 0.15,
    "mac_roman": 0.15,
}
# Double-byte pages: their language, the code in which its common characters stand together, and the first bytes of those.
DOUBLE_PAGES = {
    "gb18030": ("zh", "gb2312", (0xB0, 0xD7)),
    "cp950": ("zh_Hant", "big5", (0xA4, 0xC6)),
    "cp932": ("ja", "euc_jp", (0xB0, 0xCF)),
    "euc_jp": ("ja", "euc_jp", (0xB0, 0xCF)),
    "cp949": ("ko", "euc_kr", (0xB0, 0xC8)),
}
PAIRS_WEIGHT = 1.5  # of the share of letter pairs that one language has; 1.2 to 1.8 judge alike (measured)
SPELLED = 0.5  # for a word that files use, which a wrong page hardly makes of another one
MAX_TIMES = 3  # a word counts no more often, so that one frequent word does not decide
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_MONEY = frozenset("€£¥₪₩฿")
_MARKS = frozenset("’‘“”„–—…«»°§№•\xa0ºª·‚‹›²³½")  # often beside words and numbers
_ORDINALS = "ªº"  # letters by their kind in Unicode, but marks behind a word or a number, as in "nº"
_INSIDE = frozenset("’\xad–—")  # may join two words


def code_page_of(text: bytes) -> str:
    """The most plausible code page of lines that are not UTF-8."""
    words = Counter(_WORD.findall(text[:MAX_TEXT_BYTES]))
    counted = [(word, min(times, MAX_TIMES)) for word, times in list(words.items())[:MAX_WORDS]]
    if not counted:
        return FALLBACK
    scores = {page: _single(counted, page) - against for page, against in PAGES.items()}
    scores |= {page: _double(text[:MAX_DOUBLE_BYTES], page) for page in DOUBLE_PAGES}
    return max(scores, key=lambda page: scores[page])


def _single(words: list[tuple[bytes, int]], page: str) -> float:
    """How plausible words are in a single-byte page: the mean of their marks, and the share of pairs of one language."""
    marks, count, pairs, sure = 0.0, 0, 0, 0
    known: Counter[str] = Counter()
    for raw, times in words:
        word = raw.decode(page, errors="replace")
        marks += _mark(word) * times
        count += times
        small = word.lower()
        found = _pairs(small)
        pairs += times * len(found)
        if small in spellings() or (small[-1] in _ORDINALS and small[:-1].isascii()):
            marks += SPELLED * times * (len(small) > 1)
            sure += times * len(found)
            pairs += times * len(found)
        for pair in found:
            for language in pairs_of_languages().get(pair, ()):
                known[language] += times
    share = (max(known.values(), default=0) + sure) / pairs if pairs else 0.0
    # A single word proves little, so few words weigh less than the page's rarity does.
    return (marks / count + PAIRS_WEIGHT * share) * count / (count + 1)


def _pairs(word: str) -> list[str]:
    """The neighbouring letters in a word of which one is outside ASCII."""
    return [a + b for a, b in pairwise(word) if a.isalpha() and b.isalpha() and not (a + b).isascii()]


def _mark(word: str) -> float:
    """What a word says for (1 at most) or against the page that it was decoded with."""
    if len(word) > 1 and word[-1] in _ORDINALS:
        return 1.0 if word[:-1].isascii() else _mark(word[:-1])
    kinds = [_kind(char) for char in word]
    if any(kind in ("Cc", "Cn", "Co") for kind in kinds) or "\ufffd" in word:
        return -4
    letters = [char for char, kind in zip(word, kinds, strict=True) if kind[0] in "LM"]
    foreign = sum(not char.isascii() for char in letters)
    if not foreign or word in _ORDINALS:
        return _mark_of_signs(word)
    if len(word) == 1:
        return 0
    scripts = {_script(char) for char in letters if _kind(char) != "Lm"} - {"COMBINING"}
    mark = 1.0 - 2 * (len(scripts) > 1)
    for place, (char, kind) in enumerate(zip(word, kinds, strict=True)):
        if kind in ("Lm", "Sk"):
            mark -= 1.5
        elif kind[0] not in "LM" and char not in _INSIDE:
            is_inside = 0 < place < len(word) - 1
            mark -= 1.5 if is_inside else 0 if char in _MARKS else 0.5 if char in _MONEY else 1
        mark -= kind == "Lu" and place > 0 and kinds[place - 1] == "Ll"
    # Latin words made only of accented letters are another script, decoded wrongly.
    return mark - 2 * (len(word) > 2 and "LATIN" in scripts and foreign > 0.75 * len(word))


def _mark_of_signs(word: str) -> float:
    if len(word) == 1:
        if word in _MONEY:
            return 1.3
        return 0.5 if word in _MARKS else -1 if "BOX" in unicodedata.name(word, "") else -0.3
    odd = sum(not (char.isascii() or char in _MONEY or char in _MARKS) for char in word)
    return 0.5 - 1.5 * odd


def _double(text: bytes, page: str) -> float:
    """How plausible a text is in a double-byte page: the shares of characters that are common in its language."""
    language, code, plane = DOUBLE_PAGES[page]
    chars = Counter(char for char in text.decode(page, errors="replace") if not char.isascii())
    total = sum(chars.values())
    if not total:
        return -9
    wrong = chars.pop("\ufffd", 0)
    common = sum(times for char, times in chars.items() if _is_common(char, code, plane))
    known = sum(times for char, times in chars.items() if char in characters_of(language) or _is_wide(char))
    return (2.2 * common + known - 6 * wrong - 1) / total - 1.2


def _is_common(char: str, code: str, plane: tuple[int, int]) -> bool:
    if "\u3000" <= char <= "\u301f" or "\u3041" <= char <= "\u30fe" or _is_wide(char):
        return True  # marks, and Japanese syllables
    try:
        raw = char.encode(code)
    except UnicodeEncodeError:
        return False
    return len(raw) == 2 and plane[0] <= raw[0] <= plane[1]


def _is_wide(char: str) -> bool:
    """Whether a character is a letter, digit or mark of full width, which every language writes that has double bytes."""
    return "\uff01" <= char <= "\uff5e"


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    return unicodedata.category(char)


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    return unicodedata.name(char, "?").split(" ", 1)[0]
