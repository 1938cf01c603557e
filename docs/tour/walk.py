"""
Walks through docs/tour.md in a browser, on a demo of its own, and takes the pictures of the tour and of the README.

`.venv/bin/python -m docs.tour.walk` does so after `make web`. It ends with an error if the screens no longer do what the
tour says, and tests/e2e/test_tour.py runs it, on a server that runs already.
"""

import argparse
import contextlib
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from core.demo import PASSWORD
from docs.tour.picture import small
from docs.tour.stage import ROOT, browser, demo

MANAGER = "manager@tallyroom.example"
MOST_BYTES = 150_000  # a page of documentation should load quickly
RUN_MS = 120_000  # the demo's first reconciliation


def main() -> None:
    """Walk through the tour and write its pictures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--into", type=Path, default=ROOT / "docs/images", help="where the pictures are written")
    options.add_argument("--rows", type=int, default=40_000, help="rows of the demo")
    options.add_argument("--at", help="the address of a server that runs already; without it, a demo is started")
    options.add_argument("--project", default="Demo: March payments", help="the project with the demo's books")
    chosen = options.parse_args()
    expect.set_options(timeout=20_000)
    own = contextlib.nullcontext(chosen.at) if chosen.at else demo(chosen.rows)
    with own as url, browser(url) as page:
        tour = Tour(page, chosen.project)
        tour.walk()
        tour.write(chosen.into)


class Tour:
    """The steps of docs/tour.md, in its order."""

    def __init__(self, page: Page, project: str) -> None:
        self.page = page
        self.project = project
        self.pictures: dict[str, bytes] = {}

    def walk(self) -> None:
        """Take all steps."""
        self.sign_in()
        self.first_reconciliation()
        self.fee()
        self.part()
        self.typo()
        self.other_customer()
        self.batch()
        self.second_part()
        self.duplicate()
        self.books()

    def sign_in(self) -> None:
        """Enter as the manager."""
        self.page.get_by_label("E-mail address").fill(MANAGER)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_text("Live", exact=True)).to_be_visible()

    def first_reconciliation(self) -> None:
        """Nearly everything has matched by itself."""
        self.page.get_by_role("link", name=self.project).click()
        self.page.get_by_role("row").filter(has_text="completed").wait_for(timeout=RUN_MS)
        self.page.get_by_role("link", name="Ledger ↔ Bank statement").click()
        expect(self.page.get_by_role("region", name="Progress")).to_contain_text("Suggested4")
        self.page.get_by_text("Where the records went").click()
        expect(self.page.get_by_role("img", name=re.compile("Flow of records"))).to_be_visible()
        self.picture("reconciliation")
        self.page.get_by_role("link", name="Review 4").click()
        expect(self.rows).to_have_count(4)

    def fee(self) -> None:
        """A payment less a fee, which the confirmation books."""
        self.open("INV-100002")
        expect(self.panel).to_contain_text("found by number, less a fee")
        self.picture("review")
        self.decide("c", "You confirmed INV-100002")

    def part(self) -> None:
        """Part of a payment. What is left stays open."""
        self.open("INV-100003")
        self.decide("c", "You confirmed INV-100003")

    def typo(self) -> None:
        """Two digits changed places."""
        self.open("INV-100004")
        self.decide("c", "You confirmed INV-100004")

    def other_customer(self) -> None:
        """The right amount, but another company and another invoice: somebody should look, and it is rejected."""
        self.open("INV-100008")
        expect(self.panel).to_contain_text("A close call")
        self.picture("other-customer")
        self.page.get_by_role("link", name="All", exact=True).click()
        self.page.get_by_role("searchbox", name="Find").fill("INV-100001")
        expect(self.rows).to_have_count(2)
        expect(self.rows.filter(has_text="confirmed")).to_contain_text("2026-03-05")
        self.open("INV-100008")
        self.panel.get_by_role("textbox", name="Comment").fill("Turku paid INV-100001 twice. Espoo has not paid.")
        self.panel.get_by_role("button", name="Add comment").click()
        expect(self.panel.get_by_role("list", name="Comments")).to_contain_text("Espoo has not paid")
        self.panel.get_by_label("Who is to look at this").select_option("Uli User")
        expect(self.panel.get_by_role("list", name="History")).to_contain_text("said who is to look at this")
        self.row("INV-100008").focus()
        self.decide("r", "That was the last one here that waits for a decision.")
        expect(self.page.get_by_role("link", name="To review 0")).to_be_visible()

    def batch(self) -> None:
        """Three invoices and one payment."""
        self.page.get_by_role("link", name="Open 4 + 3").click()
        self.choose("INV-100005", "INV-100006", "INV-100007", "Borealis Foods Gent BV, 949.40")
        expect(self.form).to_contain_text("3 left, 1 right")
        expect(self.form).to_contain_text("difference 0.00 EUR")
        self.picture("batch")
        self.form.get_by_role("button", name="Match", exact=True).click()
        self.listed("Open 1 + 2", 2, 2)

    def second_part(self) -> None:
        """The remainder and the payment that completes it."""
        self.choose("the remainder of INV-100003", "Lumen Energy Basel AG, 900.00")
        expect(self.form).to_contain_text("difference 0.00 EUR")
        self.picture("remainder")
        self.form.get_by_role("button", name="Match", exact=True).click()
        self.listed("Open 1 + 1", 1, 1)

    def duplicate(self) -> None:
        """A payment without an invoice, to be paid back."""
        self.choose("Fjord Optics Turku Oy, 640.00")
        self.form.get_by_label("No partner, because of").select_option("Paid twice, to be paid back")
        self.picture("duplicate")
        self.form.get_by_role("button", name="Write off").click()
        self.listed("Open 1 + 0", 1, 0)

    def books(self) -> None:
        """The books agree, and what is open is what is missing."""
        books = self.page.get_by_role("table", name="Books by currency")
        expect(books).to_contain_text("What is matched agrees on both sides, and nothing waits.")
        expect(books).to_contain_text(re.compile(r"left\s*21\.50"))
        expect(self.page.get_by_role("checkbox", name=re.compile("INV-100008, 640.00"))).to_be_visible()
        self.picture("books")

    @property
    def rows(self) -> Locator:
        """The matches of the list."""
        return self.page.get_by_role("region", name="Matches").locator("tbody tr[data-id]")

    @property
    def panel(self) -> Locator:
        """The opened match."""
        return self.page.get_by_role("complementary", name="Match")

    @property
    def form(self) -> Locator:
        """What has been chosen to be matched by hand."""
        return self.page.get_by_role("form", name="What is chosen")

    def row(self, invoice: str) -> Locator:
        """The match of an invoice."""
        return self.rows.filter(has_text=invoice).filter(has_text="suggested").first

    def open(self, invoice: str) -> None:
        """Open a match, unless the last decision has led there."""
        if self.row(invoice).get_attribute("aria-selected") != "true":
            self.row(invoice).click()
        expect(self.panel).to_contain_text(invoice)
        expect(self.panel.get_by_role("table", name="Evidence")).to_contain_text("score")

    def decide(self, key: str, words: str) -> None:
        """Press a key once it works, which is when the match has been on the screen for a moment."""
        expect(self.panel.locator(f"button[aria-keyshortcuts={key}]")).to_be_visible()
        self.page.keyboard.press(key)
        expect(self.page.locator(".undo").get_by_role("status")).to_contain_text(words)

    def choose(self, *names: str) -> None:
        """Choose open items on both sides."""
        for name in names:
            self.page.get_by_role("checkbox", name=re.compile(re.escape(name))).check()

    def listed(self, link: str, left: int, right: int) -> None:
        """Wait until so many items are open. A remainder is an open item, but not an open record."""
        expect(self.page.get_by_role("link", name=link)).to_be_visible()
        for side, items in (("left", left), ("right", right)):
            expect(self.page.get_by_role("region", name=f"Open {side}").get_by_role("checkbox")).to_have_count(items)

    def picture(self, name: str) -> None:
        """Keep what is on the screen, without the mark of the row below the mouse."""
        self.page.mouse.move(0, 0)
        self.pictures[name] = self.page.screenshot(animations="disabled")

    def write(self, into: Path) -> None:
        """Write the pictures."""
        self.page.goto("about:blank")  # the dashboard's own pages refuse to work on pictures
        for name, picture in self.pictures.items():
            found = small(self.page, picture)
            if len(found) > MOST_BYTES:
                raise SystemExit(f"the picture {name} has {len(found):,} bytes, more than {MOST_BYTES:,}")
            (into / f"{name}.png").write_bytes(found)


if __name__ == "__main__":
    main()
