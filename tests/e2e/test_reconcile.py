"""From two files to matches, all through the pages."""

import re

import pytest
from playwright.async_api import expect

LEFT = "invoice;customer;booked;amount\n" + "".join(
    f"INV-{1000 + n};Customer {n};{n % 27 + 1:02}.03.2026;{10 + n},50\n" for n in range(120)
)
RIGHT = "reference,payer,paid,amount,currency\n" + "".join(
    f"INV-{1000 + n},CUSTOMER {n},2026-03-{n % 27 + 2:02},{10 + n}.50,EUR\n" for n in range(110)
)
BROKEN = "id,amount\n1,10.00\n2,20.00,surplus,cells\n3,30.00\n"


def _file(name, text):
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


async def test_two_files_become_a_reconciliation_shown_live_to_its_end(visitor):
    page = await visitor.enter()

    await page.get_by_role("button", name="New project").first.click()
    await page.get_by_label("Name", exact=True).fill("March, by hand")
    await page.get_by_role("button", name="Create project").click()
    await expect(page.get_by_text("No sources yet")).to_be_visible()
    await page.get_by_label("Files to upload").set_input_files([_file("books.csv", LEFT), _file("bank.csv", RIGHT)])
    rows = page.get_by_role("table").get_by_role("row")
    await expect(rows.filter(has_text="bank.csv")).to_contain_text("ready")

    await page.get_by_role("link", name="books", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text="amount")).to_contain_text("decimal ,")
    await expect(page.get_by_text("120", exact=True).first).to_be_visible()
    # The file does not state the currency, so a person does.
    await page.get_by_role("link", name="Answer").click()
    await expect(page.get_by_role("button", name="Save answer")).to_be_disabled()
    await page.get_by_role("group").filter(has_text="which currency").get_by_role("button", name="EUR").click()
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.get_by_role("button", name="Save answer").click()
    await expect(page.locator("h1 + .status")).to_have_text("loading")
    await expect(page.locator("h1 + .status")).to_have_text("ready")

    await page.get_by_role("link", name="Reconciliations").click()
    await page.get_by_label("Left side").select_option("books")
    await page.get_by_label("Right side").select_option("bank")
    await page.get_by_role("button", name="Reconcile").click()

    await page.evaluate("window.isSamePage = true")
    await expect(page.locator("h1 + .status")).to_have_text("completed", timeout=40_000)
    progress = page.get_by_role("region", name="Progress")
    await expect(progress).to_contain_text("Confirmed110")
    await expect(progress).to_contain_text("Open left10")
    proof = page.get_by_role("region", name="Where the records went")
    await expect(proof).to_contain_text("10 left open")
    await expect(proof).not_to_contain_text("Both sides agree")
    await expect(page.get_by_role("link", name="Matches 110")).to_be_visible()
    assert await page.evaluate("window.isSamePage") is True


@pytest.mark.long
async def test_a_mapping_keeps_what_was_chosen_when_the_source_is_renamed_and_saving_it_unchanged_changes_nothing(
    visitor, manager
):
    project = await manager.send("POST", "/projects", {"name": "Two at one source"})
    source = await manager.upload(project["id"], "books", RIGHT)
    before = await manager.send("GET", f"/sources/{source}")
    page = await visitor.enter(f"/projects/{project['id']}/sources/{source}?tab=mapping")
    reference = page.get_by_label("Reference")
    await expect(reference).to_have_value("reference")
    await reference.select_option("payer")

    await manager.send("PATCH", f"/sources/{source}", {"name": "books of May"}, version=before["version"])

    await expect(page.get_by_role("heading", level=1)).to_contain_text("books of May")
    await expect(reference).to_have_value("payer")
    await page.reload()
    await expect(reference).to_have_value("reference")
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.get_by_role("button", name="Save mapping").click()
    await expect(page.locator("h1 + .status")).to_have_text("ready")
    after = await manager.send("GET", f"/sources/{source}")
    assert after["mapping"] == before["mapping"]
    assert after["rows"]["rejected"] == 0


async def test_a_row_that_cannot_be_loaded_is_listed_with_its_line_and_reason(visitor, manager):
    project = await manager.send("POST", "/projects", {"name": "Ragged"})
    page = await visitor.enter(f"/projects/{project['id']}/sources")

    await page.get_by_label("Files to upload").set_input_files(_file("ragged.csv", BROKEN))
    await page.get_by_role("link", name="ragged", exact=True).click()
    await page.get_by_role("link", name="Rejects", exact=True).click()

    await expect(page.get_by_role("row").filter(has_text=re.compile("^23–"))).to_be_visible()


@pytest.mark.long
async def test_matches_are_paged_filtered_and_ordered_by_the_server(visitor, demo, counts):
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}")
    list_of = page.get_by_role("region", name="Matches")
    rows = list_of.locator("tbody tr")
    # It begins with what waits for a decision, as the list of the pair does.
    await expect(list_of.get_by_label("Status")).to_have_value("suggested")
    await expect(list_of.get_by_text(f"{counts['suggested']} matches", exact=True)).to_be_visible()
    await list_of.get_by_label("Status").select_option("all")
    await expect(list_of.get_by_text(f"{counts['suggested']} matches", exact=True)).to_have_count(0)
    await expect(rows).to_have_count(50)
    first = await rows.first.inner_text()

    await list_of.get_by_role("button", name="Next").click()
    await expect(rows.first).not_to_have_text(first, use_inner_text=True)
    await page.go_back()
    await expect(rows.first).to_have_text(first, use_inner_text=True)
    await list_of.get_by_label("Status").select_option("suggested")

    await expect(list_of.get_by_text(f"{counts['suggested']} matches", exact=True)).to_be_visible()
    await expect(rows.filter(has_text="confirmed")).to_have_count(0)
    assert "status=suggested" in page.url


async def test_a_match_confirmed_with_a_key_is_shown_to_others_at_once(visit, demo):
    path = f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested"
    here, there = await visit(), await visit()
    page = await here.enter(path)
    other = await there.enter(path)
    row = page.get_by_role("region", name="Matches").locator("tbody tr").first
    match = await row.get_attribute("data-id")
    await expect(other.locator(f"tr[data-id='{match}']")).to_contain_text("suggested")

    await row.click()
    await expect(page.get_by_role("complementary", name="Match")).to_contain_text("score")
    # Keys work only after their buttons have been on the screen for a moment.
    await expect(page.locator("button[aria-keyshortcuts=c]")).to_be_visible()
    await page.keyboard.press("c")

    await expect(page.get_by_role("complementary", name="Match")).to_contain_text("confirmed")
    # It changes in place on the other person's screen, who has not reloaded the list.
    await expect(other.locator(f"tr[data-id='{match}']")).to_contain_text("confirmed")
    assert here.complaints == there.complaints == []


@pytest.mark.long
async def test_open_records_are_listed_for_each_side(visitor, demo, counts):
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}")

    await page.get_by_role("link", name=re.compile("^Open left")).click()

    records = page.get_by_role("region", name="Open records, left")
    await expect(records.get_by_text(f"{counts['open_left']} open records", exact=True)).to_be_visible()
    await expect(records.get_by_role("columnheader", name="invoice_no")).to_be_visible()
