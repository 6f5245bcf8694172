from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

import regulars.web
from regulars.web import pages
from regulars.web.context import theme_of
from regulars.web.csp import CONTENT_SECURITY_POLICY
from regulars.web.middleware import ShellMiddleware
from regulars.web.static_files import Storage

HOME = Path(regulars.web.__file__).parent
ROOMS = HOME.parent


def test_the_policy_lets_no_inline_script_or_style_through() -> None:
    directives = CONTENT_SECURITY_POLICY["DIRECTIVES"]
    said = " ".join(source for sources in directives.values() for source in sources)
    assert directives["script-src"] == directives["style-src"] == ["'self'"]
    assert "unsafe" not in said and directives["default-src"] == ["'none'"]


@pytest.mark.parametrize(
    "path", sorted(ROOMS.rglob("templates/**/*.html")), ids=lambda path: path.name
)
def test_no_page_has_an_inline_style_script_or_handler(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:", text)
    assert all('src="' in tag for tag in re.findall(r"<script[^>]*>", text))


def test_scripts_hold_no_texts_and_styles_stay_small() -> None:
    import gzip

    styles = b"".join(path.read_bytes() for path in (HOME / "static/web").glob("*.css"))
    scripts = b"".join(path.read_bytes() for path in (HOME / "static/web").glob("*.js"))
    assert len(gzip.compress(styles)) < 15_000
    assert len(gzip.compress(scripts)) < 8_000


def test_the_theme_is_one_of_three() -> None:
    requests = RequestFactory()
    for cookie, theme in (("dark", "dark"), ("light", "light"), ("x", "auto"), ("", "auto")):
        requests.cookies["theme"] = cookie
        assert theme_of(requests.get("/")) == theme


def test_choosing_a_theme_keeps_it_and_returns_home_not_elsewhere() -> None:
    request = RequestFactory().post("/look", {"theme": "dark", "next": "https://evil.example/"})
    answer = pages.choose_look(request)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer.cookies["theme"].value == "dark"


def test_a_theme_that_does_not_exist_is_not_kept() -> None:
    answer = pages.choose_look(RequestFactory().post("/look", {"theme": "x", "next": "/a"}))
    assert "theme" not in answer.cookies and answer["Location"] == "/a"


def test_a_page_runs_in_the_zone_of_its_workspace_and_is_kept_by_no_shared_cache() -> None:
    seen = []

    def page(request):
        seen.append(str(timezone.get_current_timezone()))
        return HttpResponse("ok")

    request = RequestFactory().get("/")
    request.workspace = type("W", (), {"time_zone": "Europe/Kyiv"})()
    answer = ShellMiddleware(page)(request)
    request.workspace = type("W", (), {"time_zone": "No/Where"})()
    ShellMiddleware(page)(request)

    assert seen == [str(ZoneInfo("Europe/Kyiv")), "UTC"]
    assert answer["Cache-Control"] == "private, no-cache"


def test_static_files_rewrite_the_imports_of_modules() -> None:
    assert Storage.support_js_module_import_aggregation is True


def test_a_session_that_ended_sends_the_whole_page_to_sign_in() -> None:
    def page(request):
        return HttpResponse(status=302, headers={"Location": "/login/?next=/search/results"})

    part = RequestFactory().get(
        "/search/results",
        headers={"HX-Request": "true", "HX-Current-URL": "https://shop.example/segments/?a=1"},
    )
    whole = RequestFactory().get("/search/results")

    answer = ShellMiddleware(page)(part)

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/login/?next=%2Fsegments%2F"
    assert ShellMiddleware(page)(whole).status_code == 302
