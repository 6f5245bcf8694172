from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from regulars.messaging.adapters.smtp.client import (
    Outcome,
    Peer,
    PeerRefused,
    Security,
    State,
    Timeouts,
    connect,
)
from regulars.messaging.pure.addresses import mailbox
from regulars.messaging.tests.peers import (
    DROP,
    HANG,
    PIPELINING,
    QUICK,
    StrictPeer,
    aiosmtpd_peer,
    certificate,
)

MIRA = mailbox("mira@example.com")
LETTER = b"Subject: x\r\n\r\n.\r\n..two\r\n.one\r\nend"
ENDED = LETTER + b"\r\n"
SOON = Timeouts(connect_s=5, greeting_s=0.1, command_s=0.1, data_s=0.1, final_s=0.1)


class Handing:
    """Counts how often a letter was about to be handed over."""

    def __init__(self, answer: bool = True) -> None:
        self.count = 0
        self.answer = answer

    async def __call__(self) -> bool:
        self.count += 1
        return self.answer


def send_to(strict: StrictPeer, count: int = 1, **options: Any) -> tuple[list[Outcome], Handing]:
    handing = Handing()

    async def run() -> list[Outcome]:
        async with strict:
            connection = await connect(strict.peer(**options))
            outcomes = []
            for _ in range(count):
                if not connection.is_usable:
                    connection = await connect(strict.peer(**options))
                outcomes.append(
                    await connection.send(
                        sender="b-1@bounce.example", recipient=MIRA, letter=LETTER, handing=handing
                    )
                )
            await connection.quit()
        return outcomes

    outcomes = asyncio.run(run())
    assert strict.errors == []
    return outcomes, handing


@pytest.mark.parametrize("extensions", [PIPELINING, ("8BITMIME",)], ids=["pipelined", "one by one"])
def test_letters_arrive_unchanged_over_one_connection(extensions: tuple[str, ...]) -> None:
    strict = StrictPeer(extensions=extensions)

    outcomes, handing = send_to(strict, 3)

    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED] * 3
    assert strict.letters == [ENDED] * 3
    assert strict.connections == 1
    assert handing.count == 3
    assert strict.commands[-1] == "QUIT"
    size = " SIZE=" + str(len(LETTER)) if extensions is PIPELINING else ""
    assert strict.commands[1] == f"MAIL FROM:<b-1@bounce.example>{size}"


REFUSALS = [
    ("mail", "451 4.3.0 later", State.DEFERRED),
    ("mail", "550 5.7.1 not you", State.REJECTED),
    ("rcpt", "450 4.2.0 greylisted", State.DEFERRED),
    ("rcpt", "550 5.1.1 no such user mira@example.com", State.REJECTED),
    ("data", "451 4.3.0 later", State.DEFERRED),
    ("data", "554 5.5.0 no", State.REJECTED),
    ("final", "452 4.3.1 full", State.DEFERRED),
    ("final", "554 5.7.1 spam", State.REJECTED),
    ("final", "354 what", State.DEFERRED),
]


@pytest.mark.parametrize(("stage", "line", "state"), REFUSALS)
@pytest.mark.parametrize("extensions", [PIPELINING, ()], ids=["pipelined", "one by one"])
def test_a_refusal_is_told_with_its_stage_and_the_next_letter_goes_on(
    stage: str, line: str, state: State, extensions: tuple[str, ...]
) -> None:
    strict = StrictPeer(script={f"{stage}:1": line}, extensions=extensions)

    (first, second), handing = send_to(strict, 2)

    assert (first.state, first.stage, first.code) == (state, stage, int(line[:3]))
    assert "mira@example.com" not in first.words
    assert second.state is State.ACCEPTED
    assert strict.letters == [ENDED]
    assert strict.connections == 1
    assert handing.count == (2 if stage == "final" else 1)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("action", [DROP, "421 4.7.0 closing", "nonsense"])
