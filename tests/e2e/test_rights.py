"""
Signing out and losing rights: what may no longer be seen disappears from every page at once and leaves nothing behind.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ADMIN

SECRET = "correct horse battery staple"
PASSWORD = "the colleague's own sentence"
AT_ONCE_MS = 4_000  # the server ends a subscription within a second


@pytest.fixture
async def vault(manager, demo):
    vault = await manager.send("POST", f"/projects/{demo['project']}/vaults", {"name": "Held close"})
    entry = await manager.send("POST", f"/vaults/{vault['id']}/entries", {"name": "Bank SFTP", "secret": SECRET})
    return {"path": f"/projects/{demo['project']}/vaults/{vault['id']}", "entry": entry["id"], **vault}


@pytest.fixture
async def colleague(rest, manager, demo):
    """An analyst in the demo's project, created once and given the role again for each test."""
    admin = await rest(ADMIN)
    found = [one for one in (await admin.send("GET", "/users?limit=100"))["items"] if one["email"].startswith("cora@")]
    body = {"email": "cora@tallyroom.example", "display_name": "Cora Colleague", "role": "user", "password": PASSWORD}
    user = found[0] if found else await admin.send("POST", "/users", body)
    await manager.send("PUT", f"/projects/{demo['project']}/members/{user['id']}", {"role": "analyst"})
    return user


async def _reveal(page):
    aside = page.get_by_role("complementary", name="Entry")
    await aside.get_by_role("button", name="Reveal").click()
    await expect(aside).to_contain_text(SECRET)


@pytest.mark.parametrize("leaver", [0, 1])
async def test_signing_out_empties_every_tab_and_is_not_reported_as_an_ended_session(visitor, vault, leaver):
    page = await visitor.enter(f"{vault['path']}?e={vault['entry']}")
    other = await visitor.context.new_page()
    await other.goto(page.url)
    await expect(other.get_by_text("Live", exact=True)).to_be_visible()
    for tab in (page, other):
        await tab.bring_to_front()
        await _reveal(tab)
        # Records every message about the end of the session, even one shown for a moment.
        await tab.evaluate(
            """new MutationObserver(() => {
              if (document.body.innerText.includes("session has ended")) window.wasTold = true;
            }).observe(document.body, { childList: true, subtree: true, characterData: true })"""
        )

    signed_out = asyncio.Event()

    async def answer_late(route):
        # The worst order: the sockets learn that the session is revoked before the request is answered.
        response = await route.fetch()
        await signed_out.wait()
        await route.fulfill(response=response)

    await visitor.context.route("**/auth/logout", answer_late)
    await (page, other)[leaver].get_by_role("button", name="Sign out").click()

    for tab in (page, other):
        await expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    signed_out.set()
    for tab in (page, other):
        await expect(tab.locator(".shell")).to_have_count(0)
        content = await tab.content()
        assert SECRET not in content
        assert "Bank SFTP" not in content
        assert await tab.evaluate("window.wasTold") is None


@pytest.mark.long
async def test_when_another_ends_the_session_typed_text_stays_and_secrets_go(visit, vault, manager):
    here, there = await visit(), await visit()
    await here.enter("/me")
    page = await there.enter(f"{vault['path']}?e={vault['entry']}")
    await _reveal(page)
    await page.get_by_role("button", name="New entry").click()
    await page.get_by_label("Name", exact=True).fill("Half typed")

    await here.page.reload()
    ends = here.page.get_by_role("row").filter(has=here.page.get_by_role("button", name="End session"))
    await ends.first.get_by_role("button", name="End session").click()

    await expect(page.get_by_text("Your session has ended")).to_be_visible()
    assert SECRET not in await page.content()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await there.sign_in()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Half typed")


async def test_a_grant_that_runs_out_leaves_the_list_of_vaults(visit, vault, manager, colleague, demo):
    member = f"/vaults/{vault['id']}/members/{colleague['id']}"
    await manager.send("PUT", member, {"role": "reader"})
    visitor = await visit()
    await visitor.enter(f"/projects/{demo['project']}/vaults", colleague["email"], PASSWORD)
    row = visitor.page.get_by_role("link", name="Held close", exact=True).first
    await expect(row).to_be_visible()
    rows = await visitor.page.get_by_role("link", name="Held close", exact=True).count()

    ends = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    await manager.send("PUT", member, {"role": "reader", "expires_at": ends})

    await expect(visitor.page.get_by_role("link", name="Held close", exact=True)).to_have_count(
        rows - 1, timeout=AT_ONCE_MS + 1_000
    )


async def test_removal_from_a_vault_hides_the_secret_and_the_list_at_once(visit, vault, manager, colleague):
    await manager.send("PUT", f"/vaults/{vault['id']}/members/{colleague['id']}", {"role": "reader"})
    visitor = await visit()
    page = visitor.page
    await visitor.enter(f"{vault['path']}?e={vault['entry']}", colleague["email"], PASSWORD)
    await _reveal(page)

    await manager.send("DELETE", f"/vaults/{vault['id']}/members/{colleague['id']}")

    await expect(page.get_by_role("main").get_by_role("alert")).to_be_visible(timeout=AT_ONCE_MS)
    content = await page.content()
    assert SECRET not in content
    assert "Bank SFTP" not in content
    assert "Held close" not in content
    await page.get_by_role("link", name="Vaults").click()
    await expect(page.get_by_role("heading", name="Vaults", exact=True)).to_be_visible()
    await expect(page.get_by_text("Held close")).to_be_hidden()


