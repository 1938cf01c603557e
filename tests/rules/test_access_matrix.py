"""
Who may do what, as a table: every route of the application for every kind of actor.

`+` may do it, `.` is told that it does not exist (404), `-` sees it but may not (403), `!` must sign in (401). The last
column is the scope with which an API token may use the route (`+`: with which others), or `-` if no token may. The test fails for a route without
a row, and for a row without a route.
"""

import asyncio
import difflib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core import log
from core.ids import uuid7
from models.decision import Decision
from models.match import Match, MatchRecord
from models.scope import SCOPES
from models.transactions import in_transaction
from server.api.keys import SETTINGS
from server.api.watch import WATCH
from server.app import endpoints
from server.audit import refusals
from tests.auth.programs import id_of, program_of
from tests.conftest import PASSWORD, Person

# The actors, by column: nobody · a stranger · project viewer, analyst, controller, owner · an administrator who is not
# a member · vault viewer, reader, editor, manager (all of them project viewers) · the manager of another project's
# vault · somebody whose project and vault grants have ended. The owner, the vault manager and the manager of the other
# vault have the global role manager, the administrator has administrator, and all others are users.
ACTORS = (
    *("nobody", "stranger", "viewer", "analyst", "controller", "owner", "admin"),
    *("vault_viewer", "vault_reader", "vault_editor", "vault_manager", "foreign", "ended"),
)