def test_a_break_before_the_final_dot_is_safe_to_repeat(stage: str, action: str) -> None:
    script = {f"{stage}:1": action if action != "nonsense" else "999"}
    strict = StrictPeer(script=script)

    (first, second), handing = send_to(strict, 2)

    assert first.state is State.DEFERRED
    assert second.state is State.ACCEPTED
    assert strict.letters == [ENDED]
    assert handing.count == 1


@pytest.mark.parametrize("stage", ["final", "stored"])
def test_a_break_after_the_final_dot_is_unknown(stage: str) -> None:
    strict = StrictPeer(script={stage: DROP})

    (outcome,), handing = send_to(strict)

    assert (outcome.state, outcome.stage) == (State.UNKNOWN, "final")
    assert handing.count == 1


@pytest.mark.parametrize(
    ("stage", "state"),
    [("mail", State.DEFERRED), ("rcpt", State.DEFERRED), ("data", State.DEFERRED),
     ("stored", State.UNKNOWN)],
)  # fmt: skip
def test_every_wait_has_a_limit(stage: str, state: State) -> None:
    strict = StrictPeer(script={stage: HANG})

    (outcome,), _ = send_to(strict, timeouts=SOON)

    assert outcome.state is state
    assert outcome.words == "connection timeout"


def test_a_421_after_the_letter_was_taken_is_deferred_because_the_server_said_so() -> None:
    strict = StrictPeer(script={"final": "421 4.3.2 shutting down"})

    (outcome,), _ = send_to(strict)

    assert (outcome.state, outcome.code) == (State.DEFERRED, 421)
    assert strict.letters == []


def test_a_withheld_letter_is_never_ended() -> None:
    strict = StrictPeer()

    async def run() -> Outcome:
        async with strict:
            connection = await connect(strict.peer())
            outcome = await connection.send(
                sender="", recipient=MIRA, letter=LETTER, handing=Handing(answer=False)
            )
            assert not connection.is_usable
            return outcome

    assert asyncio.run(run()).state is State.WITHHELD
    assert strict.letters == []


def test_an_error_while_marking_closes_the_connection_and_sends_nothing() -> None:
    strict = StrictPeer()

    async def fail() -> bool:
        raise RuntimeError("database away")

    async def run() -> None:
        async with strict:
            connection = await connect(strict.peer())
            with pytest.raises(RuntimeError):
                await connection.send(sender="", recipient=MIRA, letter=LETTER, handing=fail)
            assert not connection.is_usable

    asyncio.run(run())
    assert strict.letters == []


def test_a_server_that_waits_for_text_without_a_recipient_gets_none() -> None:
    strict = StrictPeer(script={"rcpt:1": "550 5.1.1 no", "data": "354 go"})

    (first, second), handing = send_to(strict, 2)

    assert (first.state, first.stage) == (State.REJECTED, "rcpt")
    assert second.state is State.ACCEPTED
    assert strict.letters == [ENDED]
    assert handing.count == 1


def test_a_connection_is_renewed_after_its_share_of_letters() -> None:
    strict = StrictPeer()

    outcomes, _ = send_to(strict, 5, messages_max=2)

    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED] * 5
    assert strict.connections == 3


@pytest.mark.parametrize(
    ("script", "is_permanent"),
    [
        ({"greeting": "554 no"}, True),
        ({"greeting": "421 busy"}, False),
        ({"greeting": DROP}, False),
        ({"ehlo": "550 no", "helo": "550 no"}, True),
        ({"ehlo": DROP}, False),
    ],
)
def test_a_server_that_does_not_let_us_in_is_told_apart(
    script: dict[str, str], is_permanent: bool
) -> None:
    with pytest.raises(PeerRefused) as refusal:
        send_to(StrictPeer(script=script))

    assert refusal.value.is_permanent is is_permanent


