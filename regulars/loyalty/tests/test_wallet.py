"""Wallets: passes openssl verifies, tokens PyJWT verifies, phones, notices over HTTP/2."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import ssl
import subprocess
import threading
import zipfile
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import jwt
import pytest
from django.test import Client

from regulars.events.records import Event
from regulars.jobs import actions as jobs
from regulars.kernel import clock, ids
from regulars.kernel.errors import Invalid, Outside, Refused
from regulars.loyalty import card_tasks
from regulars.loyalty.actions import cards as actions
from regulars.loyalty.card_records import CardRecord, WalletRecord
from regulars.loyalty.models.cards import Card, PassDevice, Wallet
from regulars.loyalty.models.members import Member
from regulars.loyalty.queries import cards as queries
from regulars.loyalty.tests.authority import PASS_TYPE, TEAM, authority
from regulars.loyalty.wallet import issuing, notices
from regulars.store.scope import cursor, scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("db")


def settings(**more: str) -> WalletRecord:
    made = authority()
    return WalletRecord(
        **{
            "organisation": "Tea & Bean",
            "apple_pass_type": PASS_TYPE,
            "apple_team": TEAM,
            "apple_certificate": made.passes.certificate,
            "apple_key": made.passes.key,
            "apple_authority": made.root.certificate,
            "google_issuer": "3388000000022",
            "google_email": "wallet@example.iam.gserviceaccount.com",
            "google_key": made.passes.key,
            **more,
        }
    )


def card(here: Town, **more: str) -> CardRecord:
    actions.save_wallet(here.bakery.id, settings(**more))
    member = Member.objects.create(
        workspace_id=here.bakery.id, public_id=ids.new_public_id(), customer_id=here.mira,
        joined_at=clock.now(),
    )  # fmt: skip
    return actions.issue_card(here.bakery.id, member.id, key="one")


def files_of(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_pass_says_what_the_card_shows() -> None:
    here = town()
    with scope(here.bakery.id):
        one = card(here)
        files = files_of(issuing.apple_pass(here.bakery.id, one))

    said = json.loads(files["pass.json"])
    assert said["passTypeIdentifier"] == PASS_TYPE and said["teamIdentifier"] == TEAM
    assert said["serialNumber"] == one.public_id and said["organizationName"] == "Tea & Bean"
    assert said["barcodes"][0]["message"] == one.number
    assert said["backgroundColor"] == "rgb(11, 93, 78)"
    assert said["webServiceURL"].endswith(f"/loyalty/wallet/{here.bakery.id}/")
    assert said["storeCard"]["secondaryFields"][0]["value"] == "Mira"
    manifest = json.loads(files["manifest.json"])
    assert manifest == {
        name: hashlib.sha1(data).hexdigest()
        for name, data in files.items()
        if name not in ("manifest.json", "signature")
    }
    assert {"icon.png", "icon@2x.png", "logo.png", "pass.json"} <= set(manifest)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_signature_of_a_pass(tmp_path: Path) -> None:
    here = town()
    with scope(here.bakery.id):
        files = files_of(issuing.apple_pass(here.bakery.id, card(here)))
    for name in ("manifest.json", "signature"):
        (tmp_path / name).write_bytes(files[name])
    (tmp_path / "root.pem").write_text(authority().root.certificate)

    def verified() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["openssl", "smime", "-verify", "-inform", "DER", "-in", "signature", "-content",
             "manifest.json", "-CAfile", "root.pem", "-purpose", "any", "-out", "checked"],
            cwd=tmp_path, capture_output=True, check=False,
        )  # fmt: skip

    told = verified()
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "checked").read_bytes() == files["manifest.json"]

    (tmp_path / "manifest.json").write_bytes(files["manifest.json"] + b" ")
    assert verified().returncode != 0


def test_an_independent_library_verifies_the_google_token() -> None:
    here = town()
    with scope(here.bakery.id):
        one = card(here)
        url = issuing.google_url(here.bakery.id, one)
    token = url.removeprefix("https://pay.google.com/gp/v/save/")
    from cryptography.x509 import load_pem_x509_certificate

    public = load_pem_x509_certificate(authority().passes.certificate.encode()).public_key()

    said = jwt.decode(token, public, algorithms=["RS256"], audience="google")

    assert len(token) < 1_800
    assert said["typ"] == "savetowallet" and said["iss"].startswith("wallet@")
    (held,) = said["payload"]["loyaltyObjects"]
    assert held["id"] == f"3388000000022.{one.public_id}"
    assert held["barcode"]["value"] == one.number
    head, body, sign = token.split(".")
    forged = body[:-2] + ("AA" if body[-2:] != "AA" else "BB")
    with pytest.raises(jwt.InvalidTokenError):
        jwt.decode(f"{head}.{forged}.{sign}", public, algorithms=["RS256"], audience="google")
    assert json.loads(urlsafe_b64decode(head + "=="))["alg"] == "RS256"


def test_keys_are_kept_sealed_and_stay_when_left_out() -> None:
    here = town()
    with scope(here.bakery.id):
        actions.save_wallet(here.bakery.id, settings())
        row = Wallet.objects.get(workspace_id=here.bakery.id)
        assert "PRIVATE KEY" not in row.apple_key + row.google_key
        before = row.apple_key

        actions.save_wallet(here.bakery.id, settings(apple_key="", google_key=""))

        assert Wallet.objects.get(workspace_id=here.bakery.id).apple_key == before
        assert queries.wallet(here.bakery.id).has_apple
    with scope(here.other.id):
        assert not queries.wallet(here.other.id).has_apple


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"colour": "green"}, "wallet_colour"),
        ({"apple_certificate": "nothing"}, "certificate_invalid"),
        ({"apple_key": "nothing"}, "key_unreadable"),
        ({"apple_key": "server"}, "key_differs"),
        ({"organisation": "x" * 61}, "wallet_name"),
    ],
)
def test_settings_that_cannot_sign_are_refused(given: dict[str, str], code: str) -> None:
    here = town()
    if given.get("apple_key") == "server":
        given = {"apple_key": authority().server.key}
    with scope(here.bakery.id):
        with pytest.raises(Invalid) as told:
            actions.save_wallet(here.bakery.id, settings(**given))
        assert told.value.code == code
        assert not Wallet.objects.filter(workspace_id=here.bakery.id).exists()


def test_without_a_certificate_there_is_no_pass() -> None:
    here = town()
    with scope(here.bakery.id):
        one = card(here, apple_certificate="", apple_key="", google_issuer="")
        with pytest.raises(Refused):
            issuing.apple_pass(here.bakery.id, one)
        with pytest.raises(Refused):
            issuing.google_url(here.bakery.id, one)


@dataclass
class Phone:
    """What a phone with the pass calls."""

    here: Town
    one: CardRecord
    token: str
    client: Client = field(default_factory=Client)

    def call(self, method: str, rest: str, token: str | None = None, **more: Any) -> Any:
        given = f"ApplePass {self.token if token is None else token}"
        return self.client.generic(
            method, f"/loyalty/wallet/{self.here.bakery.id}/v1/{rest}",
            content_type="application/json",
            headers={"Authorization": given, **more.pop("headers", {})}, **more,
        )  # fmt: skip

    def register(self, token: str | None = None, push: str = "abc123") -> Any:
        return self.call(
            "POST", f"devices/phone1/registrations/{PASS_TYPE}/{self.one.public_id}", token,
            data=json.dumps({"pushToken": push}),
        )  # fmt: skip


def phone(here: Town) -> Phone:
    with scope(here.bakery.id):
        one = card(here)
        return Phone(here, one, queries.pass_token(here.bakery.id, one.id))


def test_a_phone_registers_asks_and_takes_the_pass_off() -> None:
    here = town()
    mine = phone(here)
    assert mine.register().status_code == 201
    assert mine.register(push="def456").status_code == 200
    with scope(here.bakery.id):
        assert queries.installs(here.bakery.id) == 1
        assert PassDevice.objects.get(workspace_id=here.bakery.id).push_token == "def456"

    listed = mine.call("GET", f"devices/phone1/registrations/{PASS_TYPE}")
    assert listed.status_code == 200
    assert listed.json()["serialNumbers"] == [mine.one.public_id]
    since = listed.json()["lastUpdated"]
    again = mine.call("GET", f"devices/phone1/registrations/{PASS_TYPE}?passesUpdatedSince={since}")
    assert again.status_code == 204
    with scope(here.bakery.id):
        actions.touch_cards(here.bakery.id, [mine.one.member_id])
    later = mine.call("GET", f"devices/phone1/registrations/{PASS_TYPE}?passesUpdatedSince={since}")
    assert later.json()["serialNumbers"] == [mine.one.public_id]

    gone = mine.call("DELETE", f"devices/phone1/registrations/{PASS_TYPE}/{mine.one.public_id}")
    assert gone.status_code == 200
    with scope(here.bakery.id):
        assert queries.installs(here.bakery.id) == 0


def test_the_newest_pass_is_sent_once() -> None:
    here = town()
    mine = phone(here)
    rest = f"passes/{PASS_TYPE}/{mine.one.public_id}"

    first = mine.call("GET", rest)

    assert first.status_code == 200 and first["Content-Type"] == "application/vnd.apple.pkpass"
    assert "signature" in files_of(first.content)
    same = mine.call("GET", rest, headers={"If-Modified-Since": first["Last-Modified"]})
    assert same.status_code == 304


def test_a_stranger_gets_nothing() -> None:
    here = town()
    mine = phone(here)
    assert mine.register(token="wrong").status_code == 401
    assert mine.call("GET", f"passes/{PASS_TYPE}/{mine.one.public_id}", "").status_code == 401
    assert mine.call("GET", f"passes/{PASS_TYPE}/unknown").status_code == 401
    assert mine.call("GET", f"passes/pass.other/{mine.one.public_id}").status_code == 404
    assert mine.register(push="no token!").status_code == 400
    other = Client().get(f"/loyalty/wallet/999999999/v1/passes/{PASS_TYPE}/x")
    assert other.status_code == 404
    assert mine.call("POST", "log", data=json.dumps({"logs": ["a\nb"]})).status_code == 200
    with scope(here.bakery.id):
        assert queries.installs(here.bakery.id) == 0


class Peer(threading.Thread):
    """A notice service on this machine: HTTP/2 over TLS, and only with a pass certificate."""

    def __init__(self, statuses: dict[str, int], folder: Path) -> None:
        super().__init__(daemon=True)
        made = authority()
        (folder / "server.pem").write_text(made.server.key + made.server.certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.pem")
        self.context.load_verify_locations(cadata=made.root.certificate)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        self.statuses = statuses
        self.heard: list[tuple[str, str, bytes]] = []

    def run(self) -> None:
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(plain, server_side=True) as made:
                    self._talk(made)
            except OSError:
                continue

    def _talk(self, made: ssl.SSLSocket) -> None:
        spoken = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        spoken.initiate_connection()
        made.sendall(spoken.data_to_send())
        asked: dict[int, dict[str, str]] = {}
        bodies: dict[int, bytes] = {}
        while piece := made.recv(65_536):
            for event in spoken.receive_data(piece):
                if isinstance(event, h2.events.RequestReceived):
                    asked[event.stream_id] = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                elif isinstance(event, h2.events.StreamEnded):
                    said = asked[event.stream_id]
                    token = said[":path"].removeprefix("/3/device/")
                    self.heard.append((token, said["apns-topic"], bodies[event.stream_id]))
                    status = str(self.statuses.get(token, 200))
                    spoken.send_headers(event.stream_id, [(":status", status)], end_stream=True)
            made.sendall(spoken.data_to_send())


@contextmanager
def peer(folder: Path, **statuses: int) -> Iterator[Peer]:
    made = Peer(statuses, folder)
    made.start()
    try:
        yield made
    finally:
        made.listener.close()


def _earned(here: Town) -> Event:
    now = clock.now()
    return Event(1, here.bakery.id, here.mira, now, now, "points.earned", "live", "", None, {})


def _job(here: Town) -> jobs.JobRecord:
    raw = cursor()
    raw.execute(
        f"SELECT {jobs.COLUMNS} FROM jobs_job WHERE workspace_id = %s AND kind = 'loyalty.passes'",
        [here.bakery.id],
    )
    (row,) = raw.fetchall()
    return jobs.JobRecord(*row)


def test_a_change_of_points_reaches_every_phone_and_forgets_those_that_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = town()
    mine = phone(here)
    with scope(here.bakery.id):
        for name, token in (("a", "aaa"), ("b", "bbb"), ("c", "ccc")):
            actions.register_device(here.bakery.id, mine.one.id, name, token)
        card_tasks.take_changes(here.bakery.id, [_earned(here)])
        job = _job(here)

    with peer(tmp_path, bbb=410, ccc=503) as made:
        monkeypatch.setattr(notices.push, "__kwdefaults__", {"url": made.url})
        card_tasks.run(job)
        assert sorted(made.heard) == [(t, PASS_TYPE, b"{}") for t in ("aaa", "bbb", "ccc")]
        made.heard.clear()
        card_tasks.run(job)
        # Who heard is not told again; who had no time is.
        assert made.heard == [("ccc", PASS_TYPE, b"{}")]

    with scope(here.bakery.id):
        left = PassDevice.objects.filter(workspace_id=here.bakery.id).order_by("device")
        assert [(row.device, row.pushed_at is not None) for row in left] == [
            ("a", True), ("c", False),
        ]  # fmt: skip


def test_a_change_of_others_tells_nobody() -> None:
    here = town()
    mine = phone(here)
    with scope(here.bakery.id):
        before = Card.objects.get(workspace_id=here.bakery.id).changed_at
        card_tasks.take_changes(here.bakery.id, [_earned(here)])
        # Nobody has this pass in a wallet.
        assert Card.objects.get(workspace_id=here.bakery.id).changed_at == before
        assert actions.register_device(here.bakery.id, mine.one.id, "a", "aaa")
    with scope(here.other.id):
        card_tasks.take_changes(here.other.id, [_earned(here)])
    with scope(here.bakery.id):
        assert Card.objects.get(workspace_id=here.bakery.id).changed_at == before


def test_a_service_that_is_not_there_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here = town()
    mine = phone(here)
    with scope(here.bakery.id):
        actions.register_device(here.bakery.id, mine.one.id, "a", "aaa")
        card_tasks.take_changes(here.bakery.id, [_earned(here)])
        job = _job(here)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"https://localhost:{closed.getsockname()[1]}"
    monkeypatch.setattr(notices.push, "__kwdefaults__", {"url": url})

    with pytest.raises(Outside) as told:
        card_tasks.run(job)

    assert (told.value.code, told.value.is_permanent) == ("push_unreachable", False)


@pytest.mark.usefixtures("as_engine")
def test_a_change_that_came_meanwhile_is_told_of_by_the_next_round() -> None:
    here = town()
    mine = phone(here)
    with scope(here.bakery.id):
        actions.register_device(here.bakery.id, mine.one.id, "a", "aaa")
        PassDevice.objects.filter(workspace_id=here.bakery.id).update(
            pushed_at=clock.now() - timedelta(hours=1)
        )
        actions.touch_cards(here.bakery.id, [mine.one.member_id])

    assert card_tasks.nudge() >= 1

    with scope(here.bakery.id):
        assert _job(here).state == "waiting"
