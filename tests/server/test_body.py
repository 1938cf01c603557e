"""Bodies are limited by what they contain, before anything is built from them, and large ones are read in slices."""

import asyncio
import json
import random
import time
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.problems import Busy, Invalid, InvalidJson, Problem, TooLarge
from server.api.body.faults import MOST_FAULTS
from server.api.body.intake import HELD_BYTES_EACH, INTAKE, parse_body
from server.api.body.json_shape import MAX_DEPTH, Shape, largest_member
from server.api.body.lane import Lane
from server.api.body.slices import parse_slices
from server.record.routes import routes as record_routes
from server.record.schemas import RecordsCreate
from tests.conftest import Person

MANY = next(e.body_limits for e in record_routes.endpoints if e.method == "POST")
LOGIN = "/api/v1/auth/login"


def shape_of(raw: bytes, piece: int = 1 << 20, most: int = 10**9, most_an_item: int | None = None) -> Shape:
    """The shape of a body that arrives in pieces."""
    shape = Shape(most, most_an_item)
    for start in range(0, len(raw), piece):
        shape.feed(raw[start : start + piece])
    return shape


TEXTS = ["a,b", '[{"', "\\", '\\"', '\\\\"{', "ä,€", "", "\\\\\\", '",",']


def made(depth: int, rng: random.Random) -> Any:
    """A JSON value with strings that look like structure."""
    if depth == 0 or rng.random() < 0.3:
        return rng.choice([*TEXTS, 1, -2.5, None, True])
    if rng.random() < 0.5:
        return [made(depth - 1, rng) for _ in range(rng.randint(0, 4))]
    return {f"{rng.choice(TEXTS)}{n}": made(depth - 1, rng) for n in range(rng.randint(0, 4))}


