"""Rows and views that are made with fewer steps are what Tortoise and pydantic would make of them."""

from typing import Any

from tortoise import Tortoise, fields
from tortoise.models import Model

from models import sql
from models.vault import Entry
from tests.conftest import Person


def _sample(field: Any) -> Any:
    """A value as the driver gives it for a field."""
    samples: dict[type, Any] = {str: "7", int: 7, bool: True, bytes: b"7"}
    if isinstance(field, fields.JSONField):
        return '{"seven": [7]}'
    if field.null:
        return None
    return samples.get(field.field_type)


async def test_a_row_from_the_database_has_what_tortoise_would_give_it(entry: dict[str, Any]) -> None:
    assert entry["version"] == 1
    (found,) = await sql.rows("SELECT *, 1 AS more FROM password_entries")

    row = sql.hydrate(Entry, found)

    expected = await Entry.first()
    assert expected is not None
    assert vars(row) == vars(expected)
    row.name = "another"
    await row.save()
    again = await Entry.first()
    assert again is not None
    assert again.name == "another"


async def test_a_page_says_of_an_entry_what_is_said_of_it_alone(
    alice: Person, vault: str, entry: dict[str, Any]
) -> None:
    full = {
        "name": "all of it",
        "secret": "s",
        "notes": "n",
        "username": "u",
        "url": "https://example.test/",
        "tags": ["one", "two"],
        "expires_at": "2099-01-02T03:04:05+02:00",
        "rotation_interval_days": 3,
    }
    made = await alice.ok("POST", f"/vaults/{vault}/entries", full)

    page = await alice.ok("GET", f"/vaults/{vault}/entries")

    alone = [await alice.ok("GET", f"/entries/{one['id']}") for one in (made, entry)]
    assert {one["id"]: one for one in page["items"]} == {one["id"]: one for one in alone}
    assert alone[0] == made


def test_every_model_is_read_as_tortoise_reads_it(server: object) -> None:
    apps = Tortoise.apps
    assert apps is not None
    for model in apps["models"].values():
        found = _values(model)

        assert vars(sql.hydrate(model, found)) == vars(model._init_from_db(**found)), model


def _values(model: type[Model]) -> dict[str, Any]:
    columns = model._meta.fields_db_projection.items()
    return {column: _sample(model._meta.fields_map[name]) for name, column in columns}
