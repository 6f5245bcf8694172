"""Codes of fiscal receipts, comparing two sides of a referral, settings of activities."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regulars.kernel.errors import Invalid
from regulars.loyalty.pure import activities, receipts, referrals
from regulars.loyalty.pure.referrals import Person

KYIV = ZoneInfo("Europe/Kyiv")
RUSSIAN = "t=20190809T175600&s=565.00&fn=9284000100250000&i=131&fp=2547369411&n=1"
UKRAINIAN = (
    "https://cabinet.tax.gov.ua/cashregs/check?id=000131&date=20261120&time=17:56:09"
    "&fn=4000123456&sm=565.5&mac=abc"
)


def test_a_russian_receipt_is_read() -> None:
    found = receipts.read(RUSSIAN, KYIV)

    assert found.key == "receipt:ru:9284000100250000:131:2547369411"
    assert found.amount_minor == 56_500
    assert found.bought_at == datetime(2019, 8, 9, 17, 56, tzinfo=KYIV)


def test_a_ukrainian_receipt_is_read() -> None:
    found = receipts.read(UKRAINIAN, KYIV)

    assert found.key == "receipt:ua:4000123456:131"
    assert found.amount_minor == 56_550
    assert found.bought_at == datetime(2026, 11, 20, 17, 56, 9, tzinfo=KYIV)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RUSSIAN, RUSSIAN.replace("s=565.00", "s=999.00")),
        (RUSSIAN, RUSSIAN.replace("T1756", "T1757")),
        (RUSSIAN, RUSSIAN.replace("i=131", "i=000131")),
        (RUSSIAN, "  " + "&".join(reversed(RUSSIAN.split("&")))),
        (RUSSIAN, RUSSIAN.replace("T175600", "T1756")),
        (UKRAINIAN, UKRAINIAN.replace("sm=565.5", "sm=1.00")),
        (UKRAINIAN, UKRAINIAN.replace("date=20261120", "date=20261121")),
        (UKRAINIAN, UKRAINIAN.replace("mac=abc", "mac=def").replace("id=000131", "id=131")),
    ],
)
def test_the_same_receipt_has_the_same_key_whatever_else_is_changed(one: str, other: str) -> None:
    assert receipts.read(one, KYIV).key == receipts.read(other, KYIV).key


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "receipt_unreadable"),
        ("hello", "receipt_unreadable"),
        ("http://[x", "receipt_unreadable"),
        ("https://\u2100.example/?fn=1", "receipt_unreadable"),
        (RUSSIAN.replace("fp=2547369411", "fp=abc"), "receipt_unreadable"),
        (RUSSIAN.replace("s=565.00", "s=565.001"), "receipt_unreadable"),
        (RUSSIAN.replace("s=565.00", "s=-5"), "receipt_unreadable"),
        (RUSSIAN.replace("20190809", "20191309"), "receipt_unreadable"),
        (RUSSIAN.replace("n=1", "n=2"), "receipt_not_sale"),
        (RUSSIAN.replace("s=565.00", "s=0.00"), "receipt_amount"),
        (RUSSIAN.replace("s=565.00", "s=99999999.00"), "receipt_amount"),
        (UKRAINIAN.replace("cabinet.tax.gov.ua", "evil.example"), "receipt_unreadable"),
        (UKRAINIAN.replace("cabinet.tax.gov.ua", "eviltax.gov.ua"), "receipt_unreadable"),
        (UKRAINIAN.replace("id=000131", "id=%3Cb%3E"), "receipt_unreadable"),
        ("&".join(f"a{n}=1" for n in range(99)), "receipt_unreadable"),
        ("x" * 1_001, "receipt_unreadable"),
    ],
)
def test_what_is_no_receipt_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as told:
        receipts.read(text, KYIV)
    assert told.value.code == code


def test_a_receipt_counts_for_45_days() -> None:
    found = receipts.read(RUSSIAN, KYIV)
    receipts.check_age(found, found.bought_at + timedelta(days=45))
    with pytest.raises(Invalid) as old:
        receipts.check_age(found, found.bought_at + timedelta(days=45, seconds=1))
    with pytest.raises(Invalid) as early:
        receipts.check_age(found, found.bought_at - timedelta(days=2))
    assert (old.value.code, early.value.code) == ("receipt_old", "receipt_early")


MIRA = Person(
    1, ("mira.k@gmail.com",), ("+380671234567",), frozenset({"29001"}), frozenset({"phone-1"}),
    "01001 Kyiv, Khreshchatyk 1, app. 5",
)  # fmt: skip


@pytest.mark.parametrize(
    ("friend", "reasons"),
    [
        (Person(1), ["self"]),
        (Person(2, ("oleg@example.com",), ("+380501112233",)), []),
        (Person(2, ("MiraK+shop@gmail.com",)), ["same_email"]),
        (Person(2, ("mirak@example.com",)), []),
        (Person(2, phones=("067 123-45-67",)), ["same_phone"]),
        (Person(2, cards=frozenset({"29001"})), ["same_card"]),
        (Person(2, devices=frozenset({"phone-1"})), ["same_device"]),
        (Person(2, address="01001, KYIV khreshchatyk, 1 app 5"), ["same_address"]),
        (Person(2, address="Kyiv"), []),
        (Person(2, ("mirak@gmail.com",), ("0671234567",)), ["same_phone", "same_email"]),
    ],
)
def test_two_sides_are_compared(friend: Person, reasons: list[str]) -> None:
    assert referrals.shared(MIRA, friend) == reasons


def test_nothing_known_is_nothing_shared() -> None:
    assert referrals.shared(Person(1), Person(2)) == []
    assert referrals.device_hash("secret", "  ") == ""
    assert referrals.device_hash("secret", "x") != referrals.device_hash("other", "x")


QUIZ = {
    "questions": [
        {"text": "Which tea?", "options": ["green", "black"], "right": 1},
        {"text": "From where?", "options": ["Assam", "Uji", "Rize"], "right": 0},
    ],
    "pass": 2,
}
GAME = {
    "prizes": [
        {"name": "Nothing", "points": 0, "weight": 7},
        {"name": "Ten points", "points": 1_000, "weight": 3},
    ]
}


def test_a_quiz_counts_right_answers() -> None:
    assert activities.quiz(QUIZ, {"answers": [1, 0]}, 500).points == 500
    missed = activities.quiz(QUIZ, {"answers": [1, 2]}, 500)
    assert missed.points == 0 and missed.outcome == {"right": 1, "of": 2, "passed": False}
    for wrong in ([1], [1, 0, 0], None, "10"):
        with pytest.raises(Invalid):
            activities.quiz(QUIZ, {"answers": wrong}, 500)


def test_a_wheel_gives_each_prize_by_its_weight() -> None:
    found = [activities.game(GAME, chance).points for chance in range(activities.weights(GAME))]

    assert found == [0] * 7 + [1_000] * 3


def test_a_receipt_earns_by_its_sum_and_large_ones_wait() -> None:
    settings = {
        "points_per_100": 5, "amount_minor_min": 1_000, "auto_minor_max": 50_000,
        "registers": ["0077"],
    }  # fmt: skip

    small = activities.receipt(settings, 20_000, "77", 100)
    large = activities.receipt(settings, 60_000, "77", 100)

    assert (small.state, small.points) == ("accepted", 1_100)
    assert (large.state, large.points) == ("waiting", 3_100)
    with pytest.raises(Invalid) as told:
        activities.receipt(settings, 999, "77", 100)
    assert told.value.code == "receipt_small"


def test_a_code_that_anybody_could_have_written_waits() -> None:
    known = {"registers": ["77"]}

    assert activities.receipt({}, 100, "77", 100).state == "waiting"
    assert activities.receipt(known, 1_000_000, "77", 100).state == "accepted"
    assert activities.receipt(known, 1_000_001, "77", 100).state == "waiting"
    assert activities.receipt({**known, "auto_minor_max": 0}, 1, "77", 100).state == "waiting"
    with pytest.raises(Invalid) as told:
        activities.receipt(known, 100, "78", 100)
    assert told.value.code == "receipt_elsewhere"
    assert receipts.read(RUSSIAN, KYIV).register == "9284000100250000"
    assert receipts.read(UKRAINIAN, KYIV).register == "4000123456"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("quiz", {}),
        ("quiz", {"questions": []}),
        ("quiz", {"questions": [{"text": "?", "options": ["a"], "right": 0}]}),
        ("quiz", {"questions": [{"text": "?", "options": ["a", "b"], "right": 2}]}),
        ("quiz", {**QUIZ, "pass": 3}),
        ("game", {"prizes": []}),
        ("game", {"prizes": [{"name": "x", "points": 0, "weight": 0}]}),
        ("game", {"prizes": [{"name": "x", "points": -1, "weight": 1}]}),
        ("lid", {}),
        ("receipts", {"points_per_100": -1}),
        ("receipts", {"points_per_100": True}),
        ("receipts", {"registers": "77"}),
        ("receipts", {"registers": ["7a"]}),
        ("chess", {}),
    ],
)
def test_settings_nobody_could_play_by_are_refused(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        activities.check_settings(kind, settings)


def test_settings_that_can_be_played_by_pass() -> None:
    activities.check_settings("quiz", QUIZ)
    activities.check_settings("game", GAME)
    activities.check_settings("lid", {"series": "lids"})
    activities.check_settings("contest", {})
