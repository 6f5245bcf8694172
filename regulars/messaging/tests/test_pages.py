from __future__ import annotations

import pytest

from regulars.kernel import clock
from regulars.messaging import catcher, queries
from regulars.messaging.catcher import Catcher
from regulars.messaging.receiver import Received
from regulars.messaging.tests.doors import member_of
from regulars.messaging.tests.peers import StrictPeer
from regulars.messaging.tests.sending import SOURCE, ready_town, rows, running
from regulars.store.scope import scope
from regulars.workspaces.records import Role
from tests.town import town

pytestmark = pytest.mark.usefixtures("db")
LETTER = {"name": "News", "subject": "Hi {{ customer.first_name }}", "source": SOURCE, "text": ""}


def test_a_template_is_written_changed_and_archived() -> None:
    place = town()
    client = member_of(place.bakery)

    made = client.post("/messages/templates/new", {**LETTER, "action": "save"})
    with scope(place.bakery.id):
        (template,) = queries.templates(place.bakery.id)
    assert made["Location"] == f"/messages/templates/{template.public_id}"
    changed = {**LETTER, "subject": "Another", "action": "save"}
    client.post(f"/messages/templates/{template.public_id}", changed)
    client.post(f"/messages/templates/{template.public_id}", changed)

    with scope(place.bakery.id):
        version = queries.template(place.bakery.id, template.public_id).version
    assert (version.number, version.subject) == (2, "Another")
    assert "News" in client.get("/messages/templates").content.decode()
    client.post(f"/messages/templates/{template.public_id}/archive")
    assert "No templates yet" in client.get("/messages/templates").content.decode()
    assert member_of(place.other).get(made["Location"]).status_code == 404


def test_a_letter_with_a_mistake_is_kept_in_the_form_and_nowhere_else() -> None:
    place = town()
    bad = {**LETTER, "source": "<p>\n{% for i in (1..1000000000) %}x{% endfor %}</p>"}

    page = member_of(place.bakery).post("/messages/templates/new", {**bad, "action": "save"})

    assert page.status_code == 422
    html = page.content.decode()
    assert "Line 2" in html and "(1..1000000000)" in html
    with scope(place.bakery.id):
        assert queries.templates(place.bakery.id) == []


def test_the_check_tells_lines_and_shows_the_letter_as_the_customer_gets_it() -> None:
    place = town()
    client = member_of(place.bakery)
    asked = {**LETTER, "source": SOURCE + "\n{{ customer.nick }}", "customer": "mira@example.com"}

    html = client.post("/messages/templates/check", asked).content.decode()

    assert "customer.nick" in html and "line 2" in html
    assert "Hi Mira" in html
    nobody = {**LETTER, "customer": "zoe@example.com"}
    html = client.post("/messages/templates/check", nobody).content.decode()
    assert "Nobody is known by that name." in html


def test_the_preview_may_run_nothing_and_reach_nothing() -> None:
    place = town()
    asked = {**LETTER, "source": "<script>x()</script>" + SOURCE, "customer": "mira@example.com"}

    shown = member_of(place.bakery).post("/messages/templates/look", asked)

    policy = shown["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'") and "script" not in policy
    assert "Hi Mira" in shown.content.decode()


def test_a_test_leaves_from_the_editor_and_keeps_what_was_written() -> None:
    with running(StrictPeer()) as peer:
        place, _version = ready_town(peer.port)
        client = member_of(place.bakery)
        asked = {**LETTER, "action": "test", "address": "anna@example.com", "customer": ""}
        whole = client.post("/messages/templates/new", asked)
        part = client.post("/messages/templates/new", asked, headers={"HX-Request": "true"})

    assert peer.recipients == ["anna@example.com"] * 2
    assert "Hi {{ customer.first_name }}" in whole.content.decode()
    assert "Look into the inbox of anna@example.com" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert rows(place.bakery.id) == []


SENDER = {
    "from_name": "Bakery", "from_address": "shop@bakery.example", "reply_to": "",
    "host": "127.0.0.1", "port": "2525", "security": "none", "username": "", "password": "",
    "bounce_domain": "", "connections_max": "4", "is_enabled": "on",
}  # fmt: skip


def test_the_mail_settings_are_saved_tried_and_keep_their_password() -> None:
    with running(StrictPeer()) as peer:
        place = town()
        client = member_of(place.bakery)
        given = {**SENDER, "port": str(peer.port)}
        secret = {**given, "username": "anna", "password": "s3cret-word"}
        assert client.post("/messages/sender", secret).status_code == 302
        assert client.post("/messages/sender", {**secret, "password": ""}).status_code == 302
        with scope(place.bakery.id):
            assert queries.account(place.bakery.id).password == "s3cret-word"
        assert "s3cret-word" not in client.get("/messages/sender").content.decode()
        client.post("/messages/sender", given)
        client.post("/messages/sender/test", {"address": "anna@example.com"})

    assert peer.recipients == ["anna@example.com"]
    assert "The mail server took the letter" in client.get("/messages/sender").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("from_address", "shop@bakery.example\r\nBcc: x@y.example", "not complete"),
        ("from_address", "nobody", "not complete"),
        ("host", "no such host", "Give the server as a name"),
        ("port", "0", "greater than or equal to 1"),
        ("connections_max", "1000", "less than or equal to 50"),
    ],
)
def test_wrong_settings_are_told_beside_their_field(field: str, value: str, told: str) -> None:
    place = town()

    page = member_of(place.bakery).post("/messages/sender", {**SENDER, field: value})

    assert page.status_code == 422
    assert told in page.content.decode()
    with scope(place.bakery.id), pytest.raises(Exception, match="mail server"):
        queries.sender(place.bakery.id)