def count(value: Any) -> int:
    """The number of values; an empty list or object counts as two."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if inner is None else 1 + max(1, sum(map(count, inner))) if not inner else 1 + sum(map(count, inner))


@pytest.mark.integration
def test_values_are_counted_correctly_whatever_strings_contain_and_however_the_body_is_cut() -> None:
    rng = random.Random(7)
    for _ in range(300):
        value = made(5, rng)
        raw = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode()

        for piece in (1, 2, 3, 7, 1 << 20):
            assert shape_of(raw, piece).values == count(value), raw
        whole = Shape()
        whole.feed_all(raw)
        # Few are not counted exactly, but never as fewer than they are.
        assert count(value) <= whole.values <= max(256, count(value)), raw


@pytest.mark.parametrize("piece", [1, 5, 1 << 20])
def test_reading_ends_at_the_byte_that_exceeds_the_depth_or_the_values(piece: int) -> None:
    shape_of(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, piece)
    shape_of(b'"' + b"[" * 1000 + b'"', piece)
    shape_of(b"[1,2,3]", piece, most=4)

    with pytest.raises(InvalidJson):
        shape_of(b"[" * (MAX_DEPTH + 1), piece)
    with pytest.raises(InvalidJson):
        shape_of(b'{"":' * (MAX_DEPTH + 1), piece)
    with pytest.raises(TooLarge):
        shape_of(b"[1,2,3,", piece, most=4)
    with pytest.raises(TooLarge):
        shape_of(b"[{},{},", piece, most=5)


@pytest.mark.parametrize(
    "raw", [b"[" * (MAX_DEPTH + 1), b"[1,2,3,4", b'{"r":[' + b"{}," * 4 + b"0]}", b'["' + b"," * 4 + b'",1,1,1,1]']
)
def test_a_body_that_is_here_is_refused_as_one_that_arrives(raw: bytes) -> None:
    with pytest.raises((InvalidJson, TooLarge)) as arriving:
        Shape(4, None).feed(raw)
    with pytest.raises(type(arriving.value)):
        Shape(4, None).feed_all(raw)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"a": [1, 2], "b": [{}, {}, {}]}', "/b"),
        ('  {"a": 1, "b/c": {"d": [[], []]}', "/b~1c"),
        ('{"a \\" {[": "[[[[", "b": [1, 2]}', "/b"),
        ('{"a\\"b": [1, 2], "c": 1}', '/a"b'),
        ('{"\\\\": [1, 2], "c": [1]}', "/\\"),
        ('{"a": [' + "{}," * 50_000, "/a"),
        ("[[1, 2], 3]", ""),
        ('{"a": 1, "b": 2}', ""),
        ("{[1, 2", ""),
        ("", ""),
    ],
)
def test_the_member_that_holds_most_values_is_named(body: str, pointer: str) -> None:
    assert largest_member(body.encode()) == pointer


@pytest.mark.parametrize("piece", [1, 5, 1 << 20])
def test_an_item_that_is_too_large_is_refused(piece: int) -> None:
    # 6 are counted: two openings, the two members after them, and the comma before
    item = b'{"data":{"a":"1","b":"2"}}'
    many = b'{"records":[' + b",".join([item] * 50) + b"]}"

    shape_of(many, piece, most=1000, most_an_item=8)
    for large in (
        b'{"records":[' + item + b',{"data":{' + b",".join(b'"%d":1' % n for n in range(9)) + b"}}]}",
        b'{"records":[' + item + b",[" + b"0," * 9 + b"0]]}",
        b'{"records":{' + b",".join(b'"%d":{}' % n for n in range(9)) + b"}}",
        b"[" + b"0," * 9 + b"0]",
        b"{" + b",".join(b'"%d":0' % n for n in range(9)) + b"}",
    ):
        with pytest.raises(TooLarge):
            shape_of(large, piece, most=1000, most_an_item=8)


def test_an_item_may_be_no_larger_than_any_other_body() -> None:
    item = b'{"data":{"a":"' + b"x" * 900_000 + b'"}}'
    text = b'"' + b"x" * 1_200_000 + b'"'

    def feed(raw: bytes) -> None:
        Shape(10_000, 2048, 1_000_000).feed(raw)

    feed(b'{"records":[' + b",".join([item] * 10) + b"]}")
    for large in (
        text,
        b'{"records":[' + item + b"," + text + b"]}",
        b'{"records":[' + item + b'],"x":' + text + b"}",
        b'{"records":[[],[[' + text + b"]]]}",
        b'{"records":[' + b" " * 1_200_000 + b"]}",
    ):
        with pytest.raises(TooLarge):
            feed(large)


async def longest_hold_s(raw: bytes) -> float:
    """How long reading a body blocks the event loop, in CPU time."""
    longest, is_read = 0.0, False

    async def turn() -> None:
        nonlocal longest
        while not is_read:
            began = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - began)

    turning = asyncio.create_task(turn())
    await asyncio.sleep(0)
    await sliced(raw)
    is_read = True
    await turning
    return longest


@pytest.mark.integration
@pytest.mark.parametrize(
    "raw",
    [
        b'{"recards":[' + b",".join([b'{"data":{"a":"b"}}'] * 200_000) + b"]}",
        b"[" + b",".join([b"1"] * 2_000_000) + b"]",
        b"{" + b",".join(b'"o%d":"%s"' % (n, b"x" * 950_000) for n in range(15)) + b"}",
    ],
    ids=["the list under another name", "not an object", "large members next to the list"],
)
async def test_a_body_without_its_list_is_read_in_slices_too(raw: bytes) -> None:
    assert await longest_hold_s(raw) < 0.1


def outcome(error: Problem) -> tuple[str, list[tuple[str, str]]]:
    """What a refusal reports, without its wording."""
    return error.code, [(fault.pointer, fault.code) for fault in error.errors]


def whole(raw: bytes) -> Any:
    """The result of reading a body in one go."""
    try:
        return parse_body(raw, RecordsCreate).model_dump()
    except Problem as error:
        return outcome(error)


async def sliced(raw: bytes) -> Any:
    """The result of reading it in slices."""
    assert MANY.sliced is not None
    try:
        return (await parse_slices(raw, RecordsCreate, MANY.sliced)).model_dump()
    except Problem as error:
        return outcome(error)


GOOD = '{"data": {"a": "1", "b": null}}'
BODIES = {
    "many": '{{"records": [{}]}}'.format(",".join([GOOD] * 950)),
    "many with spaces": '\n {{"records" :\t[ {} ] }} \r\n'.format(" ,\n".join([GOOD] * 950)),
    "typed": '{"records": [{"data": {"a": "ä€"}, "amount": {"amount": "1.50", "currency": "EUR"}, "date": "2026-01-02"}]}',
    "one": '{"data": {"a": "1"}, "reference": "R"}',
    "both": f'{{"data": {{"a": "1"}}, "records": [{GOOD}]}}',
    "neither": "{}",
    "none": '{"records": []}',
    "null": '{"records": null}',
    "an object": '{"records": {"a": 1}}',
    "a list": "[]",
    "a text": '"x"',
    "nothing": "",
    "unknown fields": '{{"records": [{}, {{"data": {{"a": "1"}}, "x": 1}}], "y": [1, 2], "z": {{}}}}'.format(
        ",".join([GOOD] * 250)
    ),
    "a wrong type": '{{"records": [{}, {{"data": {{"a": 5}}}}, 7]}}'.format(",".join([GOOD] * 250)),
    "an empty item": '{"records": [{}]}',
    "two lists": f'{{"records": [{GOOD}], "records": [{GOOD}]}}',
    "a key twice": '{"records": [{"data": {"a": "1", "a": "2"}}]}',
    "NUL": f'{{"records": [{GOOD}, {{"data": {{"a": "\\u0000"}}}}]}}',
    "a surrogate": f'{{"records": [{GOOD}, {{"data": {{"\\ud800": "1"}}}}]}}',
    "NaN": '{"records": [{"data": {"a": NaN}}]}',
    "not closed": f'{{"records": [{GOOD}',
    "not closed outside": f'{{"records": [{GOOD}]',
    "a comma too many": f'{{"records": [{GOOD},]}}',
    "a comma too many outside": f'{{"records": [{GOOD}],}}',
    "no comma": f'{{"records": [{GOOD} {GOOD}]}}',
    "no colon": f'{{"records" [{GOOD}]}}',
    "a number as key": f"{{5: [{GOOD}]}}",
    "more behind": f'{{"records": [{GOOD}]}} x',
}


@pytest.mark.parametrize("name", BODIES)
async def test_reading_in_slices_gives_the_same_result(name: str) -> None:
    raw = BODIES[name].encode()

    assert await sliced(raw) == whole(raw)


async def test_a_hundred_faults_end_the_reading() -> None:
    bad = b'{"records": [' + b",".join([b'{"data": {"a": 5}, "x": 1}'] * 9000) + b", no JSON"

    code, faults = await sliced(bad)

    assert code == "invalid_field"
    assert len(faults) == MOST_FAULTS


@pytest.mark.integration
async def test_a_body_with_too_many_records_is_refused() -> None:
    code, faults = await sliced(b'{"records": [' + b",".join([GOOD.encode()] * 10_001) + b"]}")

    assert (code, faults) == ("invalid_field", [("/records", "invalid_field")])


def test_at_most_a_hundred_unknown_fields_are_reported_and_no_more_errors_are_made() -> None:
    for raw in (
        b"{" + b",".join(b'"k%d": 1' % n for n in range(5000)) + b"}",
        b'{"records": [' + b",".join(b'{"data": {"a": "1"}, "x%d": 1}' % n for n in range(300)) + b"]}",
        b'{"data": {"a": "1"}, "amount": {' + b",".join(b'"k%d": 1' % n for n in range(300)) + b"}}",
    ):
        with pytest.raises(Invalid) as refused:
            parse_body(raw, RecordsCreate)

        assert len(refused.value.errors) == MOST_FAULTS
        assert {fault.code for fault in refused.value.errors} == {"unknown_field"}


async def post(http: ClientSession, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and problem of a POST whose body is sent as given."""
    async with http.post(path, data=body, headers={"Content-Type": "application/json", **headers}) as response:
        return response.status, await response.json()


