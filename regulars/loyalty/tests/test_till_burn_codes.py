"""A programme may ask for a one-time code before points are burnt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from regulars.loyalty import registry
from regulars.loyalty.queries.burn_codes import code_of
from regulars.loyalty.tests.counter import Shop, cart, new_id, shop
from regulars.store.scope import cursor, scope

Sent = list[tuple[int, str]]


@pytest.fixture
def tea(db: None) -> Shop:
    return shop({"burning": {"asks_code": True}})


@pytest.fixture
def sent() -> Iterator[Sent]:
    letters: Sent = []
    registry.declare_burn_sender(
        lambda _, customer_id, challenge, __: letters.append((customer_id, challenge))
    )
    yield letters
    registry.forget_burn_sender()


def asked(place: Shop, member: dict[str, str], **fields: Any) -> dict[str, Any]:
    return cart(member=member, points={"amount": "auto"}, **fields)


def code_in(place: Shop, sent: Sent) -> str:
    with scope(place.workspace.id):
        return code_of(place.workspace.id, sent[-1][1])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_points_are_not_burnt_without_a_code(tea: Shop, sent: Sent) -> None:
    member = tea.member(points_held=50_00)

    status, refusal = tea.call("hold", asked(tea, member))

    assert (status, refusal["code"]) == (403, "burn_code_needed")
    assert tea.balance(member)["available"] == 50_00
    assert tea.call("hold", cart(member=member))[0] == 200


def test_the_code_that_was_sent_opens_one_purchase(tea: Shop, sent: Sent) -> None:
    member = tea.member(points_held=50_00)
    status, told = tea.call("identify", {"member": member, "send_code": True})
    assert (status, told["asks_code"]) == (200, True)
    assert told["code_until"]
    code = code_in(tea, sent)

    one = asked(tea, member, burn_code=f"{code[:3]} {code[3:]}")
    status, held = tea.call("hold", one)
    assert (status, held["summary"]["points_paid"]) == (200, 5_000)
    assert tea.call("hold", one) == (status, held)
    tea.call("cancel", {"purchase_id": one["purchase_id"]})
    status, refusal = tea.call("hold", asked(tea, member, burn_code=code))
    assert (status, refusal["code"]) == (403, "burn_code_wrong")


def test_wrong_codes_are_counted_though_nothing_else_is_kept(tea: Shop, sent: Sent) -> None:
    member = tea.member(points_held=50_00)
    tea.call("identify", {"member": member, "send_code": True})
    code = code_in(tea, sent)

    for _ in range(5):
        told = tea.call("hold", asked(tea, member, burn_code=wrong(code)))
        assert (told[0], told[1]["code"]) == (403, "burn_code_wrong")
    told = tea.call("hold", asked(tea, member, burn_code=code))

    assert told[1]["code"] == "burn_code_wrong"
    assert tea.count("loyalty_purchase") == 0


def test_a_code_of_somebody_else_or_of_yesterday_opens_nothing(tea: Shop, sent: Sent) -> None:
    mira, oleg = tea.member(points_held=50_00), tea.member(points_held=50_00)
    tea.call("identify", {"member": mira, "send_code": True})
    code = code_in(tea, sent)

    assert tea.call("hold", asked(tea, oleg, burn_code=code))[1]["code"] == "burn_code_wrong"
    with scope(tea.workspace.id):
        cursor().execute(
            "UPDATE loyalty_burncode SET expires_at = now() WHERE workspace_id = %s",
            [tea.workspace.id],
        )
    assert tea.call("hold", asked(tea, mira, burn_code=code))[1]["code"] == "burn_code_wrong"


def test_codes_are_not_sent_without_end(tea: Shop, sent: Sent) -> None:
    member = tea.member()
    answers = tea.calls([("identify", {"member": member, "send_code": True})] * 6)

    assert sorted(status for status, _ in answers) == [200] * 3 + [403] * 3
    assert len(sent) == 3


def test_an_unknown_member_gets_no_code(tea: Shop, sent: Sent) -> None:
    body = {"member": {"external_id": new_id("nobody")}, "send_code": True}

    assert tea.call("identify", body)[0] == 404
    assert sent == []
