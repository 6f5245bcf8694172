from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.messaging.pure.rendering import (
    SOURCE_CHARS_MAX,
    TAGS_MAX,
    TemplateInvalid,
    compile_html,
    compile_text,
)

MIRA = {
    "customer": {"first_name": "<Mira>", "email": "mira@example.com"},
    "items": [{"name": "Rye"}, {"name": "Oat"}],
    "now": datetime(2026, 1, 2, tzinfo=UTC),
}


def test_values_are_escaped_in_html_and_plain_in_text() -> None:
    source = "Hi {{ customer.first_name }}"

    assert compile_html(source).render(MIRA).text == "Hi &lt;Mira&gt;"
    assert compile_text(source).render(MIRA).text == "Hi <Mira>"


def test_a_missing_name_is_noted_only_where_it_would_have_been_printed() -> None:
    source = (
        "{{ customer.nick | default: 'friend' }} {{ customer.town }} {% if customer.x %}{% endif %}"
    )

    rendered = compile_html(source).render(MIRA)

    assert rendered.text == "friend  "
    assert rendered.missing == ("customer.town",)


def test_it_lists_the_names_a_template_asks_for() -> None:
    compiled = compile_html("{% for p in items %}{{ p.name }}{% endfor %}{{ customer.email }}")

    assert compiled.names == {"items", "customer.email"}
    assert compiled.render(MIRA).text == "RyeOatmira@example.com"


def test_the_date_comes_from_the_data_and_not_from_a_clock() -> None:
    assert compile_html("{{ now | date: '%d.%m.%Y' }}").render(MIRA).text == "02.01.2026"
    assert compile_html("{{ now }}{{ today }}").render({}).missing == ("now", "today")


def test_attributes_of_python_objects_are_out_of_reach() -> None:
    class Secret:
        password = "x"

        def __getitem__(self, key: str) -> str:
            return "leaked"

    source = "{{ customer.__class__ }}{{ secret.password }}{{ secret['a'] }}{{ items.append }}"

    assert compile_html(source).render({**MIRA, "secret": Secret()}).text == ""


REFUSED_WHEN_READ = [
    "{{" * 20_000,
    "{%" * 20_000,
    "{% raw %}" * 10_000,
    "{" * 50_000,
    "{{ " + "a[" * 2_000 + "b" + "]" * 2_000 + " }}",
    "{% if a" + " and a" * 5_000 + " %}{% endif %}",
    "{% include 'x' %}",
    "{% render '/etc/passwd' %}",
    "{{ ''.__class__.__mro__ }}",
    "{% for %}",
    "x" * (SOURCE_CHARS_MAX + 1),
    "{{ a }}" * (TAGS_MAX + 1),
    "{% if a %}" * 40 + "{% endif %}" * 40,
    "{{ a",
]


@pytest.mark.parametrize("source", REFUSED_WHEN_READ, ids=lambda source: source[:30])
def test_a_template_that_cannot_be_read_is_refused_at_once(source: str) -> None:
    with pytest.raises(TemplateInvalid):
        compile_html(source)


REFUSED_WHEN_RENDERED = [
    "{% for i in (1..1000000000) reversed %}a{% endfor %}",
    "{% for i in (1..1001) %}a{% endfor %}",
    "{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}",
    "{% for i in (1..900) %}" + "{{ 'a' }}" * 1_900 + "{% endfor %}",
    "{% for i in (1..900) %}" + "{% if false %}{% endif %}" * 900 + "{% endfor %}",
    "{% tablerow i in (1..100000) %}{% endtablerow %}",
    "{{ 'aaaaaaaaaa'" + " | replace: '', 'aaaaaaaaaaaaaaaaaa'" * 30 + " }}",
    "{{ 99999" + "| times: 999999999999999" * 1_000 + " }}",
    "{{ 5 | round: -1000000000 }}",
    "{{ now | date: '%900000d' }}",
    "{% capture a %}" + "x" * 3_000 + "{% endcapture %}",
    "{% if (1..30000000) contains 'a' %}{% endif %}",
    "{% for i in (1..1000) %}{{ '" + "ab," * 2_000 + "' | split: ',' | join: ',' }}{% endfor %}",
    "{% for i in (1..999) %}{{ '" + "<a " * 30_000 + "' | strip_html | squish }}{% endfor %}",
    "{% for i in (1..1000) %}" + "x" * 1_100 + "{% endfor %}",
    "{{ 'x' | nosuch }}",
    "{{ 'x' | safe }}",
    "{{ 1 | divided_by: 0 }}",
]


@pytest.mark.parametrize("source", REFUSED_WHEN_RENDERED, ids=lambda source: source[:50])
def test_a_template_that_asks_for_too_much_is_stopped(source: str) -> None:
    with pytest.raises(TemplateInvalid):
        compile_html(source).render(MIRA)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="{}%|.:'\"[]()-_ aifor1,<>\n", max_size=120))
def test_any_text_is_rendered_or_refused_with_a_clear_error(source: str) -> None:
    for compile_template in (compile_html, compile_text):
        with suppress(TemplateInvalid):
            compile_template(source).render(MIRA)
