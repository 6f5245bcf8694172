"""Facts of value are said as people call them, with the words of the screens."""

from __future__ import annotations

import pytest
from django.utils import translation

from regulars.rules import language, sentences
from regulars.value.facts import CLASS_WORDS, FACTS, STAGE_WORDS
from regulars.value.lake import SCORES
from regulars.value.records import CLASS_LABELS, STAGE_LABELS


@pytest.mark.parametrize(
    ("words", "labels"), [(CLASS_WORDS, CLASS_LABELS), (STAGE_WORDS, STAGE_LABELS)]
)
def test_values_are_called_as_on_the_screens(words, labels):
    assert [one[0] for one in words] == list(labels)
    for place, code in enumerate(("en", "uk", "ru"), start=1):
        with translation.override(code):
            assert {one[0]: one[place] for one in words} == {
                name: str(label) for name, label in labels.items()
            }


def test_a_rule_says_the_class_in_words():
    rule = language.parse(
        {"version": 1, "where": {"fact": "value.rfm_class", "op": "in",
                                 "value": ["at_risk", "cant_lose"]}}
    )  # fmt: skip

    said = sentences.sentence(rule, "uk", FACTS)

    assert "У зоні ризику" in said and "Не можна втратити" in said
    assert "at_risk" not in said


def test_every_fact_reads_a_column_of_the_lake():
    assert {fact.source.column for fact in FACTS.values()} <= set(SCORES.columns.names)
