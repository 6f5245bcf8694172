"""What strangers write into every door of the intake does nothing on any page that shows it."""

from __future__ import annotations

from html import escape
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Opens
from tests.browser.doors import make_site, submit
from tests.browser.payloads import PAYLOADS
from tests.browser.site import OWNER, Site, sign_in

pytestmark = pytest.mark.browser
ORIGIN = {"origin": "http://127.0.0.1"}
BATCH = 10


def messages(text: str, number: int) -> list[dict[str, Any]]:
    """One payload in every field a message has."""
    context = {
        "userAgent": text,
        "locale": text,
        "page": {"url": f"http://127.0.0.1/{text}", "path": text, "title": text,
                 "referrer": f"http://other.example/{text}", "search": text},
        "campaign": {"name": text, "source": text, "medium": text, "term": text, "content": text},
        "touch": {"first": {"source": text, "landing": text}, "last": {"referrer": text}},
    }  # fmt: skip
    who = {"userId": "xss", "anonymousId": f"xss-{number}", "context": context}
    props = {text: text, "sku": text, "name": text, "price": 1, "url": text, "image_url": text,
             "nested": {text: [text]}, "email": text}  # fmt: skip
    traits = {"name": text, "firstName": text, "city": text, "company": {"name": text}, text: text,
              "email": text, "phone": text}  # fmt: skip
    return [
        {"type": "track", "event": text[:200], "properties": props, **who},
        {"type": "track", "event": "Product Added", "properties": props, **who},
        {"type": "page", "name": text, "category": text, "properties": props, **who},
        {"type": "identify", "traits": traits, **who},
        {"type": "group", "groupId": text, "traits": {"name": text}, **who},
        # What cannot be taken is shown as received.
        {"type": text, "event": text, **who},
        {"type": "track", "event": text, "timestamp": text, **who},
    ]


@pytest.fixture(scope="module")
def shown(site: Site) -> list[str]:
    """Pages that show what was sent into every door."""
    client = sign_in(site.url, OWNER)
    site_page, key = make_site(client, consent_mode="on", name=PAYLOADS[0])
    form_page = submit(
        client, "/data/forms/new", name=PAYLOADS[11], kind="order", language="en",
        button=PAYLOADS[10][:60], thanks=PAYLOADS[12], consent_text=PAYLOADS[15],
        product_sku=PAYLOADS[30], label_0=PAYLOADS[0], type_0="email", label_1=PAYLOADS[5],
        type_1="long", label_2="Choice", type_2="choice", options_2=PAYLOADS[19],
        label_3="Name", type_3="name",
    )  # fmt: skip
    assert "/data/forms/" in form_page.url.path and form_page.status_code == 200
    form = "/f/" + form_page.url.path.rstrip("/").rpartition("/")[2]
    for begin in range(0, len(PAYLOADS), BATCH):
        batch = [
            message
            for number, text in enumerate(PAYLOADS[begin : begin + BATCH], begin)
            for message in messages(text, number)
        ]
        body = {"writeKey": key, "batch": batch}
        httpx.post(f"{site.url}/v1/batch", json=body, headers=ORIGIN).raise_for_status()
    for number, text in enumerate(PAYLOADS):
        answers = {"email": f"x{number}@example.com", "name": text, "answer_2": text,
                   "_page": text, "utm_source": text, "_token": f"{number}"}  # fmt: skip
        answer = httpx.post(f"{site.url}{form}", data=answers)
        if answer.status_code == 429:
            break
    refused = {"_page": "x", "email": PAYLOADS[1], "name": PAYLOADS[11]}
    again = httpx.post(f"{site.url}{form}", data=refused)
    assert again.status_code in (422, 429)
    httpx.post(
        f"{site.url}/v1/track", json={"writeKey": key, "event": "x", "userId": "x"},
        headers={"origin": "http://evil.example/<img src=x onerror=alert(1)>"},
    )  # fmt: skip
    site.server.wait_until_drained()
    card = client.get("/customers/?q=xss").text
    cards = sorted({part.split('"')[0] for part in card.split('href="/customers/')[1:]})
    paths = [f"/customers/{name}" for name in cards if len(name.rstrip("/")) == 22]
    assert paths, "the customers whom the doors made are on the list"
    return [
        "/data/events/", "/data/failed/", "/data/sources/", site_page, f"{site_page}edit",
        f"{site_page}check", form_page.url.path, f"{form_page.url.path}edit", form,
        f"{form}?utm_source=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/orders/leads",
        "/customers/?sort=-seen", "/orders/products", *paths[:5],
    ]  # fmt: skip


def test_payloads_do_nothing_on_any_page(shown: list[str], opens: Opens) -> None:
    page, watch = opens()
    dialogs: list[str] = []
    asked: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(page.url), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    seen = ""
    found: list[str] = []

    for path in shown:
        answer = page.goto(path, wait_until="load")
        assert answer is not None
        if answer.status == 404:
            found.append(f"no page {path}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found += watch.look(page)
        seen += page.content()

    assert dialogs == []
    assert found == []
    assert [url for url in asked if "evil.example" in url or url.startswith("javascript")] == []
    assert page.evaluate("window.pwned") is None
    missing = [text for text in PAYLOADS[:8] if escape(text, quote=False) not in seen]
    assert missing == [], "the payloads must be shown, else nothing was tried"


def test_there_are_forty_payloads() -> None:
    assert len(set(PAYLOADS)) >= 40
