from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client, override_settings

from regulars.store.scope import scope
from regulars.workspaces import actions
from regulars.workspaces.models import User
from regulars.workspaces.tests.doors import PASSWORD, browser, person, signed_in

PAGES = ["/settings/", "/settings/team/", "/settings/keys/", "/data/events/", "/search"]
SENT = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def outbox(db: None) -> Iterator[list[mail.EmailMessage]]:
    with override_settings(EMAIL_BACKEND=SENT, PUBLIC_URL="https://shop.example"):
        mail.outbox = []
        yield mail.outbox


def try_to_sign_in(client: Client, email: str, password: str) -> str:
    answer = client.post("/login/", {"login": email, "password": password})
    return "in" if answer.status_code == 302 else answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_sign_in_and_comes_back_to_the_page(path: str, db: None) -> None:
    answer = browser().get(path)

    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


@pytest.mark.parametrize("path", ["/login/", "/password/reset/", "/favicon.ico"])
def test_the_way_in_is_open(path: str, db: None) -> None:
    assert browser().get(path).status_code in (200, 301)


def test_a_member_signs_in_and_only_argon2_is_kept(db: None) -> None:
    anna = person()

    client = signed_in(anna)

    assert client.get("/settings/").status_code == 200
    assert User.objects.get(id=anna.user_id).password.startswith("argon2$argon2id$")


def test_a_wrong_password_says_what_to_do_in_the_language_of_the_browser(db: None) -> None:
    anna = person()

    english = try_to_sign_in(browser(), anna.email, "wrong")
    ukrainian = try_to_sign_in(browser("uk-UA,uk;q=0.9"), anna.email, "wrong")
    unknown = try_to_sign_in(browser(), "nobody@example.com", "wrong")

    assert "E-mail or password is not right. Check both and try again." in english
    assert "Пошта або пароль не збігаються." in ukrainian and '<html lang="uk"' in ukrainian
    assert "E-mail or password is not right. Check both and try again." in unknown


def test_after_five_failures_not_even_the_right_password_opens_for_a_while(db: None) -> None:
    anna = person()
    for _ in range(5):
        assert "is not right" in try_to_sign_in(browser(), anna.email, "wrong")

    refused = try_to_sign_in(browser(), anna.email, PASSWORD)

    assert "Too many attempts. Wait five minutes, then try again." in refused
    assert try_to_sign_in(browser(), person().email, PASSWORD) == "in"


def test_one_address_may_not_try_people_one_by_one(db: None) -> None:
    client = browser()
    for number in range(10):
        try_to_sign_in(client, f"guess-{number}@example.com", "wrong")

    assert "Too many attempts" in try_to_sign_in(client, person().email, PASSWORD)


def test_the_form_itself_is_rated_and_the_page_says_so(db: None) -> None:
    client = browser()
    statuses = [client.post("/login/", {"login": "x"}).status_code for _ in range(31)]

    answer = client.post("/login/", {"login": "x"})

    assert statuses[0] == 200 and statuses[-1] == 429
    assert "<h1>Too many attempts</h1>" in answer.content.decode()


def test_nobody_signs_up_alone(db: None) -> None:
    client = browser()
    before = User.objects.count()

    shown = client.get("/signup/").content.decode()
    client.post(
        "/signup/",
        {"email": "stranger@example.com", "password1": PASSWORD, "password2": PASSWORD},
    )

    assert "Accounts are made by invitation" in shown
    assert User.objects.count() == before


def test_a_member_signs_out_only_by_a_form(db: None) -> None:
    client = signed_in(person())

    client.get("/logout/")
    assert client.get("/settings/").status_code == 200
    client.post("/logout/")
    assert client.get("/settings/").status_code == 302


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(
    outbox: list[mail.EmailMessage],
) -> None:
    anna = person()
    asked = browser("ru").post("/password/reset/", {"email": anna.email}, headers={"host": "evil"})
    assert asked.status_code == 302
    letter = outbox[0]
    link = re.search(r"https?://\S+", letter.body)
    assert link and link.group().startswith("https://shop.example/password/reset/key/")
    assert letter.subject == "Новый пароль к вашей учётной записи"

    client, path = browser(), link.group().removeprefix("https://shop.example")
    form = client.get(path, follow=True)
    page = form.redirect_chain[-1][0]
    chosen = {"password1": "another-good-loaf", "password2": "another-good-loaf"}
    done = client.post(page, chosen, follow=True)
    again = browser().get(path, follow=True).content.decode()

    assert "Your password is changed" in done.content.decode()
    assert try_to_sign_in(browser(), anna.email, PASSWORD) != "in"
    assert try_to_sign_in(browser(), anna.email, "another-good-loaf") == "in"
    assert "This link no longer works" in again


def test_a_weak_new_password_is_refused(outbox: list[mail.EmailMessage]) -> None:
    client = signed_in(person())

    for weak in ("short", "password123"):
        given = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
        assert "aria-invalid" in client.post("/password/change/", given).content.decode()


def test_a_member_changes_the_password_and_stays_signed_in(db: None) -> None:
    anna = person()
    client = signed_in(anna)

    new = "another-good-loaf"
    client.post("/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert client.get("/settings/").status_code == 200
    assert try_to_sign_in(browser(), anna.email, new) == "in"


def test_a_mail_server_that_is_away_is_said_and_not_hidden(db: None) -> None:
    with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=9):
        answer = browser().post("/password/reset/", {"email": person().email})

    assert answer.status_code == 503
    assert "The letter could not be sent" in answer.content.decode()


def test_someone_without_a_workspace_is_told_whom_to_ask(db: None) -> None:
    anna, owner = person(), person()
    with scope(anna.workspace.id):
        actions.add_member(anna.workspace.id, owner.user_id, actions.Role.OWNER)
        actions.remove_member(anna.workspace.id, anna.user_id)

    client = signed_in(anna)

    answer = client.get("/data/events/")
    assert answer.status_code == 403
    assert "You belong to no workspace yet" in answer.content.decode()
    assert client.get("/password/change/").status_code == 200


def test_the_language_of_the_profile_goes_before_cookie_and_browser(db: None) -> None:
    anna = person()
    at_work = signed_in(anna)
    assert b'<html lang="en"' in at_work.get("/settings/").content

    at_work.post("/language", {"language": "uk", "next": "/settings/"})
    at_home = signed_in(anna, language="ru")

    assert b'<html lang="uk"' in at_work.get("/settings/").content
    assert b'<html lang="uk"' in at_home.get("/settings/").content
    assert b'<html lang="ru"' in browser("ru").get("/login/").content
