"""Somebody is recognised however they are written, and nobody else is."""

from __future__ import annotations

import json

import pytest

from regulars.kernel.mentions import is_named, names_of

MIRA = names_of(
    [("email", "mira@example.com"), ("email", "mira!shop@example.com"),
     ("email", "mira@xn--80a1acn3a.com.ua"), ("phone", "+380671234567"), ("external", "42"),
     ("anonymous", "3f0c9a17-visitor")]
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "mira@example.com",
        "Mira <MIRA@Example.com>, hello",
        "email=mira%40example.com&x=1",
        '{"email": "mira\\u0040example.com"}',
        "067 123-45-67",
        "+38 (067) 123 45 67",
        "380671234567",
        json.dumps({"userId": "42"}),
        json.dumps({"batch": [{"customer_id": 42}]}),
        json.dumps({"anonymousId": "3f0c9a17-visitor"}),
        "a,3f0c9a17-visitor,b",
        b"mira@example.com\xff",
        "Mira,380671234567\n380501112233,Oleg",
        "Mira\t+380671234567\t2026-11-20",
        "0671234567 0501112233",
        "00380671234567",
        json.dumps({"comment": "Write to me:\nmira@example.com"}),
        json.dumps(json.dumps({"comment": "or\tmira@example.com"})),
        "'mira@example.com'",
        "mira!shop@example.com.",
        "лист на mira@пошта.com.ua",
    ],
)
def test_a_name_is_found(text: str | bytes) -> None:
    assert is_named(MIRA, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "admira@example.com",
        "o'mira@example.com",
        "4149499671234567",
        "67123456789",
        "mira@example.com.ua",
        "+380671234568",
        json.dumps({"quantity": 42}),
        json.dumps({"userId": "142"}),
        "42 pieces",
        json.dumps({"id": True}),
    ],
)
def test_nobody_else_is_taken_for_them(text: str) -> None:
    assert not is_named(MIRA, text)


def test_who_has_no_name_is_named_by_nothing() -> None:
    assert not is_named(names_of([]), "anything")
    assert not is_named(names_of([("email", " ")]), "anything @")