MATRIX = """
#                                                        n s v a c o A  V R E M  f e  scope
POST   /auth/password/change                             ! + + + + + +  + + + +  + +  -
POST   /auth/reauth                                      ! + + + + + +  + + + +  + +  -
GET    /auth/sessions                                    ! + + + + + +  + + + +  + +  -
DELETE /auth/sessions/{session}                          ! . . . . . .  . . . .  . .  -
GET    /me                                               ! + + + + + +  + + + +  + +  read
PATCH  /me                                               ! + + + + + +  + + + +  + +  -
GET    /me/api-tokens                                    ! + + + + + +  + + + +  + +  -
POST   /me/api-tokens                                    ! + + + + + +  + + + +  + +  -
DELETE /me/api-tokens/{nowhere}                          ! . . . . . .  . . . .  . .  -
POST   /me/google                                        ! ! ! ! ! ! !  ! ! ! !  ! !  -
DELETE /me/google                                        ! + + + + + +  + + + +  + +  -

GET    /users                                            ! - - - - - +  - - - -  - -  -
POST   /users                                            ! - - - - - +  - - - -  - -  -
GET    /users/{spare}                                    ! - - - - - +  - - - -  - -  -
PATCH  /users/{spare}                                    ! - - - - - +  - - - -  - -  -
DELETE /users/{spare}                                    ! - - - - - +  - - - -  - -  -
POST   /users/{spare}/sessions/revoke                    ! - - - - - +  - - - -  - -  -

GET    /projects                                         ! + + + + + +  + + + +  + +  read
POST   /projects                                         ! - - - - + +  - - - +  + -  write
GET    /projects/{project}                               ! . + + + + +  + + + +  . .  read
PATCH  /projects/{project}                               ! . - - - + -  - - - -  . .  write
DELETE /projects/{project}                               ! . - - - + -  - - - -  . .  -
GET    /projects/{project}/members                       ! . + + + + +  + + + +  . .  read
POST   /projects/{project}/members                       ! . - - - + +  - - - -  . .  -
PUT    /projects/{project}/members/{viewer}              ! . - - - + -  - - - -  . .  -
PUT    /projects/{project}/members/{spare}               ! . - - - + +  - - - -  . .  -
DELETE /projects/{project}/members/{owner}               ! . - - - + -  - - - -  . .  -
GET    /projects/{project}/audit                         ! . - - + + -  - - - -  . .  read

GET    /projects/{project}/sources                       ! . + + + + -  + + + +  . .  read
POST   /projects/{project}/sources                       ! . - + + + -  - - - -  . .  write
GET    /sources/{source}                                 ! . + + + + -  + + + +  . .  read
PATCH  /sources/{source}                                 ! . - + + + -  - - - -  . .  write
DELETE /sources/{source}                                 ! . - + + + -  - - - -  . .  write
GET    /sources/{source}/profile                         ! . + + + + -  + + + +  . .  read
GET    /sources/{source}/rejects                         ! . + + + + -  + + + +  . .  read
GET    /sources/{source}/left-out                        ! . + + + + -  + + + +  . .  read
GET    /sources/{source}/records                         ! . + + + + -  + + + +  . .  read
POST   /sources/{source}/records                         ! . - + + + -  - - - -  . .  write
GET    /records/{record}                                 ! . + + + + -  + + + +  . .  read
PATCH  /records/{record}                                 ! . - + + + -  - - - -  . .  write
DELETE /records/{record}                                 ! . - + + + -  - - - -  . .  write

GET    /projects/{project}/plans                         ! . + + + + -  + + + +  . .  read
POST   /projects/{project}/plans                         ! . - - + + -  - - - -  . .  write
POST   /projects/{project}/plans/suggest                 ! . - + + + -  - - - -  . .  write
GET    /plans/{plan}                                     ! . + + + + -  + + + +  . .  read
PUT    /plans/{plan}                                     ! . - - + + -  - - - -  . .  write

GET    /projects/{project}/jobs                          ! . + + + + -  + + + +  . .  read
POST   /projects/{project}/jobs                          ! . - + + + -  - - - -  . .  write
GET    /jobs/{job}                                       ! . + + + + -  + + + +  . .  read
POST   /jobs/{job}/cancel                                ! . - + + + -  - - - -  . .  write
POST   /jobs/{job}/pause                                 ! . - + + + -  - - - -  . .  write
POST   /jobs/{job}/resume                                ! . - + + + -  - - - -  . .  write
POST   /jobs/{job}/retry                                 ! . - + + + -  - - - -  . .  write
GET    /jobs/{job}/summary                               ! . + + + + -  + + + +  . .  read
GET    /jobs/{job}/progress                              ! . + + + + -  + + + +  . .  read
GET    /jobs/{job}/explain                               ! . + + + + -  + + + +  . .  read
GET    /jobs/{job}/matches                               ! . + + + + -  + + + +  . .  read
GET    /jobs/{job}/unmatched                             ! . + + + + -  + + + +  . .  read
GET    /jobs/{job}/export                                ! . + + + + -  + + + +  . .  read
GET    /projects/{project}/export                        ! . + + + + -  + + + +  . .  read
POST   /downloads                                        ! . + + + + -  + + + +  . .  -
GET    /matches/{match}                                  ! . + + + + -  + + + +  . .  read
POST   /matches/{match}/confirm                          ! . - + + + -  - - - -  . .  review
POST   /matches/{match}/reject                           ! . - + + + -  - - - -  . .  review
POST   /matches/{match}/undo                             ! . - + + + -  - - - -  . .  review
DELETE /matches/{match}/signature                        ! . - + + + -  - - - -  . .  review
POST   /matches/{match}/split                            ! . - + + + -  - - - -  . .  review
PUT    /matches/{match}/assignee                         ! . - - + + -  - - - -  . .  review
GET    /matches/{match}/comments                         ! . + + + + -  + + + +  . .  read
POST   /matches/{match}/comments                         ! . - + + + -  - - - -  . .  review
POST   /jobs/{job}/matches                               ! . - + + + -  - - - -  . .  review
POST   /jobs/{job}/review                                ! . - + + + -  - - - -  . .  review
GET    /projects/{project}/matches                       ! . + + + + -  + + + +  . .  read
POST   /projects/{project}/matches                       ! . - + + + -  - - - -  . .  review
POST   /projects/{project}/review                        ! . - + + + -  - - - -  . .  review
GET    /projects/{project}/open-items                    ! . + + + + -  + + + +  . .  read
GET    /projects/{project}/summary                       ! . + + + + -  + + + +  . .  read
POST   /decisions/{decision}/undo                        ! . - + + + -  - - - -  . .  review
PUT    /records/{record}/claim                           ! . - + + + -  - - - -  . .  review
DELETE /records/{record}/claim                           ! . - + + + -  - - - -  . .  review
POST   /records/{record}/write-off                       ! . - + + + -  - - - -  . .  review
DELETE /records/{record}/write-off                       ! . - + + + -  - - - -  . .  review

GET    /projects/{project}/vaults                        ! . + + + + +  + + + +  . .  vault:list
POST   /projects/{project}/vaults                        ! . - - + + -  - - - -  . .  vault:write
GET    /vaults/{vault}                                   ! . . . . . +  + + + +  . .  vault:list
PATCH  /vaults/{vault}                                   ! . . . . . -  - - - +  . .  vault:write
DELETE /vaults/{vault}                                   ! . . . . . -  - - - +  . .  -
GET    /vaults/{vault}/members                           ! . . . . . +  + + + +  . .  vault:list
PUT    /vaults/{vault}/members/{vault_viewer}            ! . . . . . +  - - - +  . .  -
DELETE /vaults/{vault}/members/{vault_manager}           ! . . . . . +  - - - +  . .  -
GET    /vaults/{vault}/audit                             ! . . . . . +  - - + +  . .  vault:list
GET    /vaults/{vault}/entries                           ! . . . . . -  + + + +  . .  vault:list
POST   /vaults/{vault}/entries                           ! . . . . . -  - - + +  . .  vault:write
GET    /entries/{entry}                                  ! . . . . . -  + + + +  . .  vault:list
PATCH  /entries/{entry}                                  ! . . . . . -  - - + +  . .  vault:write
DELETE /entries/{entry}                                  ! . . . . . -  - - + +  . .  vault:write
POST   /entries/{entry}/reveal                           ! . . . . . -  - + + +  . .  vault:reveal
POST   /entries/{entry}/rotate                           ! . . . . . -  - - + +  . .  vault:write
POST   /entries/{entry}/restore                          ! . . . . . -  - - + +  . .  vault:write
POST   /entries/{entry}/purge                            ! . . . . . -  - - - +  . .  -
GET    /entries/{entry}/versions                         ! . . . . . -  + + + +  . .  vault:list

GET    /audit                                            ! - - - - - +  - - - -  - -  -
POST   /audit/verify                                     ! - - - - - +  - - - -  - -  -
GET    /streams/project:{project}/events                 ! . + + + + .  + + + +  . .  events+read
GET    /streams/job:{job}/events                         ! . + + + + .  + + + +  . .  events+read
GET    /streams/vault:{vault}/events                     ! . . . . . .  + + + +  . .  events+vault:list
GET    /streams/vault-access:{vault}/events              ! . . . . . .  . . . +  . .  events+vault:list
GET    /streams/user:{viewer}/events                     ! . + . . . .  . . . .  . .  events+person
GET    /logs                                             ! - - - - - +  - - - -  - -  -
"""