async def test_losing_the_right_to_reveal_hides_the_secret_at_once(visit, vault, manager, colleague):
    await manager.send("PUT", f"/vaults/{vault['id']}/members/{colleague['id']}", {"role": "reader"})
    visitor = await visit()
    page = visitor.page
    await visitor.enter(f"{vault['path']}?e={vault['entry']}", colleague["email"], PASSWORD)
    await _reveal(page)

    await manager.send("PUT", f"/vaults/{vault['id']}/members/{colleague['id']}", {"role": "viewer"})

    aside = page.get_by_role("complementary", name="Entry")
    await expect(aside.get_by_text("Your role does not allow")).to_be_visible(timeout=AT_ONCE_MS)
    assert SECRET not in await page.content()


@pytest.mark.long
@pytest.mark.parametrize("noun", ["entry", "vault"])
async def test_an_open_form_says_so_when_the_role_no_longer_allows_it(visit, vault, demo, manager, colleague, noun):
    project = f"/projects/{demo['project']}"
    member = f"/vaults/{vault['id']}/members/{colleague['id']}"
    if noun == "entry":
        path, grant, least = vault["path"], "editor", "viewer"
    else:
        path, member, grant, least = (
            f"{project}/vaults",
            f"{project}/members/{colleague['id']}",
            "controller",
            "analyst",
        )
    await manager.send("PUT", member, {"role": grant})
    visitor = await visit()
    page = visitor.page
    await visitor.enter(path, colleague["email"], PASSWORD)
    await page.get_by_role("button", name=f"New {noun}").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name", exact=True).fill("Half typed")

    await manager.send("PUT", member, {"role": least})

    await expect(form.get_by_role("alert")).to_contain_text("Your role was changed", timeout=AT_ONCE_MS)
    await expect(form.get_by_role("button", name="Create")).to_have_count(0)
    await expect(form.get_by_label("Name", exact=True)).to_have_value("Half typed")


async def test_removal_from_a_project_hides_the_job_and_the_opened_match_at_once(visit, demo, manager, colleague):
    visitor = await visit()
    page = visitor.page
    await visitor.enter(
        f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested", colleague["email"], PASSWORD
    )
    await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
    await expect(page.get_by_role("complementary", name="Match")).to_contain_text("score")

    await manager.send("DELETE", f"/projects/{demo['project']}/members/{colleague['id']}")

    await expect(page.get_by_role("main").get_by_role("alert")).to_be_visible(timeout=AT_ONCE_MS)
    for gone in (page.locator("tr[data-id]"), page.get_by_role("complementary"), page.get_by_role("navigation")):
        await expect(gone).to_have_count(0)
    await manager.send("POST", f"/projects/{demo['project']}/members", {"email": colleague["email"], "role": "viewer"})
    await expect(page.get_by_role("complementary", name="Match")).to_contain_text("score")


async def test_a_changed_role_shows_and_hides_the_decisions_at_once(visit, demo, manager, colleague):
    visitor = await visit()
    page = visitor.page
    await visitor.enter(
        f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested", colleague["email"], PASSWORD
    )
    await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
    decisions = [page.get_by_role("button", name=name, exact=True) for name in ("Confirm", "Reject")]
    for button in decisions:
        await expect(button).to_be_visible()
    path = f"/projects/{demo['project']}/members/{colleague['id']}"

    await manager.send("PUT", path, {"role": "viewer"})
    for button in decisions:
        await expect(button).to_be_hidden(timeout=AT_ONCE_MS)
    await manager.send("PUT", path, {"role": "controller"})

    for button in decisions:
        await expect(button).to_be_visible(timeout=AT_ONCE_MS)


@pytest.mark.long
async def test_an_administrator_outside_a_project_sees_its_name_counts_and_members_and_may_add_one(
    visit, manager, rest
):
    admin = await rest(ADMIN)
    password = "the other administrator's sentence"
    body = {"email": "ada@tallyroom.example", "display_name": "Ada Admin", "role": "admin", "password": password}
    await admin.send("POST", "/users", body)
    project = await manager.send("POST", "/projects", {"name": "None of hers"})
    visitor = await visit()
    page = visitor.page
    await page.goto(f"{visitor.url}/projects/{project['id']}/jobs")

    await visitor.sign_in(body["email"], password)
    await expect(page.get_by_role("heading", name="None of hers")).to_be_visible()
    await expect(page.get_by_text("To review")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="Mia Manager")).to_be_visible()
    await expect(page.get_by_role("link", name=re.compile("Sources|Vaults|Reconciliations"))).to_have_count(0)
    await page.get_by_label("E-mail address").fill(body["email"])
    await page.get_by_label("Role").select_option("viewer")
    await page.get_by_role("button", name="Add member").click()

    # Now a member: the page is the project's own, without reloading.
    await expect(page.get_by_role("heading", name="Reconciliations", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Sources")).to_be_visible()
    assert visitor.complaints == []
