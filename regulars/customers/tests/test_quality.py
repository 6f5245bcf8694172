"""What is odd about contacts, names and birthdays; who is believed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.customers.pure import normalise
from regulars.customers.pure.mailboxes import (
    disposable,
    distance,
    is_disposable,
    popular,
    suggested_domain,
)
from regulars.customers.pure.people import birthday_oddity, proper_name
from regulars.customers.pure.precedence import RANKS, Source, believed, may_replace, stamp
from regulars.customers.pure.quality import Flag, Kind, flags_of, phone_kind
from regulars.kernel import clock
from regulars.kernel.errors import Invalid

HUGE = 100_000
TODAY = date(2026, 11, 22)
# A hundred times what a healthy run needs; a validator that looks back takes hours.
LONG_S = 10.0


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmai.com", "gmail.com"), ("gmail.con", "gmail.com"),
        ("gmail.ru", "gmail.com"), ("gmaill.com", "gmail.com"), ("gnail.com", "gmail.com"),
        ("gmail.co", "gmail.com"), ("ukr.ent", "ukr.net"), ("ukr.met", "ukr.net"),
        ("mail.ri", "mail.ru"), ("mial.ru", "mail.ru"), ("yandx.ru", "yandex.ru"),
        ("hotmial.com", "hotmail.com"), ("hotmail.cmo", "hotmail.com"),
        ("outlok.com", "outlook.com"), ("yaho.com", "yahoo.com"), ("iclod.com", "icloud.com"),
        ("ramler.ru", "rambler.ru"), ("yahooo.co.uk", "yahoo.co.uk"),
    ],
)  # fmt: skip
def test_slips_of_popular_domains_are_recognised(slip: str, meant: str) -> None:
    assert suggested_domain(slip) == meant


@pytest.mark.parametrize(
    "domain",
    ["mail.com", "email.com", "hotmail.ca", "yahoo.de", "yandex.eu", "bakery.example", "i.ua",
     "in.ua", "me.uk", "gmx.at", "company.com.ua", "mail.company.com", "xn--80a1acny.xn--p1ai",
     "kyivstar.net", "outlook.be", *popular()],
)  # fmt: skip
def test_domains_of_their_own_are_left_alone(domain: str) -> None:
    assert suggested_domain(domain) is None


@given(st.text("abc.", max_size=8), st.text("abc.", max_size=8), st.text("abc.", max_size=8))
def test_the_distance_is_one(a: str, b: str, c: str) -> None:
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) == distance(b, a) <= max(len(a), len(b))
    assert abs(len(a) - len(b)) <= distance(a, b)
    assert distance(a + c, b + c) <= distance(a, b)


@given(st.sampled_from(popular()), st.integers(0, 40))
def test_a_suggestion_is_always_a_popular_domain_and_never_the_same(domain: str, at: int) -> None:
    slip = domain[: at % len(domain)] + domain[at % len(domain) + 1 :]

    meant = suggested_domain(slip)

    assert meant is None or (meant in popular() and meant != slip)


def test_thrown_away_mailboxes_are_known_with_their_subdomains() -> None:
    assert is_disposable("mailinator.com") and is_disposable("a.b.mailinator.com")
    assert not is_disposable("gmail.com") and not is_disposable("com")
    assert len(disposable()) > 200
    assert not disposable() & set(popular())


def test_flags_ask_and_change_nothing() -> None:
    found = flags_of(
        "mira@gmial.com", "+380441234567", date(1990, 1, 1), today=TODAY, dead={"dead.example"}
    )

    assert found == [
        Flag("email", Kind.TYPO, "mira@gmial.com", "mira@gmail.com"),
        Flag("phone", Kind.LANDLINE, "+380441234567"),
        Flag("birth_on", Kind.BIRTHDAY_DEFAULT, "1990-01-01"),
    ]
    assert flags_of("a@dead.example", None, None, today=TODAY, dead={"dead.example"}) == [
        Flag("email", Kind.NO_MAIL, "a@dead.example")
    ]
    assert flags_of("a@yopmail.com", "+380671234567", date(1990, 5, 1), today=TODAY) == [
        Flag("email", Kind.DISPOSABLE, "a@yopmail.com")
    ]


@pytest.mark.parametrize(
    ("number", "kind"),
    [("+380671234567", "mobile"), ("+380441234567", "landline"), ("+79161234567", "mobile"),
     ("+12025550123", "mobile"), ("+380800123456", "unknown"), ("nonsense", "unknown")],
)  # fmt: skip
def test_phones_are_mobile_landline_or_unknown(number: str, kind: str) -> None:
    assert phone_kind(number) == kind


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("МИРОСЛАВА", "Мирослава"), ("мирослава коваль", "Мирослава Коваль"),
        ("О'КОННОР", "О'Коннор"), ("o’connor", "O’Connor"), ("дем'ян", "Дем'ян"),
        ("НЕЧУЙ-ЛЕВИЦЬКИЙ", "Нечуй-Левицький"), ("MCDONALD", "McDonald"),
        ("хуан де ла крус", "Хуан де ла Крус"), ("LUDWIG VAN BEETHOVEN", "Ludwig van Beethoven"),
        ("van dyck", "Van Dyck"), ("McDonald", "McDonald"), ("де ла Крус", "де ла Крус"),
        ("DeVito", "DeVito"), ("Нечуй-Левицький", "Нечуй-Левицький"), ("J.R.", "J.R."),
        ("A", "A"), ("", ""), ("李小龍", "李小龍"), ("її", "Її"),
    ],
)  # fmt: skip
def test_names_get_capitals_only_when_typed_in_one_case(typed: str, written: str) -> None:
    assert proper_name(typed) == written


@given(st.text(max_size=60))
def test_a_proper_name_stays_as_it_is(text: str) -> None:
    once = proper_name(text)

    assert proper_name(once) == once
    assert once.lower() == text.lower() or not text.isascii()


def test_birthdays_ahead_and_defaults_are_odd() -> None:
    assert birthday_oddity(date(2026, 11, 23), TODAY) == "birthday_ahead"
    assert birthday_oddity(date(2001, 1, 1), TODAY) == "birthday_default"
    assert birthday_oddity(TODAY, TODAY) == ""


def test_the_written_order_of_sources() -> None:
    order = [Source.HAND, Source.PREFERENCES, Source.FORM, Source.API, Source.SITE, Source.IMPORT]

    assert sorted(RANKS, key=lambda one: -RANKS[one])[:3] == order[:3]
    for stronger, weaker in pairwise(order):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        assert may_replace(stamp(weaker, at), stronger)
        assert not may_replace(stamp(stronger, at), weaker)
        assert may_replace(stamp(stronger, at), stronger)
    assert RANKS[Source.API] == RANKS[Source.TILL]
    assert all(may_replace(None, source) for source in Source)


def test_what_is_unknown_anybody_may_tell_and_ids_have_no_rank() -> None:
    kept = {name: stamp(Source.HAND, datetime(2026, 1, 1, tzinfo=UTC))
            for name in ("city", "external_id", "attr.tea")}  # fmt: skip
    told = {"city": ("Kyiv", "Lviv"), "name": (None, "Mira"), "external_id": ("1", "2")}

    assert set(believed(told, kept, Source.IMPORT)) == {"name", "external_id"}
    assert set(believed(told, kept, Source.HAND)) == {"city", "name", "external_id"}
    assert believed({"tea": ("green", "black")}, kept, Source.API, prefix="attr.") == {}


@given(st.lists(st.sampled_from(list(Source)), min_size=1, max_size=8))
def test_the_most_believed_of_all_that_spoke_decides(spoken: list[Source]) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    kept, value = None, -1
    for number, source in enumerate(spoken):
        if may_replace(kept, source):
            kept, value = stamp(source, at), number

    best = max(RANKS[source] for source in spoken)
    last = max(n for n, source in enumerate(spoken) if RANKS[source] == best)
    assert value == last


@pytest.mark.parametrize(
    "text",
    ["a" * HUGE, "a" * HUGE + "@", "@" * HUGE, "a@" + "a." * HUGE, "a." * HUGE + "@x.com",
     "ж" * HUGE, "a@" + "ж" * HUGE + ".com", " " * HUGE, "+" + "0" * HUGE, "(" * HUGE,
     "O'" * HUGE, "-" * HUGE, "\u0301" * HUGE, "a@" + "-" * HUGE + ".com", "ß" * HUGE],
)  # fmt: skip
def test_texts_of_a_hundred_thousand_letters_are_judged_at_once(text: str) -> None:
    started_s = clock.monotonic_s()
    for judge in (normalise.email, normalise.identifier, lambda t: normalise.phone(t, "UA")):
        with pytest.raises(Invalid):
            judge(text)
    normalise.name(text)
    normalise.fold(text)
    proper_name(text)
    suggested_domain(text)
    is_disposable(text)
    phone_kind(text)
    flags_of(f"a@{text}", text, None, today=TODAY)

    assert clock.monotonic_s() - started_s < LONG_S
