"""axe-core finds nothing on any page, light or dark, by the rules of WCAG 2.2 A and AA."""

import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.conftest import pages_of

WEB = Path(__file__).parents[2] / "web"
AXE = WEB / "node_modules/axe-core/axe.min.js"
THEME = WEB / "public/theme.js"  # sets the theme of the system when a page is loaded, and so again later
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Until then, colors are on their way from one theme to the other.
STILL = "Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished))"
FOUND = """
async (tags) => {
  const { violations } = await axe.run(document, {
    runOnly: { type: "tag", values: tags },
    resultTypes: ["violations"],  // of what passes, axe would look for a selector too
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}
"""


async def faults_of(page: Page) -> list[str]:
    """What axe finds on a page in the light theme and in the dark one. Loading each page twice took a third of the time."""
    if not await page.evaluate("'axe' in window"):
        # Evaluated rather than added as a script, which the content security policy would refuse.
        await page.evaluate(AXE.read_text())
    faults = []
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme=theme)
        await page.evaluate(THEME.read_text())
        await page.evaluate(STILL)
        assert await page.locator("html").get_attribute("data-mantine-color-scheme") == theme
        faults += [f"{theme}: {fault}" for fault in await page.evaluate(FOUND, TAGS)]
    return faults


async def follow(page: Page, address: str) -> None:
    """Goes to another page as a link does, without loading the dashboard and axe again. Review adds the only pair."""
    await page.evaluate("address => history.pushState({}, '', address)", address)
    await expect(page).to_have_url(re.compile(re.escape(address) + r"(\?left=.*)?$"))


async def test_no_page_breaks_a_rule_of_accessibility(visit, demo, manager):
    visitor = await visit()
    sources = (await manager.send("GET", f"/projects/{demo['project']}/sources"))["items"]
    vault = await manager.send("POST", f"/projects/{demo['project']}/vaults", {"name": "Read aloud"})
    entry = await manager.send(
        "POST", f"/vaults/{vault['id']}/entries", {"name": "Bank SFTP", "secret": "four words of mine"}
    )
    project, job = f"/projects/{demo['project']}", f"/projects/{demo['project']}/jobs/{demo['job']}"
    match = (await manager.send("GET", f"/jobs/{demo['job']}/matches?status=suggested&limit=1"))["items"][0]
    page = visitor.page
    await page.goto(visitor.url)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    faults = {"sign in": await faults_of(page)}
    await visitor.sign_in()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()

    for path, words in {
        **pages_of(project, sources[0]["id"]),
        f"{job}?status=suggested&m={match['id']}": "Compared",
        f"{job}?view=left": "open records",
        f"{project}/vaults/{vault['id']}?e={entry['id']}": "Reveal",
        f"{project}/vaults/{vault['id']}?tab=members": "Until",
    }.items():
        await follow(page, path)
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        await expect(page.get_by_text(words).first).to_be_visible()
        faults[path] = await faults_of(page)
    for button, dialog in {
        "New project": "/",
        "New vault": f"{project}/vaults",
        "New entry": f"{project}/vaults/{vault['id']}",
    }.items():
        await page.goto(visitor.url + dialog)
        await page.get_by_role("button", name=button).first.click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        faults[button] = await faults_of(page)

    # Two dialogs: why a confirmation is withdrawn, and in which order the dates of a file are written.
    confirmed = (await manager.send("GET", f"/jobs/{demo['job']}/matches?status=confirmed&limit=1"))["items"][0]
    await page.goto(f"{visitor.url}{job}?status=confirmed&m={confirmed['id']}")
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_label("Why")).to_be_focused()
    faults["take back"] = await faults_of(page)
    asked = await manager.send("POST", "/projects", {"name": "Asked"})
    await page.goto(f"{visitor.url}/projects/{asked['id']}/sources")
    rows = "id,booked,amount\n" + "".join(f"R-{n},0{n % 9 + 1}/0{n % 7 + 1}/2026,{n}.50\n" for n in range(40))
    await page.get_by_label("Files to upload").set_input_files(
        {"name": "asked.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    await page.get_by_role("link", name="asked", exact=True).click()
    await page.get_by_role("link", name="Mapping", exact=True).click()
    await expect(page.get_by_text("in which order")).to_be_visible()
    faults["questions"] = await faults_of(page)

    assert {where: found for where, found in faults.items() if found} == {}
