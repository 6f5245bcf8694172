"""Forms: the door, what is refused and kept, and what a submission becomes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from regulars import wiring
from regulars.customers import actions as person
from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.events import inbox, queries
from regulars.events.actions import record
from regulars.events.records import Event, NewEvent
from regulars.intake import processor
from regulars.intake.collector import visitors
from regulars.intake.collector.forms import Forms, policy_of
from regulars.intake.collector.senders import SENDERS_REMEMBERED_S, Senders, address_of
from regulars.intake.forms import actions
from regulars.intake.forms import queries as form_queries
from regulars.intake.forms.actions import Wanted
from regulars.intake.forms.records import FieldType, FormField, FormKind, FormRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.orders import queries as orders
from regulars.orders.queries.leads import LeadFilter
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
FIELDS = (
    FormField("name", "Your name", FieldType.NAME),
    FormField("email", "E-mail", FieldType.EMAIL, True),
    FormField("cake", "Which cake", FieldType.CHOICE, False, ("Honey", "Poppy")),
    FormField("wish", "A wish", FieldType.LONG),
)
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
GOOD = {"name": "Anna", "email": "anna@example.com", "cake": "Honey", "_token": "t-1"}
Answer = tuple[int, str, dict[str, str]]


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def made(shop: WorkspaceRecord, **fields: Any) -> FormRecord:
    given: dict[str, Any] = {
        "name": "Order a cake", "kind": FormKind.LEAD, "language": "en", "fields": FIELDS,
        "consent_text": "Write to me about new cakes.", **fields,
    }  # fmt: skip
    with scope(shop.id):
        return actions.create_form(shop.id, Wanted(**given), actor="anna@example.com")


def ask(
    form: FormRecord | str, body: bytes = b"", headers: dict[str, str] | None = None,
    method: str = "POST", door: Forms | None = None, peer: str = "",
) -> Answer:  # fmt: skip
    """The door's answer to one request, with an inbox of its own."""

    async def talk() -> Answer:
        box = inbox.Inbox(place.conninfo_for(Role.ENGINE))
        inbox.use(box)
        box.start()
        handler = door or Forms(place.conninfo_for(Role.ENGINE), "https://crm.example")
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        public_id = form if isinstance(form, str) else form.public_id
        given = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        request = {"type": "http", "method": method, "path": f"/f/{public_id}", "headers": given}
        request["client"] = (peer, 1) if peer else None
        await handler({**request, "query_string": b"utm_source=news"}, receive, send)
        await box.stop()
        back = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return sent[0]["status"], sent[1]["body"].decode(), back

    return asyncio.run(talk())


