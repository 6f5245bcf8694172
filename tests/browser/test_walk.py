"""The main job in a browser: a file comes in, a segment is found, a letter goes, a click counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.browser.conftest import WAIT_MS, WIDE, sign_in
from tests.browser.site import SHOP, Site
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

MARTA = "marta@tea.example"
TOWN = "Synevyr"
PEOPLE = ("Olena", "Taras", "Iryna", "Bohdan", "Daryna", "Roman", "Sofia", "Marko", "Ivanna", "Lev")
# To the product a browser that calls itself headless is a scanner: its click counts for nothing.
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
OFFER = "https://offer.example/spring"
LETTER = f"""<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{{{ customer.first_name }}}}, the spring teas are here.</mj-text>
<mj-button href="{OFFER}">Look at them</mj-button>
</mj-column></mj-section></mj-body></mjml>"""
# Work of the server that a page waits for: an import, a campaign, a click on its way to the lake.
WORK_MS = 60_000
READING_MS = 2_500


@pytest.fixture
def tab(site: Site, browser: Browser) -> BrowserContext:
    """A marketer's browser; the shop that the letter leads to answers inside it."""
    site.add_person(MARTA, SHOP, role="marketer")
    context = browser.new_context(
        base_url=site.url,
        viewport=WIDE,  # type: ignore[arg-type]
        user_agent=PERSON,
    )
    context.set_default_timeout(WAIT_MS)
    context.route(f"{OFFER}*", lambda route: route.fulfill(body="<h1>Spring teas</h1>"))
    return context


def a_file(folder: Path) -> Path:
    """Ten people of one town who agreed to letters, one who did not, and one spoilt row."""
    rows = ["CustomerID;E-mail;First name;City;Newsletter"]
    rows += [f"W{n};{name.lower()}@walk.example;{name};{TOWN};yes" for n, name in enumerate(PEOPLE)]
    rows += [f"W90;nina@walk.example;Nina;{TOWN};no", "W91;not-an-address;Petro;Lviv;yes"]
    path = folder / "people of the spring fair.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def bring_in(page: Page, file: Path) -> None:
    """Upload, say what the columns mean, look at the check, run."""
    page.get_by_role("link", name="Imports", exact=True).click()
    page.get_by_role("radio", name=re.compile("^Customers")).check()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Send the file").click()
    page.get_by_label("Meaning of Newsletter").select_option(label="Consent to e-mail")
    expect(page.get_by_label("Meaning of City").locator("option:checked")).to_have_text(
        "Customer: city"
    )
    page.get_by_role("button", name="Check the file").click()

    run = page.get_by_role("button", name="Bring in 11 rows")
    expect(run).to_be_visible(timeout=WORK_MS)
    expect(page.locator(".tile").nth(2)).to_contain_text("1")
    run.click()

    expect(page.get_by_role("heading", name="What came in")).to_be_visible(timeout=WORK_MS)
    expect(page.locator(".tile").first).to_contain_text("11")


def find_customer(page: Page) -> None:
    """The people of the file are customers now."""
    page.get_by_role("link", name="Customers", exact=True).click()
    page.locator("main input[type=search]").fill("daryna@walk")
    page.locator("main input[type=search]").press("Enter")
    page.get_by_role("link", name="Daryna").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Daryna")
    expect(page.locator("main")).to_contain_text("daryna@walk.example")


def build_segment(page: Page) -> None:
    """The live count follows the condition; the segment is saved."""
    page.get_by_role("link", name="Segments", exact=True).click()
    page.get_by_role("link", name="New segment").first.click()
    total = page.locator("#audience .audience-total")
    expect(total).not_to_have_text("…", timeout=WORK_MS)
    page.get_by_role("button", name="Who they are").click()
    with page.expect_response("**/segments/draft"):
        page.get_by_label("What to look at").select_option(label="City")
    page.get_by_label("Value", exact=True).fill(TOWN)

    expect(total).to_have_text("11", timeout=WORK_MS)
    page.get_by_label("Name", exact=True).fill("Spring fair")
    page.get_by_role("button", name="Save segment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Spring fair")


