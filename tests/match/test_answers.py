"""Whoever decides about a match is answered with what they would read anew."""

from typing import Any

from server.match.routes import routes
from server.match.schemas import MatchDetail
from tests.match.conftest import eur

VERBS = {
    (endpoint.method, endpoint.path.removeprefix("/api/v1"))
    for endpoint in routes.endpoints
    if endpoint.method != "GET" and MatchDetail in endpoint.answers.values()
}


async def test_the_answer_of_each_verb_is_what_is_read_afterwards(make_books, alice, bob):
    books = await make_books(eur("500.00", "50.00", "70.00"), eur("500.00", "50.00", "70.00"))
    project = f"/projects/{books.project}"
    await alice.ok("POST", f"{project}/members", {"email": bob.email, "role": "controller"})
    job = await books.job()
    tried = set()

    async def step(who: Any, method: str, route: str, body: Any = None, *, on: str = "", **more: Any) -> Any:
        """Do it. Returns: the match, and the actions of its history."""
        answer = await who.ok(method, route.replace("{id}", on), body, **more)
        tried.add((method, route))
        assert answer == await alice.ok("GET", f"/matches/{answer['id']}"), (method, route)
        return answer, [(line["action"], line["signed"], line["reason"]) for line in answer["history"]]

    first = await books.suggest(books.left[:1], books.right[:1], job)
    given, said = await step(alice, "PUT", "/matches/{id}/assignee", {"user_id": str(bob.id)}, on=first, if_match=1)
    assert said == [("match.assign", None, None)]
    await step(bob, "PUT", "/matches/{id}/assignee", {"user_id": str(bob.id)}, on=first, if_match=given["version"])
    await step(alice, "POST", "/matches/{id}/reject", {"reason": "no"}, on=first)
    _, said = await step(bob, "POST", "/matches/{id}/undo", {"reason": "yes"}, on=first)
    assert said[1:] == [("match.reject", None, "no"), ("match.undo", None, "yes")]

    await alice.ok("PATCH", project, {"four_eyes_over": {"amount": "100.00", "currency": "EUR"}})
    _, said = await step(alice, "POST", "/matches/{id}/confirm", {}, on=first)
    assert said[3:] == [("match.sign", "confirm", None)]
    _, said = await step(alice, "DELETE", "/matches/{id}/signature", on=first)
    assert said[4:] == [("match.unsign", "confirm", None)]
    await step(alice, "POST", "/matches/{id}/confirm", {}, on=first)
    await step(bob, "POST", "/matches/{id}/confirm", {"reason": "both"}, on=first)
    _, said = await step(alice, "POST", "/matches/{id}/undo", {}, on=first)
    assert said[7:] == [("match.sign", "undo", None)]
    await step(bob, "POST", "/matches/{id}/undo", {}, on=first)
    await step(alice, "POST", "/matches/{id}/confirm", {}, on=first)
    _, said = await step(alice, "POST", "/matches/{id}/undo", {}, on=first)
    assert said[-1] == ("match.unsign", "confirm", None)

    both = {"left": books.left[1:], "right": books.right[1:]}
    made, said = await step(alice, "POST", "/projects/{id}/matches", {**books.sides, **both}, on=books.project)
    assert said == [("match.create", None, None), ("match.sign", "match", None)]
    await step(bob, "POST", "/matches/{id}/confirm", {}, on=made["id"])
    parts = {"parts": [{"left": [books.left[n]], "right": [books.right[n]]} for n in (1, 2)]}
    _, said = await step(alice, "POST", "/matches/{id}/split", parts, on=made["id"])
    assert said[3:] == [("match.sign", "split", None)]
    await step(bob, "POST", "/matches/{id}/split", {**parts, "reason": "two"}, on=made["id"])
    await step(bob, "POST", "/matches/{id}/undo", {}, on=made["id"])
    await alice.ok("PATCH", project, {"four_eyes_over": None})
    await step(bob, "POST", "/matches/{id}/undo", {"reason": "wrong"}, on=made["id"])
    await step(bob, "POST", "/jobs/{id}/matches", both, on=job)

    assert tried == VERBS
