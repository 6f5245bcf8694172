"""Decisions of campaigns without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from regulars.campaigns import words
from regulars.campaigns.pure import letters, pacing
from regulars.campaigns.pure.drafts import content_hash, lacks
from regulars.campaigns.pure.letters import Seen, check_letters, fault_of, links_of
from regulars.campaigns.pure.reach import Reach, reach_of
from regulars.campaigns.pure.states import Verb, may, verbs_of
from regulars.campaigns.records import Draft, State
from regulars.messaging.records import MessageState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(count=some.integers(0, 500), per_hour=some.integers(0, 100_000))
def test_no_hour_holds_more_messages_than_the_pace(count, per_hour):
    dues = pacing.due_times(count, start=NOON, per_hour=per_hour)

    assert len(dues) == count
    assert dues == sorted(dues)
    assert all(due >= NOON for due in dues)
    if per_hour:
        first_hour = [due for due in dues if due < NOON + timedelta(hours=1)]
        assert len(first_hour) <= per_hour


@given(first=some.integers(0, 200), second=some.integers(0, 200), per_hour=some.integers(1, 9_999))
def test_two_slices_are_paced_as_one(first, second, per_hour):
    whole = pacing.due_times(first + second, start=NOON, per_hour=per_hour)
    begin = pacing.due_times(first, start=NOON, per_hour=per_hour)
    start = pacing.next_start(start=NOON, count=first, per_hour=per_hour)
    rest = pacing.due_times(second, start=start, per_hour=per_hour)

    for due, expected in zip([*begin, *rest], whole, strict=True):
        assert abs(due - expected) <= timedelta(microseconds=1)


def test_without_a_pace_all_are_due_at_once():
    assert pacing.due_times(3, start=NOON, per_hour=0) == [NOON] * 3
    assert pacing.duration(3, per_hour=0) is None
    assert pacing.duration(3, per_hour=2) == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (State.DRAFT, {Verb.UPDATE, Verb.SCHEDULE, Verb.LAUNCH, Verb.CANCEL}),
        (State.SCHEDULED, {Verb.SCHEDULE, Verb.UNSCHEDULE, Verb.LAUNCH, Verb.CANCEL}),
        (State.LAUNCHING, {Verb.PAUSE, Verb.CANCEL}),
        (State.SENDING, {Verb.PAUSE, Verb.CANCEL}),
        (State.PAUSED, {Verb.RESUME, Verb.CANCEL}),
        (State.SENT, set()),
        (State.CANCELLED, set()),
    ],
)
def test_a_state_understands_its_verbs(state, verbs):
    assert verbs_of(state) == verbs
    assert all(may(state, verb) is (verb in verbs) for verb in Verb)


def test_what_a_draft_lacks_is_told_in_the_order_of_its_pages():
    assert lacks(Draft(name="x")) == ("recipients_missing", "subject_missing", "message_missing")
    assert lacks(Draft(name="x", segment_id=1, subject="s", source="<p>")) == ()


def test_the_order_of_keys_does_not_change_the_hash():
    assert content_hash({"a": 1, "b": {"c": 2, "d": 3}}) == content_hash(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )
    assert content_hash({"a": 1}) != content_hash({"a": 2})


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://bakery.example/a?b=1#c", ""),
        ("https://xn--e1afmkfd.example", ""),
        ("mailto:shop@bakery.example", ""),
        ("tel:+380671234567", ""),
        ("", letters.LINK_EMPTY),
        ("#", letters.LINK_EMPTY),
        ("mailto:", letters.LINK_EMPTY),
        ("bakery.example/a", letters.LINK_RELATIVE),
        ("/a", letters.LINK_RELATIVE),
        ("javascript:alert(1)", letters.LINK_SCHEME),
        ("ftp://bakery.example", letters.LINK_SCHEME),
        ("https://bakery", letters.LINK_HOST),
        ("https://", letters.LINK_HOST),
        ("https://bakery.example/{{ x }}", letters.LINK_HOST),
        ("https://[::1", letters.LINK_HOST),
        ("http://bakery.example", letters.LINK_INSECURE),
    ],
)
def test_an_address_that_would_not_open_is_named(url, fault):
    assert fault_of(url) == fault


def test_each_link_is_told_once_and_the_unsubscribe_link_is_not_one():
    text = (
        "<a href='https://a.example'>1</a><a class=x href=\"https://b.example?x=1&amp;y=2\">2</a>"
        '<A HREF="https://a.example">3</A><a href="#unsubscribe">4</a>'
    )
    assert [link.url for link in links_of([text, text])] == [
        "https://a.example", "https://b.example?x=1&y=2",
    ]  # fmt: skip


def test_a_letter_is_judged_by_its_worst_copy():
    seen = [
        Seen("<p>short</p>", ("customer.city",), ("customer.ctiy",), has_unsubscribe=True),
        Seen("x" * 102_401, ("customer.city", "customer.name"), (), has_unsubscribe=True),
    ]

    told = check_letters(seen)

    assert (told.sampled, told.size_bytes, told.is_large) == (2, 102_401, True)
    assert told.missing == (("customer.city", 2), ("customer.name", 1))
    assert told.unknown == ("customer.ctiy",)
    assert told.has_unsubscribe
    assert check_letters([]).sampled == 0


def test_reach_adds_up():
    rows = [
        {"reason": "", "customers": 90, "control": 9, "sample": [3, 5]},
        {"reason": "suppressed", "customers": 2, "control": 1, "sample": [4]},
        {"reason": "consent_missing", "customers": 8, "control": 0, "sample": [6]},
    ]

    told = reach_of(rows)

    assert told == Reach(
        audience=100,
        contacted=81,
        control=9,
        excluded={"consent_missing": 8, "suppressed": 2},
        sample=(3, 5),
    )
    assert list(told.excluded) == ["consent_missing", "suppressed"]
    assert told.audience == told.reachable + sum(told.excluded.values())
    assert reach_of([]) == Reach()


def test_every_state_of_a_message_has_words() -> None:
    assert set(words.MESSAGE_STATES) == set(MessageState)
