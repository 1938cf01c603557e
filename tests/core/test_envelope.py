"""The sealed form, its associated data, and the ring of key encryption keys."""

import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from core.envelope import KeyRing, SealBroken, associated, key_tag, new_key, seal, unseal

Parts = st.lists(st.text(max_size=8) | st.binary(max_size=8), max_size=4)


def test_the_form_is_magic_algorithm_key_nonce_and_ciphertext() -> None:
    key = new_key()

    sealed = seal(key, "k1", b"plain", b"place")

    assert (sealed[:3], sealed[3], sealed[4:20]) == (b"CV1", 1, key_tag("k1"))
    assert AESGCM(key).decrypt(sealed[20:32], sealed[32:], b"place") == b"plain"
    assert unseal(key, "k1", sealed, b"place") == b"plain"


def test_a_nonce_is_never_repeated() -> None:
    key = new_key()

    assert len({seal(key, "k1", b"", b"")[20:32] for _ in range(1000)}) == 1000


def test_associated_data_is_length_prefixed_with_numbers_of_8_bytes() -> None:
    expected = (
        struct.pack(">I", 2) + b"ab" + struct.pack(">I", 8) + struct.pack(">Q", 7) + struct.pack(">I", 1) + b"\x00"
    )

    assert associated("ab", 7, b"\x00") == expected


@pytest.mark.integration
@given(Parts, Parts)
def test_different_parts_give_different_associated_data(one: list[str | bytes], other: list[str | bytes]) -> None:
    def plain(parts: list[str | bytes]) -> list[bytes]:
        return [part.encode() if isinstance(part, str) else part for part in parts]

    assert (associated(*one) == associated(*other)) == (plain(one) == plain(other))


@pytest.mark.parametrize("position", [0, 3, 4, 20, 32, -1])
def test_a_changed_byte_anywhere_does_not_open(position: int) -> None:
    key = new_key()
    sealed = bytearray(seal(key, "k1", b"plain", b"place"))
    sealed[position] ^= 1

    with pytest.raises(SealBroken):
        unseal(key, "k1", bytes(sealed), b"place")


@pytest.mark.parametrize("length", [0, 1, 4, 20, 32, 47])
def test_a_truncated_seal_does_not_open(length: int) -> None:
    key = new_key()

    with pytest.raises(SealBroken):
        unseal(key, "k1", seal(key, "k1", b"plain", b"place")[:length], b"place")


def test_an_old_key_still_opens_while_the_active_one_seals() -> None:
    old, new = new_key(), new_key()
    before = KeyRing({"2026": old}, "2026", "test")
    both = KeyRing({"2026": old, "2027": new}, "2027", "test")
    after = KeyRing({"2027": new}, "2027", "test")
    old_id, old_wrap = before.wrap(b"vault key", b"place")

    new_id, new_wrap = both.wrap(b"vault key", b"place")

    assert (old_id, new_id) == ("2026", "2027")
    assert both.unwrap(old_id, old_wrap, b"place") == both.unwrap(new_id, new_wrap, b"place") == b"vault key"
    assert after.unwrap(new_id, new_wrap, b"place") == b"vault key"
    with pytest.raises(SealBroken, match="'2026' is not configured"):
        after.unwrap(old_id, old_wrap, b"place")
    with pytest.raises(SealBroken):
        both.unwrap(new_id, old_wrap, b"place")


def test_keys_are_not_printed() -> None:
    ring = KeyRing({"k1": b"k" * 32}, "k1", "test")

    assert "kkkk" not in f"{ring!r} {ring} {ring.describe()}"
