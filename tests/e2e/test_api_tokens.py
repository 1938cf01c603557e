"""API tokens on the account's page, in a real browser."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from tests.auth.programs import body, program_of
from tests.conftest import PASSWORD, Person
from tests.e2e.conftest import LISTEN, Visitor
from tests.e2e.test_accessibility import faults_of
from tests.e2e.test_google import draw_button

pytestmark = pytest.mark.long

Open = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def open_page(browser: Browser, address: str) -> AsyncIterator[Open]:
    """Opens the account's page for somebody. The test fails if the console has any complaint."""
    visitors = []

    async def open_one(person: Person, **options: Any) -> Visitor:
        context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
        await context.add_init_script(LISTEN)
        await draw_button(context)  # the page has the button too
        visitor = Visitor(context, await context.new_page(), address)
        visitors.append(visitor)
        await visitor.enter("/me", person.email, PASSWORD)
        return visitor

    yield open_one
    for visitor in visitors:
        assert [line for line in visitor.complaints if "403" not in line] == []  # the password is asked for after a 403
        await visitor.context.close()


def row_of(page: Page, name: str) -> Any:
    """The row of a token in the list."""
    return page.get_by_role("row").filter(has_text=name)


async def test_a_token_is_made_by_keyboard_shown_once_and_works(
    open_page: Open, alice: Person, project: str, address: str
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Bank logins"}))["id"]
    await alice.ok("POST", "/projects", {"name": "Other"})
    visitor = await open_page(alice)
    page = visitor.page

    await page.get_by_role("button", name="New API token").press("Enter")
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Month end")
    await page.get_by_label("events", exact=False).first.press("Space")
    await page.get_by_label("vault:reveal").press("Space")
    await page.get_by_label("Only in certain projects").press("Space")
    await expect(page.get_by_role("button", name="Make token")).to_be_disabled()
    await page.get_by_role("checkbox", name="March", exact=True).press("Space")
    await page.get_by_label("Only certain vaults").press("Space")
    await page.get_by_role("checkbox", name="Bank logins · March").press("Space")
    await page.get_by_label("Networks (optional)").fill("127.0.0.0/8")
    await page.get_by_role("button", name="Make token").press("Enter")
    await expect(page.get_by_role("button", name="Copy")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Copied. It is not shown again.")).to_be_visible()
    token = await page.evaluate("navigator.clipboard.readText()")
    shown = await page.get_by_label("API token", exact=True).text_content()
    await page.get_by_role("button", name="Done").press("Enter")
    row = row_of(page, "Month end")
    await expect(row).to_contain_text("read, reveal secrets, live events")
    await expect(row).to_contain_text("only March · only 1 vault · from 127.0.0.0/8")
    await expect(row).to_contain_text("never")

    async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        async with http.get(f"{address}/api/v1/projects") as response:
            found = await response.json()
        async with http.get(f"{address}/api/v1/vaults/{vault}") as response:
            unlisted = response.status
    assert shown == token
    assert [item["name"] for item in found["items"]] == ["March"]
    assert unlisted == 403
    assert token.rsplit("_", 1)[1] not in await page.content()


async def test_the_password_is_asked_for_and_nothing_typed_is_lost(open_page: Open, alice: Person, db: Any) -> None:
    visitor = await open_page(alice)
    page = visitor.page
    await db.execute("UPDATE sessions SET authenticated_at = now() - interval '6 minutes'")

    await page.get_by_role("button", name="New API token").click()
    await page.get_by_label("Name").fill("Nightly")
    await page.get_by_role("button", name="Make token").click()
    await expect(page.get_by_text("Enter your password to go on.")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_label("Name")).to_have_value("Nightly")
    await page.get_by_role("button", name="Make token").click()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")

    await expect(page.get_by_label("API token", exact=True)).to_be_visible()
    await expect(page.get_by_text("Copy it now: it is not shown again.")).to_be_visible()


async def test_revoking_asks_first_and_shows_in_other_tabs(open_page: Open, alice: Person) -> None:
    program = await program_of(alice, "read")
    here, there = await open_page(alice), await open_page(alice, color_scheme="dark")
    await expect(row_of(there.page, "Month end")).to_be_visible()

    await here.page.get_by_role("button", name="Revoke Month end").click()
    await expect(here.page.get_by_role("button", name="Keep it")).to_be_focused()
    await here.page.keyboard.press("Enter")
    await expect(here.page.get_by_role("dialog")).to_be_hidden()
    assert (await program.ok("GET", "/me"))["id"] == str(alice.id)
    await here.page.get_by_role("button", name="Revoke Month end").click()
    await here.page.get_by_role("button", name="Revoke token").click()

    for page in (here.page, there.page):
        await expect(row_of(page, "Month end")).to_have_count(0)
        await expect(page.get_by_text("No API tokens")).to_be_visible()
    assert await program.refused("GET", "/me") == (401, "token_revoked")
    await alice.ok("POST", "/me/api-tokens", {**body("read"), "name": "Made elsewhere"})
    await expect(row_of(there.page, "Made elsewhere")).to_be_visible()


async def test_the_form_and_the_list_break_no_rule_and_fit_at_200_percent(
    open_page: Open, alice: Person, project: str
) -> None:
    await program_of(alice, "read", "vault:list", project_ids=[project], networks=["203.0.113.0/24", "2001:db8::/32"])
    # A window of 1280 pixels shows 640 at 200 %.
    visitor = await open_page(alice, viewport={"width": 640, "height": 450})
    page = visitor.page
    await expect(row_of(page, "Month end")).to_contain_text("only March")

    faults = {"list": await faults_of(page)}
    await page.get_by_role("button", name="New API token").click()
    await page.get_by_label("vault:list").check()
    await page.get_by_label("Only in certain projects").check()
    await page.get_by_role("checkbox", name="March", exact=True).check()
    await page.get_by_label("Only certain vaults").check()
    faults["form"] = await faults_of(page)
    wide = await page.evaluate(
        "document.querySelector('[role=dialog]').scrollWidth <= document.documentElement.clientWidth"
    )
    await page.get_by_label("Only certain vaults").uncheck()
    await page.get_by_label("Name").fill("Nightly")
    await page.get_by_role("button", name="Make token").click()
    await expect(page.get_by_label("API token", exact=True)).to_be_visible()
    faults["shown"] = await faults_of(page)
    await page.get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="Revoke Nightly").click()
    faults["question"] = await faults_of(page)

    assert {where: found for where, found in faults.items() if found} == {}
    assert wide
