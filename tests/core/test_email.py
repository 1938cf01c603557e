"""E-mail addresses: one canonical form, so that another spelling cannot become a second account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.email import canonical


@pytest.mark.parametrize(
    ("given_address", "expected"),
    [
        ("a@example.com", "a@example.com"),
        ("  A.B+Tag@EXAMPLE.Com \n", "a.b+tag@example.com"),
        ("a@münchen.de", "a@xn--mnchen-3ya.de"),
        ("a@MU\u0308NCHEN.de", "a@xn--mnchen-3ya.de"),
        ("a@XN--MNCHEN-3YA.de", "a@xn--mnchen-3ya.de"),
        ("a@faß.de", "a@xn--fa-hia.de"),  # IDNA 2008, so not fass.de
        ("a@ｅｘａｍｐｌｅ.com", "a@example.com"),
        ("a@example。com", "a@example.com"),
        ("\u212a@example.com", "k@example.com"),  # NFC turns the Kelvin sign into a K
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_every_spelling_has_one_canonical_form(given_address: str, expected: str) -> None:
    assert canonical(given_address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "a",
        "a@",
        "@example.com",
        "a@b@example.com",
        "ä@example.com",
        "а@example.com",  # Cyrillic
        "a\u0301@example.com",
        "a b@example.com",
        "a\t@example.com",
        "a\x00@example.com",
        "a@exam\x00ple.com",
        "a@example.com\x00",
        "a\x7f@example.com",
        "a\u0085b@example.com",
        "a\u00a0b@example.com",
        "a\r\nBcc: b@example.com",
        "\ud800@example.com",
        "a@\ud800.com",
        "a@example.com.",
        "a@example.com。",
        "a@.example.com",
        "a@example..com",
        "a@-example.com",
        "a@exa_mple.com",
        "a@" + "x" * 64 + ".com",
        "a" * 65 + "@example.com",
        "a@" + ".".join(["x" * 60] * 5),
        "a@[127.0.0.1]",
    ],
)
def test_an_invalid_address_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(ValueError, match=r"^(an|the) [a-zA-Z]"):
        canonical(address)


@pytest.mark.integration
@given(st.text())
def test_any_text_has_a_stable_form_or_none(text: str) -> None:
    try:
        found = canonical(text)
    except ValueError:
        return
    assert canonical(found) == found
    assert found.isascii()
    assert len(found) <= 254


@pytest.mark.integration
@given(st.from_regex(r"[A-Za-z0-9.+-]{1,20}@[A-Za-z0-9]{1,10}\.[A-Za-z]{2,5}", fullmatch=True))
def test_case_makes_no_difference(address: str) -> None:
    try:
        found = canonical(address)
    except ValueError:
        return
    assert canonical(address.swapcase()) == found
