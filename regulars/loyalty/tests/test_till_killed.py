"""kill -9 between any two statements of a sale: asked again, it ends as if nothing had happened.

A child does the calls and kills itself before its n-th word to the database, for every n until it
comes through; a commit counts as a word, before it and after it.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from regulars.kernel.errors import Conflict
from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop
from regulars.loyalty.till import calls
from regulars.loyalty.till.keys import Keys
from regulars.store.scope import cursor, scope

WORDS_MAX = 400
CAME_THROUGH = 7


@pytest.fixture
def tea(db: None) -> Shop:
    made = shop()
    made.promote("ten", trigger="code", effects=[{"type": "percent_off", "value": "10"}])
    budget = [{"what": "uses", "per": "total", "period": "all", "value": 1_000_000}]
    made.promote("five", effects=[{"type": "percent_off", "value": "5"}], limits=budget)
    made.code("TEN", "ten", uses_per_code=1_000_000)
    return made


def steps(member: dict[str, str], gift: str) -> list[tuple[Callable[..., bytes], dict[str, Any]]]:
    """A sale with everything, a part of it back, and another hold let go."""
    name, other = new_id(), new_id()
    full = {
        "member": member,
        "points": {"amount": 30_00},
        "codes": ["TEN"],
        "gift_cards": [{"code": gift, "amount": 2_000}],
        "lines": [line("1", qty="3", price=3_333), line("2", price=9_900)],
    }
    sold = {"purchase_id": name, "occurred_at": at()}
    lines = [{"line_id": "1", "qty": "2"}]
    return [
        (calls._hold, cart(name, **full)),
        (calls._confirm, sold),
        (calls._return, {**sold, "return_id": new_id("r"), "lines": lines}),
        (calls._return, {**sold, "return_id": new_id("r")}),
        (calls._hold, cart(other, member=member, points={"amount": "auto"})),
        (calls._cancel, {"purchase_id": other}),
    ]


def _run(place: Shop, asked: list[tuple[Callable[..., bytes], dict[str, Any]]]) -> list[Any]:
    """What each call is answered; a hold that came further tells how far."""
    opened = Keys().opened(place.key)
    answers: list[Any] = []
    for call, body in asked:
        try:
            answers.append(json.loads(call(opened, json.dumps(body).encode())))
        except Conflict as error:
            if (call, error.code) != (calls._hold, "purchase_state"):
                raise
            answers.append(error.details)
    return answers


def _die_before(number: int) -> None:
    """Let this process die before its so manieth word to the database."""
    said = 0
    execute = psycopg.Cursor.execute
    commit = DatabaseWrapper._commit

    def count() -> None:
        nonlocal said
        said += 1
        if said == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        count()
        return execute(self, *given, **named)

    def committed(self: Any) -> Any:
        count()
        commit(self)
        count()

    psycopg.Cursor.execute = counted  # type: ignore[method-assign]
    DatabaseWrapper._commit = committed  # type: ignore[method-assign]


def _in_a_child(place: Shop, asked: list[Any], number: int) -> bool:
    """Whether a child that dies before this word came through."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            _die_before(number)
            _run(place, asked)
            os._exit(CAME_THROUGH)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == CAME_THROUGH
    return True


def test_a_till_killed_anywhere_ends_where_it_would_have(tea: Shop) -> None:
    begins = {"available": 50_00, "pending": 0, "reserved": 0, "debt": 0}
    killed = 0
    for number in range(1, WORDS_MAX):
        member = tea.member(points_held=50_00)
        gift = f"GIFT{number:06d}"
        tea.gift_card(gift, 10_000)
        asked = steps(member, gift)

        is_through = _in_a_child(tea, asked, number)
        first, again = _run(tea, asked), _run(tea, asked)

        assert first[1:4] == again[1:4], number
        assert [one["state"] for one in again[3:]] == ["returned", "cancelled", "cancelled"]
        assert tea.balance(member) == begins, number
        assert _left_on_newest(tea) == (10_000, 0), number
        killed += not is_through
        if is_through:
            break
    assert killed > 60
    assert tea.count("loyalty_usage", "reserved <> 0 OR used <> 0") == 0
    assert tea.count("loyalty_code", "reserved <> 0 OR used <> 0") == 0
    assert tea.count("loyalty_purchase", "state = 'held'") == 0


def _left_on_newest(place: Shop) -> tuple[int, int]:
    with scope(place.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT available_minor, held_minor FROM loyalty_giftcard"
            " WHERE workspace_id = %s ORDER BY id DESC LIMIT 1",
            [place.workspace.id],
        )
        found: tuple[int, int] = raw.fetchone()
        return found
