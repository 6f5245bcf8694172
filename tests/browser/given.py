"""What loyalty's pages show only once somebody has made it: made by the forms themselves."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx

from regulars.kernel import clock
from tests.browser.doors import submit

PERSON = re.compile(r"/customers/[\w-]{22}/(?=\")")
CARDS = re.compile(r"/loyalty/members/[\w-]{22}/cards(?=\")")
CARD = re.compile(r"/loyalty/card/[\w.-]+(?=\")")


def give(client: httpx.Client) -> list[str]:
    """A reward, an activity, a partner, a sale, a replay and a card of a member.

    returns  paths of this member's page and card, which no link of the product leads to from here
    """
    submit(
        client, "/loyalty/rewards/new", name="Tea cup", description="White", points="50",
        currency="points", stock="5",
    )  # fmt: skip
    submit(
        client, "/loyalty/activities/new", name="Which tea", kind="quiz", points="10",
        currency="points", period="all", details="Which is green? | *sencha | assam",
    )  # fmt: skip
    submit(client, "/loyalty/coalition/partners/new", name="Bakery", cost="10", shops="")
    _sell(client)
    today = clock.now().date()
    submit(
        client, "/loyalty/replays", "/loyalty/replays/start",
        since=str(today - timedelta(days=3)), until=str(today),
    )  # fmt: skip
    person = _found(PERSON, client.get("/loyalty/ledger?kind=earn").text)
    cards = _found(CARDS, client.get(person).text)
    issued = submit(client, cards, f"{cards}/new")
    return [person, _found(CARD, issued.text)]


def _found(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    assert found is not None, pattern.pattern
    return found.group()


def _sell(client: httpx.Client) -> None:
    """One receipt of the till in the browser, paid."""
    cart = {"purchase_id": "page-crawl", "sku": "X1", "name": "Tea", "quantity": "2", "price": "50"}
    receipt = submit(client, "/loyalty/till", do="hold", **cart)
    submit(client, receipt.url.path, f"{receipt.url.path}/confirm")
