"""Seals open only in their own place."""

import dataclasses
import struct
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from core.envelope import KeyRing, SealBroken, new_key
from core.ids import uuid7
from server.vault.cipher import OpenVersion, Place, SealedVersion, VaultCipher, open_version, seal_version
from server.vault.schemas import EntryCreate, EntryUpdate, RevealView, RotateBody

PLACE = Place(uuid7(), uuid7(), 3, 1)
KEY = new_key()


@given(st.text(), st.none() | st.text())
def test_what_is_sealed_opens(secret: str, notes: str | None) -> None:
    content = OpenVersion(secret.encode("utf-8", "ignore").decode(), notes and notes.encode("utf-8", "ignore").decode())

    assert open_version(KEY, PLACE, seal_version(KEY, PLACE, content)) == content


@pytest.mark.parametrize("change", [{"vault_id": uuid7()}, {"entry_id": uuid7()}, {"version": 4}, {"epoch": 2}])
def test_a_seal_does_not_open_in_another_place(change: dict[str, object]) -> None:
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


def test_a_vault_key_opens_only_for_its_vault_and_epoch() -> None:
    cipher = VaultCipher(KeyRing({"k1": new_key(), "k2": new_key()}, "k1", "test"))
    kek_id, wrapped = cipher.make_key(PLACE.vault_id, 1)

    assert len(cipher.open_key(PLACE.vault_id, 1, kek_id, wrapped)) == 32
    for vault_id, epoch, name in ((uuid7(), 1, kek_id), (PLACE.vault_id, 2, kek_id), (PLACE.vault_id, 1, "k2")):
        with pytest.raises(SealBroken):
            cipher.open_key(vault_id, epoch, name, wrapped)


def test_plaintext_is_not_printed() -> None:
    assert "hunter2" not in repr(OpenVersion("hunter2", "hunter2"))


# Recorded once, to check that every later version can read what an earlier one sealed.
GOLDEN = Place(UUID("0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6"), UUID("0192f0c1-2b3c-7d4e-8f50-000000000001"), 3, 7)
GOLDEN_RING = KeyRing({"k1": bytes(range(32))}, "k1", "test")
GOLDEN_VAULT_KEY = bytes.fromhex(
    "435631018163a2d732f4e72210548421881e233b0202020202020202020202029a2918bab8d8305aca84a3f93278db121de8ae6d955579f0"
    "435fd002766a48c3c6a166dadd3614e8823036bab87600c1"
)
GOLDEN_VERSION = SealedVersion(
    data_key=bytes.fromhex(
        "43563101c64184cd7b01a32c87eae988ae93f678040404040404040404040404eca258439abbb84aa44f9dbf9356af81761beaa42f2fe637"
        "c880febec03bb816ea509946830d1f022a5fe3906f34fadc"
    ),
    secret=bytes.fromhex(
        "43563101c2a499c3cb9ea85797dc24b56d94598b050505050505050505050505754dad16d7bf6361c261b870b6ae8fda22e4c1ecccf8be0c"
        "738a680000"
    ),
    notes=bytes.fromhex(
        "43563101c2a499c3cb9ea85797dc24b56d94598b060606060606060606060606c957872f9cb17360226262f4a01a287103935edae7969864"
        "85de98"
    ),
)


def test_what_an_earlier_version_sealed_opens() -> None:
    vault_key = VaultCipher(GOLDEN_RING).open_key(GOLDEN.vault_id, GOLDEN.epoch, "k1", GOLDEN_VAULT_KEY)

    assert open_version(vault_key, GOLDEN, GOLDEN_VERSION) == OpenVersion("correct horse", "battery ✓")
    assert GOLDEN_VERSION.digest() == "7aa412995747ab8774bb8caba1b8ee50e426330d2aed182bdca0490b464f8457"


def test_the_associated_data_is_as_documented() -> None:
    """Opened by hand, using nothing of ours but the bytes."""

    def part(raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + raw

    def number(value: int) -> bytes:
        return part(struct.pack(">Q", value))

    def opened(key: bytes, sealed: bytes, place: bytes) -> bytes:
        return AESGCM(key).decrypt(sealed[20:32], sealed[32:], place)

    vault, entry = part(GOLDEN.vault_id.bytes), part(GOLDEN.entry_id.bytes)
    vault_key = opened(bytes(range(32)), GOLDEN_VAULT_KEY, part(b"cv1/vk") + vault + number(7) + part(b"k1"))
    data_key = opened(vault_key, GOLDEN_VERSION.data_key, part(b"cv1/dek") + vault + entry + number(3) + number(7))
    field = part(b"cv1/field") + vault + entry + number(3)

    assert opened(data_key, GOLDEN_VERSION.secret, field + part(b"secret")) == b"correct horse"
    assert opened(data_key, GOLDEN_VERSION.notes or b"", field + part(b"notes")) == "battery ✓".encode()


def test_every_version_has_its_own_data_key() -> None:
    one, other = (seal_version(KEY, PLACE, OpenVersion("same", "same")) for _ in range(2))

    with pytest.raises(SealBroken):
        open_version(KEY, PLACE, dataclasses.replace(one, data_key=other.data_key))
    assert len({one.data_key, other.data_key, one.secret, other.secret, one.notes, other.notes}) == 6


@pytest.mark.integration
def test_no_view_or_body_prints_a_secret() -> None:
    bodies = [
        EntryCreate(name="n", secret="hunter2", notes="hunter2"),
        EntryUpdate(secret="hunter2", notes="hunter2"),
        RotateBody(secret="hunter2"),
        RevealView(entry_id=uuid7(), version=1, fields={"secret": "hunter2"}),
        OpenVersion("hunter2", "hunter2"),
    ]

    assert "hunter2" not in f"{bodies!r} {[str(body) for body in bodies]}"
    assert "hunter2" not in str([body.model_dump_json() for body in bodies[:3]])
