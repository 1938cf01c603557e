"""Words in names and cells: a longer entry outweighs the words in it, and short forms mean what the others say."""

import json
import zlib
from pathlib import Path

import pytest

from matching.reading.roles import word_lists
from matching.reading.roles.words import outs_of, roles_of, says


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Buchungsdatum", "booked"),
        ("valueDate", "value_date"),
        ("Payment Reference", "reference"),
        ("Kirjauspäivä", "booked"),
        ("Saldo (EUR)", "balance"),
        ("Cr. Amount", "in"),
        ("お引出し", "out"),
        ("Obciążenia", "out"),
        ("Гэ дүн", "amount"),
        ("Umsatz (ohne Soll/Haben-Kz)", "amount"),
    ],
)
def test_a_name_suggests_a_role(name, role):
    found = roles_of(name, frozenset({"eur"}))

    assert found[role] == max(found.values())


def test_a_word_in_a_longer_entry_says_nothing_by_itself():
    assert "out" not in roles_of("Payment Reference")


@pytest.mark.parametrize("values", [["S", "H"], ["DR", "CR"], ["D", "C"], ["Af", "Bij"], ["借", "贷"], ["MD", "D"]])
def test_known_pairs_say_which_value_is_money_out(values):
    assert outs_of(values) == {values[0]: True, values[1]: False}


@pytest.mark.parametrize("values", [["X", "Y"], ["D", "X"], ["A", "B"], ["Debit", "Soll"]])
def test_unknown_or_onesided_values_say_nothing(values):
    assert outs_of(values) is None


def test_a_single_known_word_is_one_side():
    assert outs_of(["Cr"]) == {"Cr": False}


def test_only_whole_cells_are_states():
    assert says("not_booked", "Declined", whole=True)
    assert not says("not_booked", "Pending order refund", whole=True)


def test_a_shop_called_total_is_only_suspected():
    assert says("total", "TOTAL STATION 17")
    assert not says("total", "TOTAL STATION 17", whole=True)


def test_folded_words_are_those_of_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = _contents()

    monkeypatch.setattr(word_lists, "FOLDED", word_lists.SOURCE.with_name("missing.json"))

    assert json.loads(word_lists.document())["source"] == zlib.crc32(word_lists.SOURCE.read_bytes())
    assert _contents() == kept


def test_changed_lists_count_before_they_are_folded_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = tmp_path / "words.toml"
    changed.write_bytes(
        word_lists.SOURCE.read_bytes() + '\n[[sides]]\nout = ["wegwärts"]\nin = ["herwärts"]\n'.encode()
    )
    monkeypatch.setattr(word_lists, "SOURCE", changed)

    found = word_lists.known_words.__wrapped__()

    assert [side.is_out for side in found.sides["wegwarts"]] == [True]


def _contents() -> list[dict[str, tuple[set[tuple[str, ...]], frozenset[str], str | None]]]:
    known = word_lists.known_words.__wrapped__()
    return [
        {
            role: (found.phrases, found.unspaced, found.open_ended.pattern if found.open_ended else None)
            for role, found in lists.items()
        }
        for lists in (known.names, known.cells, known.countries, known.domestic)
    ]
