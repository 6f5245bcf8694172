from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from lucide import IconDoesNotExist

from regulars.web import parts


def render(source: str, path: str = "/", **values: Any) -> str:
    request = RequestFactory().get(path)
    with translation.override("en"):
        return Template("{% load ui charts %}" + source).render(
            Context({"request": request, **values})
        )


def test_an_unknown_icon_is_an_error() -> None:
    with pytest.raises(IconDoesNotExist):
        render('{% icon "no-such-icon" %}')


def test_text_in_components_is_escaped() -> None:
    hostile = "<script>"
    markup = render(
        '{% chip t url=u %}{% pill "good" t %}{% avatar t %}{% kpi label=t value=t note=t %}'
        "{% card title=t %}{{ t }}{% endcard %}",
        t=hostile,
        u='"onclick="x',
    )
    assert "<script" not in markup and '"onclick' not in markup


def test_a_missing_value_is_a_dash() -> None:
    assert render('{{ x|number }}{{ x|money:"GBP" }}{{ x|day }}{{ x|ago }}', x=None) == "————"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Olena Kovalenko", "OK"), ("mira", "M"), ("Anna Maria Lis", "AL"), ("", "·"), ("— x", "X")],
)
def test_initials(name: str, letters: str) -> None:
    assert parts.initials(name) == letters


def test_a_change_is_judged_by_what_is_better() -> None:
    grew = render('{% kpi label="Revenue" value="1" change=0.06 %}')
    worse = render('{% kpi label="At risk" value="1" change=0.06 good="down" %}')
    assert "tone-good" in grew and "+6.0%" in grew
    assert "tone-warn" in worse and "tone-good" not in worse


def test_links_that_change_one_parameter_keep_the_others_and_drop_the_page() -> None:
    markup = render(
        "{% segmented 'period' options '30' %}",
        path="/?city=Kyiv&page=3&period=30",
        options=[("7", "7 d"), ("30", "30 d")],
    )
    assert "?city=Kyiv&amp;period=7" in markup and "page=3" not in markup
    assert markup.count('aria-current="true"') == 1


def test_a_heading_sorts_up_then_down() -> None:
    first = render('{% sort_th "name" "Name" %}')
    second = render('{% sort_th "name" "Name" %}', path="/?sort=name")
    assert 'href="?sort=name"' in first and "aria-sort" not in first
    assert 'href="?sort=-name"' in second and 'aria-sort="ascending"' in second


def test_the_pager_takes_djangos_page_and_links_its_neighbours() -> None:
    page = Paginator(range(580), 50).page(2)
    markup = render("{% pager page %}", path="/?q=a&page=2", page=page)
    assert "580 rows" in markup and "page 2 of 12" in markup
    assert 'href="?q=a&amp;page=1"' in markup and 'href="?q=a&amp;page=3"' in markup


def test_the_timeline_groups_by_day() -> None:
    at = [datetime(2025, 11, day, hour, tzinfo=UTC) for day, hour in ((20, 9), (20, 8), (18, 8))]
    markup = render(
        "{% timeline items %}", items=[{"at": one, "title": "Ordered", "icon": "x"} for one in at]
    )
    assert markup.count("tl-day") == 2 and markup.count("<li>") == 3


class SampleForm(forms.Form):
    link = forms.URLField(assume_scheme="https", help_text="Opens when pressed.")
    note = forms.CharField(required=False)
    many = forms.MultipleChoiceField(
        choices=[("a", "A")], widget=forms.CheckboxSelectMultiple, required=False
    )


def test_a_field_names_its_hint_and_error_for_screen_readers() -> None:
    markup = render("{% field form.link %}", form=SampleForm({"link": "x"}))
    assert 'aria-describedby="id_link-hint id_link-error"' in markup
    assert 'aria-invalid="true"' in markup and 'id="id_link-error"' in markup
    assert 'class="control"' in markup


def test_a_field_that_may_stay_empty_says_so() -> None:
    assert "optional" in render("{% field form.note %}", form=SampleForm())


def test_a_group_of_boxes_is_a_fieldset() -> None:
    markup = render("{% field form.many %}", form=SampleForm())
    assert "<fieldset" in markup and "<legend>" in markup and "control" not in markup


def test_several_errors_are_listed_with_links() -> None:
    class Two(forms.Form):
        a = forms.CharField()
        b = forms.CharField()

    markup = render("{% form_errors form %}", form=Two({}))
    assert 'href="#id_a"' in markup and "2 fields need your attention" in markup
    assert render("{% form_errors form %}", form=Two({"a": "1", "b": "2"})).strip() == ""


def test_the_title_is_written_in_the_head_and_once_as_the_heading() -> None:
    source = '{% extends "web/shell.html" %}{% block title %}Segments{% endblock %}'
    request = RequestFactory().get("/")
    request.user = type("U", (), {"email": "a@example.com"})()
    page = Template(source).render(Context({"request": request, "language": "en"}))
    assert "<title>Segments · Regulars</title>" in page
    assert page.count("<h1>") == 1 and "<h1>Segments</h1>" in page
    assert 'class="crumbs"' not in page
