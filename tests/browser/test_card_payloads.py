"""What the team and its customers write about people does nothing on the pages that show it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browser.conftest import Opens
from tests.browser.doors import TOKEN
from tests.browser.payloads import PAYLOADS
from tests.browser.site import OWNER, Site, sign_in

pytestmark = pytest.mark.browser
CARD = re.compile(r'href="(/customers/[\w-]{22}/)"')
NAME_LENGTH_MAX, TAG_LENGTH_MAX = 200, 60


def post(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send a form of the product, with the mark any of its pages gives."""
    found = TOKEN.search(client.get("/customers/new").text)
    assert found is not None
    values = {"csrfmiddlewaretoken": found.group(1), **fields}
    return client.post(path, data=values, headers={"referer": f"{client.base_url}{path}"})


@pytest.fixture(scope="module")
def shown(site: Site) -> list[str]:
    """Pages of one customer about whom every field says every payload."""
    client = sign_in(site.url, OWNER)
    made = post(client, "/customers/new", first_name=PAYLOADS[0], last_name=PAYLOADS[11],
                name=PAYLOADS[15], email="payload@example.com", city=PAYLOADS[12],
                country=PAYLOADS[29], external_id=PAYLOADS[10][:60])  # fmt: skip
    card = made.url.path
    assert re.fullmatch(r"/customers/[\w-]{22}/", card), made.text[-2000:]
    public_id = card.split("/")[2]
    for number, text in enumerate(PAYLOADS):
        key = f"payload-{number}"
        assert post(client, f"{card}notes", text=text, key=key).status_code == 200
        assert (
            post(client, f"{card}tasks", title=text[:NAME_LENGTH_MAX], key=key).status_code == 200
        )
    for number, text in enumerate(PAYLOADS[:12]):
        post(client, f"{card}companies", name=text[:NAME_LENGTH_MAX])
        post(client, "/customers/many/run", act="tag", id=public_id, tag=text[:TAG_LENGTH_MAX],
             key=f"tag-{number}")  # fmt: skip
        post(client, "/customers/many/run", act="attribute", id=public_id, name=text[:100],
             value=text, key=f"attribute-{number}")  # fmt: skip
        post(client, "/customers/views", name=text[:60], query=f"search={text}", is_shared="on")
    company = re.findall(r"/customers/companies/[\w-]{22}/", client.get(card).text)[0]
    note = re.findall(r"/customers/[\w-]{22}/notes/[\w-]{22}(?=\")", client.get(card).text)[0]
    columns = post(client, "/customers/columns", column="tags")
    assert columns.status_code == 200
    return [
        card, f"{card}?show=team", f"{card}edit", note,
        "/customers/tasks", "/customers/tasks?whose=all",
        "/customers/companies", f"/customers/companies?search={PAYLOADS[0]}", company,
        f"{company}edit", "/customers/?view=all", f"/customers/?search={PAYLOADS[11]}",
        f"/customers/?tag={PAYLOADS[0]}&attribute={PAYLOADS[1]}&city={PAYLOADS[12]}",
        "/customers/many", "/search?q=payload", f"/search?q={PAYLOADS[0]}",
    ]  # fmt: skip


def test_payloads_do_nothing_on_the_card_and_the_list(shown: list[str], opens: Opens) -> None:
    page, watch = opens()
    dialogs: list[str] = []
    asked: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(page.url), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    found: list[str] = []
    seen = ""

    for path in shown:
        answer = page.goto(path, wait_until="load")
        assert answer is not None
        if answer.status != 200:
            found.append(f"{answer.status} {path}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found += watch.look(page)
        seen += str(page.evaluate("document.body.textContent"))

    assert dialogs == []
    assert found == []
    hosts = {urlsplit(url).hostname for url in asked if url.startswith("http")}
    assert hosts == {"127.0.0.1"}
    assert [url for url in asked if url.startswith("javascript")] == []
    missing = [text for text in PAYLOADS[:8] if text not in seen]
    assert missing == [], "the payloads must be shown, else nothing was tried"
