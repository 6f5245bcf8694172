"""Public keys at the door, the script of a site, and visits in the log."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars import wiring
from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.events import inbox, queries
from regulars.events.records import Event
from regulars.intake import processor
from regulars.intake.collector.app import Collector
from regulars.intake.collector.keys import Keys
from regulars.intake.collector.snippet import SOURCE, Snippet, script
from regulars.intake.sites import actions, visits
from regulars.intake.sites import queries as site_queries
from regulars.intake.sites.records import SiteRecord
from regulars.kernel.errors import Invalid, NotFound
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import KeyScope, WorkspaceRecord
from tests.town import workspace

HOME = {"origin": "https://www.shop.example"}
SCRIPT_BYTES_MAX = 10_000
Handler = Callable[..., Awaitable[None]]


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def made(shop: WorkspaceRecord, **fields: str) -> SiteRecord:
    given = {"name": "Shop", "domains_text": "shop.example", "consent_mode": "ask", **fields}
    with scope(shop.id):
        return actions.create_site(shop.id, **given)


def ask(
    handler: Handler, method: str, path: str, body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes, dict[str, str]]:  # fmt: skip
    """One request to a raw door, with an inbox of its own."""

    async def talk() -> tuple[int, bytes, dict[str, str]]:
        box = inbox.Inbox(place.conninfo_for(Role.ENGINE))
        inbox.use(box)
        box.start()
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        await handler(
            {"type": "http", "method": method, "path": path, "headers": given}, receive, send
        )
        await box.stop()
        return (
            sent[0]["status"], sent[1]["body"],
            {k.decode(): v.decode() for k, v in sent[0]["headers"]},
        )  # fmt: skip

    return asyncio.run(talk())


def keys() -> Keys:
    return Keys(place.conninfo_for(Role.ENGINE), KeyScope.INTAKE)


def collect(site: SiteRecord, path: str, content: dict[str, Any], **headers: str) -> Any:
    body = json.dumps({"writeKey": site.key, **content}).encode()
    status, told, back = ask(Collector(keys()), "POST", path, body, headers)
    return status, json.loads(told), back


def process() -> None:
    while processor.run_once(wiring.INBOX):
        pass


def happened(shop: WorkspaceRecord, anonymous_id: str) -> list[Event]:
    with scope(shop.id):
        customer_id = customers.find(shop.id, Identity(anonymous_id=anonymous_id))
        if customer_id is None:
            return []
        return sorted(queries.timeline(shop.id, customer_id), key=lambda e: (e.time, e.id))


@pytest.mark.parametrize("path", ["/v1/t", "/v1/track", "/v1/track/"])
def test_a_page_of_the_site_may_send_and_read_the_answer(shop: WorkspaceRecord, path: str) -> None:
    site = made(shop)

    status, told, headers = collect(site, path, {"event": "Tea", "anonymousId": "a"}, **HOME)
    process()

    assert (status, told) == (200, {"success": True})
    assert headers["access-control-allow-origin"] == "*"
    assert [e.source for e in happened(shop, "a") if e.kind == "Tea"] == [f"site:{site.public_id}"]
    with scope(shop.id):
        assert site_queries.site(shop.id, site.public_id).event_kind == "Tea"


def test_a_page_of_another_domain_is_refused_and_its_event_waits(shop: WorkspaceRecord) -> None:
    site = made(shop)

    status, told, headers = collect(
        site, "/v1/track", {"event": "Tea", "anonymousId": "a"}, origin="https://evil.example"
    )
    process()

    assert (status, told["code"]) == (403, "origin_refused")
    assert headers["access-control-allow-origin"] == "*"
    assert happened(shop, "a") == []
    with scope(shop.id):
        (kept,) = queries.failed(shop.id)
        assert site_queries.site(shop.id, site.public_id).refused_origin == "https://evil.example"
    assert (kept.reason, kept.detail) == ("origin_refused", "https://evil.example")

    from regulars.events import actions as events

    with scope(shop.id):
        events.replay_failed(shop.id, [kept.id])
    process()
    assert [e.origin for e in happened(shop, "a") if e.kind == "Tea"] == ["replay"]


def test_a_preflight_is_allowed(shop: WorkspaceRecord) -> None:
    status, _, headers = ask(Collector(keys()), "OPTIONS", "/v1/batch", headers=HOME)

    assert status == 204
    assert "authorization" in headers["access-control-allow-headers"]


def test_a_public_key_opens_nothing_else(shop: WorkspaceRecord) -> None:
    site = made(shop)

    for key_scope in KeyScope:
        assert workspaces.workspace_of_key(site.key, key_scope) is None


def test_a_closed_site_sends_nothing(shop: WorkspaceRecord) -> None:
    site = made(shop)
    with scope(shop.id):
        actions.close_site(shop.id, site.public_id)

    status, told, _ = collect(site, "/v1/track", {"event": "Tea", "anonymousId": "a"})

    assert (status, told["code"]) == (401, "key_unknown")
    assert ask(Snippet(keys(), "https://crm.example"), "GET", f"/s/{site.key}.js")[0] == 404


def test_a_key_that_sends_too_often_waits_and_servers_do_not(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = made(shop)
    collector = Collector(keys())
    monkeypatch.setattr(collector._buckets, "_burst", 2.0)
    monkeypatch.setattr(collector._buckets, "_per_s", 0.1)
    body = json.dumps({"writeKey": site.key, "event": "Tea", "anonymousId": "a"}).encode()
    answers = []

    async def unlinked(_: str) -> Any:
        from regulars.intake.collector.keys import Opened

        return Opened(shop.id, site.public_id, site.domains, "ask")

    monkeypatch.setattr(collector._keys, "opened", unlinked)
    for _ in range(3):
        answers.append(ask(collector, "POST", "/v1/track", body))

    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert json.loads(answers[2][1])["code"] == "rate_limited"
    assert answers[2][2]["retry-after"] == answers[2][2]["x-ratelimit-reset"] == "10"


def test_segments_library_for_browsers_learns_where_to_send(shop: WorkspaceRecord) -> None:
    site = made(shop)
    path = f"/v1/projects/{site.key}/settings"

    status, told, _ = ask(Collector(keys()), "GET", path, headers={"host": "crm.example"})

    assert status == 200
    assert json.loads(told)["integrations"]["Segment.io"]["apiHost"] == "crm.example/v1"
    assert ask(Collector(keys()), "GET", "/v1/projects/other/settings")[0] == 404


def test_the_script_is_small_cached_and_knows_its_site(shop: WorkspaceRecord) -> None:
    site = made(shop)
    snippet = Snippet(keys(), "https://crm.example")

    status, packed, headers = ask(
        snippet, "GET", f"/s/{site.key}.js", headers={"accept-encoding": "gzip"}
    )

    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert len(packed) < SCRIPT_BYTES_MAX
    assert headers["cache-control"].startswith("public, max-age=300")
    text = gzip.decompress(packed).decode()
    settings = json.loads(text.rstrip().rpartition("})(")[2].removesuffix(");"))
    assert settings == {
        "key": site.key, "host": "https://crm.example", "consent": "ask", "version": "1",
    }  # fmt: skip
    again = Snippet(keys(), "https://crm.example")
    known = {"if-none-match": headers["etag"]}
    assert ask(again, "GET", f"/s/{site.key}.js", headers=known)[:2] == (304, b"")
    with scope(shop.id):
        assert site_queries.site(shop.id, site.public_id).loaded_at is not None


def test_the_script_is_understood_by_old_browsers_and_strict_policies() -> None:
    source = re.sub(r"/\*.*?\*/", "", SOURCE.read_text(), flags=re.DOTALL)

    assert re.findall(r"=>|`|\b(?:let|const|class|async|await)\b|\.\.\.", source) == []
    assert re.findall(r"\beval\b|new Function|innerHTML|document\.write|onclick", source) == []


def test_settings_are_data_and_nothing_else() -> None:
    told = script("(function(){})({});", "k</script>", "https://a", 'on"})alert(1)').decode()

    assert "</script>" not in told
    settings = json.loads(told.partition("})(")[2].rstrip().removesuffix(");"))
    assert settings["consent"] == 'on"})alert(1)'


def page(visitor: str, minute: int, **context: Any) -> dict[str, Any]:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC) + timedelta(minutes=minute)
    return {"type": "page", "anonymousId": visitor, "messageId": f"{visitor}-{minute}",
            "timestamp": at.isoformat(), "context": context}  # fmt: skip


def test_events_of_a_site_get_visits_across_batches_and_the_first_source_stays(
    shop: WorkspaceRecord,
) -> None:
    site = made(shop)
    ads = {"page": {"url": "https://shop.example/?utm_source=ads&utm_medium=cpc&token=x"}}
    search = {"page": {"url": "https://shop.example/", "referrer": "https://www.google.com/"}}
    for batch in (
        [page("v", 0, **ads), page("v", 20)],
        [page("v", 45), page("w", 1)],
        [page("v", 200, **search), page("v", 10), page("v", 45)],
    ):
        assert collect(site, "/v1/batch", {"batch": batch})[0] == 200
        process()

    told = happened(shop, "v")
    started = [e for e in told if e.kind == "session.started"]
    assert [(e.props["source"], e.props["medium"]) for e in started] == [
        ("ads", "cpc"), ("google", "search"),
    ]  # fmt: skip
    assert started[0].props["landing"] == "https://shop.example/"
    places = [e.props["_context"]["session"] for e in told if e.kind == "Page Viewed"]
    first, second = started[0].props["session"], started[1].props["session"]
    assert places == [first] * 4 + [second]
    with scope(shop.id):
        customer_id = customers.find(shop.id, Identity(anonymous_id="v"))
        assert customer_id is not None
        attrs = customers.profiles(shop.id, [customer_id])[customer_id].attrs
    assert (attrs["first_source"], attrs["first_medium"]) == ("ads", "cpc")
    assert [e.kind for e in happened(shop, "w") if e.kind == "session.started"]


def test_old_visits_are_forgotten(shop: WorkspaceRecord) -> None:
    site = made(shop)
    collect(site, "/v1/batch", {"batch": [page("old", 0)]})
    process()

    assert visits.expire_sessions(datetime(2026, 5, 1, 12, 1, tzinfo=UTC)) >= 1
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT count(*) FROM intake_session WHERE workspace_id = %s", [shop.id])
        assert raw.fetchone() == (0,)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "site_name"),
        ({"domains_text": ""}, "domains_missing"),
        ({"domains_text": "a b!"}, "domain_malformed"),
        ({"domains_text": " ".join(f"a{n}.example" for n in range(21))}, "domains_many"),
        ({"consent_mode": "maybe"}, "site_consent"),
    ],
)
def test_a_site_that_cannot_work_is_not_made(
    shop: WorkspaceRecord, fields: dict[str, str], code: str
) -> None:
    with pytest.raises(Invalid) as told:
        made(shop, **fields)

    assert told.value.code == code
    with scope(shop.id):
        assert site_queries.sites(shop.id) == []


def test_a_site_of_another_workspace_is_not_there(shop: WorkspaceRecord) -> None:
    site, other = made(shop), workspace()

    with scope(other.id):
        with pytest.raises(NotFound):
            site_queries.site(other.id, site.public_id)
        with pytest.raises(NotFound):
            actions.close_site(other.id, site.public_id)
        assert site_queries.sites(other.id) == []
