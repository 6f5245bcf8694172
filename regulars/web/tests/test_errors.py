from __future__ import annotations

import psycopg
import pytest
from django.core.exceptions import PermissionDenied
from django.db import DataError
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


@pytest.mark.parametrize(
    "error", [DataError("NUL"), psycopg.DataError("NUL"), OverflowError("date value out of range")]
)
def test_what_cannot_be_stored_is_a_bad_request_and_not_a_fault(error, request_, caplog) -> None:
    shell = ShellMiddleware(lambda _: HttpResponseNotAllowed([]))

    answer = shell.process_exception(request_, error)

    assert answer is not None and answer.status_code == 400
    assert [one.getMessage() for one in caplog.records] == [
        f"a form gave a value that cannot be stored: {type(error).__name__}"
    ]
    assert shell.process_exception(request_, ValueError("a fault of ours")) is None