def test_old_servers_are_greeted_with_helo() -> None:
    strict = StrictPeer(script={"ehlo": "502 what"})

    (outcome,), _ = send_to(strict)

    assert outcome.state is State.ACCEPTED


def test_an_unreachable_server_is_a_passing_failure() -> None:
    peer = Peer("localhost", 1, "127.0.0.1", security=Security.NONE, timeouts=QUICK)

    with pytest.raises(PeerRefused) as refusal:
        asyncio.run(connect(peer))

    assert not refusal.value.is_permanent


def test_a_password_never_travels_unprotected() -> None:
    strict = StrictPeer(extensions=("AUTH PLAIN",))

    with pytest.raises(PeerRefused) as refusal:
        send_to(strict, username="u", password="secret")

    assert refusal.value.code == "smtp_password_unprotected"
    assert not any("AUTH" in command for command in strict.commands)
    assert "secret" not in repr(strict.peer(username="u", password="secret"))


def test_a_wrong_password_is_a_lasting_refusal() -> None:
    strict = StrictPeer(script={"auth": "535 5.7.8 no"}, extensions=("AUTH PLAIN LOGIN",))
    options = {"username": "u", "password": "p", "may_send_password_unprotected": True}

    with pytest.raises(PeerRefused, match="535") as refusal:
        send_to(strict, **options)

    assert refusal.value.is_permanent
    assert strict.commands == ["EHLO localhost", "AUTH PLAIN AHUAcA=="]
    (outcome,), _ = send_to(StrictPeer(extensions=("AUTH PLAIN LOGIN",)), **options)
    assert outcome.state is State.ACCEPTED


def test_tls_is_demanded_when_it_was_chosen() -> None:
    with pytest.raises(PeerRefused) as refusal:
        send_to(StrictPeer(), security=Security.STARTTLS)

    assert refusal.value.code == "smtp_no_tls"


def test_a_foreign_local_part_needs_a_server_that_takes_it() -> None:
    to = mailbox("пошта@example.com")

    async def run(strict: StrictPeer) -> Outcome:
        async with strict:
            connection = await connect(strict.peer())
            return await connection.send(sender="", recipient=to, letter=LETTER, handing=Handing())

    able = StrictPeer(extensions=(*PIPELINING, "SMTPUTF8"))
    assert asyncio.run(run(StrictPeer())).enhanced == "5.6.7"
    assert asyncio.run(run(able)).state is State.ACCEPTED
    assert able.commands[1] == f"MAIL FROM:<> SIZE={len(LETTER)} BODY=8BITMIME SMTPUTF8"


def exchange(peer: Peer, count: int) -> list[Outcome]:
    async def run() -> list[Outcome]:
        connection = await connect(peer)
        outcomes = [
            await connection.send(
                sender="b@x.example", recipient=MIRA, letter=LETTER, handing=Handing()
            )
            for _ in range(count)
        ]
        await connection.quit()
        return outcomes

    return asyncio.run(run())


def test_aiosmtpd_takes_letters_over_starttls_with_a_password(tmp_path: Path) -> None:
    server_tls, client_tls = certificate(tmp_path)

    def authenticate(_s: object, _session: object, _e: object, _way: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"shop", b"secret"))

    options = {
        "tls_context": server_tls,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": authenticate,
    }
    with aiosmtpd_peer(**options) as (sink, controller):
        peer = Peer(
            "localhost", controller.port, "127.0.0.1", Security.STARTTLS, "shop", "secret",
            timeouts=QUICK, tls=client_tls,
        )  # fmt: skip
        assert [o.state for o in exchange(peer, 3)] == [State.ACCEPTED] * 3
        assert sink.letters == [("b@x.example", ["mira@example.com"], ENDED)] * 3

        strange = Peer("localhost", controller.port, "127.0.0.1", timeouts=QUICK)
        with pytest.raises(PeerRefused, match="tls"):
            exchange(strange, 1)
        assert len(sink.letters) == 3
