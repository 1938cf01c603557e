"""
The lists of words.toml, in the form in which names and cells are compared with them.

Reading 9,000 entries and folding them takes 0.06 s of CPU, which is a tenth of what reading a short file takes. So they are
kept folded, in words.json. `python -m server write-generated` writes that file. As long as it does not belong to the
words.toml beside it, the words are made from the latter.
"""

import json
import re
import zlib
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from matching.reading.roles.folding import UNSPACED, words_of

LISTS = ("names", "cells", "countries", "domestic")
SOURCE = Path(__file__).with_name("words.toml")
FOLDED = Path(__file__).with_name("words.json")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_LATIN = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
MAX_ABBREVIATION = 3  # letters; shorter words mean too many other things in the name of a column


class Side(NamedTuple):
    """Whether a word says that money goes out or comes in, and in which of the lists of words it was found."""

    is_out: bool
    group: int


class WordList:
    """One list of entries."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.phrases = {tuple(phrase.split()) for phrase in content["phrases"]}
        self.unspaced = frozenset(content["unspaced"])
        self.longest = max(map(len, self.phrases), default=0)
        self._pattern: str | None = content["pattern"]

    @cached_property
    def open_ended(self) -> re.Pattern[str] | None:
        """What finds the entries with an asterisk."""
        return re.compile(self._pattern) if self._pattern is not None else None

    def spans(self, words: tuple[str, ...]) -> list[tuple[int, int]]:
        """Where entries are found among words, as first word and the word after the last."""
        found = [
            (first, end)
            for first in range(len(words))
            for end in range(first + 1, min(len(words), first + self.longest) + 1)
            if words[first:end] in self.phrases
        ]
        if self.open_ended is not None:
            joined = " ".join(words)
            for match in self.open_ended.finditer(joined):
                if match.group():
                    before = joined[: match.start()].count(" ")
                    found.append((before, before + match.group().count(" ") + 1))
        return found

    def ends(self, words: tuple[str, ...]) -> list[int]:
        """The word after the last of each entry that the words begin with."""
        found = [end for end in range(1, min(len(words), self.longest) + 1) if words[:end] in self.phrases]
        match = self.open_ended.match(" ".join(words)) if self.open_ended is not None else None
        if match is not None and match.group():
            found.append(match.group().count(" ") + 1)
        return found

    def share(self, text: str) -> float:
        """The share of a text without spaces that the longest entry in it covers."""
        if not self.unspaced or not UNSPACED.search(text):
            return 0.0
        joined = "".join(words_of(text))
        longest = max((len(entry) for entry in self.unspaced if entry in joined), default=0)
        return longest / max(1, len(joined))


class Words(NamedTuple):
    """
    The lists for names by role, those for cells by kind, and the sides that a word may stand for. Those of countries and of
    domestic payments are by currency.
    """

    names: dict[str, WordList]
    cells: dict[str, WordList]
    sides: dict[str, list[Side]]
    countries: dict[str, WordList]
    domestic: dict[str, WordList]


@lru_cache(maxsize=1)
def known_words() -> Words:
    """All words, loaded once."""
    content = _content()
    names, cells, countries, domestic = (
        {name: WordList(entries) for name, entries in content[part].items()} for part in LISTS
    )
    sides = {word: [Side(*side) for side in sides] for word, sides in content["sides"].items()}
    return Words(names, cells, sides, countries, domestic)


@lru_cache(maxsize=1)
def spellings() -> frozenset[str]:
    """The words of all lists that have Latin letters outside ASCII, as they are spelled in small letters."""
    return frozenset(_content()["spellings"])


def _content() -> dict[str, Any]:
    source = SOURCE.read_bytes()
    content: dict[str, Any] = json.loads(FOLDED.read_bytes()) if FOLDED.exists() else {}
    return content if content.get("source") == zlib.crc32(source) else folded_from(source)


def document() -> str:
    """What words.json should contain."""
    content = folded_from(SOURCE.read_bytes())
    parts = [f'"source": {content["source"]}', f'"spellings": {_compact(content["spellings"])}']
    for name in (*LISTS, "sides"):
        lines = (f"{_compact(key)}: {_compact(value)}" for key, value in content[name].items())
        parts.append(f'"{name}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def folded_from(source: bytes) -> dict[str, Any]:
    """The lists in words.toml, folded."""
    import tomllib  # only needed while words.json is out of date

    raw = tomllib.loads(source.decode("utf-8"))
    spelled = sorted({word.lower() for word in _LETTERS.findall(source.decode("utf-8")) if _LATIN.search(word)})
    sides: dict[str, list[tuple[bool, int]]] = {}
    for group, pair in enumerate(raw["sides"]):
        for is_out in (True, False):
            for word in pair["out" if is_out else "in"]:
                sides.setdefault(" ".join(words_of(word)), []).append((is_out, group))
    # A column for one side is often called what a sign column says: "Outgoing" beside "Incoming".
    for role in ("out", "in"):
        raw["names"][role] += [word for pair in raw["sides"] for word in pair[role] if len(word) > MAX_ABBREVIATION]
    lists = {part: {name: _folded(entries) for name, entries in raw[part].items()} for part in LISTS}
    return {"source": zlib.crc32(source), "spellings": spelled, **lists, "sides": sides}


def _folded(entries: Iterable[str]) -> dict[str, Any]:
    """A list of entries as WordList takes it."""
    phrases: dict[str, None] = {}
    unspaced: dict[str, None] = {}
    open_ended = []
    for entry in entries:
        if entry.endswith(" **"):
            open_ended.append(re.escape(" ".join(words_of(entry))) + r"(?: \S+)*")
        elif "*" in entry:
            open_ended.append(r"\S*".join(re.escape(" ".join(words_of(part))) for part in entry.split("*")))
        elif UNSPACED.search(entry):
            unspaced["".join(words_of(entry))] = None
        else:
            phrases[" ".join(words_of(entry))] = None
    pattern = rf"(?<!\S)(?:{'|'.join(open_ended)})(?!\S)" if open_ended else None
    return {"phrases": list(phrases), "unspaced": list(unspaced), "pattern": pattern}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
