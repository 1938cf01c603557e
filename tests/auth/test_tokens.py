"""Access tokens: only an exact token of ours is accepted, by the API and by the socket."""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import jwt
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.clock import now
from core.ids import uuid7
from core.settings import Settings
from server.api.keys import KEYRING
from server.auth import tokens as tokens_module
from server.store import keyring as keyring_module
from server.store.keyring import SigningPair
from tests.auth.follower import refusal_of
from tests.conftest import Person, command

Forge = Callable[..., str]


@pytest.fixture
def forge(server: TestServer, alice: Person) -> Forge:
    """Signs alice's claims with the server's own key after changing claims or header; None removes one."""
    pair = server.app[KEYRING].active

    def make(header: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
        claims = jwt.decode(alice.token, options={"verify_signature": False}) | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {"alg": "EdDSA", "kid": pair.kid, "typ": "at+jwt", **(header or {})}
        message = f"{_part(headers)}.{_part(claims)}"
        private = key or pair.private
        assert private is not None
        return f"{message}.{_base64(private.sign(message.encode()))}"

    return make


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


async def code_of(http: ClientSession, token: str) -> str:
    """The code with which a token is refused, or `accepted`."""
    async with http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}) as response:
        if response.status == 200:
            return "accepted"
        assert response.status == 401
        code = str((await response.json())["code"])
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        return code


async def test_a_token_signed_by_us_is_accepted(http: ClientSession, forge: Forge) -> None:
    assert await code_of(http, forge()) == "accepted"


@pytest.mark.parametrize("alg", ["none", "NoNe", "NONE"])
async def test_an_unsigned_token_is_invalid(http: ClientSession, forge: Forge, alg: str) -> None:
    head, claims, _ = forge({"alg": alg}).split(".")

    assert await code_of(http, f"{head}.{claims}.") == "token_invalid"
    assert await code_of(http, f"{head}.{claims}") == "token_invalid"
    assert await code_of(http, forge({"alg": alg})) == "token_invalid"


async def test_the_public_key_does_not_work_as_a_shared_secret(
    http: ClientSession, forge: Forge, server: TestServer
) -> None:
    public = server.app[KEYRING].active.public
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.Raw, PublicFormat.Raw),
    ):
        head, claims, _ = forge({"alg": "HS256"}).split(".")
        code = hmac.digest(secret, f"{head}.{claims}".encode(), hashlib.sha256)

        assert await code_of(http, f"{head}.{claims}.{_base64(code)}") == "token_invalid"


async def test_another_algorithm_or_key_is_invalid(http: ClientSession, forge: Forge) -> None:
    claims = jwt.decode(forge(), options={"verify_signature": False})
    kid = jwt.get_unverified_header(forge())["kid"]
    rsa = jwt.encode(claims, generate_private_key(65537, 2048), "RS256", headers={"kid": kid, "typ": "at+jwt"})

    assert await code_of(http, rsa) == "token_invalid"
    assert await code_of(http, forge(key=Ed25519PrivateKey.generate())) == "token_invalid"


async def test_a_changed_payload_is_invalid(http: ClientSession, forge: Forge, bob: Person) -> None:
    head, _, signature = forge().split(".")
    claims = jwt.decode(forge(), options={"verify_signature": False}) | {"sub": str(bob.id)}

    assert await code_of(http, f"{head}.{_part(claims)}.{signature}") == "token_invalid"


BAD_HEADERS = [
    {"kid": "unknown"},
    {"kid": "../../dev/null"},
    {"kid": "x" * 65},
    {"kid": 5},
    {"kid": None},
    {"kid": ["a"]},
    {"jku": "https://evil.example/jwks.json"},
    {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}},
    {"x5u": "https://evil.example"},
    {"x5c": ["AAAA"]},
    {"crit": ["exp"]},
    {"b64": False, "crit": ["b64"]},
    {"typ": "JWT"},
    {"typ": None},
]


async def test_a_header_of_the_wrong_form_is_invalid(http: ClientSession, forge: Forge) -> None:
    for header in BAD_HEADERS:
        assert await code_of(http, forge(header)) == "token_invalid", header


