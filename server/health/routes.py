"""Health over HTTP, at the root. It also tells the truth when the database is gone."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from tortoise import Tortoise

from core import log
from core.clock import now
from core.demo import EMAILS
from realtime.bus import BusState
from server import VERSION
from server.api.endpoint import ApiRequest
from server.api.metrics import EXPOSITION
from server.api.reply import reply_view
from server.api.routing import Routes
from server.api.schemas import View
from server.api.watch import WATCH, turning
from server.store.database import known_migrations
from server.store.errors import described, is_of_database

routes = Routes("health")
logger = log.get(__name__)
TIMEOUT_S = 3.0
# Set once people can sign in. In the demo that is when its accounts have been created.
ACCOUNTS: web.AppKey[asyncio.Event] = web.AppKey("accounts", asyncio.Event)
DRAINING: web.AppKey[asyncio.Event] = web.AppKey("draining", asyncio.Event)


@dataclass
class Bus:
    """Holds the state of the bus, from the moment when there is one."""

    state: BusState | None = None


BUS: web.AppKey[Bus] = web.AppKey("bus", Bus)


class Check(View):
    """The state of one part."""

    status: Literal["healthy", "degraded", "unhealthy"]
    detail: str | None = None


class Health(View):
    """The state of the server and its parts."""

    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: datetime
    version: str
    checks: dict[str, Check]


class Live(View):
    """Shows that the process answers."""

    status: Literal["alive"] = "alive"


class Ready(View):
    """Whether this server should receive requests."""

    status: Literal["ready", "not_ready"]
    reason: str | None = None


_STATE = (
    "SELECT (SELECT array_agg(version ORDER BY id) FROM aerich WHERE app = 'models') AS applied, "
    "(SELECT count(*) FROM pgqueuer WHERE status = 'queued') AS queued, "
    "(SELECT extract(epoch FROM now() - min(created)) FROM pgqueuer WHERE status = 'queued') AS waiting_s, "
    "(SELECT extract(epoch FROM now() - max(updated_at)) FROM states WHERE key = 'worker') AS worker_s, "
    "(SELECT count(*) FROM users WHERE email = ANY($1) AND password_hash IS NOT NULL) AS demo_accounts"
)


@routes.get("//health/live", answers={200: Live}, public=True)
async def live(_: ApiRequest) -> web.StreamResponse:
    """Check that the process answers."""
    return reply_view(Live())


@routes.get("//health/ready", answers={200: Ready, 503: Ready}, public=True)
async def ready(api: ApiRequest) -> web.StreamResponse:
    """Check whether this server should receive requests."""
    if api.request.app[DRAINING].is_set():
        return _not_ready("shutting down")
    checks = await _checks(api.request.app)
    for name in ("database", "migrations", "accounts"):
        if name in checks and checks[name].status == "unhealthy":
            return _not_ready(f"{name}: {checks[name].detail}")
    return reply_view(Ready(status="ready"))


@routes.get("//health", answers={200: Health, 503: Health}, public=True)
async def health(api: ApiRequest) -> web.StreamResponse:
    """Read the state of each part."""
    checks = await _checks(api.request.app) | _bus(api.request.app[BUS].state)
    worst = max((check.status for check in checks.values()), key=["healthy", "degraded", "unhealthy"].index)
    view = Health(status=worst, timestamp=now(), version=VERSION, checks=checks)
    return reply_view(view, 503 if worst == "unhealthy" else 200)


@routes.get("//metrics", answers={200: str}, public=True, media_type="text/plain")
async def expose_metrics(api: ApiRequest) -> web.StreamResponse:
    """Expose metrics for Prometheus."""
    return web.Response(body=await api.request.app[EXPOSITION].text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _checks(app: web.Application) -> dict[str, Check]:
    if app[WATCH].is_away:
        return _without_database("does not answer")
    reading = asyncio.create_task(Tortoise.get_connection("default").execute_query_dict(_STATE, [list(EMAILS)]))
    try:
        # Not cancelled and awaited: returning a connection that nothing answers on takes as long as the database hangs.
        await turning(reading, TIMEOUT_S)
        if not reading.done():
            raise TimeoutError
        rows = reading.result()
    except Exception as error:  # noqa: BLE001 - any failure means that the database does not answer
        reading.cancel()
        reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        if not isinstance(error, TimeoutError) and not is_of_database(error):
            logger.warning("health could not be checked", **described(error))
        return _without_database(f"does not answer ({type(error).__name__})")
    row = rows[0]
    if row["demo_accounts"] >= len(EMAILS):
        app[ACCOUNTS].set()
    waiting = Check(status="unhealthy", detail="the demo accounts are being created")
    return {
        **({} if app[ACCOUNTS].is_set() else {"accounts": waiting}),
        "database": Check(status="healthy"),
        "migrations": _migrations(row["applied"] or []),
        "queue": _queue(row),
        "engine": _engine(row),
    }


def _without_database(detail: str) -> dict[str, Check]:
    unknown = Check(status="unhealthy", detail="unknown while the database does not answer")
    gone = Check(status="unhealthy", detail=detail)
    return {"database": gone, "migrations": unknown, "queue": unknown, "engine": unknown}


def _migrations(applied: list[str]) -> Check:
    known = known_migrations()
    missing = [name for name in known if name not in applied]
    foreign = [name for name in applied if name not in known]
    if missing or foreign:
        word = f"{len(missing)} missing" if missing else f"the schema is newer ({foreign[-1]})"
        return Check(status="unhealthy", detail=f"{word}; run: tallyroom migrate")
    return Check(status="healthy", detail=f"{len(known)} of {len(known)} applied")


def _queue(row: dict[str, Any]) -> Check:
    waiting_s = float(row["waiting_s"] or 0)
    detail = f"{row['queued']} waiting" + (f", the oldest for {waiting_s:.0f} s" if row["queued"] else "")
    return Check(status="degraded" if waiting_s > 60 else "healthy", detail=detail)


def _engine(row: dict[str, Any]) -> Check:
    if row["worker_s"] is None:
        return Check(status="degraded", detail="no worker has started yet; run: tallyroom worker")
    seconds = float(row["worker_s"])
    if seconds > 30:
        return Check(status="degraded", detail=f"no worker has been seen for {seconds:.0f} s; run: tallyroom worker")
    return Check(status="healthy")


def _bus(state: BusState | None) -> dict[str, Check]:
    """Without the bus everything works, only later, so it never makes the server unhealthy."""
    if state is None:
        return {}
    late = Check(status="degraded", detail="away; what other processes commit arrives up to a second later")
    return {"bus": Check(status="healthy") if state.is_up else late}


def _not_ready(reason: str) -> web.Response:
    return reply_view(Ready(status="not_ready", reason=reason), 503)
