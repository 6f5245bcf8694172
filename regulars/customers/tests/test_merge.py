"""Two customers become one and two again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from regulars.customers import actions, queries
from regulars.customers.records import (
    ConsentState,
    Identifier,
    IdentifierKind,
    Identity,
    NewConsent,
)
from regulars.customers.tests.dumps import dump
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor, scope
from tests.town import Town, town, workspace

K = IdentifierKind
THEN = datetime(2026, 3, 1, 9, tzinfo=UTC)


def one(workspace_id: int, **named: object) -> int:
    return actions.identify_many(workspace_id, [Identity(**named)])[0]  # type: ignore[arg-type]


def owner_of(workspace_id: int, **named: object) -> int | None:
    return queries.find(workspace_id, Identity(**named))  # type: ignore[arg-type]


def happened(workspace_id: int, customer_id: int, kind: str, at: datetime = THEN) -> None:
    key = f"{kind}:{customer_id}:{at}"
    events.record_many(
        workspace_id, [NewEvent(kind=kind, time=at, key=key, customer_id=customer_id)]
    )


def lived_in() -> Town:
    """A town where both people of the bakery have said, bought and done something."""
    there = town()
    with scope(there.bakery.id):
        for customer_id, purpose, state, day in (
            (there.mira, "profiling", "given", 1),
            (there.oleg, "marketing", "withdrawn", 2),
            (there.oleg, "profiling", "withdrawn", 3),
            (there.oleg, "news", "given", 4),
        ):
            said = NewConsent(
                customer_id=customer_id, channel="email", purpose=purpose,
                state=ConsentState(state), source="test", at=THEN + timedelta(days=day),
            )  # fmt: skip
            actions.record_consents(there.bakery.id, [said])
        happened(there.bakery.id, there.oleg, "order.paid")
        happened(there.bakery.id, there.mira, "Page Viewed")
        one(
            there.bakery.id,
            external_id="oleg",
            anonymous_id="olegs-phone",
            traits={"gender": "m", "favourite": "rye"},
            seen_at=THEN - timedelta(days=300),
        )
    return there


def test_merging_and_splitting_again_changes_nothing_at_all(db: None) -> None:
    there = lived_in()
    with scope(there.bakery.id):
        before = dump(there.bakery.id)

        actions.merge(there.bakery.id, there.oleg, there.mira)
        assert dump(there.bakery.id) != before
        actions.unmerge(there.bakery.id, there.oleg)

        assert dump(there.bakery.id) == before


def test_a_merge_rewrites_neither_events_nor_the_ledger(db: None) -> None:
    there = lived_in()
    kept = ("events_event", "customers_consent")
    with scope(there.bakery.id):
        before = {table: dump(there.bakery.id)[table] for table in kept}

        actions.merge(there.bakery.id, there.oleg, there.mira)

        assert {table: dump(there.bakery.id)[table] for table in kept} == before
        card = queries.card(there.bakery.id, there.mira)
        assert card.merged_ids == (there.oleg,)
        assert card.profile.gender == "m"
        assert card.profile.city == "Kyiv"
        assert card.profile.attrs == {"favourite": "rye"}
        assert owner_of(there.bakery.id, email="oleg@example.com") == there.mira
        said = {(entry.purpose): entry.state.value for entry in card.consents}
        assert said == {"marketing": "given", "profiling": "withdrawn", "news": "given"}


def test_the_root_stays_findable_by_the_name_of_whom_it_took_in(db: None) -> None:
    there = lived_in()
    with scope(there.bakery.id):
        actions.merge(there.bakery.id, there.oleg, there.mira)
        one(there.bakery.id, external_id="mira", traits={"city": "Odesa"})

        raw = cursor()
        raw.execute(
            "SELECT trigrams @> (SELECT trigrams FROM customers_customer WHERE id = %s)"
            " FROM customers_customer WHERE id = %s",
            [there.oleg, there.mira],
        )
        assert raw.fetchone() == (True,)


def test_what_came_after_stays_with_the_root_unless_it_named_the_other(db: None) -> None:
    there = lived_in()
    shop = there.bakery.id
    with scope(shop):
        actions.merge(shop, there.oleg, there.mira)
        named = actions.identify_many(
            shop,
            [
                Identity(external_id="mira"),
                Identity(email="oleg@example.com", phone="+380501112233"),
            ],
            as_named=True,
        )
        plain = actions.identify_many(shop, [Identity(email="oleg@example.com")])
        one(shop, external_id="mira", traits={"city": "Odesa"})

        actions.unmerge(shop, there.oleg)

        assert named == [there.mira, there.oleg]
        assert plain == [there.mira]
        assert owner_of(shop, phone="+380501112233") == there.oleg
        people = queries.profiles(shop, [there.mira, there.oleg])
        assert (people[there.mira].city, people[there.oleg].city) == ("Odesa", "Lviv")
        assert people[there.mira].phone == "+380671234567"
        assert people[there.oleg].phone == "+380501112233"
        assert people[there.mira].gender is None


def test_a_contact_told_under_the_merge_goes_where_its_identifier_goes(db: None) -> None:
    shop = workspace().id
    with scope(shop):
        mira = one(shop, email="mira@example.com")
        oleg = one(shop, external_id="oleg")
        actions.merge(shop, oleg, mira)
        one(shop, external_id="oleg", phone="+380501112233")
        assert queries.profiles(shop, [mira])[mira].phone == "+380501112233"

        actions.unmerge(shop, oleg)

        people = queries.profiles(shop, [mira, oleg])
        assert (people[mira].phone, people[oleg].phone) == (None, "+380501112233")


def test_a_refusal_said_under_the_merge_counts_for_both(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        for who in (there.mira, there.oleg):
            actions.give_consent(
                shop, who, channel="email", purpose="marketing", source="t", at=THEN
            )
        actions.merge(shop, there.oleg, there.mira)
        actions.withdraw_consent(shop, there.mira, channel="email", purpose="marketing", source="t")

        actions.unmerge(shop, there.oleg)

        asked = [there.mira, there.oleg]
        assert queries.may_contact(shop, asked, "email", "marketing") == dict.fromkeys(
            asked, "consent_withdrawn"
        )


def test_branches_of_a_tree_come_off_in_any_order(db: None) -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]):
        shop = workspace().id
        with scope(shop):
            a, b, c, d = (
                one(
                    shop,
                    external_id=name,
                    email=f"{name}@example.com",
                    traits={"name": name, trait: name},
                    seen_at=THEN + timedelta(days=ord(name)),
                )
                for name, trait in (("d", "city"), ("c", "gender"), ("b", "city"), ("a", "country"))
            )
            before = dump(shop)
            # d into c, b into a, then c and its branch into a.
            actions.merge(shop, d, c)
            actions.merge(shop, b, a)
            actions.merge(shop, c, a)
            assert queries.roots_of(shop, [a, b, c, d]) == dict.fromkeys([a, b, c, d], a)
            edges = [d, b, c]

            for place in order:
                actions.unmerge(shop, edges[place])

            assert dump(shop) == before
            assert queries.roots_of(shop, [a, b, c, d]) == {a: a, b: b, c: c, d: d}


def test_a_branch_takes_along_whom_it_had_taken_in(db: None) -> None:
    shop = workspace().id
    with scope(shop):
        a, b, c = (one(shop, external_id=name) for name in "abc")
        actions.merge(shop, c, b)
        actions.merge(shop, b, a)

        actions.unmerge(shop, b)

        assert queries.roots_of(shop, [a, b, c]) == {a: a, b: b, c: b}
        assert owner_of(shop, external_id="c") == b


def test_merged_again_after_a_split_is_logged_and_undone_again(db: None) -> None:
    there = lived_in()
    with scope(there.bakery.id):
        before = dump(there.bakery.id)
        for _ in range(2):
            actions.merge(there.bakery.id, there.oleg, there.mira, actor="anna")
            actions.unmerge(there.bakery.id, there.oleg, actor="anna")

        assert dump(there.bakery.id) == before
        log = queries.merges(there.bakery.id)
        assert [(line.act, line.is_undone) for line in log.rows] == [
            ("split", False), ("merged", True), ("split", False), ("merged", True),
        ]  # fmt: skip


def test_who_stands_alone_cannot_be_split_off(db: None) -> None:
    there = town()
    with scope(there.bakery.id):
        with pytest.raises(Conflict, match="stands alone") as refused:
            actions.unmerge(there.bakery.id, there.oleg)
        assert refused.value.code == "customer_not_merged"
        with pytest.raises(NotFound):
            actions.unmerge(there.bakery.id, there.zoe)
        with pytest.raises(NotFound):
            actions.merge(there.bakery.id, there.zoe, there.mira)
        with pytest.raises(Invalid):
            actions.merge(there.bakery.id, there.mira, there.mira)
    with scope(there.other.id):
        assert queries.roots_of(there.other.id, [there.zoe]) == {there.zoe: there.zoe}


def test_the_same_key_merges_once_and_another_pair_under_it_is_refused(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        first = actions.merge_two(shop, there.oleg, there.mira, key="k")
        again = actions.merge_two(shop, there.oleg, there.mira, key="k")
        third = one(shop, external_id="third")

        assert first == again
        with pytest.raises(Conflict) as refused:
            actions.merge_two(shop, third, there.mira, key="k")
        assert refused.value.code == "idempotency_mismatch"
        assert len(queries.merges(shop).rows) == 1


def test_an_anonymous_visitor_becomes_part_of_the_customer_with_all_they_did(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        visitor = one(shop, anonymous_id="browser")
        happened(shop, visitor, "Product Viewed")
        before = dump(shop)

        found = one(shop, external_id="mira", anonymous_id="browser")

        assert found == there.mira
        assert queries.roots_of(shop, [visitor]) == {visitor: there.mira}
        (line,) = queries.merges(shop).rows
        assert (line.reason, line.rule, line.actor) == ("anonymous", "anonymous", "identity")

        actions.unmerge(shop, visitor)
        assert dump(shop) == before


def test_alias_joins_the_visitor_and_refuses_two_ids_under_the_lock(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        visitor = one(shop, anonymous_id="before-sign-in")

        assert actions.alias(shop, "before-sign-in", "mira") == there.mira
        assert queries.roots_of(shop, [visitor]) == {visitor: there.mira}
        assert actions.alias(shop, "oleg", "mira") == there.mira
        assert queries.roots_of(shop, [there.oleg]) == {there.oleg: there.oleg}

        actions.change_identity_rules(shop, are_ids_people=False, actor="anna")
        root = actions.alias(shop, "oleg", "mira")
        assert queries.roots_of(shop, [there.oleg, there.mira]) == {
            there.oleg: root, there.mira: root,
        }  # fmt: skip


def test_who_loses_a_contested_contact_keeps_it_in_their_history(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        happened(shop, there.mira, "order.paid")

        one(shop, external_id="mira", email="oleg@example.com")

        people = queries.profiles(shop, [there.mira, there.oleg])
        assert people[there.mira].email == "oleg@example.com"
        assert people[there.oleg].email is None
        assert owner_of(shop, email="oleg@example.com") == there.mira
        (shared,) = queries.shared_contacts(shop, [there.oleg])[there.oleg]
        assert (shared.value, shared.holder_id, shared.was_held, shared.rule) == (
            "oleg@example.com", there.mira, True, "purchases",
        )  # fmt: skip


def test_a_family_phone_is_flagged_at_both_and_merges_nobody(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        happened(shop, there.mira, "order.paid")
        son = one(shop, email="son@example.com", phone="+380671234567")

        assert queries.roots_of(shop, [son, there.mira]) == {son: son, there.mira: there.mira}
        assert owner_of(shop, phone="+380671234567") == there.mira
        assert queries.profiles(shop, [son])[son].phone is None
        flagged = queries.shared_contacts(shop, [son, there.mira])
        assert [s.kind for s in flagged[son]] == [K.PHONE]
        assert [s.customer_id for s in flagged[there.mira]] == [son]


def test_a_confirmed_contact_belongs_to_who_proved_it(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        actions.confirm_contact(shop, there.oleg, K.EMAIL, "Oleg@Example.com")
        happened(shop, there.mira, "order.paid")

        one(shop, external_id="mira", email="oleg@example.com")

        assert owner_of(shop, email="oleg@example.com") == there.oleg
        with pytest.raises(Conflict):
            actions.confirm_contact(shop, there.mira, K.EMAIL, "oleg@example.com")


def test_other_kinds_of_identifiers_find_their_customer(db: None) -> None:
    there = town()
    shop = there.bakery.id
    with scope(shop):
        others = tuple(
            Identifier(kind, f"{kind.value}-7")
            for kind in (K.CARD, K.TELEGRAM, K.VIBER, K.DEVICE, K.PUSH)
        )
        one(shop, external_id="mira", others=others)

        for other in others:
            assert owner_of(shop, others=(other,)) == there.mira
    with scope(there.other.id):
        assert owner_of(there.other.id, others=others) is None
