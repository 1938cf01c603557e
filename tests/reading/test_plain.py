"""Cells in plain form are counted as the parsers would count them."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from matching.reading.plain import Plain
from matching.reading.values import Evidence, Rest, evidence_of

ODD = (
    *(
        "",
        " ",
        "\t",
        "=",
        "EUR",
        "eur",
        "EUR ",
        "usd 5",
        "CHF 12.50",
        " 12.50 EUR",
        "Inv",
        "=SUM(A1)",
        "-5",
        "(5.00)",
        "5-",
    ),
    *("INV-00012", "a.b,c", "Überweisung 12", "付款 12", "12 kg", "abcd", "abc 5", "SOL 5,0", "é", "−5,00", "x" * 300),
    *("5 Jan 2024", "1 JAN 2024", "05.01.2024", "20240105", "2024/1/5 12:00", "24-01-05", "2024-02-30", "9" * 300),
    *("1'000.00", "-0.00", "0.00", "00.50", "0,123.45", "1.234", "1,234", "1.234.567,8", "3.14159265358979", "12,5"),
    *("1/2/2024", "1/2/24 10:00", "31.02.2024", "13/13/2024", "0024-01-05", "2024-1-005", "2024-01:05", "31/12/9999"),
    *("2024-02-29", "2023-02-29", "2024-00-10", "00.01.2024", "1.1.2024  ", "2024.01.05", "99.99.9999", "ab-cd-efgh"),
)
# What decides about a text, or does not, before a pattern sees it.
BEGINNINGS = (
    "INV-",
    "EUR-",
    "eur ",
    "E",
    "-EU",
    "( A",
    "R1",
    "#",
    "1/",
    "a\x00",
    "NO.",
    "XK",
    "£",
    "Ü",
    "US$",
    "'",
    "=A",
)
ENDS = ("", "", "", " EUR", "R", "UR", ",50", ".5", "-", " 2024", ")")


def day_of(chance, form):
    return (date(chance.choice((1000, 1970, 2024)), 1, 1) + timedelta(days=chance.randint(0, 3_000))).strftime(form)


KINDS: dict[str, Callable[[random.Random], str]] = {
    "dot": lambda chance: f"{chance.uniform(-1e6, 1e6):,.{chance.choice((0, 1, 2, 2, 3, 4, 6, 10))}f}",
    "comma": lambda chance: f"{chance.uniform(-1e6, 1e6):,.2f}".translate(str.maketrans(",.", ".,")),
    "whole": lambda chance: str(chance.randint(0, 10 ** chance.randint(1, 17))),
    "code": lambda chance: str(chance.randint(0, 10**6)).zfill(chance.choice((5, 8, 9))),
    "reference": lambda chance: (
        f"{chance.choice(BEGINNINGS)}{chance.choice(('', ' ', '-'))}{chance.randint(0, 10**6)}{chance.choice(ENDS)}"
    ),
    "ymd": lambda chance: day_of(chance, chance.choice(("%Y-%m-%d", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m-%d"))),
    "dmy": lambda chance: day_of(
        chance, chance.choice(("%d.%m.%Y", "%d.%m.%Y", "%m/%d/%Y", "%d-%m-%y", "%d/%m/%Y %H:%M"))
    ),
    "days": lambda chance: day_of(chance, "%Y-%m-%d"),
    "days first": lambda chance: day_of(chance, "%d.%m.%Y"),
    "currencies": lambda chance: chance.choice(("EUR", "usd", "Eur", "INV", "abc", "ſek", "€€€", "EUR.")),
    "names": lambda chance: (
        chance.choice(("Acme", "A.C.M.E.", "=x", "-", "(", "\t", "EUR,", "é", "×")) * chance.randint(1, 3)
    ),
    "words": lambda chance: f"Payment {chance.randint(0, 10**6)}, order",
    "odd": lambda chance: chance.choice(ODD),
}


def counts_of(evidence: Evidence) -> dict[str, Any]:
    found = {
        name: value
        for name, value in vars(evidence).items()
        if name not in ("different", "examples", "plain", "ranges")
    }
    return found | {name: (span.least, span.most) for name, span in evidence.ranges.items()}


@pytest.mark.integration
@pytest.mark.parametrize("kind", KINDS)
def test_plain_cells_count_as_the_parsers_count_them(kind):
    chance = random.Random(kind)
    fast, parsed, rest = Evidence("a"), Evidence("a"), Rest()
    for rows in (3, 60, 2_500):
        kinds = [kind if chance.random() < 0.9 else "odd" for _ in range(rows)]
        texts = pa.array([None if chance.random() < 0.02 else KINDS[kind](chance) for kind in kinds], pa.string())

        evidence_of(pa.table({"a": texts}), [fast])
        rest.add(parsed, texts, np.ones(rows, np.int64))
        rest.count()

        assert counts_of(fast) == counts_of(parsed)


@pytest.mark.parametrize("kind", ["comma", "words", "names", "currencies", "days", "days first"])
def test_a_column_in_plain_form_leaves_nothing_for_the_parsers(kind):
    chance = random.Random(1)
    texts = pa.array([KINDS[kind](chance) for _ in range(100)], pa.string())

    counts, left = Plain().counted(texts, np.ones(100, np.int64))

    assert counts["filled"] == 100
    assert not left.any()
