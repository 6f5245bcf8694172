"""Leads: written once, found, moved, made an order once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from regulars.events import queries as events
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.orders import actions, queries
from regulars.orders.queries.leads import LeadFilter
from regulars.orders.records import LeadItem, NewLead
from regulars.store.scope import scope
from tests.town import Town, town

LEAD = NewLead(
    source="landing",
    name="Mira",
    phone="+380 67 123 45 67",
    email="mira@example.com",
    comment="Call after six",
    items=(("TEA", "Green tea", "2", "10.50"), LeadItem("CUP", "Cup")),
    page_url="https://shop.example/tea",
    utm={"utm_source": "google"},
)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def test_a_lead_is_written_once_for_a_key_and_belongs_to_its_customer(place: Town) -> None:
    with scope(place.bakery.id):
        first = actions.take_lead(place.bakery.id, LEAD, key="form:1")
        again = actions.take_lead(place.bakery.id, LEAD, key="form:1")
        told = events.timeline(place.bakery.id, place.mira, 10)

    assert again == first
    assert (first.status, first.customer_id, first.utm) == (
        "new", place.mira, {"utm_source": "google"},
    )  # fmt: skip
    assert first.items == (
        LeadItem("TEA", "Green tea", Decimal(2), Decimal("10.50")),
        LeadItem("CUP", "Cup", Decimal(1), None),
    )
    assert [e.kind for e in told].count("lead.created") == 1


def test_the_same_key_with_another_lead_is_a_conflict(place: Town) -> None:
    with scope(place.bakery.id):
        actions.take_lead(place.bakery.id, LEAD, key="form:1")
        with pytest.raises(Conflict):
            actions.take_lead(place.bakery.id, replace(LEAD, comment="No"), key="form:1")
        assert queries.leads_count(place.bakery.id, LeadFilter()) == 1


@pytest.mark.parametrize(
    "change",
    [{"source": " "}, {"name": "x" * 201}, {"comment": "a\x00b"}, {"items": (("", ""),)},
     {"items": (("A", "", "many"),)}, {"items": (("A", "", "1e400"),)}, {"items": (("A",),) * 101},
     {"utm": {str(n): "x" for n in range(21)}}, {"name": "", "phone": "", "email": ""}],
)  # fmt: skip
def test_a_bad_lead_is_refused_and_not_written(place: Town, change: dict[str, object]) -> None:
    with scope(place.bakery.id):
        with pytest.raises(Invalid):
            actions.take_lead(place.bakery.id, replace(LEAD, **change), key="k")  # type: ignore[arg-type]
        assert queries.leads_count(place.bakery.id, LeadFilter()) == 0


def test_a_lead_whose_contact_cannot_be_read_is_kept_without_a_customer(place: Town) -> None:
    with scope(place.bakery.id):
        lead = actions.take_lead(
            place.bakery.id, replace(LEAD, phone="12", email="no address"), key="k"
        )

    assert (lead.customer_id, lead.phone) == (None, "12")


def test_a_lead_of_another_shop_is_not_found(place: Town) -> None:
    with scope(place.bakery.id):
        lead = actions.take_lead(place.bakery.id, LEAD, key="k")
    with scope(place.other.id), pytest.raises(NotFound):
        queries.lead(place.other.id, lead.public_id)


@pytest.mark.parametrize(
    ("chosen", "count"),
    [(LeadFilter(text="671234"), 1), (LeadFilter(text="MIR"), 1), (LeadFilter(text="%"), 0),
     (LeadFilter(status="lost"), 0), (LeadFilter(source="landing"), 1)],
)  # fmt: skip
def test_leads_are_found(place: Town, chosen: LeadFilter, count: int) -> None:
    with scope(place.bakery.id):
        actions.take_lead(place.bakery.id, LEAD, key="k")
        assert queries.leads_count(place.bakery.id, chosen) == count
        assert len(queries.leads(place.bakery.id, chosen)) == count
