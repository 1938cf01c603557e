"""The upload itself: its parts, its limits, its end. A failed upload leaves nothing behind."""

import asyncio
import contextlib
import signal

import pytest
import socketio
from aiohttp import FormData, MultipartWriter

from server.api.admission import TURNS
from server.api.keys import SETTINGS

GOOD = b"ref,day,amount\n" + b"".join(b"R%d,2026-01-13,%d.50\n" % (n, n) for n in range(100))


async def nothing_left(db):
    for _ in range(600):
        if not await db.fetchval("SELECT (SELECT count(*) FROM sources) + (SELECT count(*) FROM source_chunks)"):
            return True
        await asyncio.sleep(0.05)
    return False


async def post(alice, project, data, **headers):
    sent = {"Authorization": f"Bearer {alice.token}", **headers}
    async with alice.session.post(f"/api/v1/projects/{project}/sources", data=data, headers=sent) as response:
        return response.status, (await response.json())["code"]


async def test_a_form_without_file_is_refused(alice, project, db):
    form = FormData({"name": "x"}, default_to_multipart=True)

    assert await post(alice, project, form) == (422, "missing_field")
    assert await nothing_left(db)


async def test_two_files_are_refused(alice, project, db):
    form = FormData()
    form.add_field("file", GOOD, filename="a.csv")
    form.add_field("file", GOOD, filename="b.csv")

    assert await post(alice, project, form) == (422, "invalid_field")
    assert await nothing_left(db)


async def test_a_part_with_a_strange_name_is_refused(alice, project, db):
    body = b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\n1\r\n--x--\r\n'

    status, code = await post(alice, project, body, **{"Content-Type": "multipart/form-data; boundary=x"})

    assert (status, code) in [(422, "unknown_field"), (400, "invalid_json")]
    assert await nothing_left(db)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=other"])
async def test_a_wrong_boundary_is_refused(alice, project, db, kind):
    status, _ = await post(alice, project, b"--x\r\n\r\n1\r\n--x--\r\n", **{"Content-Type": kind})

    assert status in (400, 422)
    assert await nothing_left(db)


def parts(**fields):
    """A multipart body with a valid file after these fields."""
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in fields.items()
    )
    return (
        body + b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + GOOD + b"\r\n--x--\r\n"
    )


FORM = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "zzz"])
async def test_a_compressed_body_is_refused_before_anything_else(alice, charlie, project, db, encoding):
    headers = {**FORM, "Content-Encoding": encoding}

    assert await post(alice, project, parts(), **headers) == (415, "unsupported_media_type")
    assert await post(charlie, project, parts(), **headers) == (415, "unsupported_media_type")
    assert await nothing_left(db)


async def test_a_content_type_without_a_boundary_is_malformed_for_everybody(alice, bob, charlie, project):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})

    for person in (alice, bob, charlie):
        for kind in ("multipart/form-data", f"multipart/form-data; boundary={'x' * 71}"):
            assert await post(person, project, parts(), **{"Content-Type": kind}) == (400, "invalid_json")


@pytest.mark.parametrize("name", [b"a\x7fb", "a\x85b".encode(), b"a\nb", b" ", b"", b"a" * 257])
async def test_a_name_is_the_same_in_both_forms(alice, project, db, name):
    as_part = await post(alice, project, parts(name=name), **FORM)
    as_json = await alice.refused("POST", f"/projects/{project}/sources", {"name": name.decode()})

    assert as_part == as_json == (422, "invalid_field")
    assert await nothing_left(db)


async def test_the_part_of_a_mapping_that_cannot_be_stored_is_named(alice, project, db):
    mapping = rb'{"amount": {"column": "a\u0000", "decimal": "."}, "date": {"column": "\ud800", "order": "ymd"}}'
    headers = {"Authorization": f"Bearer {alice.token}", **FORM}

    async with alice.session.post(
        f"/api/v1/projects/{project}/sources", data=parts(mapping=mapping), headers=headers
    ) as response:
        problem = await response.json()

    assert (response.status, problem["code"]) == (422, "invalid_field")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/mapping/amount/column", "/mapping/date/column"]
    assert await nothing_left(db)


