from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed
from django.test import RequestFactory
from django.utils import translation

from regulars.kernel import errors as kernel
from regulars.web import errors
from regulars.web.middleware import ShellMiddleware


@pytest.fixture
def request_() -> HttpRequest:
    return RequestFactory().get("/campaigns/x")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (kernel.NotFound, 404),
        (kernel.Refused, 403),
        (kernel.Invalid, 422),
        (kernel.Conflict, 409),
        (kernel.Outside, 503),
    ],
)
def test_each_refusal_has_its_status_and_says_what_to_do(kind, status, request_) -> None:
    error = kind("segment_missing", "Choose another segment.")
    answer = errors.page_for(request_, error)
    assert answer.status_code == status
    assert "Choose another segment." in answer.content.decode()


def test_a_part_of_a_page_gets_a_toast_alone() -> None:
    request = RequestFactory().get("/x", headers={"HX-Request": "true"})
    answer = errors.page_for(request, kernel.Refused("no", "Not now."))
    body = answer.content.decode()
    assert body.startswith('<div class="toast') and "Not now." in body and "<html" not in body


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_error_pages_stand_in_every_language(language: str, request_) -> None:
    with translation.override(language):
        pages = [
            errors.bad_request(request_),
            errors.forbidden(request_, PermissionDenied()),
            errors.not_found(request_),
            errors.server_error(request_),
            errors.csrf_failure(request_),
        ]
    assert [page.status_code for page in pages] == [400, 403, 404, 500, 403]
    for page in pages:
        body = page.content.decode()
        assert body.count("<h1>") == 1 and f'<html lang="{language}"' in body
        assert "style=" not in body


def test_a_reason_is_escaped(request_) -> None:
    answer = errors.forbidden(request_, PermissionDenied("<script>"))
    assert b"<script>" not in answer.content


def test_whoever_is_led_to_the_address_of_a_form_is_told_so() -> None:
    page = ShellMiddleware(lambda request: HttpResponseNotAllowed(["POST"]))

    answer = page(RequestFactory().get("/customers/merges/rules"))
    program = page(RequestFactory().put("/customers/merges/rules"))

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Only a form leads here" in answer.content.decode()
    assert (program.status_code, program.content) == (405, b"")