# Open to everybody: sign-in itself, the server's health, its documents, and the log lines of clients.
PUBLIC = {
    *("POST /auth/login", "POST /auth/refresh", "POST /auth/logout", "GET //.well-known/jwks.json"),
    *("GET /auth/methods", "POST /auth/google/nonce", "POST /auth/google"),
    *("POST /logs", "POST //api/logs"),
    "GET /downloads",  # with a ticket, which is for one person
    *("GET //health", "GET //health/live", "GET //health/ready", "GET //metrics"),
    *("GET //openapi.json", "GET //asyncapi.json", "GET //schemas/mapping"),
    *("GET //docs", "GET //docs/events", "GET //docs/problems", "GET //docs/style.css"),
}

PLAN = {
    "fields": {"amount": {"type": "money", "left": "amount", "right": "amount"}},
    "passes": [{"name": "amount", "kind": "rules", "where": [{"field": "amount", "compare": "equal"}]}],
}
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
SIDES = {"left_source": "{source}", "right_source": "{right}"}
# Bodies that are valid in form and change as little as possible, thanks to a version that nothing has (below).
BODIES: dict[str, Any] = {
    "POST /auth/password/change": {"current_password": "x", "new_password": "short"},
    "POST /auth/reauth": {"password": PASSWORD},
    "PATCH /me": {"display_name": "Me"},
    "POST /me/api-tokens": {"name": "t", "scopes": ["read"], "expires_at": TOMORROW},
    "POST /me/google": {"credential": "not one of Google's"},  # which is answered like a wrong password
    "POST /users": {"email": "new@example.test", "display_name": "N", "role": "user"},
    "PATCH /users/{spare}": {"display_name": "S"},
    "POST /projects": {"name": "New"},
    "PATCH /projects/{project}": {"name": "Renamed"},
    "POST /projects/{project}/members": {"email": "nobody@example.test", "role": "viewer"},
    "PUT /projects/{project}/members/{viewer}": {"role": "viewer"},
    "PUT /projects/{project}/members/{spare}": {"role": "viewer"},
    "POST /projects/{project}/sources": {"name": "New"},
    "PATCH /sources/{source}": {"name": "Renamed"},
    "POST /sources/{source}/records": {"data": {"amount": "1.00"}},
    "PATCH /records/{record}": {"data": {"amount": "2.00"}},
    "POST /projects/{project}/plans": {"name": "p", "document": PLAN},
    "POST /projects/{project}/plans/suggest": {"left_source": "{source}", "right_source": "{nowhere}"},
    "PUT /plans/{plan}": {"name": "p", "document": PLAN},
    "POST /projects/{project}/jobs": {"left_source": "{source}", "right_source": "{source}"},
    "POST /matches/{match}/split": {"parts": [{"left": ["{record}"], "right": ["{nowhere}"]}] * 2},
    "PUT /matches/{match}/assignee": {"user_id": None},
    "POST /matches/{match}/comments": {"text": "seen"},
    "POST /jobs/{job}/matches": {"left": ["{record}"], "right": ["{nowhere}"]},
    "POST /jobs/{job}/review": {"action": "confirm", "ids": ["{nowhere}"], "expected_count": 1},
    "POST /projects/{project}/matches": {**SIDES, "left": ["{record}"], "right": ["{nowhere}"]},
    "POST /projects/{project}/review": {**SIDES, "action": "confirm", "ids": ["{nowhere}"], "expected_count": 1},
    "POST /records/{record}/write-off": {"reason": "unknown"},
    "POST /downloads": {"path": "/api/v1/jobs/{job}/export"},
    "POST /projects/{project}/vaults": {"name": "New"},
    "PATCH /vaults/{vault}": {"name": "Renamed"},
    "PUT /vaults/{vault}/members/{vault_viewer}": {"role": "viewer"},
    "POST /vaults/{vault}/entries": {"name": "New", "secret": "s"},
    "PATCH /entries/{entry}": {"name": "Renamed"},
}
_OF_PAIR = "?left_source={source}&right_source={right}"
QUERIES = {
    "GET /jobs/{job}/unmatched": "?side=left",
    "GET /jobs/{job}/explain": f"?left={uuid7()}&right={uuid7()}",  # records of no source, which are refused last
    **{f"GET /projects/{{project}}/{noun}": _OF_PAIR for noun in ("matches", "open-items", "summary", "export")},
}
STALE = {"If-Match": '"999"'}
SYMBOLS = {401: "!", 403: "-", 404: "."}


