"""The calls of the till protocol, with the patience and the memory a till needs."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

from regulars_till.journal import Journal

TIMEOUT_S = 2.0
# Handing over a queue is not done while a customer waits.
SYNC_TIMEOUT_S = 60.0
TRIES = 2
PREFIX = "/api/v1/pos/"
TOO_LARGE = "body_too_large"


class Offline(Exception):
    """Nobody answered in time, twice: go on without the server."""


class Refused(Exception):
    """The server said no, and says why."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        super().__init__(f"{status} {answer.get('code')}: {answer.get('message')}")
        self.status = status
        self.code = str(answer.get("code", ""))
        self.message = str(answer.get("message", ""))
        self.details = answer.get("details") or {}


class Till:
    """One till: its key, its place, and its memory on disk."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        folder: str,
        shop: str = "",
        till: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._url = urlsplit(url)
        self._key = key
        self._place = {name: value for name, value in (("shop", shop), ("till", till)) if value}
        self._timeout_s = timeout_s
        self.journal = Journal(folder)

    def new_purchase(self) -> str:
        """A new id, on disk before anybody hears of it."""
        purchase_id = str(uuid.uuid4())
        self.journal.begin(purchase_id)
        return purchase_id

    def identify(self, **member: str) -> dict[str, Any]:
        """The member behind a phone, card, token …; raises Refused(member_unknown), Offline"""
        send_code = bool(member.pop("send_code", False))
        return self._ask("identify", {"member": member, "send_code": send_code})

    def calculate(self, purchase_id: str, cart: dict[str, Any]) -> dict[str, Any]:
        """The quote of a cart; nothing is kept of it."""
        return self._ask("calculate", self._cart(purchase_id, cart))

    def hold(self, purchase_id: str, cart: dict[str, Any]) -> dict[str, Any]:
        """Keep points, codes and prices for the cart. raises Refused, Offline"""
        body = self.journal.body("hold", purchase_id, self._cart(purchase_id, cart))
        try:
            told = self._ask("hold", body)
        except Refused:
            # Nothing was kept of it, so the next try may say something else.
            self.journal.forget("hold", purchase_id)
            raise
        self.journal.mark(purchase_id, "held")
        return told

    def confirm(
        self, purchase_id: str, cart: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The sale is done; None when it is queued, because nobody answered.

        A purchase that was held needs no cart; with one the sale can be handed over later even if
        the hold never arrived. raises Refused
        """
        sale = {"purchase_id": purchase_id, "occurred_at": _now(), **self._place}
        body = self.journal.body("confirm", purchase_id, sale)
        if cart is not None:
            body = self.journal.body("sale", purchase_id, {**cart, **sale})
        is_held = self.journal.state(purchase_id) == "held"
        try:
            told = self._ask("confirm", body if not is_held else _bare(body))
        except Offline:
            # Points and codes of a hold are taken when it arrives; without one it only earns.
            self.journal.put(f"sale:{purchase_id}", {"sale": body})
            self.journal.mark(purchase_id, "sold")
            return None
        except Refused:
            # The next try may say something else, unless this one waits to be handed over.
            if self.journal.state(purchase_id) != "sold":
                self.journal.forget("confirm", purchase_id)
                self.journal.forget("sale", purchase_id)
            raise
        self.journal.mark(purchase_id, "sold")
        return told

    def cancel(self, purchase_id: str) -> dict[str, Any] | None:
        """Let a hold go; offline it ends by itself after its time. raises Refused"""
        try:
            told: dict[str, Any] | None = self._ask("cancel", {"purchase_id": purchase_id})
        except Offline:
            told = None
        self.journal.mark(purchase_id, "cancelled")
        return told

    def calculate_return(
        self, purchase_id: str, lines: list[dict[str, str]] | None = None
    ) -> dict[str, Any]:
        """What would go back."""
        body: dict[str, Any] = {"purchase_id": purchase_id}
        return self._ask("returns/calculate", {**body, **({"lines": lines} if lines else {})})

    def take_back(
        self,
        purchase_id: str,
        lines: list[dict[str, str]] | None = None,
        return_id: str | None = None,
    ) -> dict[str, Any] | None:
        """Take goods back; None when it is queued. raises Refused"""
        name = return_id or str(uuid.uuid4())
        asked: dict[str, Any] = {
            "purchase_id": purchase_id, "return_id": name, "occurred_at": _now(), **self._place,
        }  # fmt: skip
        if lines:
            asked["lines"] = lines
        body = self.journal.body("return", name, asked)
        try:
            return self._ask("returns", body)
        except Offline:
            self.journal.put(f"return:{name}", {"return": {**body, "accept_orphan": True}})
            return None
        except Refused:
            self.journal.forget("return", name)
            raise

    def purchase(self, purchase_id: str) -> dict[str, Any]:
        """What became of a purchase: the question to ask after a crash."""
        return self._call("GET", f"purchases/{quote(purchase_id, safe='')}", None)

    def recover(self) -> dict[str, str]:
        """The state of every purchase that was begun and not ended here, as the server knows it."""
        found = {}
        for purchase_id in self.journal.unfinished():
            try:
                state = str(self.purchase(purchase_id)["state"])
            except Refused as error:
                if error.status != 404:
                    raise
                state = "unknown"
            found[purchase_id] = state
            if state in ("confirmed", "partly_returned", "returned"):
                self.journal.mark(purchase_id, "sold")
            elif state in ("cancelled", "expired"):
                self.journal.mark(purchase_id, "cancelled")
        return found

    def sync(self) -> int:
        """Hand over what was queued, oldest first; how many items were settled.

        raises Offline, Refused when the server takes nothing from this till at all
        """
        settled = 0
        while True:
            waiting = self.journal.waiting()
            if not waiting:
                return settled
            try:
                told = self._call(
                    "POST", "sync", {"items": [item for _, item in waiting]}, SYNC_TIMEOUT_S
                )
            except Refused as error:
                if error.code != TOO_LARGE or len(waiting) > 1:
                    raise
                # It would stand before all others for ever: a person looks at it.
                self.journal.settle(
                    waiting[0][0], "refused", {"code": error.code, "message": error.message}
                )
                settled += 1
                continue
            for (number, _), one in zip(waiting, told["items"], strict=True):
                if one["status"] == 200:
                    self.journal.settle(number, "done", one["result"])
                elif one["status"] in (0, 503):
                    return settled
                else:
                    self.journal.settle(number, "refused", one["error"])
                settled += 1

    def _cart(self, purchase_id: str, cart: dict[str, Any]) -> dict[str, Any]:
        return {"occurred_at": _now(), **cart, "purchase_id": purchase_id, **self._place}

    def _ask(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", call, body)

    def _call(
        self,
        method: str,
        call: str,
        body: dict[str, Any] | None,
        timeout_s: float | None = None,
    ) -> dict[str, Any]:
        """The answer; asked twice with the same bytes before it is given up."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        for _ in range(TRIES):
            try:
                status, told = self._send(method, call, data, timeout_s or self._timeout_s)
            except (OSError, HTTPException, ValueError):
                continue
            if status == 200:
                return told
            if status < 500:
                raise Refused(status, told)
        raise Offline(call)

    def _send(self, method: str, call: str, data: bytes | None, timeout_s: float) -> Any:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.netloc, timeout=timeout_s)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request(method, self._url.path.rstrip("/") + PREFIX + call, data, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def _bare(body: dict[str, Any]) -> dict[str, Any]:
    """A confirmation of a hold names no goods: they are the ones that were held."""
    names = ("purchase_id", "occurred_at", "shop", "till", "cashier")
    return {name: body[name] for name in names if name in body}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
