"""Sign-in with Google in a real browser. A stand-in replaces Google's script, and a local issuer provides the keys."""

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import BrowserContext, Route, expect

from tests.auth.issuer import CLIENT_ID
from tests.conftest import PASSWORD
from tests.e2e.conftest import LISTEN, Visitor

pytestmark = pytest.mark.long

# Behaves like Google's script: it draws a button, and answers with a credential for the nonce it was given.
STAND_IN = """
window.google = { accounts: { id: {
  initialize(options) { this.options = options; },
  renderButton(parent, shown) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `Google ${shown.text} ${shown.theme}`;
    button.onclick = async () => {
      const { nonce, client_id, callback } = this.options;
      const answer = await fetch(`https://accounts.google.com/gsi/answer?nonce=${nonce}&client=${client_id}`);
      callback({ credential: await answer.text() });
    };
    parent.replaceChildren(button);
  },
} } };
"""


async def draw_button(context: BrowserContext) -> None:
    """Lets the stand-in answer for Google's script."""

    async def script(route: Route) -> None:
        await route.fulfill(body=STAND_IN, content_type="text/javascript")

    await context.route("https://accounts.google.com/gsi/client", script)


Open = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def open_page(browser, address, issuer) -> AsyncIterator[Open]:
    """Opens the dashboard in a browser where Google signs in a given person."""
    contexts = []

    async def open_one(email: str, sub: str = "somebody-at-google", theme: str = "light") -> Visitor:
        async def answer(route: Route) -> None:
            asked = parse_qs(urlsplit(route.request.url).query)
            assert asked["client"] == [CLIENT_ID]
            token = issuer.token(asked["nonce"][0], sub=sub, email=email)
            await route.fulfill(body=token, headers={"Access-Control-Allow-Origin": "*"})

        context = await browser.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})
        contexts.append(context)
        await context.add_init_script(LISTEN)
        await draw_button(context)
        await context.route("https://accounts.google.com/gsi/answer*", answer)
        visitor = Visitor(context, await context.new_page(), address)
        await visitor.page.goto(address)
        return visitor

    yield open_one
    for context in contexts:
        await context.close()


def button(visitor: Visitor, text: str = "signin_with", theme: str = "outline"):
    return visitor.page.get_by_role("button", name=f"Google {text} {theme}")


async def test_the_first_time_asks_for_the_password_and_later_times_do_not(open_page, alice):
    visitor = await open_page(alice.email)
    page = visitor.page

    await button(visitor).click()
    await expect(page.get_by_text("Enter its password once")).to_be_visible()
    await expect(page.get_by_label("E-mail address")).to_have_value(alice.email)
    await expect(page.get_by_label("Password", exact=True)).to_be_focused()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.goto(f"{visitor.url}/me")
    await expect(page.get_by_text("Your account is linked")).to_be_visible()
    await page.reload()  # the session is an ordinary one
    await page.get_by_role("button", name="Sign out").click()
    await button(visitor).click()

    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert [line for line in visitor.complaints if "409" not in line] == []


async def test_an_account_is_linked_and_unlinked_on_its_page(open_page, alice, db):
    visitor = await open_page(alice.email)
    page = visitor.page
    await visitor.sign_in(alice.email, PASSWORD)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.goto(f"{visitor.url}/me")

    await button(visitor, "continue_with").click()
    await expect(page.get_by_text("Your account is linked")).to_be_visible()
    await db.execute("UPDATE sessions SET authenticated_at = now() - interval '6 minutes'")
    await page.get_by_role("button", name="Unlink").click()
    await expect(page.get_by_text("Enter your password to go on.")).to_be_visible()
    field = page.get_by_label("Password", exact=True)
    await field.fill("not the password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The e-mail address or the password is wrong").first).to_be_visible()
    await field.fill(PASSWORD)
    await page.keyboard.press("Enter")

    await expect(button(visitor, "continue_with")).to_be_visible()
    assert [line for line in visitor.complaints if "40" not in line] == []


async def test_the_button_follows_the_theme_and_a_stranger_is_refused(open_page):
    visitor = await open_page("stranger@example.test", theme="dark")

    await button(visitor, theme="filled_black").click()

    await expect(visitor.page.get_by_text("Ask an administrator to invite you")).to_be_visible()
    await expect(button(visitor, theme="filled_black")).to_be_visible()


async def test_without_google_the_password_works(browser, address, alice):
    context = await browser.new_context()
    await context.route("https://accounts.google.com/**", lambda route: route.abort())
    visitor = Visitor(context, await context.new_page(), address)
    await visitor.page.goto(address)

    await expect(visitor.page.get_by_text("Google cannot be reached from here")).to_be_visible()
    await visitor.sign_in(alice.email, PASSWORD)

    await expect(visitor.page.get_by_text("Live", exact=True)).to_be_visible()
    await context.close()
