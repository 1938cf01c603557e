"""Envelope encryption: AES-256-GCM with associated data, and the key-encryption keys above it."""

import base64
import binascii
import hashlib
import os
import stat
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.settings import EXAMPLE_KEYS, Settings, SettingsError

MAGIC = b"CV1"
ALG_AES_256_GCM = 1
KEY_BYTES = 32
NONCE_BYTES = 12


class SealBroken(ValueError):
    """A sealed value does not match its key or its place: it was changed, moved, or sealed with another key."""


def new_key() -> bytes:
    """32 random bytes."""
    return os.urandom(KEY_BYTES)


def associated(*parts: str | bytes | int) -> bytes:
    """
    Associated data: every part is prefixed with its length (4 bytes, big-endian). Integers are 8 bytes, big-endian.
    """
    out: list[bytes] = []
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part.to_bytes(8, "big") if isinstance(part, int) else part
        out += (len(raw).to_bytes(4, "big"), raw)
    return b"".join(out)


@lru_cache(maxsize=1024)
def key_tag(key_id: str) -> bytes:
    """16 bytes that identify a key inside a sealed value."""
    return hashlib.sha256(b"tallyroom/key-id\x00" + key_id.encode()).digest()[:16]


def seal(key: bytes, key_id: str, plaintext: bytes, aad: bytes) -> bytes:
    """Seal a value as CV1 | alg (1 byte) | key tag (16) | nonce (12) | ciphertext and tag."""
    nonce = os.urandom(NONCE_BYTES)
    head = MAGIC + bytes([ALG_AES_256_GCM]) + key_tag(key_id) + nonce
    return head + AESGCM(key).encrypt(nonce, plaintext, aad)


def unseal(key: bytes, key_id: str, sealed: bytes, aad: bytes) -> bytes:
    """Open a sealed value. Raises: SealBroken if the key, the associated data or the bytes do not match."""
    if sealed[:4] != MAGIC + bytes([ALG_AES_256_GCM]) or len(sealed) < 48 or sealed[4:20] != key_tag(key_id):
        raise SealBroken("the sealed value has an unknown format or another key")
    try:
        return AESGCM(key).decrypt(sealed[20:32], sealed[32:], aad)
    except InvalidTag as error:
        raise SealBroken("the sealed value does not match its key and its place") from error


class KeyProvider(Protocol):
    """A source of key-encryption keys."""

    @property
    def active(self) -> str:
        """The id of the key for new wraps."""
        ...

    def wrap(self, plaintext: bytes, aad: bytes) -> tuple[str, bytes]:
        """Seal a value. Returns: the id of the key used, and the sealed bytes."""
        ...

    def unwrap(self, key_id: str, sealed: bytes, aad: bytes) -> bytes:
        """Open a sealed value. Raises: SealBroken."""
        ...

    def describe(self) -> str:
        """One line for `doctor`, without key material."""
        ...


@dataclass(frozen=True)
class KeyRing:
    """Key-encryption keys held in memory, from the environment or from a file."""

    keys: dict[str, bytes] = field(repr=False)
    active: str
    origin: str

    def wrap(self, plaintext: bytes, aad: bytes) -> tuple[str, bytes]:
        """Seal under the active key."""
        return self.active, seal(self.keys[self.active], self.active, plaintext, aad)

    def unwrap(self, key_id: str, sealed: bytes, aad: bytes) -> bytes:
        """Open what was sealed under one of the keys. Raises: SealBroken, also when the key is not in the ring."""
        if key_id not in self.keys:
            raise SealBroken(f"the key-encryption key {key_id!r} is not configured")
        return unseal(self.keys[key_id], key_id, sealed, aad)

    def describe(self) -> str:
        """Where the keys come from, and which one is active."""
        return f"{self.origin}: {len(self.keys)} key(s), active {self.active!r}"


def key_ring(settings: Settings, *, makes: bool = True) -> KeyRing:
    """
    The configured key-encryption keys: provider `file` if TALLYROOM_VAULT_KEK_FILE is set, otherwise provider `env`.

    Demo mode with neither has one key in the data folder (mode 0600); with `makes`, a missing key is created.

    Raises: SettingsError in one line.
    """
    if settings.vault_kek_file is not None:
        keys, origin = _from_file(settings.vault_kek_file), f"file {settings.vault_kek_file}"
    elif settings.vault_keks:
        keys = {
            name: _decode(f"TALLYROOM_VAULT_KEK_{name}", v.get_secret_value())
            for name, v in settings.vault_keks.items()
        }
        origin = "environment"
    else:
        path = settings.data_dir / "kek"
        try:
            if not path.exists():
                if not makes:
                    raise SettingsError(f"the demo key {path} does not exist yet; make run creates it")
                _make_demo_key(path)
        except OSError as error:
            raise SettingsError(f"TALLYROOM_DATA_DIR: cannot use {path.parent}: {error.strerror}") from error
        keys, origin = _from_file(path), f"file {path}"
    active = settings.vault_kek_active or (next(iter(keys)) if len(keys) == 1 else "")
    if active not in keys:
        raise SettingsError(f"TALLYROOM_VAULT_KEK_ACTIVE: name one of the configured keys ({', '.join(sorted(keys))})")
    return KeyRing(keys=keys, active=active, origin=origin)


def _decode(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SettingsError(f"{name}: is not base64; create one with: openssl rand -base64 32") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"{name}: has {len(key)} bytes but needs exactly 32; create one with: openssl rand -base64 32"
        )
    if len(set(key)) == 1 or text.strip() in EXAMPLE_KEYS:
        raise SettingsError(f"{name}: is an example value; create your own with: openssl rand -base64 32")
    return key


def _from_file(path: Path) -> dict[str, bytes]:
    name = "TALLYROOM_VAULT_KEK_FILE"
    try:
        status = path.stat()
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: cannot read {path}: {error}") from error
    # A secret that an orchestrator mounts read-only belongs to root and may be readable by its group, but never by
    # others.
    if stat.S_IMODE(status.st_mode) & 0o007:
        raise SettingsError(f"{name}: {path} is readable by everybody; run: chmod 600 {path}")
    if status.st_uid not in (os.getuid(), 0):
        raise SettingsError(f"{name}: {path} belongs to another user; change its owner")
    keys = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split()
        key_id, value = ("k1", words[0]) if len(words) == 1 else (words[0], words[1])
        keys[key_id] = _decode(name, value)
    if not keys:
        raise SettingsError(f"{name}: {path} contains no key; each line must be: id base64")
    return keys


def _make_demo_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"demo {base64.b64encode(new_key()).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)  # the first of two processes wins, and both read the same key
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
