"""Google's copy of a card follows its changes, against a peer as strict as Google's papers.

The peer stands for Google's two services, the one of tokens and the one of objects: it takes the
one request the papers describe and writes down every other as a fault.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
import pytest
from cryptography.x509 import load_pem_x509_certificate
from django.test import Client

from regulars.customers import actions as customers
from regulars.events.records import Event
from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.loyalty import card_tasks, google_tasks
from regulars.loyalty.actions import cards as actions
from regulars.loyalty.actions import carrying, google_cards, members, points
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.card_records import CardRecord
from regulars.loyalty.models.cards import Card, Wallet
from regulars.loyalty.point_records import Grant
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.tests.authority import authority
from regulars.loyalty.tests.test_wallet import settings
from regulars.loyalty.wallet import google, issuing
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")

ISSUER = "3388000000022"
EMAIL = "wallet@example.iam.gserviceaccount.com"
OBJECTS = "/walletobjects/v1/loyaltyObject/"
TOKEN = "ya29.token"
HOUR_S = 3_600


@dataclass
class Peer:
    """What Google would say, what it heard, and what was wrong about it."""

    address: str = ""
    # Statuses to answer a PATCH with, by the card; 200 for others.
    statuses: dict[str, int] = field(default_factory=dict)
    token_status: int = 200
    tokens: int = 0
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        """The answer to one request."""
        if (method, path) == ("POST", "/token"):
            return self._token(headers, body)
        if method == "PATCH" and path.startswith(OBJECTS):
            return self._object(unquote(path.removeprefix(OBJECTS)), headers, body)
        self.faults.append(f"{method} {path}")
        return 404, {"error": {"code": 404, "message": "Method not found."}}

    def _token(self, headers: Any, body: bytes) -> tuple[int, Any]:
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        form = parse_qs(body.decode(), strict_parsing=True)
        assert set(form) == {"grant_type", "assertion"}
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        certificate = load_pem_x509_certificate(authority().passes.certificate.encode())
        said = jwt.decode(
            form["assertion"][0], certificate.public_key(), algorithms=["RS256"],
            audience=f"{self.address}/token", issuer=EMAIL,
            options={"require": ["iss", "scope", "aud", "iat", "exp"]},
        )  # fmt: skip
        assert set(said) == {"iss", "scope", "aud", "iat", "exp"}
        assert said["scope"] == "https://www.googleapis.com/auth/wallet_object.issuer"
        assert 0 < said["exp"] - said["iat"] <= HOUR_S
        self.tokens += 1
        if self.token_status != 200:
            return self.token_status, {"error": "invalid_grant"}
        return 200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599}

    def _object(self, name: str, headers: Any, body: bytes) -> tuple[int, Any]:
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert headers["Content-Type"] == "application/json"
        said = json.loads(body)
        assert set(said) <= {"state", "accountName", "textModulesData", "loyaltyPoints"}
        assert said["state"] in ("ACTIVE", "INACTIVE")
        assert all(set(one) == {"id", "header", "body"} for one in said["textModulesData"])
        if "loyaltyPoints" in said:
            assert set(said["loyaltyPoints"]) == {"label", "balance"}
            assert set(said["loyaltyPoints"]["balance"]) == {"string"}
        issuer, _, card = name.partition(".")
        assert issuer == ISSUER
        self.heard.append((card, said))
        status = self.statuses.get(card, 200)
        return status, {"id": name} if status == 200 else {"error": {"code": status}}


def _handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                status, said = peer.answer(self.command, self.path, self.headers, body)
            except Exception as error:
                peer.faults.append(f"{self.command} {self.path}: {error!r}")
                status, said = 400, {"error": {"code": 400}}
            told = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        # The library asks for methods by these names.
        do_POST = do_PATCH = do_GET = do_PUT = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    made = Peer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    token, update = google.access_token, google.update
    monkeypatch.setattr(token, "__kwdefaults__", {"url": f"{made.address}/token"})
    monkeypatch.setattr(update, "__kwdefaults__", {"url": made.address + OBJECTS})
    yield made
    server.shutdown()
    server.server_close()
    assert made.faults == []


@dataclass
class Place:
    """A shop whose Mira was led to Google Wallet with her card."""

    here: Town
    card: CardRecord

    @property
    def id(self) -> int:
        return self.here.bakery.id

    def earn(self, points_given: int, key: str) -> None:
        """Mira earns, and who follows the log hears of it."""
        with scope(self.id):
            points.grant(self.id, Grant(self.card.member_id, "points", points_given, key))
        self.follow()

    def follow(self) -> None:
        now = clock.now()
        one = Event(1, self.id, self.here.mira, now, now, "points.earned", "live", "", None, {})
        with scope(self.id):
            card_tasks.take_changes(self.id, [one])

    def job(self) -> jobs.JobRecord | None:
        with scope(self.id):
            raw = cursor()
            raw.execute(
                f"SELECT {jobs.COLUMNS} FROM jobs_job WHERE workspace_id = %s AND kind = %s",
                [self.id, google_tasks.JOB],
            )
            row = raw.fetchone()
            return None if row is None else jobs.JobRecord(*row)

    def run(self) -> None:
        """What the worker does with the job."""
        job = self.job()
        assert job is not None
        google_tasks.run(job)

    def behind(self) -> list[int]:
        with scope(self.id):
            return queries.google_behind(self.id, 10)

    def wallet(self) -> Wallet:
        with scope(self.id):
            return Wallet.objects.get(workspace_id=self.id)


def place(*, is_given: bool = True) -> Place:
    here = town()
    bakery = here.bakery.id
    with scope(bakery):
        currency = {"slug": "points", "name": "Points", "is_main": True, "minor_per_point": 100}
        programmes.save_settings(bakery, {"currencies": [currency]})
        actions.save_wallet(bakery, settings())
        (member_id,) = members.enrol(bakery, [here.mira])
        one = actions.issue_card(bakery, member_id, key="one")
        if is_given:
            issuing.google_url(bakery, one)
    return Place(here, one)


def test_a_change_of_points_is_told_once(peer: Peer) -> None:
    tea = place()
    tea.earn(12_050, "a")
    tea.earn(100, "b")

    tea.run()
    tea.run()

    shown = {
        "state": "ACTIVE",
        "accountName": "Mira",
        "textModulesData": [],
        "loyaltyPoints": {"label": "Points", "balance": {"string": "121.5"}},
    }
    assert peer.heard == [(tea.card.public_id, shown)]
    assert peer.tokens == 1 and tea.behind() == []
    tea.earn(50, "c")
    tea.run()
    assert peer.heard[1][1]["loyaltyPoints"]["balance"] == {"string": "122"}


def test_a_card_that_was_not_given_to_google_is_not_told_of(peer: Peer) -> None:
    tea = place(is_given=False)
    tea.earn(100, "a")

    assert tea.job() is None and tea.behind() == []


def test_following_the_link_is_what_gives_it(peer: Peer) -> None:
    tea = place(is_given=False)
    with scope(tea.id):
        token = queries.page_url(workspaces.workspace(tea.id), tea.card.public_id).split("/")[-1]

    told = Client().get(f"/loyalty/card/{token}/google")

    assert told.status_code == 302 and told["Location"].startswith(google.SAVE_URL)
    with scope(tea.id):
        assert queries.google_given(tea.id) == 1
    tea.earn(100, "a")
    tea.run()
    assert [card for card, _ in peer.heard] == [tea.card.public_id]


def test_a_link_given_again_does_not_hide_what_google_was_not_told(peer: Peer) -> None:
    tea = place()
    tea.earn(100, "a")
    with scope(tea.id):
        issuing.google_url(tea.id, tea.card)

    assert tea.behind() == [tea.card.id]


def test_a_card_nobody_saved_is_no_fault_and_is_asked_about_at_the_next_change(peer: Peer) -> None:
    tea = place()
    peer.statuses[tea.card.public_id] = 404
    tea.earn(100, "a")

    tea.run()

    assert tea.behind() == [] and tea.wallet().google_fault == ""
    peer.statuses.clear()
    tea.earn(100, "b")
    tea.run()
    assert [said["loyaltyPoints"]["balance"]["string"] for _, said in peer.heard] == ["1", "2"]


def test_a_card_that_nobody_saves_for_a_month_is_forgotten(peer: Peer) -> None:
    tea = place()
    with scope(tea.id):
        long_ago = clock.now() - google_cards.UNSAVED_KEPT - timedelta(hours=1)
        Card.objects.filter(workspace_id=tea.id).update(google_given_at=long_ago)
    peer.statuses[tea.card.public_id] = 404
    tea.earn(100, "a")
    tea.run()

    tea.earn(100, "b")

    assert tea.behind() == [] and len(peer.heard) == 1


def test_a_busy_service_is_tried_again_and_left_in_peace_after_the_last_try(peer: Peer) -> None:
    tea = place()
    peer.statuses[tea.card.public_id] = 503
    tea.earn(100, "a")
    job = tea.job()
    assert job is not None

    with pytest.raises(Outside) as told:
        google_tasks.run(job)
    assert not told.value.is_permanent and tea.wallet().google_rests_until is None

    last = jobs.JobRecord(
        **{name: getattr(job, name) for name in job.__slots__} | {"attempts": jobs.TRIES_MAX}
    )
    with pytest.raises(Outside):
        google_tasks.run(last)
    rests_until = tea.wallet().google_rests_until
    assert rests_until is not None and rests_until > clock.now() + timedelta(minutes=50)
    assert tea.wallet().google_fault == "The provider answered 503."
    assert tea.behind() == [tea.card.id]


def test_a_refused_account_rests_until_it_is_mended(peer: Peer) -> None:
    tea = place()
    peer.token_status = 400
    tea.earn(100, "a")

    with pytest.raises(Outside) as told:
        tea.run()

    assert told.value.is_permanent and peer.heard == []
    with scope(tea.id):
        cursor().execute("DELETE FROM jobs_job WHERE workspace_id = %s", [tea.id])
    tea.earn(100, "b")
    assert tea.job() is None

    peer.token_status = 200
    with scope(tea.id):
        actions.save_wallet(tea.id, settings(google_key=""))
    tea.earn(100, "c")
    tea.run()
    assert peer.heard[0][1]["loyaltyPoints"]["balance"] == {"string": "3"}


def test_a_refused_card_does_not_hold_up_the_others(peer: Peer) -> None:
    tea = place()
    with scope(tea.id):
        (oleg,) = members.enrol(tea.id, [tea.here.oleg])
        other = actions.issue_card(tea.id, oleg, key="two")
        issuing.google_url(tea.id, other)
        actions.block_card(tea.id, other.public_id, reason="lost")
    peer.statuses[tea.card.public_id] = 400
    tea.earn(100, "a")

    tea.run()

    assert [(card, said["state"]) for card, said in peer.heard] == [
        (tea.card.public_id, "ACTIVE"), (other.public_id, "INACTIVE"),
    ]  # fmt: skip
    assert tea.behind() == []
    assert tea.wallet().google_fault == f"{tea.card.public_id}: The provider answered 400."
    assert tea.wallet().google_rests_until is None


def test_a_network_of_our_own_is_not_called(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings as configured

    tea = place()
    tea.earn(100, "a")
    monkeypatch.setattr(configured, "ALLOW_PRIVATE_HOSTS", False)

    with pytest.raises(Outside) as told:
        tea.run()

    assert told.value.is_permanent and peer.tokens == 0


def test_more_cards_than_one_run_takes_go_on_in_the_next(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tea = place()
    with scope(tea.id):
        second = actions.issue_card(tea.id, tea.card.member_id, key="two")
        issuing.google_url(tea.id, second)
    tea.earn(100, "a")
    monkeypatch.setattr(google_tasks, "CARDS_AT_ONCE_MAX", 1)

    tea.run()
    job = tea.job()
    assert job is not None and job.state == "waiting" and tea.behind() == [second.id]
    tea.run()

    assert [card for card, _ in peer.heard] == [tea.card.public_id, second.public_id]


def test_a_card_of_somebody_merged_shows_the_points_of_both(peer: Peer) -> None:
    tea = place(is_given=False)
    with scope(tea.id):
        (oleg,) = members.enrol(tea.id, [tea.here.oleg])
        points.grant(tea.id, Grant(oleg, "points", 200, "o"))
        other = actions.issue_card(tea.id, oleg, key="two")
        issuing.google_url(tea.id, other)
        customers.merge(tea.id, tea.here.oleg, tea.here.mira)
        carrying.merge(tea.id, tea.here.oleg, tea.here.mira, "1")
        # The merge itself changes what the card shows.
        assert queries.google_behind(tea.id, 10) == [other.id]

    tea.earn(100, "a")
    tea.run()

    assert [(card, said["loyaltyPoints"]["balance"]["string"]) for card, said in peer.heard] == [
        (other.public_id, "3")
    ]


@pytest.mark.usefixtures("as_engine")
def test_a_change_that_came_meanwhile_is_told_by_the_next_round(peer: Peer) -> None:
    tea = place()
    with scope(tea.id):
        actions.touch_cards(tea.id, [tea.card.member_id])
    assert tea.job() is None

    assert google_tasks.nudge() >= 1

    tea.run()
    assert [card for card, _ in peer.heard] == [tea.card.public_id]


def test_the_longest_names_fit_into_the_link() -> None:
    tea = place()
    with scope(tea.id):
        view = queries.view(tea.id, tea.card)
        issuer = issuing.issuer_of(queries.wallet(tea.id))
    long = replace(view, holder="Ї" * 90, tier="Ї" * 90, balances=(("Ї" * 90, "123456789.01"),))

    token = google.token_of(long, issuer, clock.now(), tier_word="Рівень")

    assert len(token) <= google.TOKEN_CHARS_MAX