def post(form: FormRecord, values: dict[str, str], **headers: str) -> Answer:
    given = {**URLENCODED, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return ask(form, urlencode(values).encode(), given)


def process() -> None:
    while processor.run_once(wiring.INBOX):
        pass


def submitted(shop: WorkspaceRecord, email: str = "anna@example.com") -> list[Event]:
    with scope(shop.id):
        customer_id = customers.find(shop.id, Identity(email=email))
        if customer_id is None:
            return []
        found = queries.timeline(shop.id, customer_id)
    return [event for event in found if event.kind == "form.submitted"]


def kept(shop: WorkspaceRecord) -> list[tuple[str, str]]:
    with scope(shop.id):
        return sorted((row.reason, row.detail) for row in queries.failed(shop.id))


def questions(shop: WorkspaceRecord) -> int:
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT count(*) FROM messaging_question WHERE workspace_id = %s", [shop.id])
        row = raw.fetchone()
    assert row is not None
    return int(row[0])


def test_a_submission_becomes_a_customer_a_lead_and_an_event(shop: WorkspaceRecord) -> None:
    form = made(shop, product_sku="CAKE")

    status, page, _ = post(form, {**GOOD, "wish": "No nuts", "utm_source": "news",
                                  "_page": "https://shop.example/?token=x"})  # fmt: skip
    process()

    assert (status, "Thank you" in page) == (200, True)
    (event,) = submitted(shop)
    assert event.props == {
        "form": form.public_id, "name": "Order a cake", "kind": "lead",
        "answers": {"cake": "Honey", "wish": "No nuts"}, "is_agreed": False,
        "page": "https://shop.example/", "source": "news", "medium": "unknown",
    }  # fmt: skip
    with scope(shop.id):
        (lead,) = orders.leads(shop.id, LeadFilter())
    assert (lead.name, lead.email, lead.utm) == ("Anna", "anna@example.com", {"utm_source": "news"})
    assert lead.comment == "Which cake: Honey\nA wish: No nuts"
    assert [item.sku for item in lead.items] == ["CAKE"]
    assert (questions(shop), kept(shop)) == (0, [])


def test_the_same_token_counts_once(shop: WorkspaceRecord) -> None:
    form = made(shop)
    for _ in range(3):
        assert post(form, GOOD)[0] == 200
    process()
    post(form, {**GOOD, "_token": "t-2"})
    process()

    assert len(submitted(shop)) == 2


def test_who_agrees_is_asked_by_letter_and_no_consent_is_written_yet(
    shop: WorkspaceRecord,
) -> None:
    form = made(shop, kind=FormKind.SUBSCRIBE)

    assert post(form, {**GOOD, "_consent": "1"})[0] == 200
    process()

    (event,) = submitted(shop)
    assert event.props["text_version"] == f"form-{form.public_id}-v1"
    assert questions(shop) == 1
    with scope(shop.id):
        assert event.customer_id is not None
        card = customers.card(shop.id, event.customer_id)
        assert orders.leads(shop.id, LeadFilter()) == []
    assert card is not None and card.consents == ()


def test_faults_are_told_by_the_field_and_kept(shop: WorkspaceRecord) -> None:
    form = made(shop, kind=FormKind.SUBSCRIBE, language="uk")

    status, page, _ = post(form, {"name": "Ганна", "email": "nobody", "cake": "Stone"})
    as_json, told, _ = post(form, {"email": ""}, accept="application/json")
    process()

    assert (status, as_json) == (422, 422)
    assert page.count('aria-invalid="true"') == 3
    assert 'value="Ганна"' in page
    assert set(json.loads(told)["fields"]) == {"email", "_consent"}
    assert submitted(shop) == []
    assert kept(shop) == [
        ("form_invalid", "email: email_syntax, cake: choice_unknown, _consent: consent_missing"),
        ("form_invalid", "email: field_missing, _consent: consent_missing"),
    ]


def test_a_program_that_fills_the_trap_is_thanked_and_gets_nothing(shop: WorkspaceRecord) -> None:
    form = made(shop)

    status, _, _ = post(form, {**GOOD, "_website": "https://spam.example"})
    process()

    assert status == 200
    assert submitted(shop) == []
    assert [reason for reason, _ in kept(shop)] == ["form_trap"]


def test_a_foreign_domain_is_refused_and_the_submission_waits_for_a_replay(
    shop: WorkspaceRecord,
) -> None:
    form = made(shop, domains_text="shop.example")

    assert post(form, GOOD, origin="https://evil.example")[0] == 403
    assert post(form, {**GOOD, "_token": "2"}, origin="https://www.shop.example")[0] == 200
    assert post(form, {**GOOD, "_token": "3"}, origin="https://crm.example")[0] == 200
    process()

    assert len(submitted(shop)) == 2
    assert kept(shop) == [("origin_refused", "https://evil.example")]
    assert "frame-ancestors 'self' shop.example *.shop.example" in policy_of(form)
    from regulars.events import actions as events

    with scope(shop.id):
        events.replay_failed(shop.id, [row.id for row in queries.failed(shop.id)])
    process()
    assert len(submitted(shop)) == 3


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps({**GOOD, "_consent": True}).encode(), "application/json"),
        (
            b'--x\r\ncontent-disposition: form-data; name="email"\r\n\r\nanna@example.com\r\n'
            b'--x\r\ncontent-disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_json_and_multipart_are_read_as_well(shop: WorkspaceRecord, body: bytes, kind: str) -> None:
    form = made(shop)

    status, _, _ = ask(form, body, {"content-type": kind})
    process()

    assert status == 200
    assert len(submitted(shop)) == 1


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "form_malformed"),
        (b"[1]", "application/json", 400, "form_malformed"),
        (b'{"email": {"a": 1}}', "application/json", 400, "form_malformed"),
        (b"[" * 60_000, "application/json", 400, "form_malformed"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded", 400, "form_malformed"),
        (b"&".join(b"a%d=1" % n for n in range(99)), "", 400, "form_malformed"),
        (b"x", "multipart/form-data", 400, "form_malformed"),
        (
            b'--x\r\ncontent-disposition: form-data; name="f"; filename="a.svg"\r\n\r\n<svg/>'
            b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x", 400, "form_file",
        ),
        (b"email=a", "text/xml", 415, "form_type"),
        (b"a" * 70_000, "application/json", 400, "body_too_large"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused_with_a_reason(
    shop: WorkspaceRecord, body: bytes, kind: str, status: int, code: str
) -> None:
    form = made(shop)

    got, told, _ = ask(form, body, {"content-type": kind, "accept": "application/json"})

    assert (got, json.loads(told)["code"]) == (status, code)
    process()
    assert kept(shop) == []


def test_a_form_that_leads_on_answers_with_the_way(shop: WorkspaceRecord) -> None:
    form = made(shop, redirect_url="https://shop.example/thanks")

    status, _, headers = post(form, GOOD)

    assert (status, headers["location"]) == (303, "https://shop.example/thanks")
    assert "form-action 'self' https://shop.example;" in policy_of(form)


@pytest.mark.parametrize(
    ("given", "expected", "origin"),
    [
        ("https://shop.ua/дякуємо?від=форма#тут",
         "https://shop.ua/%D0%B4%D1%8F%D0%BA%D1%83%D1%94%D0%BC%D0%BE"
         "?%D0%B2%D1%96%D0%B4=%D1%84%D0%BE%D1%80%D0%BC%D0%B0#%D1%82%D1%83%D1%82",
         "https://shop.ua"),
        ("https://магазин.укр:8443", "https://xn--80aairftm.xn--j1amh:8443",
         "https://xn--80aairftm.xn--j1amh:8443"),
        ("https://shop.ua/a%20b?x=1&y=[2]'", "https://shop.ua/a%20b?x=1&y=[2]'",
         "https://shop.ua"),
    ],
)  # fmt: skip
def test_letters_of_any_alphabet_lead_on_unharmed(
    shop: WorkspaceRecord, given: str, expected: str, origin: str
) -> None:
    form = made(shop, redirect_url=given)

    status, _, headers = post(form, GOOD)

    assert (status, headers["location"]) == (303, expected)
    assert f"form-action 'self' {origin};" in headers["content-security-policy"]


def test_one_sender_does_not_lock_a_form_for_others(shop: WorkspaceRecord) -> None:
    form = made(shop)
    door = Forms(place.conninfo_for(Role.ENGINE), "https://crm.example")

    async def unchanged(_: str) -> FormRecord:
        return form

    door._form = unchanged  # type: ignore[method-assign]
    door._senders._buckets._per_s = 0.001
    body = urlencode(GOOD).encode()

    def sent_from(address: str, count: int) -> list[int]:
        return [ask(form, body, URLENCODED, door=door, peer=address)[0] for _ in range(count)]

    assert sent_from("8.8.8.8", 12) == [200] * 10 + [429] * 2
    assert sent_from("9.9.9.9", 1) == [200]
    kept = repr([vars(one) for one in (door._senders._buckets, door._buckets)])
    assert "8.8.8.8" not in kept


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("8.8.8.8", "1.1.1.1", "8.8.8.8"),
        ("127.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        ("10.0.0.2", "2606:4700::1111", "2606:4700::1111"),
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "1.1.1.1, nonsense", ""),
        ("", "1.1.1.1", ""),
    ],
)
def test_behind_a_proxy_of_ours_the_sender_is_whom_it_names(
    peer: str, forwarded: str, expected: str
) -> None:
    assert address_of(peer, {b"x-forwarded-for": forwarded.encode()}) == expected


