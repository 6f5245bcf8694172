"""The reference client against a server that answers, is silent, and comes back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from regulars_till import Offline, Refused, Till

CART: dict[str, Any] = {
    "lines": [{"line_id": "1", "sku": "TEA", "qty": "2", "price": 10_000, "name": "Tea"}]
}


class Peer:
    """A server that says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                peer.asked.append((self.path.rsplit("/pos/", 1)[1], body))
                status, told = peer.answers.pop(0) if peer.answers else (503, {})
                data = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST  # noqa: N815 - the server's own name

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.stop()


def till(peer: Peer, folder: Path) -> Till:
    return Till(peer.url, "rg_pos_x", folder=str(folder), shop="centre", till="1")


def test_an_id_is_on_disk_before_anybody_hears_of_it(peer: Peer, tmp_path: Path) -> None:
    name = till(peer, tmp_path).new_purchase()

    assert till(peer, tmp_path).journal.unfinished() == [name]
    assert peer.asked == []


def test_it_asks_once_more_with_the_same_bytes(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [(503, {}), (200, {"state": "held"})]
    one = till(peer, tmp_path)
    name = one.new_purchase()

    assert one.hold(name, CART) == {"state": "held"}
    assert len(peer.asked) == 2
    assert peer.asked[0] == peer.asked[1]


def test_after_a_crash_a_call_is_repeated_as_it_was(peer: Peer, tmp_path: Path) -> None:
    one = till(peer, tmp_path)
    name = one.new_purchase()
    with pytest.raises(Offline):
        one.hold(name, CART)

    peer.answers = [(200, {"state": "held"})]
    till(peer, tmp_path).hold(name, {"lines": []})

    assert len({body for _, body in peer.asked}) == 1


def test_a_refusal_is_told_and_not_repeated(peer: Peer, tmp_path: Path) -> None:
    peer.answers = [(409, {"code": "quote_changed", "message": "…", "details": {"quote": 1}})]
    one = till(peer, tmp_path)

    with pytest.raises(Refused) as refusal:
        one.hold(one.new_purchase(), CART)

    assert (refusal.value.status, refusal.value.code) == (409, "quote_changed")
    assert len(peer.asked) == 1


def test_offline_sales_and_returns_are_handed_over_in_their_order(
    peer: Peer, tmp_path: Path
) -> None:
    one = till(peer, tmp_path)
    name = one.new_purchase()
    assert one.confirm(name, CART) is None
    assert one.take_back(name, [{"line_id": "1", "qty": "1"}], return_id="r1") is None
    peer.asked.clear()

    peer.answers = [(200, {"items": [{"status": 200, "result": {}}, {"status": 0}]})]
    assert till(peer, tmp_path).sync() == 1
    peer.answers = [(200, {"items": [{"status": 409, "error": {"code": "return_exceeds"}}]})]
    assert till(peer, tmp_path).sync() == 1
    assert till(peer, tmp_path).sync() == 0

    first, second = (json.loads(body)["items"] for _, body in peer.asked)
    assert [next(iter(item)) for item in first] == ["sale", "return"]
    assert first[0]["sale"]["purchase_id"] == name
    assert second == [first[1]]
    ((item, error),) = till(peer, tmp_path).journal.refused()
    assert (item, error["code"]) == (first[1], "return_exceeds")


def test_a_refused_confirmation_may_be_said_anew(peer: Peer, tmp_path: Path) -> None:
    one = till(peer, tmp_path)
    name = one.new_purchase()
    peer.answers = [(409, {"code": "code_in_use"}), (200, {"state": "confirmed"})]

    with pytest.raises(Refused):
        one.confirm(name, {**CART, "codes": ["SPRING"]})
    assert one.confirm(name, CART) == {"state": "confirmed"}

    first, second = (json.loads(body) for _, body in peer.asked)
    assert (first["codes"], "codes" in second) == (["SPRING"], False)


def test_a_refused_return_may_be_said_anew(peer: Peer, tmp_path: Path) -> None:
    one = till(peer, tmp_path)
    name = one.new_purchase()
    peer.answers = [(409, {"code": "return_exceeds"}), (200, {"state": "partly_returned"})]

    with pytest.raises(Refused):
        one.take_back(name, [{"line_id": "1", "qty": "9"}], return_id="r1")
    one.take_back(name, [{"line_id": "1", "qty": "1"}], return_id="r1")

    assert [json.loads(body)["lines"][0]["qty"] for _, body in peer.asked] == ["9", "1"]


def test_a_sale_that_waits_to_be_handed_over_stays_as_it_was_said(
    peer: Peer, tmp_path: Path
) -> None:
    one = till(peer, tmp_path)
    name = one.new_purchase()
    assert one.confirm(name, CART) is None
    peer.asked.clear()

    peer.answers = [(409, {"code": "clock_skew"}), (200, {"state": "confirmed"})]
    with pytest.raises(Refused):
        one.confirm(name, CART)
    one.confirm(name, {"lines": []})

    assert len({body for _, body in peer.asked}) == 1


def test_a_queue_goes_in_parts_that_the_server_reads(peer: Peer, tmp_path: Path) -> None:
    one = till(peer, tmp_path)
    line = {"line_id": "1", "sku": "TEA", "qty": "1", "price": 1, "name": "ч" * 200}
    for _ in range(6):
        one.confirm(one.new_purchase(), {"lines": [line] * 200})
    peer.asked.clear()
    told = {"status": 200, "result": {}}
    peer.answers = [(200, {"items": [told] * 2}) for _ in range(3)]

    assert one.sync() == 6

    assert [len(json.loads(body)["items"]) for _, body in peer.asked] == [2, 2, 2]
    assert max(len(body) for _, body in peer.asked) < 256 << 10


def test_an_item_no_server_reads_does_not_stop_the_queue(peer: Peer, tmp_path: Path) -> None:
    one = till(peer, tmp_path)
    line = {"line_id": "1", "sku": "TEA", "qty": "1", "price": 1, "name": "ч" * 200}
    one.confirm(one.new_purchase(), {"lines": [line] * 700})
    one.confirm(one.new_purchase(), CART)
    peer.answers = [
        (422, {"code": "body_too_large", "message": "Send less."}),
        (200, {"items": [{"status": 200, "result": {}}]}),
    ]

    assert one.sync() == 2

    ((item, error),) = one.journal.refused()
    assert (len(item["sale"]["lines"]), error["code"]) == (700, "body_too_large")


def test_a_till_that_is_not_let_in_loses_nothing_of_its_queue(peer: Peer, tmp_path: Path) -> None:
    one = till(peer, tmp_path)
    one.confirm(one.new_purchase(), CART)
    peer.answers = [(401, {"code": "key_unknown"})]

    with pytest.raises(Refused):
        one.sync()

    assert len(one.journal.waiting()) == 1


def test_it_learns_what_became_of_a_purchase(peer: Peer, tmp_path: Path) -> None:
    one = till(peer, tmp_path)
    sold, gone = one.new_purchase(), one.new_purchase()
    peer.answers = [(200, {"state": "confirmed"}), (404, {"code": "purchase_unknown"})]

    assert one.recover() == {sold: "confirmed", gone: "unknown"}
    assert one.journal.unfinished() == [gone]
