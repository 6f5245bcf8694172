from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.messaging import placeholders
from regulars.messaging.pure.checks import check_letter
from regulars.messaging.records import SourceCheck
from regulars.messaging.starters import STARTERS, starter

GOOD = """<mjml>
<mj-body>
<mj-section><mj-column>
<mj-text>Hi {{ customer.first_name }} <a href="https://shop.example/">shop</a>
<a href="{{ unsubscribe_url }}">stop</a></mj-text>
</mj-column></mj-section>
</mj-body>
</mjml>"""


def check(source: str, subject: str = "Hi", text: str = "") -> SourceCheck:
    return check_letter(subject, source, text, is_known=placeholders.is_known)


def told(found: SourceCheck) -> list[tuple[str, int, str]]:
    return [(one.part, one.line, one.code) for one in found.problems]


def test_a_good_letter_has_no_problems_and_its_links_are_listed() -> None:
    found = check(GOOD)

    assert told(found) == []
    assert found.is_sendable
    assert found.links == ("https://shop.example/", "{{ unsubscribe_url }}")
    assert found.has_unsubscribe
    assert found.names == {"customer.first_name", "unsubscribe_url"}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{{ customer.first_name }}", "{{ customer.first_name", ("source", 4, "template_open")),
        ("{{ customer.first_name }}", "{% if x %}", ("source", 4, "template_open")),
        ("{{ customer.first_name }}", "{% iff x %}", ("source", 4, "template_syntax")),
        ("</mj-text>", "", ("source", 6, "mjml_tag_crossed")),
        ("</mj-body>\n</mjml>", "", ("source", 2, "mjml_tag_open")),
        ("customer.first_name", "customer.frist_name", ("source", 4, "placeholder_unknown")),
        ("<mj-section>", "<mj-foo></mj-foo><mj-section>", ("source", 3, "mjml_tag_unknown")),
        ("https://shop.example/", "http://shop.example/", ("source", 4, "link_insecure")),
        ("https://shop.example/", "shop.example", ("source", 4, "link_wrong")),
        ("https://shop.example/", "", ("source", 4, "link_empty")),
        (">shop<", '><img src="https://x.example/a.png"><', ("source", 4, "picture_without_words")),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, problem: tuple[str, int, str]) -> None:
    assert problem in told(check(GOOD.replace(old, new, 1)))


def test_mistakes_of_the_subject_and_the_text_are_told_apart() -> None:
    found = check(GOOD, subject="", text="one\ntwo {{ nobody.knows }}")

    assert told(found) == [
        ("subject", 0, "subject_missing"),
        ("text", 2, "placeholder_unknown"),
    ]
    assert not found.is_sendable


def test_a_loop_for_ever_and_python_attributes_come_to_nothing() -> None:
    endless = "<p>{% for i in (1..1000000000) %}x{% endfor %}</p>"
    reaching = "<p>{{ customer.__class__.__mro__ }}</p>"

    assert ("source", 1, "template_limit") in told(check(endless))
    assert not check(endless).is_sendable
    assert ("source", 1, "placeholder_unknown") in told(check(reaching))


def test_a_letter_that_gmail_would_cut_is_told() -> None:
    assert ("source", 0, "letter_clipped") in told(check("<p>" + "x" * 102_000 + "</p>"))


@pytest.mark.parametrize("name", [*STARTERS, "unheard-of"])
def test_the_letters_to_begin_with_are_sound(name: str) -> None:
    codes = {one.code for one in check(starter(name)).problems}

    assert codes <= ({"source_missing"} if name == "empty" else set())


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=list("<>/{}%mj-textl =\"'a\n"), max_size=80))
def test_nothing_an_author_writes_makes_the_check_fail(source: str) -> None:
    assert check("<mjml>" + source).problems
    check(source)
