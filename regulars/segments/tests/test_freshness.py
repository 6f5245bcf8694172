"""Members kept step by step are those that a whole evaluation finds, whatever happens between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.rules.tests import strategies
from regulars.segments import actions, dictionary, queries
from regulars.segments.keeping import following
from regulars.segments.tests.keeping import members, settle
from regulars.segments.tests.shop import order
from regulars.store.scope import scope
from tests.town import workspace

PEOPLE = 4
SEGMENTS = 4
STEPS = (
    timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=7), timedelta(days=1),
    timedelta(days=3, hours=5), timedelta(days=7), timedelta(days=30), timedelta(days=31),
)  # fmt: skip


class Walk:
    """A workspace to which things happen, and a clock that only goes on."""

    def __init__(self, data: st.DataObject, feed: Callable[[], None]) -> None:
        self.draw = data.draw
        self.feed = feed
        self.id = workspace("walk", time_zone=self.draw(st.sampled_from(strategies.ZONES))).id
        self.now = clock._true_now() + timedelta(minutes=1)  # type: ignore[attr-defined]
        self.number = 0
        self.slugs: list[str] = []

    def begin(self) -> None:
        with scope(self.id):
            self.people = list(
                customers.identify_many(
                    self.id,
                    [Identity(external_id=f"c{n}", email=f"c{n}@x.com") for n in range(PEOPLE)],
                )
            )
            self.lists = [actions.create_list(self.id, name=one) for one in strategies.LISTS]
            for kind in strategies.KINDS:
                self.record(kind, self.people[0])
        self.feed()
        with scope(self.id):
            # Rules without a single condition hold for everybody who comes.
            for name, where in (("all", {"all": []}), ("any", {"not": {"any": []}})):
                rule = {"version": 1, "where": where}
                actions.create_segment(self.id, slug=name, name=name, rule=rule)
        for number in range(1, SEGMENTS + 1):
            self.edit(number)

    def record(self, kind: str, customer_id: int) -> None:
        self.number += 1
        time = self.draw(strategies.instants(self.now))
        news = NewEvent(
            kind=kind, time=time, key=f"e{self.number}", customer_id=customer_id,
            props=self.draw(strategies.props(self.now)),
        )  # fmt: skip
        events.record(self.id, news)

    def event(self) -> None:
        for _ in range(self.draw(st.integers(1, 4))):
            kind = self.draw(st.sampled_from(strategies.KINDS))
            self.record(kind, self.somebody())

    def somebody(self) -> int:
        return self.draw(st.sampled_from(self.people))

    def order(self) -> None:
        self.number += 1
        at = self.now - timedelta(days=self.draw(st.sampled_from((0, 1, 7, 30, 100))))
        category = self.draw(st.sampled_from(("tea", "Чай", "cake")))
        order(self.id, self.somebody(), f"O{self.number}", at, category, "10")

    def profile(self) -> None:
        traits: dict[str, Any] = {"city": self.draw(st.sampled_from(("Tea", "чай", "Kyiv")))}
        traits["score"] = self.draw(st.sampled_from(strategies.NUMBERS))
        traits["birth_on"] = self.draw(strategies.days).isoformat()
        name = f"c{self.people.index(self.somebody())}"
        customers.identify_many(self.id, [Identity(external_id=name, traits=traits)])

    def newcomer(self) -> None:
        name = f"c{len(self.people)}"
        self.people += customers.identify_many(self.id, [Identity(external_id=name)])

    def consent(self) -> None:
        said = {"channel": "email", "purpose": self.draw(st.sampled_from(strategies.PURPOSES))}
        act = self.draw(st.sampled_from((customers.give_consent, customers.withdraw_consent)))
        act(self.id, self.somebody(), **said, source="test")

    def listing(self) -> None:
        act = self.draw(st.sampled_from((actions.add_to_list, actions.remove_from_list)))
        chosen = self.draw(st.sampled_from(self.lists))
        act(self.id, chosen.public_id, [self.somebody()])

    def merge(self) -> None:
        customers.merge(self.id, self.somebody(), self.somebody())

    def unmerge(self) -> None:
        customers.unmerge(self.id, self.somebody())

    def edit(self, number: int | None = None) -> None:
        """Another rule for a segment, or a new segment; what cannot be asked here is not saved."""
        document = self.draw(strategies.rules(self.now, tuple(self.slugs)))
        slug = f"s{number or self.draw(st.integers(1, SEGMENTS))}"
        try:
            with scope(self.id):
                actions.save_segment(self.id, slug=slug, name=slug, rule=document)
        except RegularsError:
            return
        self.slugs = sorted({*self.slugs, slug})

    def step(self) -> None:
        self.now += self.draw(st.sampled_from(STEPS))

    def act(self) -> None:
        deed = self.draw(
            st.sampled_from(
                (self.event, self.event, self.order, self.profile, self.newcomer, self.consent,
                 self.listing, self.merge, self.unmerge, self.edit, self.step, self.step, self.step)
            )
        )  # fmt: skip
        try:
            with scope(self.id):
                deed()
        except RegularsError:
            # Merging somebody with themselves, and the like.
            return

    def check(self) -> None:
        while following.follow_changes() + following.follow_clock():
            pass
        with scope(self.id):
            found = queries.segments(self.id)
        if any(one.is_filling for one in found):
            settle(self.feed)
        self.feed()
        for one in found:
            with scope(self.id):
                expected = queries.audience(self.id, one.rule, self.now)
            assert members(self.id, one.slug) == expected, (one.rule, self.now)


@pytest.fixture
def walk(as_engine, feed, monkeypatch):
    monkeypatch.setattr(following, "REFRESH_LEASE", timedelta(0))
    monkeypatch.setattr(following, "CLOCK_EVERY_S", 0.0)
    # Rules may name what never came, too.
    monkeypatch.setattr(dictionary, "known", lambda *_: None)
    monkeypatch.setattr(clock, "_true_now", clock.now, raising=False)

    def start(data: st.DataObject) -> Walk:
        found = Walk(data, feed)
        monkeypatch.setattr(clock, "now", lambda: found.now)
        found.begin()
        return found

    return start


def _go(walk: Callable[..., Walk], data: st.DataObject, steps: int) -> None:
    found = walk(data)
    found.check()
    for _ in range(steps):
        found.act()
        found.check()


patient = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
    database=None,
)


@settings(patient, max_examples=3)
@given(st.data())
def test_members_kept_are_members_found(walk, data):
    _go(walk, data, 6)


@pytest.mark.long
@settings(patient, max_examples=150)
@given(st.data())
def test_members_kept_are_members_found_on_many_more_walks(walk, data):
    _go(walk, data, 15)
