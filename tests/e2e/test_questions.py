"""Questions about a file on the page of its source: cards that are answered by keyboard, and what was left out."""

import re

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.long

SIDES = "Datum;Art;Betrag;Text\n" + "".join(
    f"{day:02}/{day % 8 + 1:02}/2026;{'Zug' if day % 3 else 'Kur'};{day},50 €;Zahlung {day}\n" for day in range(1, 12)
)
AMOUNTS = "when,one,two,ref\n" + "".join(f"0{n}/0{n + 1}/2026,{n}.50,{n * 3}.25,r{n}\n" for n in range(1, 8))
STATEMENT = (
    "Date,State,Text,Amount,Currency\n"
    + "".join(
        f"2026-03-{day:02},{'pending' if day % 4 == 0 else 'completed'},Payment {day},{day}.50,EUR\n"
        for day in range(1, 12)
    )
    + ",,Total,72.00,\n"
)


def _file(name, text):
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


async def _tab_to(page, button):
    """Moves the focus with the Tab key alone."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await button.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError("the Tab key does not reach the button")


async def _upload(page, manager, visitor, name, text):
    project = await manager.send("POST", "/projects", {"name": name})
    await visitor.enter(f"/projects/{project['id']}/sources")
    await page.get_by_label("Files to upload").set_input_files(_file(f"{name}.csv", text))
    await page.get_by_role("link", name=name, exact=True).click()
    return project["id"]


async def test_two_questions_are_answered_by_keyboard_alone(visitor, manager):
    page = visitor.page
    project = await _upload(page, manager, visitor, "two", AMOUNTS)
    amount = page.get_by_role("group").filter(has_text="which column is the amount")
    date = page.get_by_role("group").filter(has_text="in which order")
    save = page.get_by_role("button", name="Save answers")
    await expect(date.get_by_role("row").filter(has_text="01/02/2026").first).to_contain_text("1 Feb 2026")
    await expect(amount).to_contain_text("3.25")
    await expect(page.get_by_role("region", name="The first rows of the file").get_by_role("row")).to_have_count(6)
    await expect(save).to_be_disabled()

    for button in (amount.get_by_role("button", name="two"), date.get_by_role("button", name="month, day, year"), save):
        await _tab_to(page, button)
        await page.keyboard.press("Enter")

    await expect(page.locator("h1 + .status")).to_have_text("ready")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    source = (await manager.send("GET", f"/projects/{project}/sources"))["items"][0]
    assert (source["mapping"]["date"]["column"], source["mapping"]["date"]["order"]) == ("when", "mdy")
    records = (await manager.send("GET", f"/sources/{source['id']}/records"))["items"]
    assert [(r["amount"]["amount"], r["date"]) for r in records[:2]] == [("3.25", "2026-01-02"), ("6.25", "2026-02-03")]
    assert all(record["date"] and record["amount"] for record in records)


async def test_the_next_file_asks_nothing_until_the_answers_are_forgotten(visitor, manager):
    page = visitor.page
    project = await _upload(page, manager, visitor, "april", AMOUNTS)
    await page.get_by_role("group").filter(has_text="which column is").get_by_role("button", name="two").click()
    await page.get_by_role("group").filter(has_text="in which order").get_by_role("button", name="day, month").click()
    await page.get_by_role("button", name="Save answers").click()
    await expect(page.locator("h1 + .status")).to_have_text("ready")

    await page.get_by_role("link", name="Sources", exact=True).click()
    await page.get_by_label("Files to upload").set_input_files(_file("may.csv", AMOUNTS.replace("r1", "s1")))
    await page.get_by_role("link", name="may", exact=True).click()

    await expect(page.locator("h1 + .status")).to_have_text("ready")
    await expect(
        page.get_by_text(re.compile(r"The answers of \d{4}-\d\d-\d\d by Mia Manager were used"))
    ).to_be_visible()
    sources = (await manager.send("GET", f"/projects/{project}/sources"))["items"]
    records = (await manager.send("GET", f"/sources/{sources[0]['id']}/records"))["items"]
    assert [(r["amount"]["amount"], r["date"]) for r in records[:2]] == [("3.25", "2026-02-01"), ("6.25", "2026-03-02")]
    await page.get_by_role("button", name="Forget these answers").click()
    await expect(page.locator("h1 + .status")).to_have_text("needs mapping")
    await expect(page.get_by_role("group").filter(has_text="in which order")).to_be_visible()


async def test_an_answer_about_signs_shows_both_readings_of_the_same_rows(visitor, manager):
    page = visitor.page
    await _upload(page, manager, visitor, "signs", SIDES)
    sign = page.get_by_role("group").filter(has_text="which of these is money out")

    await expect(sign.get_by_role("row").filter(has_text="Zug · 1,50 €")).to_have_text(
        [re.compile(r"−1\.50 EUR$"), re.compile(r"[^−]1\.50 EUR$")]
    )
    await expect(sign.get_by_role("button", name="“Kur” is money out")).to_have_attribute("aria-pressed", "false")
    await sign.get_by_role("button", name="“Kur” is money out").click()
    await expect(sign.get_by_role("button", name="“Kur” is money out")).to_have_attribute("aria-pressed", "true")


async def test_what_was_left_out_is_listed_by_reason_and_counted_on_request(visitor, manager):
    page = visitor.page
    await _upload(page, manager, visitor, "left", STATEMENT)
    await expect(page.locator("h1 + .status")).to_have_text("ready")
    await page.get_by_role("link", name="Left out").click()

    await page.get_by_role("button", name="totals 1").click()
    await expect(page.get_by_role("row").filter(has_text="Total · 72.00")).to_contain_text("a total of other rows")
    await page.get_by_role("button", name="not booked 2").click()
    await expect(page.get_by_role("table").get_by_role("row")).to_have_count(3)
    await page.get_by_role("button", name="Count all rows that are not booked").click()

    await expect(page.locator(".figure").filter(has_text="Left out")).to_have_text("Left out1")
    await expect(page.locator(".figure").filter(has_text="Loaded")).to_have_text("Loaded11")