async def test_a_sign_in_is_small(http: ClientSession) -> None:
    keys = [b'"k%d":1' % n for n in range(90_000)]
    large = await post(http, LOGIN, (b"{" + b",".join(keys) + b"}")[: 1024 * 1024])
    many = await post(http, LOGIN, b"{" + b",".join(keys[:1000]) + b"}")
    unknown = await post(http, LOGIN, b"{" + b",".join(keys[:60]) + b"}")
    text = await post(http, LOGIN, b'{"email": "%s"}' % (b"x" * 17_000))

    assert [(status, problem["code"]) for status, problem in (large, many, text)] == [(413, "too_large")] * 3
    assert unknown[0] == 422
    assert len(unknown[1]["errors"]) == 62  # with e-mail and password, which are missing


async def test_an_anonymous_body_is_limited_by_what_it_contains(http: ClientSession) -> None:
    values = b"[" + b"{}," * 300_000 + b"{}]"

    for path in ("/api/v1/logs", "/api/logs"):
        assert (await post(http, path, b'{"logs": ' + values + b"}"))[0] == 413


async def test_the_bodies_that_wait_for_their_turn_are_limited(server: TestServer, http: ClientSession) -> None:
    intake = server.app[INTAKE]
    heavy = json.dumps({"logs": [{"level": "nothing", "message": "x" * 1000}] * 90}).encode()

    async with intake.parsing.turn("somebody else"):
        sent = [asyncio.create_task(post(http, "/api/v1/logs", heavy)) for _ in range(20)]
        done, waiting = await asyncio.wait(sent, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 12:
            more, waiting = await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        refused = [task.result() for task in done]
        held = intake.parsing.waiting

    assert {(status, problem["code"]) for status, problem in refused} == {(503, "busy")}
    assert (len(refused), held) == (12, 8)
    assert {(await task)[0] for task in waiting} == {422}
    assert (intake.parsing.inside, intake.parsing.waiting, dict(intake.held)) == (0, 0, {})


async def test_the_bytes_of_bodies_are_counted_and_released(server: TestServer) -> None:
    intake = server.app[INTAKE]

    with intake.holding("a") as one, intake.holding("a") as other, intake.holding("b") as another:
        one.add(HELD_BYTES_EACH)
        with pytest.raises(Busy):
            other.add(1)
        another.add(1)

    assert dict(intake.held) == {}


async def test_lines_take_turns_and_end() -> None:
    lane, order = Lane(1, 1, line=3, wait_s=5), []

    async def work(owner: str) -> None:
        async with lane.turn(owner):
            order.append(owner)
            await asyncio.sleep(0)

    await asyncio.gather(*map(work, ["a", "a", "a", "a", "b", "c"]))
    async with lane.turn("x"):
        waiting = [asyncio.create_task(work("d")) for _ in range(4)]
        await asyncio.sleep(0)
        gone = waiting.pop(0)
        gone.cancel()
        refused = await asyncio.gather(waiting.pop(), return_exceptions=True)
    await asyncio.gather(*waiting)

    assert order[:6] == ["a", "a", "b", "c", "a", "a"]
    assert isinstance(refused[0], Busy)
    assert order[6:] == ["d", "d"]
    assert (lane.inside, lane.waiting) == (0, 0)


async def test_a_request_that_waits_too_long_is_refused() -> None:
    lane = Lane(2, 1, line=3, wait_s=0.01)

    async with lane.turn("a"):
        with pytest.raises(Busy):
            async with lane.turn("a"):
                pass
        async with lane.turn("b"):
            pass

    assert (lane.inside, lane.waiting) == (0, 0)


async def test_ten_thousand_records_are_stored_and_answered_in_order(alice: Person, project: str, db: Any) -> None:
    source = await alice.ok("POST", f"/projects/{project}/sources", {"name": "x"})
    path = f"/sources/{source['id']}/records"
    body = {"records": [{"data": {"n": str(n)}, "reference": f"R{n}"} for n in range(1200)]}

    first = await alice.ok("POST", path, body, **{"Idempotency-Key": "once"})
    again = await alice.ok("POST", path, body, **{"Idempotency-Key": "once"})
    listed = await alice.ok("GET", f"{path}?limit=500&sort=-row")

    assert [item["row"] for item in first["items"]] == list(range(1200))
    assert [item["data"]["n"] for item in first["items"]] == [str(n) for n in range(1200)]
    assert first == again
    assert first["items"][:-501:-1] == listed["items"]
    assert await db.fetchval("SELECT count(*) FROM reconciliation_records") == 1200
