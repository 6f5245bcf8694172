"""What taking part in an activity comes to: answers judged, wheels turned, settings read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.loyalty.pure.receipts import register_of

KINDS = ("receipts", "lid", "quiz", "contest", "game")
QUESTIONS_MAX, OPTIONS_MAX, PRIZES_MAX = 50, 10, 50
TEXT_CHARS_MAX = 2_000
POINTS_MAX = 100_000_000
WEIGHT_MAX = 1_000_000
REGISTERS_MAX = 1_000
# What is accepted at once when the activity says nothing: 10,000.00.
AUTO_MINOR_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of it. state: accepted, or waiting for a person."""

    state: str
    points: int
    outcome: Mapping[str, Any] = field(default_factory=dict)


def check_settings(kind: str, settings: Mapping[str, Any]) -> None:
    """Refuse settings that could not be played by. raises Invalid(activity_settings)"""
    if kind not in KINDS:
        raise Invalid("activity_kind", "An activity is one of: " + ", ".join(KINDS) + ".")
    if kind == "quiz":
        _check_quiz(settings)
    if kind == "game":
        _check_game(settings)
    if kind == "lid" and not isinstance(settings.get("series"), str):
        raise _wrong("series", "Name the series of codes that are under the lids.")
    if kind == "receipts":
        for name in ("points_per_100", "amount_minor_min", "auto_minor_max"):
            _whole(settings.get(name, 0), name)
        _check_registers(settings.get("registers", []))


def quiz(settings: Mapping[str, Any], said: Mapping[str, Any], points: int) -> Judged:
    """Right answers counted; points for those who have enough of them.

    raises  Invalid(answers_invalid)
    """
    questions = settings["questions"]
    answers = said.get("answers")
    if not isinstance(answers, list) or len(answers) != len(questions):
        raise Invalid("answers_invalid", "Answer every question.")
    right = sum(one == asked["right"] for one, asked in zip(answers, questions, strict=True))
    is_passed = right >= settings.get("pass", len(questions))
    outcome = {"right": right, "of": len(questions), "passed": is_passed}
    return Judged("accepted", points if is_passed else 0, outcome)


def game(settings: Mapping[str, Any], chance: int) -> Judged:
    """What the wheel shows; `chance` is below the sum of the weights, each place equally likely."""
    left = chance
    for place, prize in enumerate(settings["prizes"]):
        if left < prize["weight"]:
            return Judged("accepted", prize["points"], {"prize": place, "name": prize["name"]})
        left -= prize["weight"]
    raise AssertionError("chance beyond the weights")


def weights(settings: Mapping[str, Any]) -> int:
    """The sum of the weights of a game."""
    return sum(prize["weight"] for prize in settings["prizes"])


def contest(settings: Mapping[str, Any], said: Mapping[str, Any], points: int) -> Judged:
    """A contest's entry waits for the jury, unless it only collects tickets."""
    text = said.get("text", "")
    if not isinstance(text, str) or len(text) > TEXT_CHARS_MAX:
        raise Invalid("entry_invalid", f"Write at most {TEXT_CHARS_MAX} characters.")
    if settings.get("needs_text") and not text.strip():
        raise Invalid("entry_invalid", "Write something.")
    return Judged("waiting" if settings.get("jury") else "accepted", points)


def receipt(settings: Mapping[str, Any], amount_minor: int, register: str, points: int) -> Judged:
    """Points for a receipt: a fixed number and so many for each hundred minor units.

    Anybody can write a receipt's code, so it is taken at once only from one of the `registers` of
    the shop and up to `auto_minor_max`; otherwise a person looks first. From a register that is
    not the shop's it is not taken at all.
    raises  Invalid(receipt_small | receipt_elsewhere)
    """
    registers = {register_of(one) for one in settings.get("registers", [])}
    if registers and register not in registers:
        raise Invalid("receipt_elsewhere", "The receipt is of another shop.", register=register)
    least = settings.get("amount_minor_min", 0)
    if amount_minor < least:
        raise Invalid("receipt_small", "The receipt's sum is too small.", least=least)
    earned = points + amount_minor * settings.get("points_per_100", 0) // 100
    is_sure = bool(registers) and amount_minor <= settings.get("auto_minor_max", AUTO_MINOR_MAX)
    state = "accepted" if is_sure else "waiting"
    return Judged(state, min(earned, POINTS_MAX), {"amount_minor": amount_minor})


def _check_quiz(settings: Mapping[str, Any]) -> None:
    questions = settings.get("questions")
    if not isinstance(questions, list) or not 1 <= len(questions) <= QUESTIONS_MAX:
        raise _wrong("questions", f"A quiz has 1 to {QUESTIONS_MAX} questions.")
    for place, one in enumerate(questions):
        options = one.get("options") if isinstance(one, Mapping) else None
        if not isinstance(options, list) or not 2 <= len(options) <= OPTIONS_MAX:
            raise _wrong(f"questions[{place}].options", f"Give 2 to {OPTIONS_MAX} answers.")
        if not isinstance(one.get("right"), int) or not 0 <= one["right"] < len(options):
            raise _wrong(f"questions[{place}].right", "Say which answer is right.")
        if not isinstance(one.get("text"), str) or not one["text"].strip():
            raise _wrong(f"questions[{place}].text", "Write the question.")
    least = _whole(settings.get("pass", len(questions)), "pass")
    if least > len(questions):
        raise _wrong("pass", "There are fewer questions than that.")


def _check_game(settings: Mapping[str, Any]) -> None:
    prizes = settings.get("prizes")
    if not isinstance(prizes, list) or not 1 <= len(prizes) <= PRIZES_MAX:
        raise _wrong("prizes", f"A game has 1 to {PRIZES_MAX} prizes.")
    for place, one in enumerate(prizes):
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
            raise _wrong(f"prizes[{place}].name", "Name the prize.")
        _whole(one.get("points", 0), f"prizes[{place}].points")
        if not 1 <= _whole(one.get("weight"), f"prizes[{place}].weight") <= WEIGHT_MAX:
            raise _wrong(f"prizes[{place}].weight", "A weight is at least 1.")


def _check_registers(said: object) -> None:
    if not isinstance(said, list) or len(said) > REGISTERS_MAX:
        raise _wrong("registers", f"Name at most {REGISTERS_MAX} registers.")
    for place, one in enumerate(said):
        if not isinstance(one, str) or not register_of(one):
            raise _wrong(f"registers[{place}]", "A fiscal register has a number of 1 to 20 digits.")


def _whole(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= POINTS_MAX:
        raise _wrong(path, "Give a whole number, 0 or more.")
    return value


def _wrong(path: str, message: str) -> Invalid:
    return Invalid("activity_settings", message, path=path)
