"""Webhooks against a strict peer: signature, order, retries, ids, and whom they name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.urls import reverse

from regulars import wiring
from regulars.customers import queries as customers
from regulars.events import actions as events
from regulars.events import consumers
from regulars.events.records import Event, NewEvent
from regulars.jobs import runner
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.segments import actions, delivering, queries
from regulars.segments.actions import hooks
from regulars.segments.models import Delivery
from regulars.segments.pure import hooks as pure
from regulars.segments.queries import hooks as reads
from regulars.segments.tests.keeping import settle
from regulars.segments.tests.shop import member_of
from regulars.segments.tests.test_segments import EVERYBODY
from regulars.store.scope import scope
from regulars.workspaces.records import Role

JOBS = {"segments.deliver": "regulars.segments.delivering:run"}

pytestmark = pytest.mark.usefixtures("as_engine")


class Peer:
    """Takes only what Standard Webhooks allows, and remembers every attempt."""

    def __init__(self) -> None:
        self.secret = ""
        self.signatures: list[int] = []
        self.answers: list[int] = []
        self.attempts: list[tuple[str, dict]] = []
        self.faults: list[str] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = peer.fault_of(self.headers, body)
                if fault:
                    peer.faults.append(fault)
                peer.attempts.append((self.headers["webhook-id"], json.loads(body)))
                status = peer.answers.pop(0) if peer.answers else 204
                self.send_response(400 if fault else status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?shop=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fault_of(self, headers: object, body: bytes) -> str:
        id_, stamp = headers["webhook-id"], headers["webhook-timestamp"]  # type: ignore[index]
        if not id_ or not stamp.isdigit() or "." in id_:
            return "headers"
        key = base64.b64decode(self.secret.removeprefix("whsec_"), validate=True)
        mac = hmac.new(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()
        expected = "v1," + base64.b64encode(mac).decode()
        signed = headers["webhook-signature"].split(" ")  # type: ignore[index]
        self.signatures.append(len(signed))
        if expected not in signed:
            return "signature"
        told = json.loads(body)
        return "" if set(told) == {"type", "timestamp", "data"} else "body"

    @property
    def ids(self) -> list[str]:
        return [id_ for id_, _ in self.attempts]


@pytest.fixture
def peer(settings_private):
    found = Peer()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def settings_private(monkeypatch):
    from django.conf import settings

    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", True)


@pytest.fixture
def hooked(shop, peer):
    """A segment of everybody with a webhook to the peer."""
    with scope(shop.id):
        one = actions.create_segment(shop.id, name="All", rule=EVERYBODY)
        made, peer.secret = hooks.create_hook(shop.id, one.id, url=peer.url, key="h")
    return one, made


def passage(shop, one, number, kind="segment.entered", customer=None):
    now = clock.now()
    return Event(
        id=number, workspace_id=shop.id, customer_id=customer or shop.town.mira, time=now,
        received_at=now, kind=kind, origin="live", source="", subject_id=one.id,
        props={"segment": one.slug, "reason": "event"},
    )  # fmt: skip


def take(shop, *events):
    with scope(shop.id):
        delivering.take_passages(shop.id, events)


def work():
    while runner.run_once(JOBS):
        pass


def states(shop, made):
    with scope(shop.id):
        return [(one.state, one.attempts) for one in reads.deliveries(shop.id, made.public_id)]


def test_the_signature_is_that_of_the_standard():
    # The example of the specification's own reference libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'

    found = pure.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, secret)

    assert found == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_entries_and_exits_are_told_signed_and_in_their_order(shop, peer, hooked):
    one, made = hooked
    take(shop, passage(shop, one, 1), passage(shop, one, 2, "segment.left"))
    take(shop, passage(shop, one, 3))
    # The log may be read twice; nothing is told twice.
    take(shop, passage(shop, one, 1))

    work()

    assert peer.faults == []
    assert peer.ids == [f"evt_{made.public_id}_{number}" for number in (1, 2, 3)]
    kinds = [told["type"] for _, told in peer.attempts]
    assert kinds == ["segment.entered", "segment.left", "segment.entered"]
    data = peer.attempts[0][1]["data"]
    assert data["segment"] == {"id": one.public_id, "slug": "all", "name": "All"}
    assert set(data["customer"]) == {"id", "external_id"} and data["reason"] == "event"
    assert states(shop, made) == [("delivered", 1)] * 3


def test_a_failed_message_is_retried_by_the_schedule_and_nothing_overtakes_it(
    shop, peer, hooked, monkeypatch
):
    one, made = hooked
    peer.answers = [500, 302]
    started = clock.now()
    at = [started]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    take(shop, passage(shop, one, 1), passage(shop, one, 2))

    work()
    assert peer.ids == [f"evt_{made.public_id}_1"]
    at[0] = started + timedelta(seconds=4)
    work()
    assert len(peer.attempts) == 1
    at[0] = started + timedelta(seconds=6)
    work()
    assert len(peer.attempts) == 2
    at[0] = started + timedelta(minutes=5, seconds=7)
    work()

    first, second = (f"evt_{made.public_id}_{number}" for number in (1, 2))
    assert peer.ids == [first, first, first, second]
    assert peer.attempts[0] == peer.attempts[1] == peer.attempts[2]
    assert states(shop, made) == [("delivered", 1), ("delivered", 3)]


def test_after_the_last_attempt_the_hook_stops_and_goes_on_when_resumed(
    shop, peer, hooked, monkeypatch
):
    one, made = hooked
    at = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    peer.answers = [500] * pure.ATTEMPTS_MAX
    take(shop, passage(shop, one, 1), passage(shop, one, 2))

    for _ in range(pure.ATTEMPTS_MAX):
        work()
        at[0] += timedelta(days=1, seconds=1)

    with scope(shop.id):
        assert reads.hook(shop.id, made.public_id).reason == "failed"
    assert len(peer.attempts) == pure.ATTEMPTS_MAX
    with scope(shop.id):
        hooks.resume_hook(shop.id, made.public_id)
        (given_up,) = Delivery.objects.filter(workspace_id=shop.id, state="given_up")
        assert hooks.send_again(shop.id, made.public_id, given_up.id)
    work()
    assert peer.ids[-2:] == [f"evt_{made.public_id}_1", f"evt_{made.public_id}_2"]


def test_an_address_that_says_it_is_gone_is_told_nothing_more(shop, peer, hooked):
    one, made = hooked
    peer.answers = [410]
    take(shop, passage(shop, one, 1), passage(shop, one, 2))

    work()
    take(shop, passage(shop, one, 3))
    work()

    assert len(peer.attempts) == 1
    with scope(shop.id):
        assert reads.hook(shop.id, made.public_id).state == "stopped"


def test_members_are_pushed_in_pages_and_the_same_push_adds_nothing(
    shop, peer, hooked, feed, monkeypatch
):
    _one, made = hooked
    monkeypatch.setattr(hooks, "BATCH_CUSTOMERS", 1)
    settle(feed)

    with scope(shop.id):
        assert hooks.push_members(shop.id, made.public_id, key="now") == 2
        assert hooks.push_members(shop.id, made.public_id, key="now") == 0
    work()

    assert peer.faults == []
    pushes = [told["data"] for _, told in peer.attempts if told["type"] == "segment.members"]
    assert [(told["page"], told["pages"]) for told in pushes] == [(1, 2), (2, 2)]
    assert len({told["customers"][0]["id"] for told in pushes}) == 2


def test_messages_done_with_are_forgotten_after_a_month_and_waiting_ones_never(
    shop, peer, hooked, monkeypatch
):
    one, made = hooked
    take(shop, passage(shop, one, 1))
    work()
    take(shop, passage(shop, one, 2))
    later = clock.now() + hooks.DELIVERIES_KEPT + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert delivering.prune() >= 1

    assert states(shop, made) == [("waiting", 0)]


def viewed_thrice(shop, origin):
    """What makes Oleg enter, told as it happens or brought in from the past."""
    with scope(shop.id):
        events.record_many(
            shop.id,
            [
                NewEvent(
                    kind="Product Viewed", time=clock.now(), key=f"third-{origin}",
                    customer_id=shop.town.oleg, origin=origin,
                )
            ],
        )  # fmt: skip


def told_by_the_log(feed):
    """Everything is followed, passages are read from the log, and what is due goes out."""
    settle(feed)
    while consumers.run_once("segments.hooks", wiring.CONSUMERS["segments.hooks"]):
        pass
    work()


@pytest.mark.parametrize(("origin", "is_told"), [("live", True), ("import", False)])
def test_what_happens_in_the_shop_reaches_the_peer(shop, peer, feed, origin, is_told):
    consumers.ensure_lanes(wiring.CONSUMERS)
    with scope(shop.id):
        rule = {"version": 1, "where": {"did": "Product Viewed", "count": {"gte": 3}}}
        one = actions.create_segment(shop.id, name="Thrice", rule=rule)
        _made, peer.secret = hooks.create_hook(shop.id, one.id, url=peer.url)
        customer = customers.profiles(shop.id, [shop.town.oleg])[shop.town.oleg].public_id
    told_by_the_log(feed)
    assert peer.attempts == []

    viewed_thrice(shop, origin)
    told_by_the_log(feed)
    told_by_the_log(feed)

    with scope(shop.id):
        found = queries.history_of(shop.id, shop.town.oleg, one.id)
    assert [passage.is_entry for passage in found] == [True]
    assert peer.faults == []
    assert [told["type"] for _, told in peer.attempts] == ["segment.entered"] * is_told
    assert [told["data"]["customer"]["id"] for _, told in peer.attempts] == [customer] * is_told
    assert [told["data"]["segment"]["id"] for _, told in peer.attempts] == (
        [one.public_id] * is_told
    )


def test_a_hook_is_checked_when_it_is_made_and_repeated_by_its_key(shop, hooked, peer):
    one, made = hooked
    with scope(shop.id):
        again, secret = hooks.create_hook(shop.id, one.id, url=peer.url, key="h")
        assert (again.public_id, secret) == (made.public_id, "")
        with pytest.raises(Conflict):
            hooks.create_hook(shop.id, one.id, url=peer.url, on_exit=False, key="h")
        for url in (
            "",
            "ftp://a.example",
            "https://",
            "https://u:p@a.example",
            "https://a.example:x",
        ):
            with pytest.raises(Invalid):
                hooks.create_hook(shop.id, one.id, url=url)
        with pytest.raises(Invalid):
            hooks.create_hook(shop.id, one.id, url=peer.url, on_entry=False, on_exit=False)
        with pytest.raises(Refused, match="in use"):
            actions.delete_segment(shop.id, one.public_id)
    with scope(shop.town.other.id), pytest.raises(NotFound):
        reads.hook(shop.town.other.id, made.public_id)


def test_the_secret_is_sealed_and_shown_to_whoever_may_change_settings(shop, hooked, peer):
    _one, made = hooked
    client = member_of(shop.workspace)
    address = reverse("segments:hook", args=[made.public_id])

    page = client.get(address).content.decode()

    assert peer.secret in page
    with scope(shop.id):
        assert peer.secret not in reads.hook_row(shop.id, made.public_id).secret
    assert member_of(shop.workspace, Role.MARKETER).get(address).status_code == 403
    assert member_of(shop.town.other).get(address).status_code == 404


def test_a_webhook_is_added_paused_resumed_and_removed_by_hand(shop, hooked, peer):
    one, _made = hooked
    client = member_of(shop.workspace)
    client.post(
        reverse("segments:new_hook", args=[one.public_id]),
        {"url": peer.url + "&two", "on_entry": "1", "key": "x"},
    )
    with scope(shop.id):
        made = reads.hooks(shop.id, one.id)[-1]
    change = reverse("segments:change_hook", args=[made.public_id])

    found = []
    for act in ("pause", "resume"):
        client.post(change, {"act": act})
        with scope(shop.id):
            found.append(reads.hook(shop.id, made.public_id).state)
    client.post(change, {"act": "delete"})

    assert (made.on_entry, made.on_exit, found) == (True, False, ["paused", "on"])
    with scope(shop.id):
        assert len(reads.hooks(shop.id, one.id)) == 1


def test_for_a_day_after_a_change_either_secret_opens_a_message(shop, hooked, peer, monkeypatch):
    one, made = hooked
    with scope(shop.id):
        renewed = hooks.renew_secret(shop.id, made.public_id, key="renew")
        assert hooks.renew_secret(shop.id, made.public_id, key="renew") == renewed
        assert renewed != peer.secret
        with pytest.raises(Refused) as refused:
            hooks.renew_secret(shop.id, made.public_id, key="once more")
        assert refused.value.code == "hook_renewing"
        assert reads.secret_of_hook(shop.id, made.public_id) == renewed

    take(shop, passage(shop, one, 1))
    work()
    peer.secret = renewed
    take(shop, passage(shop, one, 2))
    work()
    assert (peer.faults, peer.signatures) == ([], [2, 2])

    later = clock.now() + hooks.FORMER_SIGNS
    monkeypatch.setattr(clock, "now", lambda: later)
    with scope(shop.id):
        assert reads.hook(shop.id, made.public_id).former_until is None
    take(shop, passage(shop, one, 3))
    work()
    assert (peer.faults, peer.signatures) == ([], [2, 2, 1])


def test_a_member_renews_the_secret_and_ends_the_former_one(shop, hooked, peer):
    _one, made = hooked
    browser = member_of(shop.workspace, Role.OWNER)
    url = reverse("segments:hook", args=[made.public_id])
    change = reverse("segments:change_hook", args=[made.public_id])

    renewed = browser.post(change, {"act": "renew", "key": "k"}, follow=True).content.decode()
    again = browser.post(change, {"act": "renew", "key": "other"}, follow=True).content.decode()

    assert peer.secret not in renewed and "whsec_" in renewed
    assert "The former secret signs too until" in renewed
    assert "Two secrets sign already" in again
    browser.post(change, {"act": "end_former"})
    with scope(shop.id):
        assert len(reads.signing_secrets(shop.id, made.public_id)) == 1
    assert "Renew the secret" in browser.get(url).content.decode()
    stranger = member_of(shop.town.other, Role.OWNER)
    assert stranger.post(change, {"act": "renew"}).status_code == 404
