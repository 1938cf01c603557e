"""Whatever people decide and undo, in whatever order: uses, states, counts and sums are those of a small model."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.books.recount import differences
from server.job.attempt import run_job
from tests.match.conftest import Books, eur
from tests.match.model import Match, Model

AMOUNTS = st.sampled_from(["10.00", "10.00", "7.50", "2.50", "0.00", "-4.00", "12.34"])
VERBS = (
    "suggest",
    "confirm",
    "reject",
    "undo",
    "match",
    "write_off",
    "split",
    "confirm_many",
    "undo_many",
    "extend",
    "extend",
)
MANY = 990  # of the 1,000 that a request may add
# Finds a match for each of the first MANY records. People decide on the others.
FIRST_ONES = {
    "fields": {
        "n": {
            "type": "code",
            **{side: {"from": "n", "extract": "^([0-8]?[0-9]?[0-9]|9[0-8][0-9])$"} for side in ("left", "right")},
        },
        "amount": {"type": "money", "left": "amount", "right": "amount"},
    },
    "passes": [
        {
            "name": "first ones",
            "kind": "rules",
            "where": [{"field": "n", "compare": "equal"}, {"field": "amount", "compare": "equal"}],
            "accept": "confirm",
        }
    ],
}
STEP = st.tuples(st.sampled_from(VERBS), st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # making a failure smaller would take longer than the suite
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    left=st.lists(AMOUNTS, min_size=2, max_size=4),
    right=st.lists(AMOUNTS, min_size=2, max_size=4),
    third=st.lists(AMOUNTS, min_size=1, max_size=2),
    steps=st.lists(STEP, min_size=8, max_size=25),
)
async def test_books_add_up_after_each_step(make_books, bob, left, right, third, steps):
    books = await make_books(eur(*left), eur(*right))
    other = await make_books([], eur(*third))
    shared = replace(books, right_source=other.right_source, right=other.right)
    records = [*books.left, *books.right, *shared.right]
    amounts = dict(zip(records, map(Decimal, [*left, *right, *third]), strict=True))
    model = Model(amounts, set(books.left), {"bank": set(books.right), "third": set(shared.right)})
    await join(books, bob)
    pairs = {"bank": (books, await books.job()), "third": (shared, await shared.job())}
    driver = Driver(pairs, model, bob)
    for verb, one, other, by_bob in steps:
        await driver.step(verb, one, other, by_bob=by_bob)
        await driver.compare()
    assert await differences(books.db) == []


async def join(books: Books, person: Any) -> None:
    """Makes somebody a controller of the project, which all examples share."""
    await books.db.execute(
        "INSERT INTO project_members (id, project_id, user_id, role, version, created_at, updated_at) "
        "VALUES (gen_random_uuid(), $1::text::uuid, $2, 'controller', 1, now(), now()) ON CONFLICT DO NOTHING",
        books.project,
        person.id,
    )


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=40, max_size=60))
async def test_books_add_up_beside_a_running_job(make_books, bob, settings, steps):
    """The job reads the same two sources, and finds matches among records that nobody decides on."""
    amounts = ["10.00", "7.50", "2.50", "-4.00"]
    rows = [*eur(*(f"{100 + n}.00" for n in range(MANY))), *eur(*amounts)]
    books = await make_books(rows, rows)
    left, right = books.left[MANY:], books.right[MANY:]
    small = replace(books, left=left, right=right)
    model = Model(dict(zip([*left, *right], map(Decimal, amounts * 2), strict=True)), set(left), {"bank": set(right)})
    await join(books, bob)
    driver = BesideAJob({"bank": (small, await books.job())}, model, bob)
    plan = await books.person.ok("POST", f"/projects/{books.project}/plans", {"name": "p", "document": FIRST_ONES})
    job = await books.person.ok("POST", f"/projects/{books.project}/jobs", {**books.sides, "plan": plan["id"]})
    waiting = list(steps)

    running = asyncio.create_task(run_job(settings, UUID(job["id"]), None))
    beside = 0
    while waiting:
        verb, one, other, by_bob = waiting.pop()
        beside += not running.done()
        await driver.step(verb, one, other, by_bob=by_bob)
        await driver.compare()
    await running

    ended = await books.person.ok("GET", f"/jobs/{job['id']}")
    assert (ended["status"], ended["counts"]["confirmed"]) == ("completed", MANY), ended["problem"]
    assert beside > 5
    assert await differences(books.db) == []


async def test_what_does_not_add_up_is_named(make_books):
    books = await make_books(eur("10.00", "5.00"), eur("10.00"))
    await books.match(books.left[:1], books.right)
    assert await differences(books.db) == []

    await books.db.execute(
        "UPDATE book_entries SET amount = amount + 1 WHERE source_id = $1::text::uuid AND term = 'open' AND amount > 0",
        books.left_source,
    )
    (sums,) = await differences(books.db)
    await books.db.execute("UPDATE match_records SET confirmed = false WHERE record_id = $1::text::uuid", books.left[0])
    held = await differences(books.db)

    assert sums.endswith("source ledger, open EUR: kept 6 in 1 records, but it is 5 in 1")
    assert any("not held as its status says" in line for line in held)


class Driver:
    """Does the same to the server and to the model, in pairs that have one source in common, each with its job."""

    def __init__(self, pairs: dict[str, tuple[Books, str]], model: Model, bob: Any) -> None:
        self.pairs, self.model, self.bob = pairs, model, bob
        self.books, self.job = pairs["bank"]
        self.pair = "bank"

    async def step(self, verb: str, one: int, other: int, *, by_bob: bool) -> None:
        """One step by one of two people. What the model refuses, the server has to refuse too."""
        person = self.bob if by_bob else self.books.person
        self.pair = list(self.pairs)[one // 7 % len(self.pairs)]
        self.books, self.job = self.pairs[self.pair]
        await getattr(self, f"_{verb}")(person, one, other)

    def _pick(self, number: int) -> str | None:
        known = list(self.model.matches)
        return known[number % len(known)] if known else None

    def _own(self) -> list[str]:
        """The matches of the pair."""
        return [one for one, match in self.model.matches.items() if match.pair == self.pair and not match.is_write_off]

    def _sides(self, one: int, other: int) -> tuple[list[str], list[str]]:
        """Some records of each side, at least one."""
        found = []
        for ids, number in ((self.books.left, one), (self.books.right, other)):
            chosen = [record for n, record in enumerate(ids) if number >> n & 1]
            found.append(chosen or [ids[number % len(ids)]])
        return found[0], found[1]

    async def _suggest(self, _: Any, one: int, other: int) -> None:
        left, right = self._sides(one, other)
        if not self.model.beside(frozenset([*left, *right]), self.pair):
            match = await self.books.suggest(left, right, self.job)
            self.model.matches[match] = Match("suggested", frozenset(left), frozenset(right), pair=self.pair)

    async def _extend(self, _: Any, one: int, other: int) -> None:
        """A job suggests a record for what a confirmed match leaves open."""
        bases = [match for match in self._own() if self.model.remainder_side(match) is not None]
        if not bases:
            return
        base = bases[one % len(bases)]
        is_left = self.model.remainder_side(base) == "right"
        open_ones = [
            record
            for record in (self.books.left if is_left else self.books.right)
            if not self.model.beside(frozenset([record]), self.pair)
        ]
        if not open_ones:
            return
        record = [open_ones[other % len(open_ones)]]
        left, right = (record, []) if is_left else ([], record)
        match = await self.books.suggest(left, right, self.job, extends=base)
        self.model.matches[match] = Match("suggested", frozenset(left), frozenset(right), base=base, pair=self.pair)

    async def _confirm(self, person: Any, one: int, _: int) -> None:
        await self._decide(person, "confirm", one, "confirmed")

    async def _reject(self, person: Any, one: int, _: int) -> None:
        await self._decide(person, "reject", one, "rejected")

    async def _decide(self, person: Any, verb: str, one: int, status: str) -> None:
        if (match := self._pick(one)) is None:
            return
        if self.model.matches[match].status == "suggested":
            await person.ok("POST", f"/matches/{match}/{verb}", {})
            self.model.decide({match: status})
        else:
            assert await person.refused("POST", f"/matches/{match}/{verb}", {}) == (409, "already_decided")

    async def _undo(self, person: Any, one: int, _: int) -> None:
        if (match := self._pick(one)) is None:
            return
        refusal = self.model.undo(match)
        if refusal is None:
            await person.ok("POST", f"/matches/{match}/undo", {})
        else:
            assert await person.refused("POST", f"/matches/{match}/undo", {}) == (409, refusal)

    async def _match(self, person: Any, one: int, other: int) -> None:
        left, right = self._sides(one, other)
        difference = "booked" if one % 2 else "open"
        sums = [sum(self.model.amounts[record] for record in ids) for ids in (left, right)]
        body = {**self.books.sides, "left": left, "right": right, "difference": difference}
        body |= {"difference_reason": "other"} if difference == "booked" else {}
        path = f"/projects/{self.books.project}/matches"
        if self.model.holders(frozenset([*left, *right]), "confirmed"):
            assert await person.refused("POST", path, body) == (409, "record_in_use")
        elif difference == "open" and sums[0] * sums[1] < 0:
            assert await person.refused("POST", path, body) == (422, "not_tied")
        else:
            made = await person.ok("POST", path, body)
            match = Match("confirmed", frozenset(left), frozenset(right), difference, pair=self.pair)
            self.model.decide({}, {made["id"]: match})

    async def _write_off(self, person: Any, one: int, _: int) -> None:
        records = [*self.books.left, *self.books.right]
        record = records[one % len(records)]
        path = f"/records/{record}/write-off"
        if self.model.holders(frozenset([record]), "confirmed"):
            assert await person.refused("POST", path, {"reason": "other"}) == (409, "record_in_use")
            return
        await person.ok("POST", path, {"reason": "other"})
        made = await self.books.db.fetchval(
            "SELECT match_id::text FROM match_records WHERE record_id = $1::text::uuid AND confirmed", record
        )
        self.model.decide({}, {made: Match("confirmed", frozenset([record]), frozenset(), is_write_off=True)})

    async def _split(self, person: Any, one: int, _: int) -> None:
        match = self._pick(one)
        found = None if match is None else self.model.matches[match]
        if match is None or found is None or found.is_write_off or max(len(found.left), len(found.right)) < 2:
            return
        left, right = sorted(found.left), sorted(found.right)
        # What has no partner left is taken out, and is open again.
        parts = [
            {"left": left[:1], "right": right[:1]},
            {"left": left[1:], "right": right[1:]},
        ]
        body = {"parts": parts, "difference": "booked", "difference_reason": "other"}
        if found.status not in ("suggested", "confirmed"):
            assert await person.refused("POST", f"/matches/{match}/split", body) == (409, "already_decided")
            return
        await person.ok("POST", f"/matches/{match}/split", body)
        made = {}
        for part in (part for part in parts if part["left"] and part["right"]):
            row = await self.books.db.fetchval(
                "SELECT u.match_id::text FROM match_records u JOIN matches m ON m.pair_id = u.pair_id "
                "WHERE u.record_id = $1::text::uuid AND u.active AND m.id = $2::text::uuid",
                *(part["left"][0], match),
            )
            sides = (frozenset(part["left"]), frozenset(part["right"]))
            made[row] = Match(found.status, *sides, "booked", pair=found.pair)
        self.model.decide({match: "superseded"}, made)

    async def _confirm_many(self, person: Any, one: int, _: int) -> None:
        waiting = [match for match in self._own() if self.model.matches[match].status == "suggested"]
        path = f"/projects/{self.books.project}/review"
        body = {**self.books.sides, "action": "confirm", **self._all_of(waiting)}
        if one % 3 == 0:
            wrong = await person.refused("POST", path, {**body, "expected_count": len(waiting) + 1})
            assert wrong == (409, "count_changed")
        done = await person.ok("POST", path, {**body, "expected_count": len(waiting)})
        # No two suggestions of a pair share a record here, because one job made them; but two may extend the same match.
        extended = [self.model.matches[match].base for match in sorted(waiting)]
        lost = [
            match for n, match in enumerate(sorted(waiting)) if extended[n] is not None and extended[n] in extended[:n]
        ]
        confirmed = [match for match in waiting if match not in lost]
        assert (done["changed"], done["skipped"]) == (
            len(confirmed),
            [{"id": match, "code": "record_in_use"} for match in lost],
        )
        if confirmed:
            self.model.decide(dict.fromkeys(confirmed, "confirmed"), is_bulk=True)
            if one % 2:
                decision = self.model.decisions[-1]
                undone = await person.ok("POST", f"/decisions/{done['decision_id']}/undo")
                assert undone["changed"] == len(decision.before)
                self.model.take_back(decision, {match: str(status) for match, status in decision.before.items()})

    def _all_of(self, _: list[str]) -> dict[str, Any]:
        """How a bulk names all that wait."""
        return {"filter": {}}

    async def _undo_many(self, person: Any, one: int, _: int) -> None:
        if not (own := self._own()):
            return
        match = own[one % len(own)]
        body = {**self.books.sides, "action": "undo", "ids": [match], "expected_count": 1}
        done = await person.ok("POST", f"/projects/{self.books.project}/review", body)
        refusal = self.model.undo(match)
        assert [skipped["code"] for skipped in done["skipped"]] == ([] if refusal is None else [refusal])

    async def compare(self) -> None:
        """The states, uses, counts and sums of the server and of the model."""
        await self.compare_matches()
        for pair, (books, job) in self.pairs.items():
            await self._compare_books(pair, books)
            await self._compare_job(books, job)

    async def compare_matches(self) -> None:
        """The states and uses of the server and of the model."""
        rows = await self.books.db.fetch(
            "SELECT m.id::text, m.status, array_agg(u.record_id::text) AS records, bool_and(u.active) AS active, "
            "bool_or(u.active) AS any_active, bool_and(u.confirmed) AS confirmed, bool_or(u.confirmed) AS any_confirmed "
            "FROM matches m JOIN match_records u ON u.match_id = m.id WHERE m.project_id = $1::text::uuid GROUP BY m.id",
            self.books.project,
        )
        found = {row["id"]: row for row in rows if set(row["records"]) <= self.model.amounts.keys()}
        assert {one: row["status"] for one, row in found.items()} == {
            one: match.status for one, match in self.model.matches.items()
        }
        assert {one: set(row["records"]) for one, row in found.items()} == {
            one: set(match.records) for one, match in self.model.matches.items()
        }
        for row in found.values():
            is_active, is_confirmed = row["status"] in ("suggested", "confirmed"), row["status"] == "confirmed"
            assert (row["active"], row["any_active"]) == (is_active, is_active)
            assert (row["confirmed"], row["any_confirmed"]) == (is_confirmed, is_confirmed)

    async def _compare_books(self, pair: str, books: Books) -> None:
        summary = await books.summary()
        counts = summary["counts"]
        items = await books.person.ok("GET", f"/projects/{books.project}/open-items?{books.query}&limit=500")
        for side in ("left", "right"):
            (sums,) = [row for row in summary["sums"] if row["side"] == side]
            wanted = self.model.terms(pair, side)
            assert {name: Decimal(sums[name]["amount"]) for name in wanted} == wanted
            assert sums["ties"] is True
            self._compare_flow(summary["flow"], side)
            mine = [item for item in items["items"] if item["side"] == side]
            open_ones = self.model.open_records(pair, side)
            assert {item["id"] for item in mine if item["match_id"] is None} == open_ones
            assert counts[f"open_{side}"] == len(open_ones)
            assert sum(Decimal(item["amount"]["amount"]) for item in mine) == wanted["open"] - wanted["suggested"]
        assert items["total"] == len(items["items"])
        paired = [match for match in self.model.matches.values() if not match.is_write_off and match.pair == pair]
        for status in ("confirmed", "suggested", "rejected"):
            assert counts[status] == sum(match.status == status for match in paired), status
        waits = any(match.status == "suggested" for match in paired)
        assert summary["agrees"] is not waits

    def _compare_flow(self, flow: dict[str, Any], side: str) -> None:
        """Each record is in one place of the flow, but in two if suggestions of two passes share it."""
        nodes = [flow[place][side] for place in ("open", "written_off", "elsewhere")]
        nodes += [one[side] for one in flow["passes"]]
        assert sum(node["count"] for node in nodes) == flow[side]["count"]
        amounts = [Decimal(one["amount"]) for node in nodes for one in node["sums"]]
        assert sum(amounts) == sum(Decimal(one["amount"]) for one in flow[side]["sums"])

    async def _compare_job(self, books: Books, job: str) -> None:
        counts = (await books.person.ok("GET", f"/jobs/{job}"))["counts"]
        rows = await books.db.fetch(
            "SELECT status, count(*) AS n FROM matches WHERE job_id = $1::text::uuid GROUP BY 1", job
        )
        numbers = {row["status"]: row["n"] for row in rows}
        for status in ("confirmed", "suggested", "rejected"):
            assert counts[status] == numbers.get(status, 0), status
        assert counts["matches"] == numbers.get("confirmed", 0) + numbers.get("suggested", 0)


class BesideAJob(Driver):
    """Does so while a job finds other matches of the same pair, of which the model knows nothing."""

    async def _confirm_many(self, person: Any, one: int, other: int) -> None:
        if any(found.status == "suggested" for found in self.model.matches.values()):
            await super()._confirm_many(person, one, other)

    def _all_of(self, waiting: list[str]) -> dict[str, Any]:
        return {"ids": waiting}

    async def compare(self) -> None:
        """The states and uses. The sums are those of the job's matches too, and are added up at the end."""
        await self.compare_matches()
