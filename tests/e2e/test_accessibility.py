"""
Every page, light and dark: axe-core finds nothing by the rules of WCAG 2.2 A and AA, the console has no complaints, and the
content security policy refuses nothing.
"""

import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.conftest import pages_of

WEB = Path(__file__).parents[2] / "web"
AXE = WEB / "node_modules/axe-core/axe.min.js"
THEME = WEB / "public/theme.js"  # sets the theme of the system when a page is loaded, and so again later
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLORS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # those of the rules that look at colors
# Until then, colors may be on their way from one state to another.
STILL = "Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished))"
SHOWN = "document.documentElement.dataset.mantineColorScheme"
FOUND = """
async (rules) => {
  const { violations } = await axe.run(document, {
    runOnly: rules,
    resultTypes: ["violations"],  // of what passes, axe would look for a selector too
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}
"""


async def faults_of(page: Page) -> list[str]:
    """
    What axe finds on a page, in the theme that it has and in the other one, which then stays.

    The themes differ in nothing but colors, so the second time axe needs only the rules that look at those. All rules are
    tried in both themes, since the next state of the page begins with the other one.
    """
    if not await page.evaluate("'axe' in window"):
        # Evaluated rather than added as a script, which the content security policy would refuse.
        await page.evaluate(AXE.read_text())
    # Hundreds of rows that fade from one color to another took longer to draw than axe needs for them.
    await page.emulate_media(reduced_motion="reduce")
    await page.evaluate(STILL)
    first = await page.evaluate(SHOWN)
    faults = [f"{first}: {fault}" for fault in await page.evaluate(FOUND, RULES)]
    second = "light" if first == "dark" else "dark"
    await page.emulate_media(color_scheme=second)
    await page.evaluate(THEME.read_text())
    await page.evaluate(STILL)  # the reference at /docs fades all the same
    assert await page.evaluate(SHOWN) == second
    return faults + [f"{second}: {fault}" for fault in await page.evaluate(FOUND, COLORS)]


async def follow(page: Page, address: str) -> None:
    """Goes to another page as a link does, without loading the dashboard and axe again. Review adds the only pair."""
    await page.evaluate("address => history.pushState({}, '', address)", address)
    await expect(page).to_have_url(re.compile(re.escape(address) + r"(\?left=.*)?$"))


async def test_no_page_breaks_a_rule_of_accessibility_violates_the_policy_or_complains(visitor, demo, manager):
    sources = (await manager.send("GET", f"/projects/{demo['project']}/sources"))["items"]
    vault, empty = [
        await manager.send("POST", f"/projects/{demo['project']}/vaults", {"name": name})
        for name in ("Read aloud", "Empty")
    ]
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
        job: "Where the records went",
        f"{job}?status=suggested&m={match['id']}": "Compared",
        f"{job}?view=left": "open records",
        f"{project}/vaults/{vault['id']}?e={entry['id']}": "Reveal",
        f"{project}/vaults/{vault['id']}?tab=members": "Until",
        f"{project}/vaults/{empty['id']}": "No entries yet",
    }.items():
        await follow(page, path)
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        found = page.get_by_label(words) if words.startswith("Where") else page.get_by_text(words)
        await expect(found.first).to_be_visible()
        faults[path] = await faults_of(page)
    for button, dialog in {
        "New project": "/",
        "New vault": f"{project}/vaults",
        "New entry": f"{project}/vaults/{vault['id']}",
    }.items():
        await follow(page, dialog)
        await page.get_by_role("button", name=button).first.click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        faults[button] = await faults_of(page)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)

    # A question: in which order the dates of a file are written. test_room.py asks another, why a confirmation is withdrawn.
    asked = await manager.send("POST", "/projects", {"name": "Asked"})
    await follow(page, f"/projects/{asked['id']}/sources")
    rows = "id,booked,amount\n" + "".join(f"R-{n},0{n % 9 + 1}/0{n % 7 + 1}/2026,{n}.50\n" for n in range(40))
    await page.get_by_label("Files to upload").set_input_files(
        {"name": "asked.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    await page.get_by_role("link", name="asked", exact=True).click()
    await page.get_by_role("link", name="Mapping", exact=True).click()
    await expect(page.get_by_text("in which order")).to_be_visible()
    faults["questions"] = await faults_of(page)

    assert {where: found for where, found in faults.items() if found} == {}
