"""What rows and texts say about runs: moments, keys, and what the texts of totals tell of them."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matching.sums.runs import Totals
from matching.sums.words import words

MOST_NAMED = 20_000_000  # totals times keys, up to which it is read which of them each text names
MOST_VALUES = 1_000  # of a part of the key; with more, they are not looked for in texts
LONGEST_NUMBER, SHORTEST_WORD, SHORTEST_NAME = 4, 3, 2  # letters and digits
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([AaPp])?")
_DAY = 86_400

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = Sequence[str | None]
Key = tuple[str, ...]


def moments(days: Floats, texts: Texts) -> Ints:
    """Seconds since 1970: the days, and the times of day that the texts have."""
    found: Ints = np.nan_to_num(days).astype(np.int64) * _DAY
    for n, text in enumerate(texts):
        time = _TIME.search(text) if text else None
        if time is None:
            continue
        hour, minute, second = (int(part or 0) for part in time.group(1, 2, 3))
        if time[4] is not None and hour <= 12:
            hour = hour % 12 + (12 if time[4] in "Pp" else 0)
        if hour < 24 and minute < 60:
            found[n] += 3600 * hour + 60 * minute + second
    return found


def keyed(columns: Sequence[Texts], rows: int) -> tuple[Ints, list[Key]]:
    """The number of each row's values among those that rows have, and these."""
    if not columns:
        return np.zeros(rows, np.int64), [()]
    values = [tuple(text or "" for text in of) for of in zip(*columns, strict=True)]
    different = sorted(set(values))
    number = {value: n for n, value in enumerate(different)}
    return np.array([number[value] for value in values], np.int64), different


def totals_of(amount: Ints, day: Floats, keys: list[Key], texts: Texts) -> Totals:
    """The totals, and which of the keys their texts name."""
    spoken = [words(text) for text in texts]
    padded = [f" {' '.join(of)} " for of in spoken]
    names = tuple(_named(padded, [key[part] for key in keys]) for part in range(len(keys[0]) if keys else 0))
    numbers = [frozenset(int(w) for w in of if w.isdecimal() and len(w) <= LONGEST_NUMBER) for of in spoken]
    said = [frozenset(w for w in of if w.isalpha() and len(w) >= SHORTEST_WORD) for of in spoken]
    return Totals(amount, day, names, numbers, said)


def _named(texts: list[str], values: list[str]) -> NDArray[np.int8]:
    """For each text and value: 1 if the text names it, 2 if it names another one, otherwise 0. Shape (texts, values)."""
    phrases = {value: " ".join(words(value)) for value in set(values)}
    phrases = {value: phrase for value, phrase in phrases.items() if len(phrase) >= SHORTEST_NAME}
    found = np.zeros((len(texts), len(values)), np.int8)
    if not 1 < len(phrases) <= MOST_VALUES or found.size > MOST_NAMED:
        return found
    at = {value: np.array([n for n, one in enumerate(values) if one == value]) for value in sorted(phrases)}
    for n, text in enumerate(texts):
        named = [value for value in at if f" {phrases[value]} " in text]
        if named:
            found[n] = 2
            for value in named:
                found[n, at[value]] = 1
    return found