async def test_a_source_cannot_be_renamed_to_nothing(alice, project):
    source = await alice.ok("POST", f"/projects/{project}/sources", {"name": "Ledger"})

    for name in (None, ""):
        assert await alice.refused("PATCH", f"/sources/{source['id']}", {"name": name}) == (422, "invalid_field")
    assert (await alice.ok("PATCH", f"/sources/{source['id']}", {"name": "Bank"}))["name"] == "Bank"


async def test_a_file_name_in_other_bytes_is_kept_readable(alice, project):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../M\xfcller.csv"\r\n\r\n'
        + GOOD
        + b"\r\n--x--\r\n"
    )
    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": "multipart/form-data; boundary=x"}

    async with alice.session.post(f"/api/v1/projects/{project}/sources", data=body, headers=headers) as response:
        source = await response.json()

    assert response.status == 202
    assert "/" not in source["filename"]
    assert source["filename"].endswith("ller.csv")


async def test_fields_may_follow_the_file(alice, project):
    form = FormData()
    form.add_field("file", GOOD, filename="a.csv")
    form.add_field("name", "Bank")
    headers = {"Authorization": f"Bearer {alice.token}"}

    async with alice.session.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
        assert (response.status, (await response.json())["name"]) == (202, "Bank")


async def test_a_file_over_the_limit_is_refused(server, alice, project, db):
    kept = server.app[SETTINGS]
    server.app._state[SETTINGS] = kept.model_copy(update={"upload_max_bytes": 100_000})
    try:
        with MultipartWriter("form-data") as writer:
            writer.append(GOOD * 200).set_content_disposition("form-data", name="file", filename="a.csv")

        async def pieces():
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
            for _ in range(200):
                yield GOOD
            yield b"\r\n--x--\r\n"

        announced = await post(alice, project, writer)
        chunked = await post(alice, project, pieces(), **{"Content-Type": "multipart/form-data; boundary=x"})
    finally:
        server.app._state[SETTINGS] = kept

    assert announced == chunked == (413, "too_large")
    assert await nothing_left(db)


