"""Who is who in a batch: which customer each row means, who is merged, who gets what identifier.

Rows are taken one after another, so a batch means the same as its rows sent one by one. The
rules, in words for people, are in docs/decisions/0025-who-is-who.md; in short:
- the most trusted known identifier decides; what nobody has is given to the row's customer;
- an anonymous customer is merged into the identified one a row names beside it;
- an e-mail, a card or a messenger id that two customers are named by makes them one, unless both
  have an external id and the workspace says that different ids are different people;
- a phone makes them one only when one of them is known by nothing better: families share phones;
- a contact that may not join its two claimants goes to the one whom the written order prefers;
- a row nobody vouches for takes no contact from its owner and joins nobody who is identified;
- whom somebody told apart no row makes one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from regulars.customers.pure import normalise
from regulars.customers.pure.priority import BROWSER_KINDS, Standing, Verdict, weigh
from regulars.customers.records import Identifier, IdentifierKind, Identity
from regulars.kernel.errors import Invalid

KINDS = IdentifierKind
TRUST = {kind: place for place, kind in enumerate(KINDS)}
PHONE_ONLY = BROWSER_KINDS | {KINDS.PHONE}
OTHERS_MAX = 20
# Why a contact stayed where it was although the order prefers the one a browser named.
UNPROVED_RULE = "unproved"
# What a person usually has one of, strongest first, for those who come by a weaker one.
NAMING = (KINDS.EXTERNAL, KINDS.EMAIL, KINDS.PHONE)


@dataclass(frozen=True, slots=True)
class Row:
    """What a row names its customer by, from the most trusted down.

    previous  another external id of the same person, when Segment's alias says so
    acted_at  when the customer did what the row tells of; None when it is no act of theirs
    is_unproved  whether a browser or a form told it, in which anybody may write anybody's contact
    """

    identifiers: tuple[Identifier, ...]
    previous: Identifier | None = None
    acted_at: datetime | None = None
    confirmed: frozenset[IdentifierKind] = frozenset()
    access: frozenset[IdentifierKind] = frozenset()
    is_unproved: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an identifier is: the customer, and who of those merged into it brought it."""

    customer_id: int
    held_by: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows beforehand.

    owner_of        the owner of each identifier asked for
    standing_of     the customers whom `doubtful` named
    are_ids_people  whether customers with different external ids are never one
    apart           pairs of customers whom somebody told apart, the smaller id first
    """

    owner_of: Mapping[Identifier, Owner]
    standing_of: Mapping[int, Standing] = field(default_factory=dict)
    are_ids_people: bool = True
    apart: Collection[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """An identifier that a row gave to one customer while another one keeps it."""

    row: int
    customer_id: int
    owner_id: int
    identifier: Identifier
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """An identifier that a row took from its owner, by a rule of the order."""

    row: int
    taker_id: int
    loser_id: int
    identifier: Identifier
    rule: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Two customers who turned out to be one; reason is what joined them."""

    loser: int
    winner: int
    reason: str
    rule: str


@dataclass(slots=True)
class Resolution:
    """The answer for a batch; new customers have negative ids, -1 for the first.

    told      whom each row speaks of, before the merges of the batch
    named     who brought the identifier the row was known by
    gained    identifiers nobody had, moved included, with their owners before the merges
    moved     stored identifiers that change their owner
    external  external ids given to customers
    """

    told: list[int] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    gained: dict[Identifier, Owner] = field(default_factory=dict)
    moved: dict[Identifier, Owner] = field(default_factory=dict)
    external: dict[int, str] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    merges: list[Joined] = field(default_factory=list)
    created: int = 0


def row_of(
    identity: Identity,
    region: str,
    acted_at: datetime | None = None,
    *,
    is_unproved: bool = False,
) -> Row:
    """The row an identity makes; identifiers that cannot be read are left out."""
    found = identifiers_of(identity, region)
    if not (identity.previous_id or identity.confirmed or identity.access or acted_at):
        return Row(found, is_unproved=is_unproved)
    previous = _read(KINDS.EXTERNAL, identity.previous_id or "", region)
    if previous in found:
        previous = None
    return Row(found, previous, acted_at, identity.confirmed, identity.access, is_unproved)


