"""The composition root: the only module that knows every part."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from core import lifeline, log
from core.envelope import key_ring
from core.settings import Settings
from realtime import unit_of_work as work
from realtime.bus import BusHinter
from realtime.guest import Hooks, Limits
from realtime.namespace import Namespace
from realtime.polling import Polls
from realtime.presence import KEY as PRESENCE
from realtime.presence import Presence
from realtime.relay import Relay
from realtime.store import DatabaseStore
from realtime.transport import LiveServer, SocketLimits
from server.api import metrics
from server.api.address import client_ip
from server.api.admission import TURNS, Turns
from server.api.body.intake import INTAKE, Intake
from server.api.connections import CONNECTIONS, Connections
from server.api.endpoint import Endpoint
from server.api.keys import AUTHENTICATE, DISK, KEYRING, SETTINGS
from server.api.live_metrics import LIVE
from server.api.metrics import EXPOSITION, Exposition
from server.api.middlewares import answer_problems, set_headers
from server.api.opening import OPEN, opener
from server.api.routing import bind
from server.api.siblings import SIBLINGS, known
from server.api.translation import problem_of
from server.api.watch import WATCH, DatabaseWatch
from server.audit.refusals import tell_forever
from server.audit.routes import routes as audit_routes
from server.auth.actions import Gate
from server.auth.answers import GATE
from server.auth.api_tokens.authentication import ApiTokens
from server.auth.api_tokens.routes import routes as api_token_routes
from server.auth.authentication import Authentication
from server.auth.google.routes import GOOGLE
from server.auth.google.routes import routes as google_routes
from server.auth.google.tokens import Google
from server.auth.passwords import Passwords
from server.auth.routes import routes as auth_routes
from server.auth.throttle import Throttle
from server.auth.tokens import Tokens
from server.contract.routes import OPENAPI, REFERENCE, openapi_of
from server.contract.routes import routes as contract_routes
from server.dashboard import attach as attach_dashboard
from server.dashboard import reference
from server.export.places import PLACES, Places
from server.export.routes import routes as export_routes
from server.health.routes import ACCOUNTS, BUS, DRAINING, Bus
from server.health.routes import routes as health_routes
from server.job.routes import routes as job_routes
from server.live import LiveAuthority
from server.log.actions import Allowance
from server.log.routes import ALLOWANCE
from server.log.routes import routes as log_routes
from server.match.routes import routes as match_routes
from server.plan.routes import routes as plan_routes
from server.project.counting import Counting
from server.project.routes import routes as project_routes
from server.record import claims
from server.record.routes import routes as record_routes
from server.source.routes import routes as source_routes
from server.store import database
from server.store.disk import database_disk
from server.store.errors import described
from server.store.hints import hinter_of
from server.store.keyring import keep_signing_keys, open_keyring
from server.stream.routes import POLLS
from server.stream.routes import routes as stream_routes
from server.user.routes import routes as user_routes
from server.vault.routes import routes as vault_routes

NAMESPACE: web.AppKey[Namespace] = web.AppKey("namespace", Namespace)
AUTHENTICATION: web.AppKey[Authentication] = web.AppKey("authentication", Authentication)
FEATURES = (
    auth_routes,
    google_routes,
    api_token_routes,
    user_routes,
    project_routes,
    source_routes,
    record_routes,
    plan_routes,
    job_routes,
    match_routes,
    export_routes,
    vault_routes,
    audit_routes,
    stream_routes,
    log_routes,
    contract_routes,
    health_routes,
)
logger = log.get(__name__)


def endpoints() -> list[Endpoint]:
    """Every route of the application, as declared."""
    return [endpoint for routes in FEATURES for endpoint in routes.endpoints]


def build(settings: Settings) -> web.Application:
    """The aiohttp application. Its parts open in order, and close with it."""
    app = web.Application(middlewares=[answer_problems])
    app[SETTINGS] = settings
    app[DRAINING] = asyncio.Event()
    app[ACCOUNTS] = asyncio.Event()
    app[BUS] = Bus()
    app[EXPOSITION] = Exposition()
    if settings.is_production or not settings.demo_data or not lifeline.is_supervised():
        app[ACCOUNTS].set()  # no demo accounts are going to be made
    app[WATCH] = DatabaseWatch(lambda: database.connect(settings, "tallyroom watch"))
    app[CONNECTIONS] = Connections(settings.max_connections_per_address, settings.trusted_proxies)
    app[INTAKE] = Intake()
    app[TURNS] = Turns(settings.database_pool)
    app[OPENAPI] = openapi_of(endpoints())
    app[REFERENCE] = reference
    app[ALLOWANCE] = Allowance(settings.logs_per_minute, settings.logs_bytes_per_minute)
    app[DISK] = database_disk(settings)
    app[PLACES] = Places(settings)
    app.on_response_prepare.append(set_headers)
    app.cleanup_ctx.append(_deadlines)
    app.cleanup_ctx.append(_database)
    app.cleanup_ctx.append(_keys)
    app.cleanup_ctx.append(_live)
    app.cleanup_ctx.append(_refusals)
    app.on_shutdown.append(_drain)
    _attach_sockets(app)
    for endpoint in endpoints():
        app.router.add_route(endpoint.method, endpoint.path, bind(endpoint))
    attach_dashboard(app)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    async with database.opened(settings, "tallyroom web", on_connection=app[WATCH].register):
        watching = asyncio.create_task(app[WATCH].run(), name="database watch")
        yield
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _deadlines(app: web.Application) -> AsyncIterator[None]:
    sweeping = asyncio.create_task(app[CONNECTIONS].run(), name="deadlines")
    yield
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)


async def _keys(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    keyring = await open_keyring(key_ring(settings))
    app[KEYRING] = keyring
    tokens = Tokens(keyring, settings.base_url)
    passwords = Passwords(settings, keyring)
    app[GATE] = Gate(tokens, passwords, Throttle(settings))
    api_tokens = ApiTokens(settings.database_pool)
    app[AUTHENTICATION] = Authentication(tokens, api_tokens)
    app[AUTHENTICATE] = app[AUTHENTICATION].authenticate
    app[GOOGLE] = google = Google.of(settings)
    keeping = asyncio.create_task(keep_signing_keys(keyring), name="signing keys")
    yield
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    passwords.close()
    await api_tokens.close()
    if google is not None:
        await google.keys.close()


async def _live(app: web.Application) -> AsyncIterator[None]:
    """Sockets: hints in and out, the relay, the namespace."""
    settings = app[SETTINGS]
    store = DatabaseStore(lambda: database.pool(settings, "tallyroom relay", 4, app[WATCH].register))
    await store.open()
    relay = Relay(store, on_sent=metrics.EVENTS_SENT.inc)
    presence = Presence(relay, store.fetch, lambda key: work.ledger().hint_state(key))

    def receive(heads: dict[str, int], keys: list[str]) -> None:
        relay.on_hint(heads, [key for key in keys if not key.startswith(PRESENCE)])
        presence.on_hint([key.removeprefix(PRESENCE) for key in keys if key.startswith(PRESENCE)])

    hinter = hinter_of(settings, app[KEYRING], receive)
    if isinstance(hinter, BusHinter):
        app[BUS].state = LIVE.bus = hinter.state
    namespace = app[NAMESPACE]
    namespace.attach(LiveAuthority(app[AUTHENTICATION]), relay, presence)
    LIVE.of = lambda: (relay, namespace)
    app[POLLS] = Polls(namespace.guests.authority, relay, settings.max_sockets_per_user)
    relay.start()
    counting = Counting()
    work.install(
        work.Ledger(audit_key=app[KEYRING].audit, hint=hinter.hint, hint_state=hinter.hint_state, told=counting.note)
    )
    hinter.start()
    tasks = [
        asyncio.create_task(counting.run(), name="counts"),
        asyncio.create_task(namespace.watch_stalled(), name="stalled"),
        asyncio.create_task(presence.run(), name="presence"),
        asyncio.create_task(claims.note_seen_forever(namespace.guests.people), name="claims"),
    ]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await hinter.stop()
    await relay.stop()
    await store.close()


async def _refusals(_: web.Application) -> AsyncIterator[None]:
    telling = asyncio.create_task(tell_forever(), name="refusals")
    yield
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)


async def _drain(app: web.Application) -> None:
    app[DRAINING].set()
    app[POLLS].drain()
    await app[NAMESPACE].drain()


def _attach_sockets(app: web.Application) -> None:
    settings = app[SETTINGS]
    limits = Limits(
        sockets_per_user=settings.max_sockets_per_user,
        commands_per_s=settings.max_commands_per_s,
        command_burst=settings.max_command_burst,
        subscriptions=settings.max_subscriptions,
    )
    namespace = Namespace(limits, Hooks(on_count=_count_sockets, problem_of=problem_of, described=described))
    server = LiveServer(
        origins=list(settings.origins),
        address_of=lambda request: client_ip(request, settings),
        limits=SocketLimits(
            per_address=settings.max_sockets_per_address,
            pending_per_address=settings.max_pending_per_address,
            connect_s=settings.socket_connect_s,
            message_bytes=settings.max_socket_message_bytes,
            stalled_s=settings.socket_stalled_s,
        ),
        receiver=namespace,
        on_transport_lost=app[CONNECTIONS].socket_lost,
    )
    namespace.server = server
    server.attach(app, socketio_path="socket.io")
    app[OPEN] = opener(server)
    siblings = known()
    if siblings is not None:
        app[SIBLINGS] = siblings
        server.eio.prefix = siblings.prefix
    app[NAMESPACE] = namespace


def _count_sockets(sockets: int, subscriptions: int) -> None:
    metrics.SOCKETS.set(sockets)
    metrics.SUBSCRIPTIONS.set(subscriptions)
