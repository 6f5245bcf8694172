"""What of a visit is kept, where a visitor came from, and which events make a visit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.intake.pure import context, domains, sessions
from regulars.intake.pure.sessions import GAP, Hit, Span
from regulars.intake.pure.touch import Touch, derive
from regulars.kernel.buckets import Buckets
from regulars.kernel.errors import Invalid

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"


def test_the_page_and_the_campaign_are_kept_and_the_network_address_is_not() -> None:
    kept = context.kept(
        {
            "ip": "203.0.113.9",
            "userAgent": CHROME,
            "locale": "uk-UA",
            "timezone": "Europe/Kyiv",
            "page": {
                "url": "https://u:p@shop.example/tea?sku=7&email=a%40b.c&gclid=G1#top",
                "path": "/tea",
                "title": "Tea",
                "referrer": "https://www.google.com/search?q=tea+for+anna",
            },
            "campaign": {"source": "News", "name": "spring", "medium": None},
            "library": {"name": "analytics.js"},
        }
    )

    assert kept == {
        "url": "https://shop.example/tea?sku=7&gclid=G1",
        "path": "/tea",
        "title": "Tea",
        "referrer": "https://www.google.com/search",
        "campaign": {"source": "News", "name": "spring"},
        "click": {"gclid": "G1"},
        "locale": "uk-UA",
        "browser": "Chrome",
        "device": "desktop",
    }
    assert "203.0.113.9" not in json.dumps(kept)


@pytest.mark.parametrize(
    "strange",
    [
        None, {}, {"page": 7}, {"page": {"url": ["x"]}}, {"page": {"url": "http://[bad"}},
        {"page": {"url": "javascript:alert(1)", "referrer": "data:text/html,x"}},
        {"campaign": "spring", "userAgent": {"a": 1}}, {"touch": {"first": 3}},
    ],
)  # fmt: skip
def test_what_is_no_context_leaves_nothing(strange: dict[str, object] | None) -> None:
    assert context.kept(strange) == {}


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (CHROME, ("Chrome", "desktop")),
        (IPHONE, ("Safari", "mobile")),
        (CHROME + " Edg/140.0", ("Edge", "desktop")),
        (CHROME + " YaBrowser/25.1", ("Yandex", "desktop")),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Firefox/140.0", ("Firefox", "mobile")),
        ("Mozilla/5.0 (iPad; CPU OS 18_0) Version/18.0 Safari/604.1", ("Safari", "tablet")),
        ("Googlebot/2.1", ("Bot", "bot")),
    ],
)
def test_the_family_of_a_browser_is_told(agent: str, family: tuple[str, str]) -> None:
    found = context.agent_of(agent)

    assert (found["browser"], found["device"]) == family


SITE = ["shop.example"]


@pytest.mark.parametrize(
    ("url", "referrer", "source", "medium", "is_marked"),
    [
        ("", "", "direct", "none", False),
        ("", "https://shop.example/a", "direct", "none", False),
        ("", "https://www.shop.example/a", "direct", "none", False),
        ("", "https://www.google.com.ua/", "google", "search", False),
        ("", "https://yandex.kz/search", "yandex", "search", False),
        ("", "https://ya.ru/", "yandex", "search", False),
        ("", "https://mail.google.com/mail", "gmail", "email", False),
        ("", "https://l.facebook.com/l.php", "facebook", "social", False),
        ("", "https://t.me/s/x", "telegram", "social", False),
        ("", "https://google.evil.example/", "google.evil.example", "referral", False),
        ("", "https://blog.example/post", "blog.example", "referral", False),
        ("", "android-app://com.google.android.googlequicksearchbox/", "google", "search", False),
        ("?gclid=1", "https://www.google.com/", "google", "cpc", True),
        ("?yclid=1", "", "yandex", "cpc", True),
        ("?msclkid=1", "", "bing", "cpc", True),
        ("?ttclid=1", "", "tiktok", "cpc", True),
        ("?fbclid=1", "", "facebook", "social", True),
        ("?utm_source=News&utm_medium=Email&utm_campaign=May", "", "news", "email", True),
        ("?utm_campaign=May", "https://t.co/x", "x", "social", True),
        ("?utm_source=x&gclid=1", "", "x", "cpc", True),
        ("?utm_term=only", "", "direct", "none", False),
    ],
)
def test_where_a_visitor_came_from(
    url: str, referrer: str, source: str, medium: str, is_marked: bool
) -> None:
    page = f"https://shop.example/{url}"

    touch, marked = derive(
        context.campaign_of({"page": {"url": page}}), context.click_of(page), referrer, SITE
    )

    assert (touch.source, touch.medium, marked) == (source, medium, is_marked)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_it(url: str, referrer: str) -> None:
    found = context.kept({"page": {"url": url, "referrer": referrer}, "userAgent": url})
    touch, _ = derive(found.get("campaign", {}), found.get("click", {}), referrer, SITE)

    assert touch.source and touch.medium
    assert not found.get("url", "").lower().startswith(("javascript:", "data:"))


HITS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["", "spring", "summer"])), max_size=25
)


def hit(minute: int, campaign: str = "") -> Hit:
    touch = Touch("news", "email", campaign) if campaign else Touch()
    return Hit(NOON + timedelta(minutes=minute), touch, bool(campaign))


def visits(spans: list[Span], hits: list[Hit]) -> tuple[list[int], list[Span]]:
    placed, known = sessions.place(spans, hits)
    return [known.index(span) for span in placed], known


@given(told=HITS, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_visits_do_not_depend_on_where_a_batch_ended(
    told: list[tuple[int, str]], cuts: list[int]
) -> None:
    hits = [hit(*one) for one in told]
    whole, _ = visits([], hits)

    parts: list[int] = []
    known: list[Span] = []
    ends = sorted({0, len(hits), *(cut for cut in cuts if cut < len(hits))})
    for begin, end in pairwise(ends):
        batch = hits[begin:end]
        # Only spans near the batch are read from the database, in the order they were made.
        since, until = min(h.at for h in batch) - GAP, max(h.at for h in batch) + GAP
        near = [s for s in known if s.last_at > since and s.started_at < until]
        placed, after = sessions.place(near, batch)
        known += [span for span in after if all(span is not one for one in known)]
        parts += [next(n for n, one in enumerate(known) if one is span) for span in placed]

    assert parts == whole


@given(told=HITS)
def test_each_event_has_one_visit_whose_span_holds_it(told: list[tuple[int, str]]) -> None:
    hits = [hit(*one) for one in told]
    placed, known = sessions.place([], hits)

    assert len(placed) == len(hits)
    assert sum(span.hits for span in known) == len(hits)
    for one, span in zip(hits, placed, strict=True):
        assert span.started_at <= one.at <= span.last_at
        assert not one.is_marked or span.touch == one.touch


@pytest.mark.parametrize(
    ("told", "places"),
    [
        ([(0, ""), (29, ""), (58, "")], [0, 0, 0]),
        ([(0, ""), (30, "")], [0, 1]),
        ([(0, ""), (5, "spring"), (6, "")], [0, 1, 1]),
        ([(0, "spring"), (5, "spring"), (6, "summer")], [0, 0, 1]),
        ([(60, ""), (0, ""), (61, ""), (1, "")], [0, 1, 0, 1]),
    ],
)
def test_a_visit_ends_after_half_an_hour_or_with_another_campaign(
    told: list[tuple[int, str]], places: list[int]
) -> None:
    assert visits([], [hit(*one) for one in told])[0] == places


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://shop.example", True), ("http://shop.example:8080", True),
        ("https://www.shop.example", True), ("https://SHOP.EXAMPLE", True),
        ("https://shop.example.evil", False), ("https://evilshop.example", False),
        ("null", False), ("", False), ("https://[", False), ("file://", False),
    ],
)  # fmt: skip
def test_only_pages_of_the_domains_may_send(origin: str, is_allowed: bool) -> None:
    assert domains.allows(["shop.example"], origin) is is_allowed


def test_domains_are_read_as_people_paste_them() -> None:
    pasted = "https://www.Shop.Example/path, *.other.example\nкрамниця.укр"

    assert domains.read(pasted) == ("shop.example", "other.example", "xn--80aqejfp0c4d.xn--j1amh")


@pytest.mark.parametrize(
    "text", ["a b!", "shop .", "-x.example", "a" * 70 + ".example", "1.2.3.4:"]
)
def test_what_is_no_domain_is_told(text: str) -> None:
    if text == "1.2.3.4:":
        assert domains.read(text) == ("1.2.3.4",)
        return
    with pytest.raises(Invalid, match="no domain"):
        domains.read(text)


def test_a_bucket_empties_and_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("regulars.kernel.clock.monotonic_s", lambda: now[0])
    buckets = Buckets(per_s=0.5, burst=2)

    assert [buckets.wait_s("a") for _ in range(4)] == [0, 0, 2, 2]
    assert buckets.wait_s("b") == 0
    now[0] += 2
    assert [buckets.wait_s("a") for _ in range(2)] == [0, 2]
