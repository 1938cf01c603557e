"""The reference at /docs in a real browser: requests are tried as whoever is signed in to the dashboard."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import BrowserContext, FilePayload, Locator, Page, Request, Route, expect

from tests.e2e.conftest import MANAGER, Rest, Visitor
from tests.e2e.test_accessibility import faults_of

pytestmark = pytest.mark.long

AS_MANAGER = "Requests are sent as Mia Manager"
AS_NOBODY = "Requests are sent without a token."


@pytest.fixture
async def requests(visitor: Visitor) -> list[Request]:
    """Every request of the visitor's browser."""
    found: list[Request] = []
    visitor.context.on("request", lambda request: found.append(request))  # a built-in is not accepted
    return found


async def only(context: BrowserContext, *operations: str) -> None:
    """
    Leaves only some operations in the document that the page gets from the server, and what they refer to.

    Swagger UI resolves the whole document again for each operation that is opened, which takes a second.
    """

    async def shorten(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, json=_shortened(await response.json(), operations))

    await context.route("**/openapi.json", shorten)


def _shortened(document: dict[str, Any], operations: tuple[str, ...]) -> dict[str, Any]:
    kept = {
        path: {method: one for method, one in methods.items() if one["operationId"] in operations}
        for path, methods in document["paths"].items()
    }
    paths = {path: methods for path, methods in kept.items() if methods}
    assert sum(map(len, paths.values())) == len(operations)
    components: dict[str, dict[str, Any]] = {"securitySchemes": document["components"]["securitySchemes"]}
    todo: list[Any] = [paths]
    while todo:
        found = todo.pop()
        todo += found if isinstance(found, list) else found.values() if isinstance(found, dict) else ()
        reference = found.get("$ref") if isinstance(found, dict) else None
        if isinstance(reference, str):
            _, _, kind, name = reference.split("/")
            if name not in components.setdefault(kind, {}):
                components[kind][name] = document["components"][kind][name]
                todo.append(components[kind][name])
    return {**document, "paths": paths, "components": components}


async def opened(page: Page, operation: str) -> Locator:
    """Opens an operation for a try, by its id: the page writes `users\\.get_me`."""
    block = page.locator(f'.opblock[id$=".{operation.split(".")[1]}"]')
    await block.locator(".opblock-summary-control").click()
    await block.get_by_role("button", name="Try it out").click()
    return block


async def tried(block: Locator) -> tuple[int, Any]:
    """Executes the request. Returns: the status and the JSON that the page shows."""
    await block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table .response")
    await expect(answer.locator(".response-col_status")).to_be_visible()
    status = (await answer.locator(".response-col_status").inner_text()).split()[0]
    return int(status), json.loads(
        await answer.locator(".response-col_description .microlight, code").first.inner_text()
    )


async def test_requests_are_tried_as_whoever_signs_in_to_the_dashboard_until_they_sign_out(
    visitor: Visitor, requests: list[Request]
) -> None:
    page = visitor.page
    await only(visitor.context, "projects.list_projects", "projects.create_project")
    await page.goto(visitor.url + "/docs")
    await expect(page.get_by_role("status")).to_contain_text(AS_NOBODY)
    async with visitor.context.expect_page() as opening:
        await page.get_by_role("link", name="Sign in to the dashboard").click()
    dashboard = await opening.value
    await Visitor(visitor.context, dashboard, visitor.url).sign_in()
    await expect(page.get_by_role("status")).to_contain_text(AS_MANAGER)

    listing, creating = await opened(page, "projects.list_projects"), await opened(page, "projects.create_project")
    status, projects = await tried(listing)
    await creating.get_by_placeholder("Idempotency-Key").fill("reference-1")
    await creating.locator("textarea").fill('{"name": "Tried on the page"}')
    created, project = await tried(creating)

    assert (status, created) == (200, 201)
    assert [one["name"] for one in projects["items"]]
    assert project["name"] == "Tried on the page"
    sent = next(one for one in requests if one.method == "POST" and one.url.endswith("/projects"))
    assert sent.headers["authorization"].startswith("Bearer ey")
    assert sent.headers["idempotency-key"] == "reference-1"
    text, stored = await page.content(), await page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "Bearer YOUR_TOKEN" in text
    signature = sent.headers["authorization"].split(".")[2]
    assert [place for place in (text, stored, page.url) if signature in place] == []
    hosts = {one.url.split("/")[2] for one in requests if not one.url.startswith(("data:", "blob:"))}
    assert hosts == {visitor.url.removeprefix("http://")}
    assert visitor.complaints == []

    await dashboard.goto(visitor.url + "/me")
    await dashboard.get_by_role("button", name="Sign out").first.click()
    await expect(page.get_by_role("status")).to_contain_text(AS_NOBODY)
    await expect(page.get_by_text("Tried on the page")).to_have_count(0)
    status, problem = await tried(await opened(page, "projects.list_projects"))
    assert (status, problem["code"]) == (401, "unauthenticated")
    visitor.complaints.clear()  # the browser reports the 401