def make_campaign(page: Page) -> None:
    """Recipients without a control group, so that everyone's letter can be read."""
    page.get_by_role("link", name="Campaigns", exact=True).click()
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name of the campaign").fill("Spring teas")
    page.get_by_label("Recipients").select_option(label="Spring fair")
    page.get_by_label("Control group, %").fill("0")
    page.get_by_label("Control group, %").blur()
    expect(page.locator("#reach .big")).to_have_text("10", timeout=WORK_MS)
    page.get_by_role("button", name="Save and write the message").click()


def write_letter(page: Page) -> None:
    """Written, looked at as a customer, tried on oneself."""
    page.get_by_label("Subject").fill("Spring, {{ customer.first_name }}")
    page.get_by_label("Message: MJML or HTML").fill(LETTER)
    page.get_by_role("button", name="Save and review").click()
    page.get_by_label("Steps").get_by_role("link", name="Message").click()
    seen = page.frame_locator("#preview iframe")
    expect(seen.get_by_text("the spring teas are here")).to_be_visible()
    page.get_by_label("Show it as this customer sees it").fill("taras@walk.example")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(seen.get_by_text("Hello Taras, the spring teas are here.")).to_be_visible()

    page.get_by_label("Send a test to").fill(MARTA)
    page.get_by_role("button", name="Send the test").click()
    expect(page.locator(".toast.good")).to_be_visible(timeout=WORK_MS)
    page.get_by_label("Steps").get_by_role("link", name="Review").click()


def send(page: Page) -> None:
    """Reviewed and sent; the page becomes the report."""
    expect(page.locator("#reach")).to_contain_text("10")
    page.get_by_role("button", name="Send to 10 customers").click()
    expect(page.get_by_text(re.compile("^(Starting|Sending|Sent)$")).first).to_be_visible()
    funnel = page.get_by_role("heading", name="From message to order")
    for _ in range(WORK_MS // 1000):
        if funnel.count():
            break
        page.wait_for_timeout(1000)
        page.goto(re.sub(r"(/campaigns/[^/]+/).*", r"\1", page.url))
    expect(funnel).to_be_visible()


def read_letter(page: Page, receiver: str) -> FrameLocator:
    """The letter to this receiver in the built-in mail catcher."""
    page.get_by_role("link", name="Outbox", exact=True).click()
    search = page.get_by_placeholder("Receiver or subject")
    letter = page.get_by_role("link", name=re.compile("^Spring, "))
    for _ in range(WORK_MS // 1000):
        search.fill(receiver)
        search.press("Enter")
        page.wait_for_load_state()
        if letter.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    letter.first.click()
    return page.frame_locator("iframe.frame")


def reported(page: Page, step: str, count: str) -> None:
    """Wait until the report shows this count at this step of the funnel."""
    row = page.locator(".funnel-row", has_text=step).first
    for _ in range(WORK_MS // 1000):
        if re.search(rf"\b{count}\b", row.inner_text()):
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"{step} stays at {row.inner_text()!r}, not {count}")


def test_a_marketer_walks_from_a_file_to_a_report(
    site: Site, tab: BrowserContext, tmp_path: Path
) -> None:
    watch, page = Watch(tab), tab.new_page()
    sign_in(page, site, MARTA)

    bring_in(page, a_file(tmp_path))
    find_customer(page)
    build_segment(page)
    make_campaign(page)
    write_letter(page)
    test_letter = page.context.new_page()
    test_letter.goto("/messages/outbox")
    expect(read_letter(test_letter, MARTA).get_by_text("spring teas")).to_be_visible()
    test_letter.close()
    send(page)
    report = page.url

    letter = read_letter(page, "daryna@walk.example")
    expect(letter.get_by_text("Hello Daryna, the spring teas are here.")).to_be_visible()
    # People read before they click; a click within two seconds of the sending is a scanner's.
    page.wait_for_timeout(READING_MS)
    with tab.expect_page() as opened:
        letter.get_by_role("link", name="Look at them").click()
    expect(opened.value.get_by_role("heading", name="Spring teas")).to_be_visible()
    assert opened.value.url.startswith(OFFER)

    page.goto(report)
    reported(page, "Clicked", "1")
    expect(page.locator("main")).to_contain_text("Spring teas")
    assert watch.look(page) == []
