"""What tests of the account share: a shop with the account open, and a browser of a customer."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import Any

from django.http import HttpResponse
from django.test import Client

from regulars.portal import actions
from regulars.portal.pages.door import SESSION_COOKIE
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import Town, town

CODE = re.compile(r"\b(\d{6})\b")
OWN = "http://testserver"


def open_account(workspace: WorkspaceRecord, *origins: str) -> None:
    """Open the account of the shop's customers."""
    with scope(workspace.id):
        actions.save_settings(workspace.id, is_open=True, origins=origins)


def open_town() -> Town:
    """A town whose two shops have the account open."""
    made = town()
    open_account(made.bakery)
    open_account(made.other)
    return made


class Browser:
    """A customer's browser at one shop."""

    def __init__(self, workspace: WorkspaceRecord, **headers: Any) -> None:
        self.workspace = workspace
        self.client = Client(enforce_csrf_checks=True, **headers)

    def address(self, page: str) -> str:
        return f"/my/{self.workspace.slug}/{page}"

    def get(self, page: str = "", **headers: Any) -> Any:
        return self.client.get(self.address(page), **headers)

    def post(self, page: str, origin: str = OWN, **form: Any) -> Any:
        return self.client.post(self.address(page), form, headers={"Origin": origin})

    def text(self, page: str = "") -> str:
        answer = self.get(page)
        assert answer.status_code == 200, (answer.status_code, answer.headers.get("Location"))
        return str(answer.content.decode())

    def ask(self, address: str) -> str:
        """Ask for a code; gives the name of the challenge."""
        answer = self.post("sign-in", address=address)
        assert answer.status_code == 303, answer.content.decode()
        return str(answer["Location"].partition("asked=")[2])

    def enter(self, challenge: str, code: str) -> Any:
        return self.post("code", asked=challenge, code=code)

    def come_in(self, customer_id: int) -> Browser:
        """Signed in as this customer, without the letter."""
        with scope(self.workspace.id):
            token = actions.open_session(self.workspace.id, customer_id, device="Firefox, Linux")
        self.client.cookies[SESSION_COOKIE] = token
        return self


def code_in(raw: bytes) -> str:
    """The code a letter brings."""
    letter: Any = message_from_bytes(raw, policy=policy.default)
    found = CODE.search(letter.get_body(("html",)).get_content())
    assert found is not None
    return found.group(1)


def leads_to(answer: HttpResponse, browser: Browser, page: str) -> bool:
    """Whether the answer leads to this page of the shop's account."""
    return answer.status_code == 303 and answer["Location"] == browser.address(page)