@pytest.mark.parametrize("ending", ["close", "short"])
async def test_a_client_that_dies_leaves_nothing_behind(server, alice, project, db, ending):
    _, writer = await asyncio.open_connection(server.host, server.port)
    head = (
        f"POST /api/v1/projects/{project}/sources HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 50000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    )
    writer.write(head.encode() + b"a,b\n" + b"1,2\n" * 1_000_000)
    await writer.drain()
    for _ in range(600):
        if await db.fetchval("SELECT count(*) FROM source_chunks"):
            break
        await asyncio.sleep(0.05)
    arrived = await db.fetchval("SELECT count(*) FROM source_chunks")

    if ending == "short":
        writer.write_eof()
    else:
        writer.transport.abort()

    assert arrived > 0
    assert await nothing_left(db)
    writer.close()


async def test_one_person_sends_a_few_files_at_once_and_the_others_wait_unread(server, alice, bob, project, upload):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst"})
    uploads = server.app[TURNS].uploads

    async with contextlib.AsyncExitStack() as held:
        for _ in range(8):
            await held.enter_async_context(uploads.turn(str(alice.id)))
        hers = asyncio.create_task(upload(GOOD))
        while not uploads.waiting:
            await asyncio.sleep(0)
        his = await upload(GOOD, person=bob)
        sources = await alice.ok("GET", f"/projects/{project}/sources")
    sent = await hers

    assert (his[0], sent[0]) == (202, 202)
    assert [source["id"] for source in sources["items"]] == [his[1]["id"]]


async def test_the_same_file_is_recognised(load):
    first = await load(GOOD)
    second = await load(GOOD, "other.csv")

    assert (first["duplicate_of"], second["duplicate_of"]) == (None, first["id"])
    assert first["sha256"] == second["sha256"]


async def test_a_repeated_key_uploads_once(upload, db):
    key = {"Idempotency-Key": "once-only"}

    first = await upload(GOOD, headers=key)
    again = await upload(GOOD, headers=key)
    other = await upload(GOOD + b"x", headers=key)
    renamed = await upload(GOOD, "b.csv", headers=key)

    assert first == again
    for status, problem in (other, renamed):
        assert (status, problem["code"]) == (422, "idempotency_mismatch")
    assert await db.fetchval("SELECT count(*) FROM sources") == 1


async def test_a_repeated_key_of_the_json_form_must_come_with_the_same_body(alice, project, upload, db):
    path, key = f"/projects/{project}/sources", {"Idempotency-Key": "once-only"}

    first = await alice.ok("POST", path, {"name": "Ledger"}, **key)
    again = await alice.ok("POST", path, {"name": "Ledger"}, **key)
    other = await alice.refused("POST", path, {"name": "Bank"}, **key)
    as_file = await upload(GOOD, headers=key)

    assert first == again
    assert other == (422, "idempotency_mismatch")
    assert (as_file[0], as_file[1]["code"]) == (422, "idempotency_mismatch")
    assert await db.fetchval("SELECT count(*) FROM sources") == 1


async def test_a_repeated_key_with_a_cleared_field_is_another_body(upload):
    key = {"Idempotency-Key": "once-only"}

    first = await upload(GOOD, headers=key, mapping={"reference": {"column": "ref"}})
    other = await upload(GOOD, headers=key, mapping={"reference": {"column": "ref"}, "amount": None})

    assert first[0] == 202
    assert (other[0], other[1]["code"]) == (422, "idempotency_mismatch")


async def test_who_may_upload(upload, alice, bob, charlie, project):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})

    viewer = await upload(GOOD, person=bob)
    stranger = await upload(GOOD, person=charlie)

    assert (viewer[0], viewer[1]["code"]) == (403, "forbidden")
    assert (stranger[0], stranger[1]["code"]) == (404, "not_found")


@pytest.mark.long
async def test_progress_and_the_end_are_published_live(server, alice, project, load):
    io, seen = socketio.AsyncClient(reconnection=False), []

    @io.on("*", namespace="/live")
    async def _(name, data):
        seen.append((name, data))

    await io.connect(str(server.make_url("/")), auth={"token": alice.token}, namespaces=["/live"], wait_timeout=30)
    await io.call("subscribe", {"stream": f"project:{project}"}, namespace="/live")
    source = await load(GOOD * 1000)
    await asyncio.sleep(0.5)
    await io.disconnect()

    states = [d["value"] for name, d in seen if name == "state" and d["key"] == f"source.progress:{source['id']}"]
    events = [name for name, d in seen if name.startswith("source.") and d["data"]["source_id"] == source["id"]]
    assert {value["status"] for value in states} == {"pending", "loading"}
    assert all(value["bytes"] <= value["total_bytes"] for value in states)
    assert events == ["source.created", "source.ready"]


async def test_a_killed_loader_is_taken_over_with_no_row_twice_and_none_lost(upload, settled, worker, db):
    rows = 60_000  # in three batches
    body = b"ref,amount,memo\n" + b"".join(b"R%d,%d.50,%0300d\n" % (n, n, n) for n in range(rows))
    _, source = await upload(body)
    for _ in range(1200):
        if await db.fetchval("SELECT count(*) FROM reconciliation_records"):
            break
        await asyncio.sleep(0.02)

    killed = worker.engines()
    for engine in killed:
        engine.send_signal(signal.SIGKILL)
    source = await settled(source["id"], 100)

    assert killed
    assert (source["status"], source["rows"]["loaded"]) == ("ready", rows)
    counts = await db.fetchrow('SELECT count(*), count(DISTINCT "row"), max("row") FROM reconciliation_records')
    assert tuple(counts) == (rows, rows, rows - 1)
