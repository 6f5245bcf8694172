"""Who is who, decided without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.customers.pure.priority import RULES, Standing, weigh
from regulars.customers.pure.resolve import Row
from regulars.customers.records import Identifier, IdentifierKind
from regulars.customers.tests.strategies import START, World, rows

K = IdentifierKind
MANY = settings(max_examples=150, deadline=None)


def row(*named: tuple[IdentifierKind, str], day: int | None = None, proved: str = "") -> Row:
    acted_at = None if day is None else START + timedelta(days=day)
    confirmed = frozenset({K(proved)} if proved else ())
    return Row(tuple(Identifier(*one) for one in named), acted_at=acted_at, confirmed=confirmed)


def groups(*named: Row, lock: bool = True) -> set[frozenset[str]]:
    world = World(are_ids_people=lock)
    world.take(list(named))
    return {frozenset(f"{i.kind.value}:{i.value}" for i in group) for group in world.groups()}


def test_anonymous_history_follows_whoever_the_visitor_turns_out_to_be() -> None:
    found = groups(
        row((K.EXTERNAL, "1"), (K.EMAIL, "m@x")),
        row((K.ANONYMOUS, "phone")),
        row((K.ANONYMOUS, "laptop")),
        row((K.EXTERNAL, "1"), (K.ANONYMOUS, "phone")),
        row((K.EMAIL, "m@x"), (K.ANONYMOUS, "laptop")),
    )

    assert found == {frozenset({"external:1", "email:m@x", "anonymous:phone", "anonymous:laptop"})}


def test_a_browser_two_people_sign_in_on_stays_with_the_first() -> None:
    found = groups(
        row((K.EXTERNAL, "1"), (K.ANONYMOUS, "pc")), row((K.EXTERNAL, "2"), (K.ANONYMOUS, "pc"))
    )

    assert found == {frozenset({"external:1", "anonymous:pc"}), frozenset({"external:2"})}


def test_another_e_mail_typed_in_the_same_browser_is_another_person() -> None:
    found = groups(
        row((K.EMAIL, "mira@x"), (K.ANONYMOUS, "pc")), row((K.EMAIL, "oleg@x"), (K.ANONYMOUS, "pc"))
    )

    assert found == {frozenset({"email:mira@x", "anonymous:pc"}), frozenset({"email:oleg@x"})}


def test_a_subscriber_and_a_buyer_with_one_e_mail_are_one() -> None:
    found = groups(
        row((K.EMAIL, "m@x")), row((K.EXTERNAL, "1")), row((K.EXTERNAL, "1"), (K.EMAIL, "m@x"))
    )

    assert found == {frozenset({"external:1", "email:m@x"})}


def test_a_family_phone_joins_nobody() -> None:
    found = groups(
        row((K.EMAIL, "mira@x"), (K.PHONE, "1")), row((K.EMAIL, "oleg@x"), (K.PHONE, "1"))
    )

    assert found == {frozenset({"email:mira@x", "phone:1"}), frozenset({"email:oleg@x"})}


def test_a_caller_known_by_phone_alone_is_found_when_they_register() -> None:
    found = groups(
        row((K.PHONE, "1")), row((K.EMAIL, "m@x")), row((K.EMAIL, "m@x"), (K.PHONE, "1"))
    )

    assert found == {frozenset({"email:m@x", "phone:1"})}


def test_different_ids_stay_different_people_only_under_the_lock() -> None:
    named = [
        row((K.EXTERNAL, "1"), (K.EMAIL, "m@x"), day=1),
        row((K.EXTERNAL, "2"), day=2),
        row((K.EXTERNAL, "2"), (K.EMAIL, "m@x"), day=2),
    ]

    assert groups(*named) == {frozenset({"external:1"}), frozenset({"external:2", "email:m@x"})}
    assert groups(*named, lock=False) == {frozenset({"external:1", "external:2", "email:m@x"})}


def test_a_proved_contact_is_not_lost_to_who_acted_last() -> None:
    found = groups(
        row((K.EXTERNAL, "1"), (K.EMAIL, "m@x"), day=1, proved="email"),
        row((K.EXTERNAL, "2"), (K.EMAIL, "m@x"), day=9),
    )

    assert found == {frozenset({"external:1", "email:m@x"}), frozenset({"external:2"})}


def test_each_line_of_the_order_decides_only_when_those_above_are_equal() -> None:
    mail = Identifier(K.EMAIL, "m@x")
    card = Identifier(K.CARD, "7")
    named = {K.EXTERNAL: 1}
    better: list[Standing] = [
        Standing(2, named, access=frozenset({mail})),
        Standing(2, named, confirmed=frozenset({mail})),
        Standing(2, named, access=frozenset({card})),
        Standing(2, named, has_purchases=True),
        Standing(2, named, confirmed=frozenset({card})),
        Standing(2, named, acted_at=START),
    ]
    plain = Standing(1, named)

    for place, one in enumerate(better):
        for lower in [plain, *(replace(s, customer_id=1) for s in better[place + 1 :])]:
            verdict = weigh(one, lower, mail)
            assert (verdict.winner, verdict.rule) == (2, RULES[place])
    assert weigh(plain, Standing(2, named), mail).rule == "known_longer"


STANDINGS = st.builds(
    lambda n, named, access, proved, bought, day: Standing(
        n,
        {K.EXTERNAL: 1} if named else {K.ANONYMOUS: 1},
        frozenset(access),
        frozenset(proved),
        bought,
        None if day is None else START + timedelta(days=day),
    ),
    st.integers(-3, 5).filter(bool),
    st.booleans(),
    st.sets(st.sampled_from([Identifier(K.EMAIL, "a"), Identifier(K.CARD, "b")])),
    st.sets(st.sampled_from([Identifier(K.EMAIL, "a"), Identifier(K.CARD, "b")])),
    st.booleans(),
    st.none() | st.integers(0, 2),
)


@MANY
@given(st.lists(STANDINGS, min_size=3, max_size=3, unique_by=lambda s: s.customer_id))
def test_the_order_is_total(three: list[Standing]) -> None:
    contact = Identifier(K.EMAIL, "a")
    a, b, c = three

    assert weigh(a, b, contact) == weigh(b, a, contact)
    beats = [weigh(x, y, contact).winner for x, y in ((a, b), (b, c), (c, a))]
    assert len(set(beats)) >= 2 or len({s.customer_id for s in three}) < 3


@MANY
@given(st.lists(rows(), min_size=1, max_size=8), st.data())
def test_splitting_a_batch_changes_nothing(batch: list[Row], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(batch)))
    whole, parts = World(), World()

    whole.take(batch)
    for part in (batch[:at], batch[at:]):
        if part:
            parts.take(part)

    assert parts.groups() == whole.groups()
    assert parts.into == whole.into


def test_a_proof_of_a_contact_that_another_keeps_counts_for_nobody() -> None:
    phone, chat, mail = (
        Identifier(K.PHONE, "b"), Identifier(K.TELEGRAM, "a"), Identifier(K.EMAIL, "a"),
    )  # fmt: skip
    batch = [
        Row((Identifier(K.EXTERNAL, "a"), phone), confirmed=frozenset({K.PHONE})),
        Row((Identifier(K.EXTERNAL, "b"), phone, chat), confirmed=frozenset({K.PHONE})),
        Row((Identifier(K.EXTERNAL, "c"), mail), confirmed=frozenset({K.EMAIL})),
        Row((mail, chat)),
    ]
    whole, parts = World(), World()
    whole.take(batch)
    parts.take(batch[:2])
    parts.take(batch[2:])

    assert (parts.groups(), parts.into) == (whole.groups(), whole.into)


def test_a_known_customer_is_not_taken_for_anonymous_by_somebody_new_in_the_batch() -> None:
    shop_id, card = Identifier(K.EXTERNAL, "a"), Identifier(K.CARD, "c")
    browser = Identifier(K.PUSH, "x")
    world = World()
    world.take([Row((shop_id,))])

    world.take([Row((card, browser)), Row((shop_id, browser))])

    assert world.into == {}
    assert frozenset({shop_id}) in world.groups()


UNCONTESTED = (K.EMAIL, K.CARD, K.TELEGRAM, K.VIBER)


@MANY
@given(st.lists(rows(UNCONTESTED), min_size=1, max_size=7), st.data())
def test_without_ids_and_phones_the_order_of_arrival_does_not_matter(
    batch: list[Row], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(batch))
    here, there = World(), World()

    here.take(batch)
    there.take(list(other))

    assert here.groups() == there.groups()


@MANY
@given(st.lists(rows((K.EXTERNAL, K.EMAIL, K.CARD)), min_size=1, max_size=7), st.data())
def test_without_the_lock_the_order_of_arrival_does_not_matter_to_ids_either(
    batch: list[Row], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(batch))
    here, there = World(are_ids_people=False), World(are_ids_people=False)

    here.take(batch)
    there.take(list(other))

    assert here.groups() == there.groups()


@MANY
@given(st.lists(rows(), min_size=1, max_size=8))
def test_under_the_lock_nobody_has_two_ids(batch: list[Row]) -> None:
    world = World()

    world.take(batch)

    for group in world.groups():
        assert sum(identifier.kind is K.EXTERNAL for identifier in group) <= 1


@MANY
@given(st.lists(rows(), min_size=1, max_size=8), st.booleans())
def test_every_identifier_has_exactly_one_owner(batch: list[Row], lock: bool) -> None:
    world = World(are_ids_people=lock)

    world.take(batch)

    named = {identifier for one in batch for identifier in one.identifiers}
    assert set(world.owner_of) == named
    assert sum(len(group) for group in world.groups()) == len(named)