def identifiers_of(row: Identity, region: str) -> tuple[Identifier, ...]:
    """What the row names its customer by, from the most trusted down; bad ones are left out."""
    given: list[tuple[IdentifierKind, str | None]] = [
        (KINDS.EXTERNAL, row.external_id),
        (KINDS.EMAIL, row.email),
        (KINDS.PHONE, row.phone),
        (KINDS.ANONYMOUS, row.anonymous_id),
    ]
    if row.others or row.previous_id:
        given += row.others[:OTHERS_MAX]
        given.append((KINDS.ANONYMOUS, row.previous_id))
        given.sort(key=lambda pair: TRUST[pair[0]])
    read = [_read(kind, text, region) for kind, text in given if text]
    return tuple(dict.fromkeys(identifier for identifier in read if identifier is not None))


def _read(kind: IdentifierKind, text: str, region: str) -> Identifier | None:
    try:
        if kind is KINDS.EMAIL:
            return Identifier(kind, normalise.email(text))
        if kind is KINDS.PHONE:
            return Identifier(kind, normalise.phone(text, region))
        return Identifier(kind, normalise.identifier(text))
    except Invalid:
        return None


def doubtful(rows: Sequence[Row], owner_of: Mapping[Identifier, Owner]) -> set[int]:
    """The customers whose standing may matter: those whom rows bring together with others."""
    leader: dict[object, object] = {}

    def find(thing: object) -> object:
        while (up := leader.get(thing, thing)) != thing:
            leader[thing] = thing = leader.get(up, up)
        return thing

    suspect: list[object] = []
    for row in rows:
        first: object = row.identifiers[0]
        for identifier in _all(row):
            owner = owner_of.get(identifier)
            thing: object = identifier
            if owner is not None:
                thing = owner.customer_id
                leader[find(identifier)] = find(thing)
            if (one := find(first)) != (other := find(thing)):
                leader[one] = other
        if _is_unsure(row, owner_of):
            suspect.append(first)
    owners: dict[object, set[int]] = {}
    for owner in owner_of.values():
        owners.setdefault(find(owner.customer_id), set()).add(owner.customer_id)
    sure = {find(first) for first in suspect}
    together = (ids for top, ids in owners.items() if len(ids) > 1 or top in sure)
    return {customer_id for ids in together for customer_id in ids}


def _all(row: Row) -> Iterable[Identifier]:
    return row.identifiers if row.previous is None else (*row.identifiers, row.previous)


def _is_unsure(row: Row, owner_of: Mapping[Identifier, Owner]) -> bool:
    """Whether somebody new may be meant although a weaker identifier is known by then.

    So it is with rows named by nothing that is known, a card or a browser alone: whom they make
    may meet the known customer of a later row.
    """
    for identifier in row.identifiers:
        if identifier.kind in NAMING:
            return identifier not in owner_of
    return not any(identifier in owner_of for identifier in row.identifiers)


def resolve(rows: Sequence[Row], known: Known) -> Resolution:
    """Decide for every row whom it means; each row has at least one identifier.

    Splitting a batch at any place and resolving the parts in order gives the same customers.
    The order of rows does not matter to who is one with whom while nothing is contested: no two
    external ids meet, and phones stand beside nothing stronger.
    """
    at_work = _Batch(known)
    for place, row in enumerate(rows):
        at_work.take(place, row)
    return at_work.found