async def test_an_upload_carries_its_file_a_change_its_version_and_a_refusal_shows_its_problem(
    visitor: Visitor, manager: Rest
) -> None:
    project = await manager.send("POST", "/projects", {"name": "Reference"})
    vault = await manager.send("POST", f"/projects/{project['id']}/vaults", {"name": "Before"})
    await visitor.enter("/")
    page = await visitor.context.new_page()
    await only(visitor.context, "sources.create_source", "vaults.rename_vault")
    await page.goto(visitor.url + "/docs")
    await expect(page.get_by_role("status")).to_contain_text(AS_MANAGER)

    block = await opened(page, "sources.create_source")
    await block.get_by_placeholder("id", exact=True).fill(project["id"])
    # The other fields stay as the page fills them in.
    file = FilePayload(name="books.csv", mimeType="text/csv", buffer=b"date,amount\n2026-10-01,1.00\n")
    await block.locator("input[type=file]").set_input_files(file)
    uploaded, source = await tried(block)
    assert (uploaded, source["filename"]) == (202, "books.csv")

    block = await opened(page, "vaults.rename_vault")
    await block.get_by_placeholder("id", exact=True).fill(vault["id"])
    await block.get_by_placeholder("If-Match").fill('"1"')
    await block.locator("textarea").fill('{"name": "After"}')
    status, changed = await tried(block)
    await block.get_by_role("button", name="Clear").click()
    refused, problem = await tried(block)

    assert (status, changed["name"], changed["version"]) == (200, "After", 2)
    assert (refused, problem["code"]) == (409, "version_conflict")
    assert problem["request_id"]
    # The browser itself reports a refusal in the console.
    assert [line for line in visitor.complaints if "409 (Conflict)" not in line] == []
    visitor.complaints.clear()


async def test_a_pasted_token_is_used_and_shown_nowhere(
    visitor: Visitor, requests: list[Request], rest: Callable[..., Awaitable[Rest]]
) -> None:
    token = (await rest(MANAGER))._token
    page = visitor.page
    await only(visitor.context, "users.get_me")
    await page.goto(visitor.url + "/docs")
    await page.keyboard.press("Tab")
    field = page.get_by_label("Access token")
    await field.fill("not a token!")
    await field.press("Enter")
    assert await field.evaluate("element => element.validationMessage") != ""

    await field.fill(f"Bearer {token}")
    await field.press("Enter")

    await expect(page.get_by_role("status")).to_contain_text("with the token that you pasted")
    status, me = await tried(await opened(page, "users.get_me"))
    assert (status, me["email"]) == (200, MANAGER)
    assert token not in await page.content()
    assert (
        await page.evaluate(
            "localStorage.length + sessionStorage.length + document.querySelector('input').value.length"
        )
        == 0
    )
    await page.get_by_role("button", name="Forget the token").click()
    await expect(page.get_by_role("status")).to_contain_text(AS_NOBODY)
    await expect(page.get_by_text(MANAGER)).to_have_count(0)


async def test_trying_to_sign_in_leaves_the_session_of_the_browser_alone_and_shows_no_token(visitor: Visitor) -> None:
    await visitor.enter("/")
    page = await visitor.context.new_page()
    await only(visitor.context, "auth.login")
    await page.goto(visitor.url + "/docs")
    before = await visitor.context.cookies()

    block = await opened(page, "auth.login")
    await block.locator("textarea").fill(json.dumps({"email": MANAGER, "password": "demo-tallyroom-password"}))
    status, answer = await tried(block)

    assert status == 200
    assert answer["access_token"] == "(not shown on this page)"
    assert await visitor.context.cookies() == before


async def test_the_reference_breaks_no_rule_of_accessibility(visit: Callable[..., Awaitable[Visitor]]) -> None:
    page = (visitor := await visit()).page
    await page.goto(visitor.url + "/docs")
    # By keyboard, up to the answer.
    control = page.locator('.opblock[id$=".create_project"] .opblock-summary-control')
    await control.focus()
    await page.keyboard.press("Enter")
    await page.locator(".try-out__btn").press("Enter")
    await page.locator(".execute").press("Enter")
    await expect(page.locator(".live-responses-table")).to_be_visible()

    assert await faults_of(page) == []
    await page.goto(visitor.url + "/docs/events")
    assert await faults_of(page) == []
