"""What people call columns and write into cells, in many languages. The words themselves are in words.toml."""

import re
from collections.abc import Iterable
from functools import lru_cache

from matching.reading.roles.folding import UNSPACED, folded, words_of
from matching.reading.roles.word_lists import Side, known_words

_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
MIN_SPACED = 4
TICKS, CROSSES = frozenset("✓✔☑"), frozenset("✗✘✕☐")


@lru_cache(maxsize=20_000)
def roles_of(name: str, ignored: frozenset[str] = frozenset()) -> dict[str, float]:
    """
    What a column's name suggests: roles, each with the share of the name that says so, from 0 to 1.

    A word that belongs to a longer entry says nothing by itself: a "payment reference" is a reference and no payment.
    `ignored` are words that do not count, such as the code of a currency.
    """
    if (of_last := _roles_of_last(name, ignored)) is not None:
        return of_last
    # What stands in brackets only explains the name.
    outer = _BRACKETS.sub(" ", name)
    if outer.strip() and outer != name and (explained := roles_of(outer, ignored)):
        return explained
    words = tuple(word for word in words_of(name) if word not in ignored)
    # A number tells columns of the same name apart.
    words = tuple(word for word in words if not word.isdigit()) or words
    if not words:
        return {}
    names = known_words().names
    spans = [(role, span) for role, entries in names.items() for span in entries.spans(words)]
    longest = [
        (role, (first, end))
        for role, (first, end) in spans
        if not any(a <= first and end <= b and b - a > end - first for _, (a, b) in spans)
    ]
    found: dict[str, float] = {}
    for role, (first, end) in longest:
        found[role] = min(1.0, found.get(role, 0.0) + (end - first) / len(words))
    shares = {role: entries.share(name) for role, entries in names.items()}
    best = max(shares.values(), default=0.0)
    for role, share in shares.items():
        if share > 0 and share >= 0.99 * best:
            found[role] = max(found.get(role, 0.0), share)
    return found


def _roles_of_last(name: str, ignored: frozenset[str]) -> dict[str, float] | None:
    """
    The roles of the last part of a name such as details.totals.grand_total, if the parts before it only say where it is:
    fee.amount is a fee.
    """
    before, point, last = name.rpartition(".")
    if not point or " " in name or not last:
        return None
    found = roles_of(last, ignored)
    others = {role for part in before.split(".") if part for role in roles_of(part, ignored)}
    return found if found and others <= {"text", "account", *found} else None


def names_minor_unit(name: str) -> bool:
    """Whether a column's name, or what stands in brackets behind it, is the smallest unit of a currency."""
    return bool(known_words().names["minor"].spans(words_of(name)))


def is_own_currency(name: str) -> bool:
    """Whether a column's name says that what it holds is, or is in, the currency of the account."""
    entries = known_words().cells["own_currency"]
    return bool(entries.spans(words_of(name))) or entries.share(name) > 0


def counts_instalments(name: str) -> bool:
    """Whether a column's name says in how many parts a price is paid."""
    entries = known_words().cells["instalment"]
    return bool(entries.spans(words_of(name))) or entries.share(name) > 0


def puts_on_card(value: str) -> bool:
    """Whether a kind of booking puts money on a card or a wallet, from which the other kinds take it."""
    entries = known_words().cells["top_up"]
    return bool(entries.spans(words_of(value))) or entries.share(value) > 0


def names_way_to_pay(name: str, kind: str) -> bool:
    """Whether a column's name says that it tells with which `card`, or by which `method`, somebody paid."""
    entries = known_words().cells[kind]
    return bool(entries.spans(words_of(name))) or entries.share(name) > 0


def is_deducted(name: str) -> bool:
    """Whether a column's name says that what it holds has been taken off already."""
    return bool(known_words().cells["deducted"].spans(words_of(name)))


def is_sales_tax(name: str) -> bool:
    """Whether a column's name is that of a tax on what is sold, and not of one that is taken off a payment."""
    return bool(known_words().cells["sales_tax"].spans(words_of(name)))


@lru_cache(maxsize=50_000)
def says(kind: str, text: str, *, whole: bool = False, least: int = 1) -> bool:
    """
    Whether a cell's text begins with an entry of a list of words, such as `total`. `whole`: and says nothing else, apart
    from numbers. `least`: the entry has at least so many words.
    """
    entries = known_words().cells[kind]
    words = tuple(word for word in words_of(text) if not word.isdigit())
    if len(words) >= MIN_SPACED and all(len(word) == 1 for word in words):
        words = ("".join(words),)  # a word that is spaced out
    if not words:
        return False
    ends = [end for end in entries.ends(words) if end >= least]
    if ends and (not whole or max(ends) == len(words)):
        return True
    if not UNSPACED.search(text):
        return False
    joined = "".join(words)
    # The noun that says what a row is comes last in Chinese, Japanese and Korean, as in "month total".
    ends_with = kind == "total" and not whole
    starts = [
        len(entry) for entry in entries.unspaced if joined.startswith(entry) or (ends_with and joined.endswith(entry))
    ]
    return bool(starts) and (not whole or max(starts) == len(joined))


def sides_of(text: str) -> list[Side]:
    """The sides that a value of a column may stand for, such as "DR" or "Haben". Empty if it is unknown."""
    return known_words().sides.get(" ".join(words_of(text)), [])


def answer_of(value: str) -> bool | None:
    """Whether a value is yes or no, in whatever language; None if it is neither."""
    if value in TICKS or value in CROSSES:
        return value in TICKS
    is_yes, is_no = says("yes", value, whole=True), says("no", value, whole=True)
    return is_yes if is_yes != is_no else None


def answers_of(values: Iterable[str]) -> dict[str, bool] | None:
    """Which of two values is yes, if the other one is no; else None."""
    values = list(values)
    if sorted(values) == ["0", "1"]:
        return {"0": False, "1": True}
    told = [(value, answer) for value in values if (answer := answer_of(value)) is not None]
    return dict(told) if len(told) == len(values) and sorted(answer for _, answer in told) == [False, True] else None


def outs_of(values: list[str]) -> dict[str, bool] | None:
    """
    Which of the values of a column mean money out, if the words of one list tell all of them apart, else None.

    One list decides, because short forms mean different things in different languages: "D" is out beside "C" and in
    beside "P".
    """
    known = [sides_of(value) for value in values]
    if not values or not all(known):
        return None
    for group in sorted({side.group for sides in known for side in sides}):
        outs = [{side.is_out for side in sides if side.group == group} for sides in known]
        if all(len(out) == 1 for out in outs):
            found = {value: next(iter(out)) for value, out in zip(values, outs, strict=True)}
            if len(values) == 1 or len(set(found.values())) == 2:
                return found
    firsts = [{side.is_out for side in sides} for sides in known]
    if all(len(out) == 1 for out in firsts) and (len(values) == 1 or len(set().union(*firsts)) == 2):
        return {value: next(iter(out)) for value, out in zip(values, firsts, strict=True)}
    return None


def outs_by_initials(name: str, values: list[str]) -> dict[str, bool] | None:
    """
    Which values mean money out, if each begins exactly one of the words of sides in a name, as O and I do in "In/Out", or
    "Exp." in "Income/Expense".
    """
    known = {word: {side.is_out for side in sides_of(word)} for word in words_of(name)}
    found = {}
    for value in values:
        outs = [out for word, out in known.items() if word.startswith(folded(value).removesuffix("."))]
        if not value or len(outs) != 1 or len(outs[0]) != 1:
            return None
        found[value] = next(iter(outs[0]))
    return found if len(set(found.values())) == 2 else None
