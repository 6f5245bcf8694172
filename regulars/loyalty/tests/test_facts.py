"""Where customers stand, asked by segments and said by letters: in memory, DuckDB and real mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest

from regulars.kernel import clock
from regulars.lake import engine
from regulars.loyalty import standing_tasks
from regulars.loyalty.actions import issuing, members, points, standings
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.actions import series as code_series
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.facts import FACTS
from regulars.loyalty.lake import STANDING
from regulars.loyalty.point_records import Grant
from regulars.messaging import queries as letters
from regulars.messaging.tests.peers import aiosmtpd_peer
from regulars.messaging.tests.sending import plan, prepare, sending, states, wait_for
from regulars.portal.tests.visits import open_account
from regulars.project import lake as keeping
from regulars.rules import language, memory, sentences
from regulars.segments import actions as segments
from regulars.segments import queries as saved
from regulars.segments import registry
from regulars.segments.tests.keeping import members as kept
from regulars.segments.tests.keeping import settle
from regulars.store.scope import scope
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("as_engine")
SETTINGS: dict[str, Any] = {
    "currencies": [{"slug": "points", "name": "Crumbs", "is_main": True}],
    "tiers": {"tiers": [{"slug": "gold", "name": "Gold"}]},
}
Json = dict[str, Any]
RULES: dict[str, Json] = {
    "rich": {"fact": "loyalty.balance", "op": "gte", "value": 50_000},
    "poor": {"fact": "loyalty.balance", "op": "lt", "value": 50_000},
    "burning": {"fact": "loyalty.next_expiry_on", "op": "in_next", "value": "30d"},
    "coded": {"fact": "loyalty.has_code", "op": "eq", "value": True},
    "joined": {"fact": "loyalty.joined_on", "op": "set"},
    "stranger": {"fact": "loyalty.joined_on", "op": "not_set"},
}


@pytest.fixture
def feed(as_engine: None) -> Iterator[Callable[[], None]]:
    before = engine._current
    keeper = keeping.Keeper(keeping.open_engine(256))
    yield keeper.drain
    engine.use(before)


@pytest.fixture
def place(as_engine: None) -> Town:
    made = town()
    with scope(made.bakery.id):
        programmes.save_settings(made.bakery.id, SETTINGS)
        programmes.set_open(made.bakery.id, True)
        (member,) = members.enrol(made.bakery.id, [made.mira])
        ends_at = clock.now() + timedelta(days=20)
        points.grant(made.bakery.id, Grant(member, "points", 60_050, "a", expires_at=ends_at))
        series = code_series.create_series(
            made.bakery.id, Terms(name="Thanks"), kind="personal", slug="thanks", key="k"
        )
        issuing.issue_codes(made.bakery.id, series, [(made.mira, "c")])
        standings.refresh(made.bakery.id, [made.mira, made.oleg])
    return made


def document(where: Json) -> Json:
    return {"version": 1, "where": where}


def test_every_fact_reads_a_column_of_the_lake() -> None:
    assert {fact.source.column for fact in FACTS.values()} <= set(STANDING.columns.names)  # type: ignore[union-attr]


def test_points_are_said_whole_in_every_language() -> None:
    rule = language.parse(document(RULES["rich"]))

    said = [sentences.sentence(rule, code, FACTS) for code in ("en", "uk", "ru")]

    assert all("500" in one and "50000" not in one for one in said)
    assert "Доступні бали" in said[1]


def test_memory_and_duckdb_find_the_same_members(place: Town, feed: Callable[[], None]) -> None:
    feed()
    people = {"rich": [place.mira], "poor": [], "burning": [place.mira], "coded": [place.mira],
              "joined": [place.mira], "stranger": [place.oleg]}  # fmt: skip
    with scope(place.bakery.id):
        pasts = saved.histories(place.bakery.id, [place.mira, place.oleg])
        for name, where in RULES.items():
            rule = language.parse(document(where))
            in_memory = [
                past.id
                for past in pasts
                if memory.matches(
                    rule,
                    past,
                    facts=registry.facts(),
                    now=clock.now(),
                    zone=place.bakery.zone,
                    segments={},
                )
            ]
            in_lake = saved.count(place.bakery.id, document(where), clock.now()).total
            assert in_memory == people[name], name
            assert in_lake == len(people[name]), name
    with scope(place.other.id):
        assert saved.count(place.other.id, document(RULES["joined"]), clock.now()).total == 0


def test_a_segment_follows_the_points(place: Town, feed: Callable[[], None]) -> None:
    feed()
    with scope(place.bakery.id):
        made = segments.create_segment(place.bakery.id, name="Rich", rule=document(RULES["rich"]))
    settle(feed)
    assert kept(place.bakery.id, made.slug) == [place.mira]

    with scope(place.bakery.id):
        (oleg,) = members.enrol(place.bakery.id, [place.oleg])
        points.grant(place.bakery.id, Grant(oleg, "points", 70_000, "o"))
        standing_tasks.take_changes(place.bakery.id, [])
        standings.refresh(place.bakery.id, [place.oleg])
    settle(feed)

    assert sorted(kept(place.bakery.id, made.slug)) == sorted([place.mira, place.oleg])


LETTER = (
    "<html><body>{{ customer.first_name }}: {{ loyalty.balance }} {{ loyalty.points_name }}"
    "{% if loyalty.next_expiry_on %}, {{ loyalty.next_expiry_points }} until"
    " {{ loyalty.next_expiry_on | date: '%d.%m.%Y' }}{% endif %}, code {{ loyalty.code }}"
    " {{ loyalty.codes.thanks }} at {{ portal.url }}</body></html>"
)


def test_a_letter_says_what_the_books_say_at_the_moment_it_is_written(place: Town) -> None:
    open_account(place.bakery)
    with aiosmtpd_peer() as (sink, controller):
        version = prepare(place.bakery.id, controller.port, source=LETTER, subject="Points")
        plan(place.bakery.id, version, [place.mira, place.oleg], is_marketing=False)
        with scope(place.bakery.id):
            (member,) = members.enrol(place.bakery.id, [place.mira])
            points.grant(place.bakery.id, Grant(member, "points", 1_000, "late"))
        with sending():
            wait_for(lambda: set(states(place.bakery.id).values()) == {"accepted"})

    read: list[Any] = [message_from_bytes(raw, policy=policy.default) for _, _, raw in sink.letters]
    said = {one["To"].addresses[0].addr_spec: one.get_body(("html",)).get_content() for one in read}
    day = (clock.now() + timedelta(days=20)).astimezone(place.bakery.zone).strftime("%d.%m.%Y")
    assert f"Mira: 610.50 Crumbs, 600.50 until {day}, code " in said["mira@example.com"]
    assert f"/my/{place.bakery.slug}/" in said["mira@example.com"]
    assert "Oleg:  Crumbs, code" in said["oleg@example.com"]


def test_previews_and_checks_know_the_names(place: Town) -> None:
    with scope(place.bakery.id):
        shown = letters.preview(place.bakery.id, place.mira, subject="x", source=LETTER)
        checked = letters.check_source(place.bakery.id, subject="x", source=LETTER)

    assert "600.50 Crumbs" in shown.html
    assert (shown.unknown, checked.problems) == ((), checked.problems)
    assert [one.code for one in checked.problems if one.code == "placeholder_unknown"] == []
