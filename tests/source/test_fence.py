"""
A loader whose source another attempt has taken over: it stores nothing, publishes nothing, and deletes nothing of the
other attempt.
"""

from typing import Any
from uuid import UUID

import pytest

from models.source import Source
from realtime import state
from server.api.keys import SETTINGS
from server.source import loading
from server.source.loading import Fenced, Loader, load_source
from server.store import database

MAPPING = {"amount": {"column": "amount", "decimal": "."}}
ROWS = b"ref,amount\n" + b"".join(b"R%d,%d.50\n" % (number, number) for number in range(300))
TELL = "INSERT INTO states (key, streams, version, value, updated_at) VALUES ($1, '[]', 1, '{\"rows\": 7}', now())"


class Overtaken(Loader):
    """A loader that is overtaken by another attempt right before it stores rows."""

    async def _clear(self) -> None:
        await super()._clear()
        await _take_over(self.connection, self.source)


async def _take_over(connection: Any, source: Source) -> None:
    await connection.execute("UPDATE sources SET attempt = attempt + 1 WHERE id = $1", source.id)


@pytest.fixture
async def claimed(server: Any, upload: Any, db: Any) -> Any:
    """A source that is being loaded, and a connection for its loader."""
    status, body = await upload(ROWS, mapping=MAPPING)
    assert status == 202
    await db.execute("DELETE FROM states")  # those published by the upload
    source = await loading._claim(UUID(body["id"]))
    connection = await database.connect(server.app[SETTINGS], "tests")
    yield source, connection
    await connection.close()


async def test_a_late_loader_stores_no_row(claimed: Any, db: Any, settings: Any) -> None:
    source, connection = claimed

    with pytest.raises(Fenced):
        await Overtaken(source, connection, settings).run()

    assert await db.fetchval("SELECT count(*) FROM reconciliation_records") == 0
    assert await db.fetchval("SELECT status FROM sources") == "loading"


async def test_a_late_loader_changes_no_row_that_was_stored_before(
    server: Any, claimed: Any, db: Any, settings: Any
) -> None:
    source, connection = claimed
    await Loader(source, connection, settings).run()
    before = await db.fetch('SELECT * FROM reconciliation_records ORDER BY "row"')
    await db.execute("UPDATE sources SET status = 'loading', mapping = '{}'")
    source = await loading._claim(source.id)

    with pytest.raises(Fenced):
        await Overtaken(source, connection, settings).run()

    assert len(before) == 300
    assert await db.fetch('SELECT * FROM reconciliation_records ORDER BY "row"') == before


async def test_a_late_loader_publishes_no_progress(claimed: Any, db: Any, settings: Any) -> None:
    source, connection = claimed
    loader = Loader(source, connection, settings)

    await _take_over(connection, source)
    await loader._report()
    late = await db.fetchval("SELECT count(*) FROM states WHERE key LIKE 'source.progress:%'")
    loader.reported_at, source.attempt = 0.0, source.attempt + 1
    await loader._report()

    assert late == 0
    assert await db.fetchval("SELECT count(*) FROM states WHERE key LIKE 'source.progress:%'") == 1


async def test_a_late_loader_keeps_the_progress_of_the_other_attempt(
    server: Any, upload: Any, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, body = await upload(ROWS, mapping=MAPPING)
    key = f"source.progress:{body['id']}"
    await db.execute("DELETE FROM states WHERE key = $1", key)
    await db.execute(TELL, key)
    monkeypatch.setattr(loading, "Loader", Overtaken)

    await load_source(server.app[SETTINGS], UUID(body["id"]))

    assert await db.fetchval("SELECT value->>'rows' FROM states WHERE key = $1", key) == "7"
    await state.forget(key)
    assert await db.fetchval("SELECT count(*) FROM states WHERE key = $1", key) == 0


async def test_a_late_loader_removes_no_row_beyond_its_own(claimed: Any, db: Any, settings: Any) -> None:
    source, connection = claimed
    loader = Loader(source, connection, settings)
    await loader.run()
    await _take_over(connection, source)

    loader.last_row = 10
    with pytest.raises(Fenced):
        await loader._remove_rest()

    assert await db.fetchval("SELECT count(*) FROM reconciliation_records") == 300
