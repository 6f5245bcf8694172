"""Sites and forms by the browser: made, shown, changed, closed, and by whom."""

from __future__ import annotations

import itertools

import pytest
from django.test import Client
from django.urls import reverse

from regulars.intake.forms import queries as forms
from regulars.intake.sites import queries as sites
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import workspace

_numbers = itertools.count(1)
SITE = {"name": "The shop", "domains": "https://www.shop.example/", "consent_mode": "ask"}
FORM = {
    "name": "Order a cake", "kind": "lead", "language": "uk", "consent_text": "Write to me.",
    "label_0": "E-mail", "type_0": "email", "required_0": "1",
    "label_1": "Which cake", "type_1": "choice", "options_1": "Honey, Poppy, Honey",
}  # fmt: skip


@pytest.fixture
def shop(db: None) -> WorkspaceRecord:
    return workspace()


def member_of(shop: WorkspaceRecord, role: Role = Role.MARKETER) -> Client:
    user_id = workspaces.ensure_user(f"s-{shop.id}-{next(_numbers)}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


def made(client: Client, what: str, fields: dict[str, str]) -> str:
    answer = client.post(reverse(f"intake:new_{what}"), fields)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def test_a_marketer_makes_a_site_and_gets_its_line(shop: WorkspaceRecord) -> None:
    client = member_of(shop)

    page = client.get(made(client, "site", SITE)).content.decode()

    with scope(shop.id):
        (site,) = sites.sites(shop.id)
    assert site.domains == ("shop.example",)
    assert f"/s/{site.key}.js" in page
    assert "analytics: true" in page and "Never asked for" in page
    assert "The shop" in client.get(reverse("intake:sources")).content.decode()


def test_a_site_is_changed_and_closed(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    path = made(client, "site", SITE)

    wrong = client.post(f"{path}edit", {**SITE, "domains": "not a domain!"})
    right = client.post(f"{path}edit", {**SITE, "name": "Other", "consent_mode": "on"})
    closed = client.post(f"{path}close")

    assert (wrong.status_code, right.status_code, closed.status_code) == (422, 302, 302)
    assert "domain!” is no domain" in wrong.content.decode()
    with scope(shop.id):
        (site,) = sites.sites(shop.id)
    assert (site.name, site.consent_mode.value) == ("Other", "on")
    assert site.closed_at is not None
    assert "Closed" in client.get(path).content.decode()


def test_a_marketer_makes_a_form_and_sees_how_to_place_it(shop: WorkspaceRecord) -> None:
    client = member_of(shop)

    page = client.get(made(client, "form", FORM)).content.decode()

    with scope(shop.id):
        (form,) = forms.forms(shop.id)
    assert [(one.name, one.is_required, one.options) for one in form.fields] == [
        ("email", True, ()), ("answer_2", False, ("Honey", "Poppy")),
    ]  # fmt: skip
    assert f"/f/{form.public_id}" in page and "&lt;iframe" in page
    assert form.text_version in page


def test_a_changed_form_keeps_the_names_of_its_questions(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    path = made(client, "form", FORM)

    answer = client.post(
        f"{path}edit",
        {**FORM, "name_0": "email", "name_1": "answer_2", "label_1": "Your cake",
         "consent_text": "Other words.", "label_2": "Phone", "type_2": "phone"},
    )  # fmt: skip

    assert answer.status_code == 302
    with scope(shop.id):
        (form,) = forms.forms(shop.id)
    assert [one.name for one in form.fields] == ["email", "answer_2", "phone"]
    assert form.consent_version == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"label_0": ""}, "Look at the questions"),
        ({"options_1": ""}, "Look at the questions"),
        ({"redirect_url": "javascript:alert(1)"}, "begins with https"),
        ({"kind": "subscribe", "consent_text": ""}, "what visitors agree to"),
        ({"kind": "nothing"}, "not one of the available choices"),
    ],
)
def test_a_form_that_cannot_work_says_why_and_keeps_what_was_written(
    shop: WorkspaceRecord, wrong: dict[str, str], words: str
) -> None:
    answer = member_of(shop).post(reverse("intake:new_form"), {**FORM, **wrong})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page and 'value="Which cake"' in page
    with scope(shop.id):
        assert forms.forms(shop.id) == []


def test_a_form_is_closed(shop: WorkspaceRecord) -> None:
    client = member_of(shop)
    path = made(client, "form", FORM)

    assert client.post(f"{path}close").status_code == 302
    with scope(shop.id):
        (form,) = forms.forms(shop.id)
    assert form.closed_at is not None


@pytest.mark.parametrize("what", ["site", "form"])
def test_who_only_looks_makes_nothing_and_strangers_find_nothing(
    shop: WorkspaceRecord, what: str
) -> None:
    fields = SITE if what == "site" else FORM
    path = made(member_of(shop), what, fields)
    analyst, stranger = member_of(shop, Role.ANALYST), member_of(workspace())

    assert analyst.get(path).status_code == 200
    assert analyst.post(reverse(f"intake:new_{what}"), fields).status_code == 403
    assert analyst.post(f"{path}close").status_code == 403
    for step in ("", "edit"):
        assert stranger.get(f"{path}{step}").status_code == 404
    assert stranger.post(f"{path}close").status_code == 404
    assert member_of(shop, Role.CASHIER).get(path).status_code == 403