def caught_by(workspace_id: int) -> str:
    raw = (
        b"From: shop@bakery.example\r\nTo: mira@example.com\r\nSubject: =?utf-8?b?0KfQsNC5?=\r\n"
        b"Message-ID: <%s.%d@bakery.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/plain\r\n\r\nwords https://shop.example/\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<html><head></head><script>x()</script>hello"
        b"</html>\r\n--x--\r\n" % (b"m" * 22, workspace_id)
    )
    Catcher().keep([Received("shop@bakery.example", ("mira@example.com",), raw)])
    with scope(workspace_id):
        return queries.caught(workspace_id)[0].public_id


def test_caught_letters_are_read_by_their_own_workspace(as_engine: None) -> None:
    place = town()
    public_id = caught_by(place.bakery.id)
    client = member_of(place.bakery, Role.ANALYST)

    assert "Чай" in client.get("/messages/outbox").content.decode()
    assert "Чай" in client.get("/messages/outbox?q=mira").content.decode()
    assert "Чай" not in client.get("/messages/outbox?q=oleg").content.decode()
    page = client.get(f"/messages/outbox/{public_id}").content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "x()" not in page
    frame = client.get(f"/messages/outbox/{public_id}/html")
    assert frame["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "script" not in frame["Content-Security-Policy"]
    assert '<base target="_blank">' in frame.content.decode()
    text = client.get(f"/messages/outbox/{public_id}?show=text").content.decode()
    assert 'href="https://shop.example/"' in text
    assert (
        "&lt;script&gt;" in client.get(f"/messages/outbox/{public_id}?show=source").content.decode()
    )
    assert member_of(place.other).get(f"/messages/outbox/{public_id}").status_code == 404
    assert "Чай" not in member_of(place.other).get("/messages/outbox").content.decode()


def test_letters_that_the_product_sent_itself_are_read_by_owners_only(as_engine: None) -> None:
    place = town()
    raw = (
        b"From: product@example.com\r\nTo: anna@example.com\r\nSubject: Reset\r\n"
        b"Message-ID: <17.42@machine>\r\n\r\nhttps://example.com/reset/secret\r\n"
        b"Message-ID: <%s.%d@bakery.example>\r\n" % (b"m" * 22, place.bakery.id)
    )
    with scope(place.bakery.id):
        catcher._keep(place.bakery.id, [Received("", ("anna@example.com",), raw)])
        (letter,) = queries.caught(place.bakery.id, with_product=True)
        assert queries.caught(place.bakery.id) == []
    path = f"/messages/outbox/{letter.public_id}"

    owner = member_of(place.bakery)
    assert "Reset" in owner.get("/messages/outbox").content.decode()
    assert "reset/secret" in owner.get(f"{path}?show=text").content.decode()
    for role in (Role.MARKETER, Role.ANALYST):
        reader = member_of(place.bakery, role)
        assert "Reset" not in reader.get("/messages/outbox").content.decode()
        assert [reader.get(at).status_code for at in (path, f"{path}/html")] == [404, 404]


def test_suppressed_addresses_are_listed_with_their_reason_and_without_the_neighbours() -> None:
    from regulars.customers import actions as customers

    place = town()
    with scope(place.bakery.id):
        customers.suppress(
            place.bakery.id, channel="email", address="mira@example.com",
            customer_id=place.mira, reason="complaint", at=clock.now(),
        )  # fmt: skip
        customers.suppress(place.bakery.id, channel="email", address="x@y.example", reason="bounce")

    client = member_of(place.bakery)
    html = client.get("/messages/suppressed").content.decode()

    for given in ("\u00b2", "9" * 5000):
        page = client.get("/messages/suppressed", {"before": given})
        assert "2 addresses" in page.content.decode() and "Mira" in page.content.decode()
    assert "Mira" in html and "Complained about spam" in html and "Letters came back" in html
    assert "2 addresses" in html and "x@y.example" not in html
    assert (
        "No address is suppressed"
        in member_of(place.other).get("/messages/suppressed").content.decode()
    )


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.ANALYST, "/messages/templates", 200),
        (Role.ANALYST, "/messages/templates/new", 403),
        (Role.MARKETER, "/messages/templates/new", 200),
        (Role.MARKETER, "/messages/sender", 403),
        (Role.CASHIER, "/messages/outbox", 403),
        (Role.OWNER, "/messages/sender", 200),
    ],
)
def test_each_role_sees_what_it_may(role: Role, path: str, status: int) -> None:
    assert member_of(town().bakery, role).get(path).status_code == status


def test_strangers_are_sent_to_sign_in() -> None:
    from django.test import Client

    for path in ("/messages/templates", "/messages/outbox", "/messages/sender"):
        assert Client().get(path).status_code == 302
