"""A stand-in for Google: it signs tokens, serves their keys, and misbehaves on request."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

CLIENT_ID = "tests.apps.googleusercontent.com"


@dataclass
class Issuer:
    """Keys by id, and how /certs answers."""

    keys: dict[str, RSAPrivateKey] = field(default_factory=lambda: {"one": generate_private_key(65537, 2048)})
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "public, max-age=3600"})
    status: int = 200
    body: bytes | None = None  # instead of the keys
    fetches: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def serve(self, _: web.Request) -> web.StreamResponse:
        """The keys."""
        self.fetches += 1
        await self.may_answer.wait()
        if self.body is not None:
            return web.Response(body=self.body, status=self.status, headers=self.headers)
        keys = [
            jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            | {"kid": kid, "alg": "RS256", "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return web.json_response({"keys": keys}, status=self.status, headers=self.headers)

    def token(self, nonce: str, *, kid: str = "one", without: tuple[str, ...] = (), **claims: Any) -> str:
        """A token as Google makes it; the given claims replace Google's."""
        at = int(time.time())
        said = {
            "iss": "https://accounts.google.com",
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "sub": "108204268033311374519",
            "email": "nina@acme.test",
            "email_verified": True,
            "name": "Nina Novak",
            "nonce": nonce,
            "iat": at,
            "nbf": at - 300,
            "exp": at + 3600,
            "jti": "4f3c",
        }
        said = {name: value for name, value in (said | claims).items() if name not in without}
        return jwt.encode(said, self.keys[kid], algorithm="RS256", headers={"kid": kid})


async def start(issuer: Issuer) -> TestServer:
    """Serves it on a separate port."""
    app = web.Application()
    app.router.add_get("/certs", issuer.serve)
    server = TestServer(app)
    await server.start_server()
    issuer.url = str(server.make_url("/certs"))
    issuer.may_answer.set()
    return server
