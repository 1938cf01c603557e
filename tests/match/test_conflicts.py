"""Whoever comes second is told who has decided what, when, and how to go on."""

import pytest

from tests.match.conftest import eur


@pytest.fixture
async def room(make_books, bob):
    """Books in which Alice decides first, and Bob second."""
    books = await make_books(eur(*["10.00"] * 4), eur(*["10.00"] * 4))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "controller"})
    name = (await books.person.ok("GET", "/me"))["display_name"]

    async def refused(method, path, body=None, **headers):
        """What Bob is told: the sentence, without the time."""
        said = await bob.problem(method, path, body, **headers)
        assert said["status"] == 409
        who, when = (
            said.get("decided_by_name", said.get("changed_by_name")),
            said.get("decided_at", said.get("changed_at")),
        )
        assert who == name, said
        assert f"{name} " in said["detail"]
        assert f"at {when[:10]} {when[11:16]} UTC" in said["detail"]
        return said["code"], said["detail"].replace(name, "Alice").replace(f" at {when[:10]} {when[11:16]} UTC", "")

    return books, refused


def by_hand(books, left, right, **more):
    return "POST", f"/projects/{books.project}/matches", {**books.sides, "left": left, "right": right, **more}


@pytest.mark.parametrize("first", ["confirmed", "by hand", "written off"])
async def test_a_record_that_is_used_names_who_used_it_and_how_to_free_it(room, first):
    books, refused = room
    record = books.left[0]
    if first == "confirmed":
        await books.person.ok("POST", f"/matches/{await books.suggest([record], books.right[:1])}/confirm", {})
    elif first == "by hand":
        await books.match([record], books.right[:1])
    else:
        await books.person.ok("POST", f"/records/{record}/write-off", {"reason": "other"})
    sentence = {
        "confirmed": "Alice confirmed a match that uses {}. Undo that match first.",
        "by hand": "Alice matched {} by hand. Undo that match first.",
        "written off": "Alice wrote {} off. Take that back first: it is written off, and no match uses it.",
    }[first]

    matched = await refused(*by_hand(books, books.left[:2], books.right[2:]))
    written_off = await refused("POST", f"/records/{record}/write-off", {"reason": "other"})
    deleted = await refused("DELETE", f"/records/{record}", if_match=1)

    assert matched == ("record_in_use", sentence.format("one of these records"))
    assert written_off == deleted == ("record_in_use", sentence.format("this record"))


async def test_a_decision_that_came_too_late_says_what_happened_instead(room):
    books, refused = room
    back, split, taken, mine = [
        await books.suggest(*sides)
        for sides in (
            (books.left[:1], books.right[:1]),
            (books.left[1:3], books.right[1:3]),
            (books.left[3:], books.right[3:]),
            (books.left[3:], books.right[3:]),
        )
    ]
    made = await books.match(books.left[:1], books.right[:1])
    await books.person.ok("POST", f"/matches/{made['id']}/undo", {})
    await books.person.ok("POST", f"/matches/{back}/confirm", {})
    await books.person.ok("POST", f"/matches/{back}/undo", {})
    parts = [{"left": [left], "right": [right]} for left, right in zip(books.left[1:3], books.right[1:3], strict=True)]
    await books.person.ok("POST", f"/matches/{split}/split", {"parts": parts})
    await books.person.ok("POST", f"/matches/{mine}/confirm", {})
    undone = "Alice took the last decision about this match back."

    assert await refused("POST", f"/matches/{back}/undo", {}) == (
        "already_decided",
        f"{undone} The match is only a suggestion, so there is nothing to undo.",
    )
    assert await refused("POST", f"/matches/{made['id']}/confirm", {}) == (
        "already_decided",
        f"{undone} It was withdrawn. Match its records again.",
    )
    assert await refused("POST", f"/matches/{made['id']}/undo", {}) == (
        "already_decided",
        f"{undone} It was withdrawn. Match its records again.",
    )
    assert await refused("POST", f"/matches/{split}/split", {"parts": parts}) == (
        "already_decided",
        "Alice split this match. Look at that first.",
    )
    assert await refused("POST", f"/matches/{taken}/confirm", {}) == (
        "already_decided",
        "Alice decided on another match with records of this one. Look at that first.",
    )


async def test_what_was_taken_back_already_says_by_whom(room):
    books, refused = room
    path = f"/records/{books.left[0]}/write-off"
    await books.person.ok("POST", path, {"reason": "other"})
    await books.person.ok("DELETE", path)
    match = await books.suggest(books.left[:1], books.right[:1])
    body = {**books.sides, "action": "confirm", "ids": [match], "expected_count": 1}
    bulk = await books.person.ok("POST", f"/projects/{books.project}/review", body)
    await books.person.ok("POST", f"/decisions/{bulk['decision_id']}/undo")

    assert await refused("DELETE", path) == (
        "already_decided",
        "Alice took the write-off of this record back. There is nothing to take back.",
    )
    assert await refused("POST", f"/decisions/{bulk['decision_id']}/undo") == (
        "already_decided",
        "Alice undid this decision. Nothing of it is left to undo.",
    )


async def test_a_base_that_has_changed_names_who_changed_it(room):
    books, refused = room
    base = await books.match(books.left[:2], books.right[:1], difference="open")
    extension = await books.suggest([], books.right[1:2], extends=base["id"])
    await books.person.ok("POST", f"/matches/{extension}/confirm", {})

    extended = await refused("POST", f"/matches/{base['id']}/undo", {})
    await books.person.ok("POST", f"/matches/{extension}/undo", {})
    await books.person.ok("POST", f"/matches/{base['id']}/undo", {})
    merged = await refused(*by_hand(books, [], books.right[1:2], replaces=[base["id"]]))

    assert extended == (
        "record_in_use",
        "Alice confirmed a match that uses the records of this one to extend it. Undo that match first.",
    )
    assert merged == (
        "version_conflict",
        "Alice took the last decision about this match back. It is one of those that this match would replace. "
        "Load it again, then decide.",
    )