BAD_CLAIMS = [
    {"exp": None},
    {"aud": None},
    {"iss": None},
    {"sub": None},
    {"jti": None},
    {"iat": None},
    {"nbf": None},
    {"sid": None},
    {"tv": None},
    {"exp": "9999999999"},
    {"exp": 10**30},
    {"exp": 1.5e10},
    {"exp": int(time.time()) + 10 * 365 * 86_400},
    {"nbf": int(time.time()) + 86400},
    {"iat": int(time.time()) + 86400},
    {"aud": ["api", "x"]},
    {"aud": ["api"]},
    {"aud": "mfa"},
    {"aud": "download"},
    {"iss": "http://127.0.0.1:0.evil.example"},
    {"iss": "http://127.0.0.1:0/"},
    {"sub": 5},
    {"sub": "not-an-id"},
    {"sid": "not-an-id"},
]


async def test_claims_of_the_wrong_form_are_invalid(http: ClientSession, forge: Forge) -> None:
    for changes in BAD_CLAIMS:
        assert await code_of(http, forge(**changes)) in (
            "token_invalid",
            "token_revoked" if "tv" in changes else "-",
        ), changes


async def test_an_old_token_is_expired(http: ClientSession, forge: Forge) -> None:
    at = int(time.time())

    assert await code_of(http, forge(iat=at - 1000, nbf=at - 1000, exp=at - 100)) == "token_expired"
    # allows for small clock differences
    assert await code_of(http, forge(iat=at - 903, nbf=at - 903, exp=at - 3)) == "accepted"