class _Batch:
    """The state while rows are taken; identifiers lead to customers, customers to their roots."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.owner_of: dict[Identifier, Owner] = dict(known.owner_of)
        self.standing: dict[int, Standing] = dict(known.standing_of)
        self.root_of: dict[int, int] = {}
        self.apart: dict[int, set[int]] = {}
        for one, other in known.apart:
            self._tell_apart(one, other)
        self.found = Resolution()

    def take(self, place: int, row: Row) -> None:
        found = self.found
        customer = self._base(row)
        if row.acted_at or row.confirmed or row.access:
            self._note(customer, row)
        self._give_new(row, customer)
        for identifier in row.identifiers:
            owner = self.owner_of.get(identifier)
            if owner is not None and (other := self._root(owner.customer_id)) != customer:
                customer = self._meet(place, row, identifier, customer, other)
        if row.previous is not None and (owner := self.owner_of.get(row.previous)):
            customer = self._alias(place, row, customer, self._root(owner.customer_id))
        found.told.append(customer)
        found.named.append(self._holder(row, customer))

    def _give_new(self, row: Row, customer: int) -> None:
        """Let the customer have the identifiers nobody has."""
        fresh = [i for i in row.identifiers if i not in self.owner_of]
        if row.previous is not None and row.previous in self.owner_of:
            fresh = [i for i in fresh if i != Identifier(KINDS.ANONYMOUS, row.previous.value)]
        if fresh:
            owner = Owner(customer, self._holder(row, customer))
            self._tell_external(customer, fresh)
            self._count(customer, [identifier.kind for identifier in fresh], 1)
            for identifier in fresh:
                self.owner_of[identifier] = self.found.gained[identifier] = owner

    def _root(self, customer_id: int) -> int:
        while (up := self.root_of.get(customer_id)) is not None:
            customer_id = up
        return customer_id

    def _of(self, customer_id: int) -> Standing:
        return self.standing.get(customer_id) or Standing(customer_id)

    def _base(self, row: Row) -> int:
        """The customer of the strongest identifier that may speak for the row, or a new one."""
        for identifier in row.identifiers:
            owner = self.owner_of.get(identifier)
            if owner is not None:
                customer = self._root(owner.customer_id)
                if identifier.kind is KINDS.EXTERNAL or self._fits(row, customer, identifier.kind):
                    return customer
        self.found.created += 1
        created = -self.found.created
        self.standing[created] = Standing(created)
        return created

    def _fits(self, row: Row, customer: int, via: IdentifierKind) -> bool:
        """Whether a known identifier of this kind may mean the customer in this row.

        A browser or a phone does not, when the row names somebody otherwise than the customer is
        named: then two people use it.
        """
        has = self._of(customer).kinds
        is_weak = via is KINDS.PHONE or via in BROWSER_KINDS
        for kind in NAMING[: NAMING.index(via) if via in NAMING else len(NAMING)]:
            if kind not in has or not self._is_another(row, kind, customer):
                continue
            if is_weak or (kind is KINDS.EXTERNAL and self.known.are_ids_people):
                return False
        return True

    def _is_another(self, row: Row, kind: IdentifierKind, customer: int) -> bool:
        for identifier in row.identifiers:
            if identifier.kind is kind:
                owner = self.owner_of.get(identifier)
                return owner is None or self._root(owner.customer_id) != customer
        return False

    def _note(self, customer: int, row: Row) -> None:
        """Let what the row says of the customer's standing count in it."""
        said = Standing(
            customer,
            access=frozenset(i for i in row.identifiers if i.kind in row.access),
            confirmed=frozenset(i for i in row.identifiers if i.kind in row.confirmed),
            acted_at=row.acted_at,
        )
        self.standing[customer] = self._of(customer).joined(said)

    def _tell_apart(self, one: int, other: int) -> None:
        self.apart.setdefault(one, set()).add(other)
        self.apart.setdefault(other, set()).add(one)

    def _meet(self, place: int, row: Row, identifier: Identifier, customer: int, other: int) -> int:
        """Join the two by the identifier, or settle whose it is; gives the row's customer."""
        here, there = self._of(customer), self._of(other)
        if self._may_join(row, identifier.kind, here, there):
            return self._join(here, there, identifier, identifier.kind.value)
        if identifier.kind in BROWSER_KINDS:
            self.found.clashes.append(Clash(place, customer, other, identifier))
            self._disprove(customer, identifier)
            return customer
        verdict = weigh(here, there, identifier)
        if row.is_unproved and verdict.winner == customer:
            verdict = Verdict(other, customer, UNPROVED_RULE)
        self._disprove(verdict.loser, identifier)
        if verdict.winner == customer:
            self._give(identifier, Owner(customer, customer))
            self.found.moves.append(Move(place, customer, other, identifier, verdict.rule))
        else:
            self.found.clashes.append(Clash(place, customer, other, identifier, verdict.rule))
        return customer

    def _disprove(self, customer: int, identifier: Identifier) -> None:
        """A proof counts for those only who have what it proves."""
        before = self._of(customer)
        self.standing[customer] = replace(
            before,
            access=before.access - {identifier},
            confirmed=before.confirmed - {identifier},
        )

    def _may_join(self, row: Row, kind: IdentifierKind, here: Standing, there: Standing) -> bool:
        if there.customer_id in self.apart.get(here.customer_id, ()):
            return False
        if here.is_anonymous or there.is_anonymous:
            return True
        if kind in BROWSER_KINDS or row.is_unproved:
            return False
        if kind is KINDS.PHONE:
            return here.kinds <= PHONE_ONLY or there.kinds <= PHONE_ONLY
        return self._may_be_one(here, there)

    def _may_be_one(self, here: Standing, there: Standing) -> bool:
        both = KINDS.EXTERNAL in here.kinds and KINDS.EXTERNAL in there.kinds
        return not (both and self.known.are_ids_people)

    def _alias(self, place: int, row: Row, customer: int, other: int) -> int:
        assert row.previous is not None
        here, there = self._of(customer), self._of(other)
        if customer == other:
            return customer
        is_apart = other in self.apart.get(customer, ())
        is_vouched = not row.is_unproved or here.is_anonymous or there.is_anonymous
        if is_vouched and not is_apart and self._may_be_one(here, there):
            return self._join(here, there, None, "alias")
        self.found.clashes.append(Clash(place, customer, other, row.previous))
        return customer

    def _join(
        self, here: Standing, there: Standing, contact: Identifier | None, reason: str
    ) -> int:
        verdict = weigh(here, there, contact)
        self.root_of[verdict.loser] = verdict.winner
        for one in self.apart.get(verdict.loser, ()):
            self._tell_apart(verdict.winner, one)
        ahead, behind = (here, there) if verdict.winner == here.customer_id else (there, here)
        self.standing[verdict.winner] = ahead.joined(behind)
        self.found.merges.append(Joined(verdict.loser, verdict.winner, reason, verdict.rule))
        return verdict.winner

    def _holder(self, row: Row, customer: int) -> int:
        """Who brought the strongest identifier by which the row is the customer's."""
        for identifier in row.identifiers:
            owner = self.owner_of.get(identifier)
            if owner is not None and self._root(owner.customer_id) == customer:
                return owner.held_by
        return customer

    def _give(self, identifier: Identifier, owner: Owner) -> None:
        """Let somebody have what another one has."""
        before = self.owner_of[identifier]
        self._tell_external(owner.customer_id, [identifier])
        self._count(self._root(before.customer_id), [identifier.kind], -1)
        self._count(owner.customer_id, [identifier.kind], 1)
        self.owner_of[identifier] = owner
        given = self.found.moved if identifier in self.known.owner_of else self.found.gained
        given[identifier] = owner

    def _tell_external(self, customer: int, given: Sequence[Identifier]) -> None:
        """Remember the external id of a customer who had none."""
        for identifier in given:
            if identifier.kind is KINDS.EXTERNAL:
                if KINDS.EXTERNAL not in self._of(customer).kinds:
                    self.found.external[customer] = identifier.value
                return

    def _count(self, customer: int, kinds: Iterable[IdentifierKind], more: int) -> None:
        # Of those not in doubt nothing is known, and nothing asked.
        if (before := self.standing.get(customer)) is not None:
            counts = dict(before.counts)
            for kind in kinds:
                counts[kind] = counts.get(kind, 0) + more
            self.standing[customer] = replace(before, counts=counts)
