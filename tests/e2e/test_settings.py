"""What owners set for a project: limits, reason codes, its name. Faults stand at their fields, and nothing typed is lost."""

import pytest
from playwright.async_api import expect


@pytest.fixture
async def project(manager):
    return await manager.send("POST", "/projects", {"name": "Limits of April"})


async def test_an_owner_sets_limits_and_reason_codes_and_faults_stand_at_their_fields(visitor, manager, project):
    path = f"/projects/{project['id']}"
    page = await visitor.enter(f"{path}/settings")
    save = page.get_by_role("button", name="Save settings")
    await expect(save).to_be_disabled()

    amount = page.get_by_label("Analysts write off up to: amount")
    await amount.fill("5,00")
    await page.get_by_label("Analysts write off up to: currency").fill("eur")
    await page.get_by_role("button", name="Add a reason").click()
    await expect(page.get_by_label("Code of reason 8")).to_be_focused()
    await page.keyboard.type("Bank Fee")
    await page.get_by_label("Label of reason 8").fill("Fee of the bank")
    await save.click()

    await expect(amount).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Code of reason 8")).to_have_attribute("aria-invalid", "true")
    assert all("422" in line for line in visitor.complaints)  # browsers print the refusal itself
    visitor.complaints.clear()
    await amount.fill("5.00")
    await page.get_by_label("Code of reason 8").fill("bank_fee")
    await page.get_by_label("Account of reason 8").fill("6855")
    await page.get_by_role("button", name="Remove reason 7").click()
    await save.click()
    await expect(page.get_by_text("Saved.", exact=True)).to_be_visible()

    found = await manager.send("GET", path)
    assert found["write_off_limit"] == {"amount": "5.00", "currency": "EUR"}
    assert [reason["code"] for reason in found["reason_codes"]][-2:] == ["bad_debt", "bank_fee"]
    assert found["reason_codes"][-1]["account"] == "6855"

    await amount.fill("")
    await save.click()
    await expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert (await manager.send("GET", path))["write_off_limit"] is None


async def test_what_another_owner_saved_meanwhile_is_not_overwritten(visitor, manager, project):
    path = f"/projects/{project['id']}"
    page = await visitor.enter(f"{path}/settings")
    await page.get_by_label("Two people sign above: amount").fill("10000")
    await page.get_by_label("Two people sign above: currency").fill("EUR")
    await manager.send("PATCH", path, {"name": "Limits of May"}, version=project["version"])
    await expect(page.get_by_role("navigation", name="Project")).to_contain_text("Limits of May")

    await page.get_by_role("button", name="Save settings").click()
    await expect(page.get_by_role("main").get_by_role("alert")).to_be_visible()
    assert all("409" in line for line in visitor.complaints)
    visitor.complaints.clear()
    await expect(page.get_by_label("Two people sign above: amount")).to_have_value("10000")
    await page.get_by_role("button", name="Drop what I typed").click()

    await expect(page.get_by_label("Name", exact=True)).to_have_value("Limits of May")
    await expect(page.get_by_label("Two people sign above: amount")).to_have_value("")
    assert (await manager.send("GET", path))["four_eyes_over"] is None


async def test_who_is_no_owner_reads_the_settings(visit, manager, project):
    analyst = "user@tallyroom.example"
    await manager.send("POST", f"/projects/{project['id']}/members", {"email": analyst, "role": "analyst"})
    page = await (await visit()).enter(f"/projects/{project['id']}/settings", analyst)

    await expect(page.get_by_text("Only an owner of the project changes these.")).to_be_visible()
    await expect(page.get_by_label("Name", exact=True)).to_be_disabled()
    await expect(page.get_by_role("button", name="Save settings")).to_have_count(0)