async def test_a_token_that_was_accepted_before_expires_and_lends_its_signature_to_no_other(
    http: ClientSession, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = forge()
    message, signature = token.rsplit(".", 1)
    middle = len(signature) // 2
    broken = f"{message}.{signature[:middle]}{'A' if signature[middle] != 'A' else 'B'}{signature[middle + 1 :]}"

    assert await code_of(http, token) == "accepted"
    assert await code_of(http, broken) == "token_invalid"
    monkeypatch.setattr(
        tokens_module, "now", lambda: now() + timedelta(minutes=16)
    )  # its signature is not looked at again
    assert await code_of(http, token) == "token_expired"


async def test_a_token_of_another_person_or_session_is_revoked(http: ClientSession, forge: Forge, bob: Person) -> None:
    assert await code_of(http, forge(sub=str(bob.id))) == "token_revoked"
    assert await code_of(http, forge(sid=str(uuid7()))) == "token_revoked"
    assert await code_of(http, forge(tv=0)) == "token_revoked"


NO_TOKENS = ["x", "x.y.z", "a" * 5000, "é.é.é", "..", "[[[[." * 100, "rt1.a.b"]


async def test_a_malformed_token_is_invalid(http: ClientSession) -> None:
    for token in NO_TOKENS:
        assert await code_of(http, token) == "token_invalid"


async def test_refresh_and_access_tokens_cannot_replace_each_other(http: ClientSession, alice: Person) -> None:
    assert await code_of(http, alice.refresh_token) == "token_invalid"
    async with http.post("/api/v1/auth/refresh", json={"refresh_token": alice.token[:200]}) as response:
        assert (response.status, (await response.json())["code"]) == (401, "refresh_invalid")


async def test_a_request_without_a_token_is_told_to_sign_in(http: ClientSession, settings: Any) -> None:
    async with http.get("/api/v1/me") as response:
        assert (response.status, (await response.json())["code"]) == (401, "unauthenticated")
        assert response.headers["WWW-Authenticate"] == "Bearer"
    for header in ("Basic YTpi", "Bearer", "Bearer  ", "Token x"):
        async with http.get("/api/v1/me", headers={"Authorization": header}) as response:
            assert (response.status, (await response.json())["code"]) == (401, "token_invalid")


async def test_a_token_carries_no_role_and_is_valid_for_a_quarter_of_an_hour(alice: Person) -> None:
    claims = jwt.decode(alice.token, options={"verify_signature": False})

    assert set(claims) == {"iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti", "tv", "amr", "auth_time"}
    assert claims["exp"] - claims["iat"] == 900
    assert (claims["aud"], claims["sub"], claims["amr"]) == ("api", str(alice.id), ["pwd"])


async def test_the_published_keys_verify_tokens_and_contain_no_private_part(http: ClientSession, alice: Person) -> None:
    async with http.get("/.well-known/jwks.json") as response:
        document = await response.json()

    kid = jwt.get_unverified_header(alice.token)["kid"]
    found = next(key for key in document["keys"] if key["kid"] == kid)
    assert set(found) == {"kty", "crv", "x", "kid", "use", "alg"}
    claims = jwt.decode(alice.token, jwt.PyJWK(found).key, algorithms=["EdDSA"], audience="api")
    assert claims["sub"] == str(alice.id)


async def test_a_retired_key_verifies_tokens_until_its_time_is_over(
    http: ClientSession, forge: Forge, server: TestServer
) -> None:
    ring = server.app[KEYRING].signing
    private = Ed25519PrivateKey.generate()
    pair = SigningPair("retiring-1", private.public_key(), None, "retiring", now() + timedelta(minutes=1))
    ring["retiring-1"] = pair
    token = forge({"kid": "retiring-1"}, key=private)

    try:
        before = await code_of(http, token)
        pair.not_after = now() - timedelta(seconds=1)
        after = await code_of(http, token)
        async with http.get("/.well-known/jwks.json") as response:
            published = [key["kid"] for key in (await response.json())["keys"]]
    finally:
        del ring["retiring-1"]

    assert (before, after) == ("accepted", "token_invalid")
    assert "retiring-1" not in published


async def test_a_key_rotation_by_another_process_signs_nobody_out(
    http: ClientSession, alice: Person, make_person: Any, server: TestServer, settings: Settings, db: asyncpg.Connection
) -> None:
    keyring = server.app[KEYRING]
    before = jwt.get_unverified_header(alice.token)["kid"]

    await asyncio.to_thread(command, settings, "keys", "rotate")
    await keyring_module.rotate_signing_key(keyring, made_before=now() - keyring_module.ROTATE_AFTER)
    bob = await make_person("bob")

    after = jwt.get_unverified_header(bob.token)["kid"]
    assert after != before
    assert [await code_of(http, person.token) for person in (alice, bob)] == ["accepted", "accepted"]
    rows = await db.fetch("SELECT chain, resource_id FROM audit_log WHERE action = 'key.rotate'")
    assert [tuple(row) for row in rows] == [("system", after)]
    states = dict(await db.fetch("SELECT kid, state FROM signing_keys"))
    assert (states[before], states[after]) == ("retiring", "active")


async def test_unknown_key_ids_neither_hide_a_new_key_nor_cost_a_query_each(
    http: ClientSession, forge: Forge, server: TestServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring, looks = server.app[KEYRING], []
    read = tokens_module.refresh_signing_keys

    async def read_and_count(ring: keyring_module.Keyring) -> None:
        looks.append(time.monotonic())
        await read(ring)

    monkeypatch.setattr(tokens_module, "refresh_signing_keys", read_and_count)
    private = Ed25519PrivateKey.generate()

    async def flood() -> set[str]:
        return set(await asyncio.gather(*(code_of(http, forge({"kid": f"made-up-{n}"}, private)) for n in range(40))))

    before = await flood()
    await asyncio.to_thread(command, settings, "keys", "rotate")
    new = (await keyring_module.open_keyring(keyring.provider)).active
    assert new.kid not in keyring.signing
    first, after = await asyncio.gather(code_of(http, forge({"kid": new.kid}, new.private)), flood())

    assert (before, first, after) == ({"token_invalid"}, "accepted", {"token_invalid"})
    assert len(looks) < 10  # for 81 requests
    assert all(later - earlier > 0.9 for earlier, later in itertools.pairwise(looks))


async def test_a_key_of_ninety_days_is_replaced_while_the_server_runs(
    http: ClientSession, alice: Person, server: TestServer, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = server.app[KEYRING]
    before = keyring.active.kid
    await db.execute("UPDATE signing_keys SET created_at = now() - interval '91 days' WHERE kid = $1", before)
    monkeypatch.setattr(keyring_module, "FOLLOW_EVERY_S", 0.05)

    keeping = asyncio.create_task(keyring_module.keep_signing_keys(keyring))
    try:
        for _ in range(600):
            if keyring.active.kid != before:
                break
            await asyncio.sleep(0.05)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    assert keyring.active.kid != before
    assert await code_of(http, alice.token) == "accepted"


async def test_the_socket_refuses_the_same_tokens(server: TestServer, forge: Forge) -> None:
    at = int(time.time())
    for token, code in (
        (forge({"alg": "none"}), "token_invalid"),
        (forge(aud=["api"]), "token_invalid"),
        (forge(key=Ed25519PrivateKey.generate()), "token_invalid"),
        (forge(iat=at - 1000, nbf=at - 1000, exp=at - 100), "token_expired"),
        (forge(tv=0), "token_revoked"),
    ):
        assert await refusal_of(server, token) == code