def test_senders_are_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(clock, "monotonic_s", lambda: now)
    known = Senders()
    for _ in range(10):
        assert known.wait_s("f", "8.8.8.8") == 0
    assert known.wait_s("f", "8.8.8.8") == 2
    key, buckets = known._key, known._buckets

    now += SENDERS_REMEMBERED_S
    assert known.wait_s("f", "8.8.8.8") == 0

    assert known._key != key and known._buckets is not buckets


def test_the_page_keeps_marks_and_hides_nothing_from_readers(shop: WorkspaceRecord) -> None:
    form = made(shop, name='<script>alert("x")</script>')

    status, page, headers = ask(form, method="GET")

    assert status == 200
    assert '<input type="hidden" name="utm_source" value="news">' in page
    assert "&lt;script&gt;" in page and "<script>" not in page
    assert "style=" not in page
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors *" in policy


def test_a_closed_form_and_an_unknown_one_look_the_same(shop: WorkspaceRecord) -> None:
    form = made(shop)
    with scope(shop.id):
        actions.close_form(shop.id, form.public_id)

    assert ask(form, method="GET")[:2] == ask("nothing", method="GET")[:2]
    assert post(form, GOOD)[0] == 404


def test_a_flood_is_slowed_down(shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    form = made(shop)
    from regulars.intake.collector import forms as door_module

    monkeypatch.setattr(door_module, "SUBMISSIONS_BURST", 2.0)
    door = Forms(place.conninfo_for(Role.ENGINE), "https://crm.example")
    monkeypatch.setattr(door._buckets, "_per_s", 0.001)

    async def unchanged(_: str) -> FormRecord:
        return form

    monkeypatch.setattr(door, "_form", unchanged)
    body = urlencode(GOOD).encode()
    answers = [ask(form, body, URLENCODED, door=door) for _ in range(3)]

    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert int(answers[2][2]["retry-after"]) > 1


def test_new_words_of_consent_are_a_new_version(shop: WorkspaceRecord) -> None:
    form = made(shop)
    wanted = Wanted("Order a cake", FormKind.LEAD, "en", FIELDS, consent_text="Other words")
    with scope(shop.id):
        actions.change_form(shop.id, form.public_id, wanted, actor="a")
        actions.change_form(shop.id, form.public_id, wanted, actor="a")
        changed = form_queries.form(shop.id, form.public_id)

    assert (form.consent_version, changed.consent_version) == (1, 2)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "form_name"),
        ({"fields": ()}, "form_fields"),
        ({"fields": FIELDS[:1]}, "form_fields"),
        ({"fields": FIELDS + FIELDS[:1]}, "form_fields"),
        ({"fields": (FormField("E-mail", "E", FieldType.EMAIL),)}, "form_fields"),
        ({"redirect_url": "javascript:alert(1)"}, "form_redirect"),
        ({"redirect_url": "http://shop.example"}, "form_redirect"),
        ({"redirect_url": "https://a@evil.example"}, "form_redirect"),
        ({"redirect_url": f"https://{'я' * 70}.ua"}, "form_redirect"),
        ({"kind": FormKind.SUBSCRIBE, "consent_text": ""}, "form_consent"),
        ({"domains_text": "not a domain!"}, "domain_malformed"),
    ],
)
def test_a_form_that_cannot_work_is_not_made(
    shop: WorkspaceRecord, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as told:
        made(shop, **fields)

    assert told.value.code == code
    with scope(shop.id):
        assert form_queries.forms(shop.id) == []


def test_a_form_of_another_workspace_is_not_there(shop: WorkspaceRecord) -> None:
    form, other = made(shop), workspace()

    with scope(other.id):
        with pytest.raises(NotFound):
            form_queries.form(other.id, form.public_id)
        with pytest.raises(NotFound):
            actions.close_form(other.id, form.public_id)


def test_other_answers_under_an_old_token_are_another_submission(shop: WorkspaceRecord) -> None:
    form = made(shop)

    assert post(form, GOOD)[0] == 200
    assert post(form, {**GOOD, "wish": "No nuts"})[0] == 200
    assert post(form, {**GOOD, "wish": "No nuts", "_page": "https://shop.example/"})[0] == 200
    process()

    assert len(submitted(shop)) == 2
    assert kept(shop) == []


def test_a_replayed_submission_starts_nothing_and_asks_nobody(shop: WorkspaceRecord) -> None:
    from regulars.events import actions as events

    form = made(shop, domains_text="shop.example")
    post(form, {**GOOD, "_consent": "1"}, origin="https://evil.example")
    process()
    with scope(shop.id):
        events.replay_failed(shop.id, [row.id for row in queries.failed(shop.id)])
    process()

    with scope(shop.id):
        customer_id = customers.find(shop.id, Identity(email="anna@example.com"))
        assert customer_id is not None
        found = {e.kind: e for e in queries.timeline(shop.id, customer_id)}
    assert found["lead.created"].origin == "replay"
    assert found["form.submitted"].origin == "replay"
    assert found["form.not_asked"].props["reason"] == "submission_replayed"
    assert questions(shop) == 0


@pytest.mark.parametrize("path", ["a\x00b", "я", "x" * 41])
def test_an_address_no_form_can_have_is_not_looked_up(shop: WorkspaceRecord, path: str) -> None:
    door = Forms(place.conninfo_for(Role.ENGINE), "https://crm.example")

    assert ask(path, method="GET", door=door)[0] == 404
    assert door._known == {}


def test_half_a_letter_is_refused_and_nothing_breaks(shop: WorkspaceRecord) -> None:
    form = made(shop)
    body = b'{"name": "\\ud800", "email": "anna@example.com"}'

    status, answer, _ = ask(form, body, {"content-type": "application/json"})

    assert (status, json.loads(answer)["code"]) == (400, "form_malformed")


VISITOR = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def visit(shop: WorkspaceRecord, visitor: str = VISITOR) -> int:
    with scope(shop.id):
        ids = person.identify_many(shop.id, [Identity(anonymous_id=visitor)], source="site")
        record(shop.id, NewEvent("Cake Looked At", NOON, f"look:{visitor}", ids[0]))
    return ids[0]


def history_of(shop: WorkspaceRecord, email: str = "anna@example.com") -> list[str]:
    with scope(shop.id):
        customer_id = customers.find(shop.id, Identity(email=email))
        assert customer_id is not None
        found = customers.card(shop.id, customer_id)
        return sorted(
            event.kind
            for one in (found.profile.id, *found.merged_ids)
            for event in queries.timeline(shop.id, one)
            if event.kind in ("Cake Looked At", "form.submitted")
        )


def test_a_lead_joins_what_the_visitor_did_before(shop: WorkspaceRecord) -> None:
    form = made(shop)
    visit(shop)

    assert post(form, {**GOOD, "_visitor": VISITOR})[0] == 200
    process()

    assert history_of(shop) == ["Cake Looked At", "form.submitted"]
    assert kept(shop) == []


def test_the_cookie_of_the_shop_says_who_looks_at_the_form(shop: WorkspaceRecord) -> None:
    form = made(shop)
    visit(shop)

    page = ask(form, method="GET", headers={"cookie": f"a=b; rg_id={VISITOR}"})[1]
    post(form, GOOD, cookie=f"rg_id={VISITOR}")
    process()

    assert f'name="_visitor" value="{VISITOR}"' in page
    assert history_of(shop) == ["Cake Looked At", "form.submitted"]


def test_without_a_yes_a_lead_stays_without_a_past(shop: WorkspaceRecord) -> None:
    form = made(shop)
    visit(shop)

    quiet = {"cookie": f"rg_id={VISITOR}", "sec-gpc": "1"}
    page = ask(form, method="GET", headers=quiet)[1]
    # An empty field is the word of a page whose visitor said no after the cookie was set.
    post(form, {**GOOD, "_visitor": ""}, cookie=f"rg_id={VISITOR}")
    post(form, {**GOOD, "_token": "t-2", "_visitor": "<script>"})
    process()

    assert 'name="_visitor" value=""' in page
    assert history_of(shop) == ["form.submitted", "form.submitted"]


@pytest.mark.parametrize(
    ("age_s", "is_known"), [(0, True), (-100, True), (119, True), (200, False)]
)
def test_a_marked_link_is_good_for_two_minutes(age_s: int, is_known: bool) -> None:
    link = f"{VISITOR}.{1_700_000_000 - age_s}"

    found = visitors.of_request({}, link, now_s=1_700_000_000.0)

    assert found == (VISITOR if is_known else "")
    assert visitors.of_request({}, VISITOR, now_s=1_700_000_000.0) == ""


def test_a_browser_does_not_make_two_known_people_one(shop: WorkspaceRecord) -> None:
    form = made(shop)
    visit(shop)

    post(form, {**GOOD, "_visitor": VISITOR})
    post(form, {"email": "oleg@example.com", "_token": "t-9", "_visitor": VISITOR})
    process()

    with scope(shop.id):
        anna = customers.find(shop.id, Identity(email="anna@example.com"))
        oleg = customers.find(shop.id, Identity(email="oleg@example.com"))
    assert anna is not None and oleg is not None and anna != oleg
    assert history_of(shop, "oleg@example.com") == ["form.submitted"]
