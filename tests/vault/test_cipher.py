"""Seals open in their place only."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.envelope import KeyRing, SealBroken, new_key
from core.ids import uuid7
from server.vault.cipher import OpenVersion, Place, VaultCipher, open_version, seal_version

PLACE = Place(uuid7(), uuid7(), 3, 1)
KEY = new_key()


@given(st.text(), st.none() | st.text())
def test_what_is_sealed_opens(secret: str, notes: str | None) -> None:
    content = OpenVersion(secret.encode("utf-8", "ignore").decode(), notes and notes.encode("utf-8", "ignore").decode())

    assert open_version(KEY, PLACE, seal_version(KEY, PLACE, content)) == content


@pytest.mark.parametrize("change", [{"vault_id": uuid7()}, {"entry_id": uuid7()}, {"version": 4}, {"epoch": 2}])
def test_another_place_does_not_open(change: dict[str, object]) -> None:
    sealed = seal_version(KEY, PLACE, OpenVersion("secret", "notes"))

    with pytest.raises(SealBroken):
        open_version(KEY, dataclasses.replace(PLACE, **change), sealed)  # type: ignore[arg-type]  # one field each


def test_fields_cannot_be_swapped_nor_bytes_changed() -> None:
    sealed = seal_version(KEY, PLACE, OpenVersion("secret", "notes"))
    assert sealed.notes is not None

    for broken in (
        dataclasses.replace(sealed, secret=sealed.notes, notes=sealed.secret),
        dataclasses.replace(sealed, secret=sealed.secret[:-1] + bytes([sealed.secret[-1] ^ 1])),
        dataclasses.replace(sealed, secret=b""),
        dataclasses.replace(sealed, data_key=seal_version(KEY, PLACE, OpenVersion("x", None)).data_key),
    ):
        with pytest.raises(SealBroken):
            open_version(KEY, PLACE, broken)


def test_a_vault_key_belongs_to_its_vault_and_epoch() -> None:
    cipher = VaultCipher(KeyRing({"k1": new_key(), "k2": new_key()}, "k1", "test"))
    kek_id, wrapped = cipher.make_key(PLACE.vault_id, 1)

    assert len(cipher.open_key(PLACE.vault_id, 1, kek_id, wrapped)) == 32
    for vault_id, epoch, name in ((uuid7(), 1, kek_id), (PLACE.vault_id, 2, kek_id), (PLACE.vault_id, 1, "k2")):
        with pytest.raises(SealBroken):
            cipher.open_key(vault_id, epoch, name, wrapped)


def test_plaintext_is_not_printed() -> None:
    assert "hunter2" not in repr(OpenVersion("hunter2", "hunter2"))
