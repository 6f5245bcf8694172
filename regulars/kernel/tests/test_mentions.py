"""Somebody is recognised however they are written, and nobody else is."""

from __future__ import annotations

import json

import pytest

from regulars.kernel.mentions import is_named, names_of

MIRA = names_of(
    [("email", "mira@example.com"), ("phone", "+380671234567"), ("external", "42"),
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
    ],
)
def test_a_name_is_found(text: str | bytes) -> None:
    assert is_named(MIRA, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "admira@example.com",
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
