from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.kernel.ids import new_public_id
from regulars.messaging.pure.tokens import (
    Purpose,
    Token,
    TokenInvalid,
    bounce_workspace_of,
    seal,
    seal_bounce,
    seal_link,
    unseal,
    unseal_bounce,
    workspace_of,
    workspace_secret,
)

MASTER = b"m" * 32
SECRET = workspace_secret(MASTER, 7)
MESSAGE = new_public_id()
URL = "https://shop.example/путь?a=1&b=2"


def test_a_link_token_gives_back_what_was_sealed() -> None:
    token = seal_link(SECRET, 7, MESSAGE, link_index=3, url=URL)

    assert workspace_of(token) == 7
    assert unseal(SECRET, Purpose.LINK, token) == Token(7, MESSAGE, 3, URL)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**62), st.data())
def test_a_token_with_one_changed_character_is_refused(
    workspace_id: int, data: st.DataObject
) -> None:
    secret = workspace_secret(MASTER, workspace_id)
    token = seal_link(secret, workspace_id, MESSAGE, link_index=1, url=URL)
    position = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.sampled_from("ABCz019-_.=/+ é"))
    changed = token[:position] + character + token[position + 1 :]

    if changed == token:
        return
    with pytest.raises(TokenInvalid):
        unseal(secret, Purpose.LINK, changed)


def test_another_purpose_or_workspace_is_refused() -> None:
    token = seal(SECRET, Purpose.OPEN, 7, MESSAGE)

    assert unseal(SECRET, Purpose.OPEN, token) == Token(7, MESSAGE)
    for purpose in (Purpose.LINK, Purpose.UNSUBSCRIBE, Purpose.BOUNCE):
        with pytest.raises(TokenInvalid):
            unseal(SECRET, purpose, token)
    with pytest.raises(TokenInvalid):
        unseal(workspace_secret(MASTER, 8), Purpose.OPEN, token)


@pytest.mark.parametrize("text", ["", "a", "AAAA", "é", "=" * 50, "A" * 5_000, "AA\nAA"])
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        workspace_of(text)
    with pytest.raises(TokenInvalid):
        unseal(SECRET, Purpose.OPEN, text)
    with pytest.raises(TokenInvalid):
        unseal_bounce(SECRET, text)


def test_a_bounce_token_fits_an_address_and_survives_folded_case() -> None:
    token = seal_bounce(SECRET, 7, MESSAGE)

    assert len("b-" + token) <= 64
    assert token == token.lower()
    assert bounce_workspace_of(token.upper()) == 7
    assert unseal_bounce(SECRET, token.upper()) == Token(7, MESSAGE)
    for position in range(len(token)):
        changed = (
            token[:position] + ("a" if token[position] != "a" else "b") + token[position + 1 :]
        )
        with pytest.raises(TokenInvalid):
            unseal_bounce(SECRET, changed)
