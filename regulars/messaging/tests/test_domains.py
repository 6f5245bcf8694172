"""Whether domains take mail: asked in the background, a few at a time."""

from __future__ import annotations

import dns.exception
import dns.rdatatype
import dns.resolver
import pytest

from regulars.customers import actions as customers
from regulars.customers import queries
from regulars.customers.records import Identity
from regulars.kernel.errors import Outside
from regulars.messaging import tasks
from regulars.messaging.adapters.dns import takes_mail
from regulars.store.scope import cursor, scope
from tests.town import town


class Record:
    def __init__(self, exchange: str) -> None:
        self.exchange = exchange


class Resolver:
    """Answers as told: by kind of record, a list or an error."""

    def __init__(self, **answers: list[Record] | Exception) -> None:
        self.answers = answers

    def resolve(self, _name: str, kind: str, lifetime: float) -> list[Record]:
        answer = self.answers.get(kind, dns.resolver.NoAnswer())
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("resolver", "takes"),
    [
        (Resolver(MX=[Record("mx.example.")]), True),
        (Resolver(MX=[Record(".")]), False),
        (Resolver(A=[Record("")]), True),
        (Resolver(AAAA=[Record("")]), True),
        (Resolver(), False),
        (Resolver(MX=dns.resolver.NXDOMAIN()), False),
    ],
)
def test_a_domain_takes_mail_by_its_records(resolver: Resolver, takes: bool) -> None:
    assert takes_mail("example.com", resolver) is takes  # type: ignore[arg-type]


def test_no_answer_at_all_is_no_verdict() -> None:
    with pytest.raises(Outside):
        takes_mail("example.com", Resolver(MX=dns.exception.Timeout()))  # type: ignore[arg-type]


def test_a_round_asks_what_is_due_and_stops_when_nobody_answers(
    as_engine: None, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = town()
    shop = place.bakery.id
    with scope(shop):
        cursor().execute(
            "INSERT INTO customers_maildomain (workspace_id, domain)"
            " SELECT %s, unnest(ARRAY['alive.example', 'dead.example', 'silent.example', 'late'])",
            [shop],
        )
        (gone,) = customers.identify_many(shop, [Identity(email="a@dead.example")])

    def answer(domain: str) -> bool:
        if domain == "silent.example":
            raise Outside("dns_unavailable", "no answer")
        return domain in ("alive.example", tasks.WITNESS)

    monkeypatch.setattr(tasks.dns, "takes_mail", answer)
    tasks.ask_domains()

    with scope(shop):
        assert queries.domains_due(shop, 10) == ["silent.example", "late"]
        assert [f.kind for f in queries.contact_flags_of(shop, gone)] == ["email_no_mail"]


def test_a_name_server_that_knows_nobody_accuses_nobody(
    as_engine: None, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = town().bakery.id
    with scope(shop):
        (known,) = customers.identify_many(shop, [Identity(email="a@alive.example")])
        due = queries.domains_due(shop, 10)
    monkeypatch.setattr(tasks.dns, "takes_mail", lambda _domain: False)
    tasks.ask_domains()

    with scope(shop):
        assert queries.domains_due(shop, 10) == due
        assert queries.contact_flags_of(shop, known) == []
