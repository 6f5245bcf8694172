"""The map of a generic webhook, and whatever may be sent to it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.intake.connectors.pull.stock import read_stock
from regulars.intake.connectors.pure import envelope, paths
from regulars.intake.connectors.records import Context, CustomerNews, EventNews, OrderNews
from regulars.intake.connectors.tests import strategies
from regulars.intake.connectors.tests.test_deliveries import MAPPING, SALE
from regulars.intake.connectors.webhook import mapping
from regulars.intake.connectors.webhook.provider import read, read_by
from regulars.kernel.errors import Invalid

AT = datetime(2026, 5, 1, tzinfo=UTC)


def context(chosen: Any = MAPPING) -> Context:
    return Context("webhook", "UAH", AT, {"mapping": chosen})


def test_an_order_and_an_event_of_one_delivery() -> None:
    order, event = read(json.dumps(SALE).encode(), "", context())

    assert isinstance(order, OrderNews) and isinstance(event, EventNews)
    assert (order.number, order.total_minor, order.status.value) == ("17", 12050, "paid")
    assert order.placed_at == datetime(2026, 5, 1, 7, tzinfo=UTC)
    assert [(one.sku, one.quantity, one.unit_price) for one in order.lines] == [
        ("RYE", Decimal(2), Decimal("60.25"))
    ]
    assert event.props == SALE["buyer"]


def test_a_list_is_gone_through_and_the_top_stays_in_reach() -> None:
    chosen = mapping.parse(
        {"each": "people", "customer": {"email": {"path": "mail"}, "city": {"path": "$.where"},
                                        "language": {"const": "uk"}}}
    )  # fmt: skip
    body = {"where": "Kyiv", "people": [{"mail": "a@example.com"}, {"mail": "b@example.com"}]}

    found = read_by(chosen, body, context())

    assert [one.key for one in found if isinstance(one, CustomerNews)] == [
        "a@example.com", "b@example.com",
    ]  # fmt: skip
    assert all(
        isinstance(one, CustomerNews) and one.identity.traits == {"city": "Kyiv", "language": "uk"}
        for one in found
    )


@pytest.mark.parametrize(
    ("written", "steps"),
    [("a.b[0].c", ("a", "b", 0, "c")), ("[1]", (1,)), ("a.0", ("a", "0")), ("", ()),
     ("$.a", ("$", "a")), ("a[0][12]", ("a", 0, 12))],
)  # fmt: skip
def test_paths_have_steps(written: str, steps: tuple[Any, ...]) -> None:
    assert paths.parse(written) == steps


@pytest.mark.parametrize("wrong", ["a..b", "a[", "a[x]", "a]b", "[-1]", "a.", "a" * 201, "a[1e3]"])
def test_what_is_no_path_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        paths.parse(wrong)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_altered_deliveries_are_read_or_refused(data: st.DataObject) -> None:
    body = data.draw(
        st.one_of(strategies.mutated(SALE), st.binary(max_size=200),
                  strategies.values.map(lambda v: json.dumps(v).encode()))
    )  # fmt: skip
    with suppress(Invalid):
        read(body, "", context())


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_altered_maps_are_read_or_refused(data: st.DataObject) -> None:
    chosen = data.draw(
        st.one_of(
            strategies.mutated(MAPPING)
            .filter(lambda b: b[-1:] == b"}")
            .map(lambda b: json.loads(b) if _is_json(b) else None),
            strategies.values,
        )
    )
    with suppress(Invalid):
        read(json.dumps(SALE).encode(), "", context(chosen))


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


@given(st.text(max_size=60), strategies.values)
@settings(max_examples=200, deadline=None)
def test_any_path_finds_something_or_nothing(written: str, body: Any) -> None:
    with suppress(Invalid):
        paths.find(body, body, paths.parse(written))
    assert len(paths.leaves(body)) <= paths.PATHS_SHOWN_MAX


@given(st.binary(max_size=200))
def test_any_stored_bytes_are_a_delivery_or_refused(stored: bytes) -> None:
    with suppress(Invalid):
        envelope.unpack(stored)
    packed = envelope.unpack(envelope.pack("c", "k", "t", stored))
    assert (packed.head.key, packed.body) == ("k", stored)


@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=80).map(
            lambda t: ("sku;qty;склад\nTEA;1;Київ\n" + t).encode("utf-8", "replace")
        ),
    )
)
@settings(max_examples=200, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_any_table_of_stock_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "stock"
    path.write_bytes(content)

    with suppress(Invalid):
        counted, rows = read_stock(path, {}, "Склад")
        assert rows >= sum(map(len, counted.values()))
