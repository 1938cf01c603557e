"""Several people using one vault at the same moment."""

import asyncio
from typing import Any

import asyncpg
import pytest

from core.settings import Settings
from realtime.unit_of_work import ledger
from server.audit import verification
from tests.conftest import Person
from tests.vault.conftest import SECRET, join


async def trail(db: asyncpg.Connection, vault: str) -> list[tuple[str, str]]:
    """Actions and outcomes in a vault's chain, in order; its numbers have no gap."""
    rows = await db.fetch("SELECT seq, action, outcome FROM audit_log WHERE chain = $1 ORDER BY seq", f"vault:{vault}")
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["action"], row["outcome"]) for row in rows]


async def test_of_two_editors_with_the_same_version_one_wins(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "editor")

    for version in range(1, 6):
        answers = await asyncio.gather(
            *(
                person.send(
                    "PATCH", f"/entries/{entry['id']}", {"secret": f"{person.email} {version}"}, if_match=version
                )
                for person in (alice, bob)
            )
        )
        assert sorted(answer.status for answer in answers) == [200, 409]
        winner = alice if answers[0].status == 200 else bob
        shown = await bob.ok("POST", f"/entries/{entry['id']}/reveal")
        assert shown == {
            "entry_id": entry["id"],
            "version": version + 1,
            "fields": {"secret": f"{winner.email} {version}"},
        }

    assert await db.fetchval("SELECT count(*) FROM password_entry_versions") == 6


async def test_four_writers_leave_a_chain_without_gaps(
    alice: Person,
    bob: Person,
    project: str,
    vault: str,
    entry: dict[str, Any],
    db: asyncpg.Connection,
    settings: Settings,
) -> None:
    await join(alice, bob, project, vault, "editor")

    async def write(person: Person, number: int) -> None:
        made = await person.ok("POST", f"/vaults/{vault}/entries", {"name": f"{number}", "secret": "s"})
        path = f"/entries/{made['id']}"
        await person.ok("PATCH", path, {"secret": f"s{number}"}, if_match=1)
        await person.ok("POST", f"{path}/reveal")
        await person.ok("POST", f"/entries/{entry['id']}/reveal")
        await person.ok("POST", f"{path}/rotate")
        await person.ok("DELETE", path, if_match=3)

    for _ in range(3):
        await asyncio.gather(*(write(person, number) for number, person in enumerate((alice, bob, alice, bob))))

    assert len(await trail(db, vault)) == 3 + 3 * 4 * 6  # creating it, an entry, a member; then the writers' actions
    assert (await verification.verify_with(settings, ledger().audit_key)).is_intact
    streams = await db.fetch("SELECT stream, array_agg(seq ORDER BY seq) AS seqs FROM events GROUP BY stream")
    assert all(row["seqs"] == list(range(1, len(row["seqs"]) + 1)) for row in streams)


@pytest.mark.parametrize("ends", ["removal", "downgrade", "project", "purge", "deletion"])
async def test_nothing_is_revealed_after_the_right_to_it_has_ended(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection, ends: str
) -> None:
    await join(alice, bob, project, vault, "reader")
    member = f"/vaults/{vault}/members/{bob.id}"
    end, last = {
        "removal": (("DELETE", member), "vault.member.remove"),
        "downgrade": (("PUT", member, {"role": "viewer"}), "vault.member.change"),
        "project": (("DELETE", f"/projects/{project}/members/{bob.id}"), "vault.member.remove"),
        "purge": (("POST", f"/entries/{entry['id']}/purge"), "entry.purge"),
        "deletion": (("DELETE", f"/vaults/{vault}"), "vault.delete"),
    }[ends]
    options = {"if_match": 1} if ends == "deletion" else {}

    async def reveal() -> int:
        async with await bob.send("POST", f"/entries/{entry['id']}/reveal") as response:
            assert (response.status == 200) == (SECRET in await response.text())
            return response.status

    reveals = [asyncio.create_task(reveal()) for _ in range(6)]
    await asyncio.sleep(0.01)
    ending = asyncio.create_task(alice.ok(*end, **options))
    reveals += [asyncio.create_task(reveal()) for _ in range(6)]
    statuses = await asyncio.gather(*reveals)
    await ending

    after = 403 if ends == "downgrade" else 404
    assert set(statuses) <= {200, after}
    assert await reveal() == after
    found = await trail(db, vault)
    assert [row for row in found if row == ("entry.reveal", "success")] == [
        ("entry.reveal", "success")
    ] * statuses.count(200)
    assert ("entry.reveal", "success") not in found[found.index((last, "success")) :]


async def test_a_reveal_that_waits_while_the_right_ends_returns_nothing(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "reader")
    transaction = db.transaction()
    await transaction.start()
    await db.execute("SELECT 1 FROM audit_chains WHERE name = $1 FOR NO KEY UPDATE", f"vault:{vault}")
    waiting = asyncio.create_task(bob.refused("POST", f"/entries/{entry['id']}/reveal"))
    while not await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        await asyncio.sleep(0.01)

    await db.execute("DELETE FROM vault_members WHERE user_id = $1", bob.id)
    await transaction.commit()

    assert await waiting == (404, "not_found")


async def test_a_person_removed_meanwhile_writes_nothing(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "editor")
    transaction = db.transaction()
    await transaction.start()
    await db.execute("SELECT 1 FROM vaults FOR NO KEY UPDATE")
    waiting = asyncio.create_task(bob.refused("PATCH", f"/entries/{entry['id']}", {"secret": "late"}, if_match=1))
    while not await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        await asyncio.sleep(0.01)

    await db.execute("DELETE FROM vault_members WHERE user_id = $1", bob.id)
    await transaction.commit()

    assert await waiting == (404, "not_found")
    assert (await alice.ok("GET", f"/entries/{entry['id']}"))["version"] == 1


async def test_an_entry_that_waits_for_a_new_key_is_sealed_under_it(
    alice: Person, bob: Person, project: str, vault: str, db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "editor")

    async def queue_up(work: Any, number: int) -> asyncio.Task[Any]:
        """Begin something that waits for the vault as the so-manieth."""
        task = asyncio.create_task(work)
        while await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < number:
            await asyncio.sleep(0.01)
        return task

    transaction = db.transaction()
    await transaction.start()
    await db.execute("SELECT 1 FROM vaults FOR NO KEY UPDATE")
    ending = await queue_up(alice.ok("DELETE", f"/vaults/{vault}/members/{bob.id}"), 1)
    making = await queue_up(alice.ok("POST", f"/vaults/{vault}/entries", {"name": "n", "secret": SECRET}), 2)
    await transaction.commit()
    made, _ = await making, await ending

    epochs = await db.fetch("SELECT v.epoch, e.key_epoch FROM vaults v, password_entry_versions e")
    assert [(row["epoch"], row["key_epoch"]) for row in epochs] == [(2, 2)]
    assert (await alice.ok("POST", f"/entries/{made['id']}/reveal"))["fields"] == {"secret": SECRET}
