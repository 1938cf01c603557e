"""axe-core finds nothing on any page, light or dark, by the rules of WCAG 2.2 A and AA."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import pages_of

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FOUND = """
async (tags) => {
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
}
"""


async def _faults(page):
    # Evaluated rather than added as a script, which the content security policy would refuse.
    await page.evaluate(AXE.read_text())
    return await page.evaluate(FOUND, TAGS)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_page_breaks_a_rule_of_accessibility(visit, demo, manager, theme):
    visitor = await visit(theme)
    sources = (await manager.send("GET", f"/projects/{demo['project']}/sources"))["items"]
    vault = await manager.send("POST", f"/projects/{demo['project']}/vaults", {"name": f"Read aloud, {theme}"})
    entry = await manager.send(
        "POST", f"/vaults/{vault['id']}/entries", {"name": "Bank SFTP", "secret": "four words of mine"}
    )
    project, job = f"/projects/{demo['project']}", f"/projects/{demo['project']}/jobs/{demo['job']}"
    match = (await manager.send("GET", f"/jobs/{demo['job']}/matches?status=suggested&limit=1"))["items"][0]
    page = visitor.page
    await page.goto(visitor.url)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    faults = {"sign in": await _faults(page)}
    await visitor.sign_in()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()

    for path, words in {
        **pages_of(project, sources[0]["id"]),
        f"{job}?status=suggested&m={match['id']}": "Compared",
        f"{job}?view=left": "open records",
        f"{project}/vaults/{vault['id']}?e={entry['id']}": "Reveal",
        f"{project}/vaults/{vault['id']}?tab=members": "Mia Manager",
    }.items():
        await page.goto(visitor.url + path)
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        await expect(page.get_by_text(words).first).to_be_visible()
        faults[path] = await _faults(page)
    for button, dialog in {
        "New project": "/",
        "New vault": f"{project}/vaults",
        "New entry": f"{project}/vaults/{vault['id']}",
    }.items():
        await page.goto(visitor.url + dialog)
        await page.get_by_role("button", name=button).first.click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        faults[button] = await _faults(page)

    # Two dialogs: why a confirmation is withdrawn, and in which order the dates of a file are written.
    confirmed = (await manager.send("GET", f"/jobs/{demo['job']}/matches?status=confirmed&limit=1"))["items"][0]
    await page.goto(f"{visitor.url}{job}?status=confirmed&m={confirmed['id']}")
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_label("Why")).to_be_focused()
    faults["take back"] = await _faults(page)
    asked = await manager.send("POST", "/projects", {"name": f"Asked, {theme}"})
    await page.goto(f"{visitor.url}/projects/{asked['id']}/sources")
    rows = "id,booked,amount\n" + "".join(f"R-{n},0{n % 9 + 1}/0{n % 7 + 1}/2026,{n}.50\n" for n in range(40))
    await page.get_by_label("Files to upload").set_input_files(
        {"name": "asked.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    await page.get_by_role("link", name="asked", exact=True).click()
    await page.get_by_role("link", name="Mapping", exact=True).click()
    await expect(page.get_by_text("in which order")).to_be_visible()
    faults["questions"] = await _faults(page)

    assert {where: found for where, found in faults.items() if found} == {}