@dataclass
class World:
    """The actors, and one object of each noun."""

    people: dict[str, Person]
    ids: dict[str, str]

    def fill(self, text: Any) -> Any:
        """A path or body with ids instead of names."""
        if isinstance(text, list):
            return [self.fill(item) for item in text]
        if isinstance(text, dict):
            return {name: self.fill(value) for name, value in text.items()}
        return re.sub(r"\{(\w+)\}", lambda m: self.ids[m.group(1)], text) if isinstance(text, str) else text


def rows() -> dict[str, str]:
    """The table: each route as method and path, with the symbols of the actors in order."""
    found = {}
    for line in MATRIX.strip().splitlines():
        if line.strip() and not line.startswith("#"):
            method, path, *symbols, _ = line.split()
            found[f"{method} {path}"] = "".join(symbols)
    return found


def scopes() -> dict[str, str]:
    """The scopes with which a token may use each route, joined by `+`; `-` if no token may. No token is a person."""
    lines = [line.split() for line in MATRIX.strip().splitlines() if line.strip() and not line.startswith("#")]
    return {f"{line[0]} {line[1]}": line[-1] for line in lines}


@pytest.fixture
async def world(make_person: Any, admin: Person, db: asyncpg.Connection) -> World:
    """Creates all actors and objects. What no route can make is inserted into the tables."""
    managers = ("owner", "vault_manager", "foreign")
    people = {name: await make_person(name, "manager" if name in managers else "user") for name in ACTORS[1:]}
    people["admin"] = admin
    owner, foreign = people["owner"], people["foreign"]
    ids = {name: str(person.id) for name, person in people.items()}
    ids |= {"spare": str((await make_person("spare")).id), "session": str(uuid7()), "nowhere": str(uuid7())}
    project = ids["project"] = (await owner.ok("POST", "/projects", {"name": "Matrix"}))["id"]
    vault = ids["vault"] = (await owner.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    for name in ("viewer", "analyst", "controller", "ended"):
        role = "owner" if name == "ended" else name
        await owner.ok("PUT", f"/projects/{project}/members/{ids[name]}", {"role": role})
    for role in ("viewer", "reader", "editor", "manager"):
        person = ids[f"vault_{role}"]
        await owner.ok("PUT", f"/projects/{project}/members/{person}", {"role": "viewer"})
        role = "vault_manager" if role == "manager" else role
        await owner.ok("PUT", f"/vaults/{vault}/members/{person}", {"role": role})
    await owner.ok("PUT", f"/vaults/{vault}/members/{ids['ended']}", {"role": "vault_manager"})
    ids["entry"] = (await owner.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"}))["id"]
    await owner.ok(
        "DELETE", f"/vaults/{vault}/members/{owner.id}"
    )  # the owner of the project has no grant in the vault
    past = datetime(2026, 1, 1, tzinfo=UTC)
    for table in ("project_members", "vault_members"):
        await db.execute(f"UPDATE {table} SET expires_at = $1 WHERE user_id = $2", past, people["ended"].id)
    elsewhere = (await foreign.ok("POST", "/projects", {"name": "Elsewhere"}))["id"]
    await foreign.ok("POST", f"/projects/{elsewhere}/vaults", {"name": "w"})

    mapping = {"amount": {"column": "amount", "decimal": "."}}
    for side in ("source", "right"):
        made = await owner.ok("POST", f"/projects/{project}/sources", {"name": side, "mapping": mapping})
        ids[side] = made["id"]
        await owner.ok("POST", f"/sources/{made['id']}/records", {"records": [{"data": {"amount": "1.00"}}]})
    ids["record"] = (await owner.ok("GET", f"/sources/{ids['source']}/records"))["items"][0]["id"]
    body = {"left_source": ids["source"], "right_source": ids["right"]}
    plan = {"name": "p", "document": PLAN}
    ids["plan"] = (await owner.ok("POST", f"/projects/{project}/plans", plan))["id"]
    job = await owner.ok("POST", f"/projects/{project}/jobs", {**body, "plan": ids["plan"]})
    ids["job"] = job["id"]
    match = await Match.create(id=uuid7(), job_id=UUID(job["id"]), project_id=UUID(project), status="suggested")
    await MatchRecord.create(
        match_id=match.id, record_id=UUID(ids["record"]), job_id=UUID(job["id"]), side="left", confirmed=False
    )
    ids["match"] = str(match.id)
    decision = await Decision.create(project_id=UUID(project), kind="confirm", actor_type="user")
    ids["decision"] = str(decision.id)
    return World(people, ids)


async def answer_to(
    http: ClientSession, person: Person | None, method: str, path: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers without the date, and body."""
    given = {"X-Request-ID": "one-id-for-all-of-them", **(STALE if method != "GET" else {}), **(headers or {})}
    if person is not None:
        given["Authorization"] = f"Bearer {person.token}"
    extra = {} if body is None else {"json": body}
    async with http.request(method, f"/api/v1{path}", headers=given, **extra) as response:
        shown = {name: value for name, value in response.headers.items() if name != "Date"}
        return response.status, shown, await response.read()


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    known = set()
    for endpoint in endpoints():
        path = endpoint.path.removeprefix("/api/v1") if endpoint.path.startswith("/api/v1") else f"/{endpoint.path}"
        known.add(f"{endpoint.method} {re.sub(r'{[^}]+}', '{}', path)}")
    listed = {re.sub(r"(?:[a-z-]+:)?{\w+}", "{}", row) for row in rows()}  # a stream's name has its noun before the id

    assert known == listed | PUBLIC
    assert {f"{e.method} {e.path}" for e in endpoints() if e.public} == {
        row.replace(" //", " /") if " //" in row else row.replace(" /", " /api/v1/") for row in PUBLIC
    }
    assert {len(symbols) for symbols in rows().values()} == {len(ACTORS)}


async def test_everybody_may_do_what_the_table_says_and_nothing_else(
    world: World, http: ClientSession, db: asyncpg.Connection
) -> None:
    wrong = []
    for row, expected in rows().items():
        method, path = row.split()
        path += QUERIES.get(row, "")
        body = world.fill(BODIES.get(row))
        for actor, symbol in zip(ACTORS, expected, strict=True):
            # An administrator could not add somebody whom an owner has just added.
            await db.execute("DELETE FROM project_members WHERE user_id = $1", UUID(world.ids["spare"]))
            status, _, answer = await answer_to(http, world.people.get(actor), method, world.fill(path), body)
            found = SYMBOLS.get(status, "+")
            if found != symbol or status >= 500 or status == 405:
                wrong.append(f"{row}: {actor} got {status}, the table says {symbol} ({answer[:200].decode()})")

    assert not wrong, "\n".join(wrong)


@pytest.fixture
async def keeper(world: World, make_person: Any) -> Person:
    """Somebody who may do everything that a member of the project and the vault may do."""
    found: Person = await make_person("keeper", "manager")
    owner, manager = world.people["owner"], world.people["vault_manager"]
    await owner.ok("PUT", f"/projects/{world.ids['project']}/members/{found.id}", {"role": "owner"})
    await manager.ok("PUT", f"/vaults/{world.ids['vault']}/members/{found.id}", {"role": "vault_manager"})
    return found


def test_every_route_says_what_a_token_needs_there() -> None:
    said = {}
    for endpoint in endpoints():
        if not endpoint.public:
            path = endpoint.path.removeprefix("/api/v1")
            said[f"{endpoint.method} {re.sub(r'{[^}]+}', '{}', path)}"] = endpoint.scope or "-"

    assert said == {re.sub(r"(?:[a-z-]+:)?{\w+}", "{}", row): scope.split("+")[0] for row, scope in scopes().items()}


async def test_a_token_may_do_what_its_scope_says_and_nothing_else(
    world: World, keeper: Person, http: ClientSession, db: asyncpg.Connection
) -> None:
    """Each route with a token of each scope, with none and with all."""
    given = {scope: (await program_of(keeper, scope)) for scope in SCOPES}
    given |= {"none": await program_of(keeper, "read"), "all": await program_of(keeper, *SCOPES)}
    await db.execute("UPDATE api_tokens SET scopes = '[]' WHERE id = $1", UUID(id_of(given["none"])))
    wrong = []
    for row, needed in scopes().items():
        method, path = row.split()
        body = world.fill(BODIES.get(row))
        for scope, program in given.items():
            status, _, answer = await answer_to(http, program, method, world.fill(path + QUERIES.get(row, "")), body)
            held = {"all": set(SCOPES), "none": set()}.get(scope, {scope})
            may = set(needed.split("+")) <= held
            # The stream of a person is not found by programs, whatever scopes they have.
            refusals = {404} if "+person" in needed and needed.split("+")[0] in held else {403}
            if (status in (401, 403, 404)) if may else (status not in refusals) or status >= 500:
                wrong.append(f"{row}: a token with {scope} got {status}, the table says {needed} ({answer[:200]!r})")

    assert not wrong, "\n".join(wrong)


async def test_a_token_limited_to_other_projects_or_vaults_finds_nothing(
    world: World, keeper: Person, http: ClientSession
) -> None:
    """What lies outside is answered like a random id, although the owner of the token may do everything with it."""
    elsewhere = (await keeper.ok("POST", "/projects", {"name": "Elsewhere"}))["id"]
    far = (await keeper.ok("POST", f"/projects/{elsewhere}/vaults", {"name": "far"}))["id"]
    limited = {
        "another project": await program_of(keeper, *SCOPES, project_ids=[elsewhere]),
        "another vault": await program_of(keeper, *SCOPES, vault_ids=[far]),
    }
    wrong, compared = [], 0
    for row, needed in scopes().items():
        method, path = row.split()
        path += QUERIES.get(row, "")
        body = world.fill(BODIES.get(row))
        random = re.sub(r"\{\w+\}", str(uuid7()), path, count=1)
        for name, program in limited.items():
            is_outside = "{vault}" in path or "{entry}" in path or (name == "another project" and "{" in path)
            if needed == "-" or not is_outside:
                continue
            real = await answer_to(http, program, method, world.fill(path), body)
            none = await answer_to(http, program, method, world.fill(random), body)
            compared += 1
            if real[0] != 404 or real != none:
                wrong.append(f"{row}: a token for {name} can tell {real} from {none}")

    assert not wrong, "\n".join(wrong)
    assert compared > 50


async def test_without_the_right_to_see_the_answer_is_that_for_a_random_id(world: World, http: ClientSession) -> None:
    wrong = []
    for row, expected in rows().items():
        method, path = row.split()
        path += QUERIES.get(row, "")
        if "{" not in path or path.startswith(("/users", "/auth", "/me")):
            continue
        body = world.fill(BODIES.get(row))
        random = re.sub(r"\{\w+\}", str(uuid7()), path, count=1)  # only the noun's id; the person in the path is real
        for actor, symbol in zip(ACTORS, expected, strict=True):
            if symbol == ".":
                person = world.people[actor]
                real = await answer_to(http, person, method, world.fill(path), body)
                none = await answer_to(http, person, method, world.fill(random), body)
                malformed = await answer_to(http, person, method, world.fill(path.replace("{", "x{", 1)), body)
                if not real == none == malformed:
                    wrong.append(f"{row}: {actor} can tell {real} from {none} or {malformed}")

    assert not wrong, "\n".join(wrong)


async def test_without_the_right_to_see_the_statements_are_those_for_a_random_id(
    world: World, http: ClientSession, server: TestServer, db: asyncpg.Connection
) -> None:
    """The statements are the same, so the time shows no difference."""
    asked: list[str] = []
    written: list[str] = []

    def note(found: Any) -> None:
        if found.query.strip().startswith("INSERT INTO refusals (key, minute"):  # one for all requests that are waiting
            written.append(found.query)
        elif log.request_id.get() == "one-id-for-all-of-them":
            asked.append(found.query)

    async def cost(person: Person, method: str, path: str, body: Any) -> tuple[list[str], list[str]]:
        asked.clear()
        written.clear()
        status, _, _ = await answer_to(http, person, method, path, body)
        assert status == 404, (method, path, status)
        return list(asked), list(written)

    # A token of the owner for another project; its use has been noted before anything is counted.
    elsewhere = (await world.people["owner"].ok("POST", "/projects", {"name": "Elsewhere"}))["id"]
    program = await program_of(world.people["owner"], *SCOPES, project_ids=[elsewhere])
    await program.ok("GET", "/me")
    # a connection opened later would not be listened to
    await _open_all_connections(server.app[SETTINGS].database_pool)
    # This lock keeps refusals from being written to the audit log meanwhile, because their rows carry the id of the
    # request.
    await db.execute("SELECT pg_advisory_lock(hashtextextended('refusals ' || current_schema(), 0))")
    for connection in server.app[WATCH]._connections:
        connection.add_query_logger(note)
    wrong, compared = [], 0
    for row, expected in rows().items():
        method, path = row.split()
        path += QUERIES.get(row, "")
        if "{" not in path or path.startswith(("/users", "/auth", "/me")):
            continue
        body = world.fill(BODIES.get(row))
        random = re.sub(r"\{\w+\}", str(uuid7()), path, count=1)
        for actor in ("stranger", "viewer", "foreign", "program"):
            if scopes()[row] != "-" if actor == "program" else expected[ACTORS.index(actor)] == ".":
                person = program if actor == "program" else world.people[actor]
                real = await cost(person, method, world.fill(path), body)
                none = await cost(person, method, world.fill(random), body)
                compared += 1
                if real != none:
                    both = zip(("asks", "writes"), real, none, strict=True)
                    wrong += [f"{row}: {actor} {verb} {'; '.join(_apart(a, b))}" for verb, a, b in both if a != b]
    for connection in server.app[WATCH]._connections:
        connection._query_loggers.clear()

    assert not wrong, "\n".join(wrong)
    assert compared > 100


async def test_what_is_refused_is_recorded_as_denied(world: World, http: ClientSession, db: asyncpg.Connection) -> None:
    viewer = world.people["viewer"]
    await refusals.settle()
    before = await db.fetchval("SELECT count(*) FROM audit_log WHERE outcome = 'denied'")
    refused = 0
    for row, expected in rows().items():
        method, path = row.split()
        if expected[ACTORS.index("viewer")] == "-" and "{project}" in path:
            await answer_to(http, viewer, method, world.fill(path), world.fill(BODIES.get(row)))
            refused += 1

    await refusals.settle()
    counted = await db.fetchval("SELECT sum(count) FROM refusals WHERE actor_id = $1", viewer.id)
    denied = await db.fetch("SELECT * FROM audit_log WHERE outcome = 'denied' AND actor_id = $1", viewer.id)
    assert refused > 8
    assert counted == refused
    assert {row["chain"] for row in denied} == {f"project:{world.ids['project']}"}
    assert {row["action"] for row in denied} > {
        "project.edit",
        "project.delete",
        "source.load",
        "job.run",
        "vault.create",
    }
    assert await db.fetchval("SELECT count(*) FROM audit_log WHERE outcome = 'denied'") == before + len(denied)


async def test_checks_are_made_in_the_order_of_the_contract(world: World, http: ClientSession) -> None:
    """401, then the body's shape (413, 415, 400, 422), then 404, 403, 428, 409."""
    viewer, stranger, editor = world.people["viewer"], world.people["stranger"], world.people["vault_editor"]
    controller = world.people["controller"]
    plan, entry, project = (world.ids[name] for name in ("plan", "entry", "project"))

    async def status(person: Person | None, method: str, path: str, data: bytes, **headers: str) -> int:
        given = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if person is not None:
            given["Authorization"] = f"Bearer {person.token}"
        async with http.request(method, f"/api/v1{path}", data=data, headers=given) as response:
            return response.status

    json, text = "application/json", "text/plain"
    for path in (f"/plans/{plan}", f"/plans/{uuid7()}"):
        for person in (viewer, stranger, controller):
            assert await status(None, "PUT", path, b"{", Content_Type=text) == 401
            assert await status(person, "PUT", path, b"{", Content_Type=text) == 415
            assert await status(person, "PUT", path, b"{", Content_Type=json, Content_Encoding="gzip") == 415
            assert await status(person, "PUT", path, b" " * 1_100_000, Content_Type=json) == 413
            assert await status(person, "PUT", path, b"{", Content_Type=json) == 400
            assert await status(person, "PUT", path, b'{"x": 1}', Content_Type=json) == 422
    good = orjson.dumps({"name": "p", "document": PLAN})
    assert await status(stranger, "PUT", f"/plans/{plan}", good, Content_Type=json, If_Match="*") == 422
    assert await status(stranger, "PUT", f"/plans/{plan}", good, Content_Type=json) == 404
    assert await status(viewer, "PUT", f"/plans/{plan}", good, Content_Type=json) == 403
    assert await status(controller, "PUT", f"/plans/{plan}", good, Content_Type=json) == 428
    rename = b'{"name": "n"}'
    assert await status(editor, "PATCH", f"/entries/{uuid7()}", rename, Content_Type=json) == 404
    assert await status(viewer, "PATCH", f"/entries/{entry}", rename, Content_Type=json) == 404
    reader = world.people["vault_reader"]
    assert await status(reader, "PATCH", f"/entries/{entry}", rename, Content_Type=json, If_Match='"9"') == 403
    assert await status(editor, "PATCH", f"/entries/{entry}", rename, Content_Type=json) == 428
    assert await status(editor, "PATCH", f"/entries/{entry}", rename, Content_Type=json, If_Match='"9"') == 409
    assert await status(viewer, "PATCH", f"/projects/{project}", b'{"name": null}', Content_Type=json) == 422
    role = b'{"role": null}'
    assert await status(viewer, "PATCH", f"/users/{viewer.id}", role, Content_Type=json) == 422


async def test_public_routes_ignore_who_calls(http: ClientSession, server: TestServer, settings: Any) -> None:
    for row in PUBLIC:
        method, path = row.split()
        url = path[1:] if path.startswith("//") else f"/api/v1{path}"
        if row == "GET /downloads":
            url += "?ticket=none-of-ours"
        async with http.request(method, url) as response:
            if method == "GET":
                assert response.status == (410 if row == "GET /downloads" else 200), row
            else:
                assert response.status == (200 if row == "POST /auth/google/nonce" else 415), row  # it needs no body


def _apart(real: list[str], none: list[str]) -> list[str]:
    """Where the statements for an id that exists (-) differ from those for one that does not (+)."""
    short = [[re.sub(r"\s+", " ", statement)[:300] for statement in statements] for statements in (real, none)]
    return [line for line in difflib.ndiff(*short) if line[0] in "+-"]


async def _open_all_connections(count: int) -> None:
    """Makes the pool open all the connections that it may have."""
    all_there = asyncio.Barrier(count)

    async def use_one() -> None:
        async with in_transaction():
            await all_there.wait()

    await asyncio.gather(*(use_one() for _ in range(count)))
