"""
What was read at one position, and the events after it, give what is read at a later one: for every type of event.

Jobs are in test_resume.py, matches and what they do to records in tests/match/test_events.py.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from realtime.events import CATALOGUE
from tests.auth.follower import Follower
from tests.rules.test_access_matrix import PLAN
from tests.vault.conftest import entry, vault

__all__ = ["entry", "vault"]
ELSEWHERE = ("job.", "match.", "matches.", "record.written_off", "record.reopened", "source.ready", "source.failed")
# They begin or end a stream, or say that something happened, or only what to read again.
NOTHING = {
    *(
        "project.deleted",
        "vault.created",
        "vault.deleted",
        "vault.entry.revealed",
        "vault.access.denied",
        "vault.manager.removed",
    ),
    *("access.granted", "access.changed", "access.revoked", "session.revoked", "work.assigned", "user.updated"),
}
View = dict[tuple[str, str], Any]  # what is known, by kind and id


async def read(person: Any, project: str, vault: str) -> View:
    """What a dashboard reads of a project, a vault and an account."""
    found: View = {}
    for kind, one in (("project", project), ("vault", vault)):
        found[kind, one] = (await person.ok("GET", f"/{kind}s/{one}"))["version"]
        for member in (await person.ok("GET", f"/{kind}s/{one}/members"))["items"]:
            found[f"{kind} member", member["user_id"]] = member["role"]
    for source in (await person.ok("GET", f"/projects/{project}/sources"))["items"]:
        found["source", source["id"]] = source["status"]
        found["revision", source["id"]] = source["revision"]
        for record in (await person.ok("GET", f"/sources/{source['id']}/records"))["items"]:
            if record["claim"] is not None:
                found["claim", record["id"]] = record["claim"]["user_id"]
    for plan in (await person.ok("GET", f"/projects/{project}/plans"))["items"]:
        found["plan", plan["id"]] = (plan["version"], plan["hash"])
    for item in (await person.ok("GET", f"/vaults/{vault}/entries"))["items"]:
        found["entry", item["id"]] = item["version"]
    for token in (await person.ok("GET", "/me/api-tokens"))["items"]:
        found["api token", token["id"]] = True
    return found


def apply(view: View, event: dict[str, Any]) -> None:
    """Changes what is known as a client does that gets an event."""
    name, data = event["type"], event["data"]
    match name.split("."):
        case ["project" | "vault" as kind, "member", "removed"]:
            del view[f"{kind} member", data["user_id"]]
        case ["project" | "vault" as kind, "member", _]:
            view[f"{kind} member", data["user_id"]] = data["role"]
        case ["vault", "entry", "deleted" | "purged"]:
            view.pop(("entry", data["entry_id"]), None)
        case ["vault", "entry", _]:
            view["entry", data["entry_id"]] = data["version"]
        case ["project" | "vault" as kind, _]:
            view[kind, event["stream"].removeprefix(f"{kind}:")] = data["version"]
        case ["source", "deleted"]:
            del view["source", data["source_id"]], view["revision", data["source_id"]]
        case ["source", _]:
            view["source", data["source_id"]] = data["status"]
            view["revision", data["source_id"]] = data["revision"]
        case ["records", _]:  # without the source's version, which is read again before it is needed
            view["revision", data["source_id"]] = data["revision"]
        case ["record", "claimed"]:
            view["claim", data["record_id"]] = data["user_id"]
        case ["record", "released"]:
            del view["claim", data["record_id"]]
        case ["plan", _]:
            view["plan", data["plan_id"]] = (data["version"], data["hash"])
        case ["api_token", "created"]:
            view["api token", data["token_id"]] = True
        case ["api_token", "revoked"]:
            del view["api token", data["token_id"]]
        case _:
            raise AssertionError(f"nobody knows what {name} changes")


async def test_what_was_read_and_the_events_after_it_give_what_is_read_later(
    server: Any, alice: Any, bob: Any, project: str, vault: str, entry: dict[str, Any], db: Any
) -> None:
    names = [f"project:{project}", f"vault:{vault}", f"user:{alice.id}"]
    heads = dict(await db.fetch("SELECT name, head FROM streams WHERE name = ANY($1)", names))
    view = await read(alice, project, vault)
    first = dict(view)

    await alice.ok("PATCH", f"/projects/{project}", {"name": "May"}, if_match=1)
    for role in ("viewer", "analyst"):
        await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": role})
    for role in ("reader", "editor"):
        await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": role})
    sources = [
        (await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"] for name in ("Books", "Bank")
    ]
    await alice.ok("PATCH", f"/sources/{sources[0]}", {"name": "Ledger"}, if_match=1)
    records = [
        await alice.ok("POST", f"/sources/{sources[0]}/records", {"data": {"no": name}, "reference": name})
        for name in ("R1", "R2", "R3")
    ]
    await alice.ok("PATCH", f"/records/{records[0]['id']}", {"reference": "R9"}, if_match=records[0]["version"])
    await alice.ok("DELETE", f"/records/{records[2]['id']}", if_match=records[2]["version"])
    for record in records[:2]:
        await bob.ok("PUT", f"/records/{record['id']}/claim")
    await bob.ok("DELETE", f"/records/{records[1]['id']}/claim")
    version = (await alice.ok("GET", f"/sources/{sources[1]}"))["version"]
    await alice.ok("DELETE", f"/sources/{sources[1]}", if_match=version)
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "p", "document": PLAN})
    await alice.ok("PUT", f"/plans/{plan['id']}", {"name": "q", "document": PLAN}, if_match=plan["version"])
    await alice.ok("PATCH", f"/vaults/{vault}", {"name": "Secrets"}, if_match=1)
    others = [(await alice.ok("POST", f"/vaults/{vault}/entries", {"name": n, "secret": "s"}))["id"] for n in "ab"]
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1)
    await alice.ok("POST", f"/entries/{entry['id']}/rotate")
    await alice.ok("DELETE", f"/entries/{entry['id']}", if_match=3)
    await alice.ok("POST", f"/entries/{entry['id']}/restore", if_match=4)
    for other in others:
        await alice.ok("DELETE", f"/entries/{other}", if_match=1)
    await alice.ok("POST", f"/entries/{others[0]}/purge")
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    tokens = [
        (await alice.ok("POST", "/me/api-tokens", {"name": name, "scopes": ["read"], "expires_at": ends}))["id"]
        for name in "ab"
    ]
    await alice.ok("DELETE", f"/me/api-tokens/{tokens[0]}")
    await alice.ok("DELETE", f"/vaults/{vault}/members/{bob.id}")
    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")

    follower, seen = await Follower.of(server, alice.token), set[str]()
    for name in names:
        answer = await follower.call("subscribe", {"stream": name, "after": heads.get(name, 0)})
        for event in answer["events"]:
            seen.add(event["type"])
            if event["type"] not in NOTHING:
                apply(view, event)
    await follower.leave()

    assert first != view == await read(alice, project, vault)
    told = {name for name in CATALOGUE if not name.startswith(ELSEWHERE)} - NOTHING
    assert told - seen == set()
