import asyncio, re
from playwright.async_api import expect
async def test_shots(visit, demo, manager):
    for theme in ("light", "dark"):
        v = await visit(theme); page = v.page
        path = f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested"
        await v.enter(path)
        await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
        await expect(page.get_by_role("button", name="Confirm", exact=True)).to_be_enabled()
        await page.get_by_role("region", name="Matches").scroll_into_view_if_needed()
        await page.screenshot(path=f"/tmp/shot_live_{theme}.png")
        await v.context.set_offline(True)
        await expect(page.get_by_text("Offline since")).to_be_visible(timeout=15000)
        await page.screenshot(path=f"/tmp/shot_offline_{theme}.png")
        if theme == "light":
            await page.set_viewport_size({"width": 390, "height": 780})
            await page.screenshot(path="/tmp/shot_offline_phone.png")
            print("scroll", await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]"))
            await page.set_viewport_size({"width": 1280, "height": 900})
        await v.context.route("**/socket.io/**", lambda r: r.abort())
        await v.context.set_offline(False)
        await expect(page.get_by_text("Updates delayed")).to_be_visible(timeout=15000)
        await asyncio.sleep(1)
        await page.screenshot(path=f"/tmp/shot_delayed_{theme}.png")
