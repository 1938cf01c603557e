"""Expiry and rotation: the states at their limits, and what moves a due date."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from server.vault.schemas import state_of
from tests.conftest import Person

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SOON = timedelta(days=30)


@pytest.mark.parametrize(
    ("expires", "due", "state"),
    [
        (None, None, "ok"),
        (-TICK, None, "expired"),
        (timedelta(0), None, "expired"),
        (TICK, None, "due_soon"),
        (SOON, None, "due_soon"),
        (SOON + TICK, None, "ok"),
        (None, -TICK, "due"),
        (None, timedelta(0), "due"),
        (None, TICK, "due_soon"),
        (None, SOON, "due_soon"),
        (None, SOON + TICK, "ok"),
        (timedelta(0), timedelta(0), "expired"),
        (SOON + TICK, timedelta(0), "due"),
        (TICK, -TICK, "due"),
        (SOON, SOON + TICK, "due_soon"),
        (SOON + TICK, SOON, "due_soon"),
        (SOON + TICK, SOON + TICK, "ok"),
    ],
)
def test_a_state_changes_exactly_at_its_limit(expires: timedelta | None, due: timedelta | None, state: str) -> None:
    found = state_of(None if expires is None else AT + expires, None if due is None else AT + due, AT)

    assert found == state


async def test_the_filter_finds_what_the_view_shows(alice: Person, vault: str, db: asyncpg.Connection) -> None:
    moments = (None, "-1 hour", "1 hour", "29 days 23 hours", "30 days 1 hour")
    for expires in moments:
        for due in moments:
            made = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": f"{expires}/{due}", "secret": "s"})
            await db.execute(
                "UPDATE password_entries SET expires_at = now() + $2::text::interval, rotation_interval_days = "
                "CASE WHEN $3::text IS NULL THEN NULL ELSE 90 END, "
                "secret_changed_at = coalesce(now() + $3::text::interval - interval '90 days', secret_changed_at) "
                "WHERE id = $1",
                made["id"],
                expires,
                due,
            )

    everything = (await alice.ok("GET", f"/vaults/{vault}/entries?limit=100"))["items"]

    for state in ("ok", "due_soon", "due", "expired"):
        page = await alice.ok("GET", f"/vaults/{vault}/entries?limit=100&state={state}")
        shown = {entry["name"] for entry in everything if entry["state"] == state}
        assert {entry["name"] for entry in page["items"]} == shown
        assert shown, state


async def test_only_a_new_secret_moves_the_rotation_date(alice: Person, vault: str, db: asyncpg.Connection) -> None:
    body = {"name": "n", "secret": "one", "rotation_interval_days": 90}
    made = await alice.ok("POST", f"/vaults/{vault}/entries", body)
    path = f"/entries/{made['id']}"
    changed = datetime.fromisoformat(made["created_at"])
    assert datetime.fromisoformat(made["rotation_due_at"]) == changed + timedelta(days=90)
    await db.execute("UPDATE password_entries SET secret_changed_at = $1", changed - timedelta(days=60))
    due = changed + timedelta(days=30)

    async def due_after(method: str, to: str, change: Any, version: int) -> datetime | None:
        found = (await alice.ok(method, to, change, if_match=version))["rotation_due_at"]
        return found and datetime.fromisoformat(found)

    assert await due_after("PATCH", path, {"name": "m", "url": "https://a.example", "tags": ["t"]}, 1) == due
    assert await due_after("PATCH", path, {"notes": "n"}, 2) == due
    assert await due_after("PATCH", path, {"secret": "one"}, 3) == due  # the same secret is not a change
    assert await due_after("PATCH", path, {"rotation_interval_days": 91}, 3) == due + timedelta(days=1)
    assert await due_after("PATCH", path, {"rotation_interval_days": None}, 4) is None
    assert await due_after("PATCH", path, {"rotation_interval_days": 90}, 5) == due
    for method, to, change, version in (
        ("PATCH", path, {"secret": "two"}, 6),
        ("POST", f"{path}/rotate", {"secret": "three"}, 7),
        ("POST", f"{path}/restore", {"version": 1}, 8),
    ):
        moved = await due_after(method, to, change, version)
        assert moved is not None
        assert moved > changed + timedelta(days=90)


async def test_a_rotation_accepts_a_given_secret_but_not_the_current_one(alice: Person, vault: str) -> None:
    made = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "n", "secret": "one", "notes": "kept"})
    path = f"/entries/{made['id']}"

    assert await alice.refused("POST", f"{path}/rotate", {"secret": "one"}) == (422, "invalid_field")
    assert await alice.refused("POST", f"{path}/rotate", {"secret": "two"}, if_match=7) == (409, "version_conflict")
    assert (await alice.ok("POST", f"{path}/rotate", {"secret": "two"}, if_match=1))["version"] == 2

    shown = await alice.ok("POST", f"{path}/reveal", {"fields": ["secret", "notes"]})
    assert shown["fields"] == {"secret": "two", "notes": "kept"}


@pytest.mark.parametrize("expires_at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
async def test_a_time_outside_the_calendar_is_refused(
    alice: Person, bob: Person, project: str, vault: str, expires_at: str
) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    body = {"name": "n", "secret": "s", "expires_at": expires_at}
    grant = {"role": "reader", "expires_at": expires_at}

    assert await alice.refused("POST", f"/vaults/{vault}/entries", body) == (422, "invalid_field")
    assert await alice.refused("PUT", f"/vaults/{vault}/members/{bob.id}", grant) == (422, "invalid_field")
