"""Typed keys for what the application and a request carry."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from core.settings import Settings
from models.access import Actor
from server.store.disk import Disk
from server.store.keyring import Keyring

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
DISK: web.AppKey[Disk] = web.AppKey("disk", Disk)
KEYRING: web.AppKey[Keyring] = web.AppKey("keyring", Keyring)
Authenticate = Callable[[str, str], Awaitable[Actor]]  # a token and the address it was sent from
AUTHENTICATE: web.AppKey[Authenticate] = web.AppKey("authenticate", Callable)  # type: ignore[arg-type]  # a callable type is not a class
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
ACTOR: web.RequestKey[Actor] = web.RequestKey("actor", Actor)
ActorNow = Callable[[], Awaitable[Actor]]
ACTOR_NOW: web.RequestKey[ActorNow] = web.RequestKey("actor now", Callable)  # type: ignore[arg-type]  # a callable type is not a class
ROUTE: web.RequestKey[str] = web.RequestKey("route", str)
