from __future__ import annotations

import pytest
from django.test import override_settings
from django.urls import include, path

from regulars.web import styleguide
from regulars.web.navigation import ENTRIES, allowed_entries, current_url, groups_for
from regulars.workspaces.records import Right

_customers = ([path("", styleguide.page, name="list")], "customers")
_segments = ([path("", styleguide.page, name="list")], "segments")
_overview = ([path("", styleguide.page, name="overview")], "reports")
_loyalty = (
    [
        path("programme", styleguide.page, name="programme"),
        path("tiers", styleguide.page, name="tiers"),
    ],
    "loyalty",
)
urlpatterns = [
    path("", include(_overview)),
    path("customers/", include(_customers)),
    path("segments/", include(_segments)),
    path("loyalty/", include(_loyalty)),
]
here = override_settings(ROOT_URLCONF=__name__)
RIGHTS = frozenset({"customers.view", "reports.view"})


@pytest.fixture(autouse=True)
def own_urls():
    from django.urls import clear_url_caches, set_urlconf

    with here:
        set_urlconf(__name__)
        yield
        set_urlconf(None)
        clear_url_caches()


def test_every_right_of_the_navigation_exists() -> None:
    assert {entry.right for entry in ENTRIES} <= {right.value for right in Right}


@pytest.mark.parametrize(
    ("url_name", "group", "right"),
    [
        ("messaging:sender", "Settings", "settings.edit"),
        ("messaging:suppressed", "Engage", "campaigns.view"),
    ],
)
def test_the_pages_of_mail_stand_in_the_bar(url_name: str, group: str, right: str) -> None:
    (entry,) = [entry for entry in ENTRIES if entry.url_name == url_name]

    assert (entry.group, entry.right) == (group, right)


def test_it_shows_only_pages_that_exist_and_may_be_opened() -> None:
    names = [entry.url_name for entry, _url in allowed_entries(RIGHTS)]
    assert names == ["reports:overview", "customers:list"]


def test_it_shows_every_page_when_rights_are_not_known() -> None:
    names = [entry.url_name for entry, _url in allowed_entries(None)]
    assert names == ["reports:overview", "customers:list", "segments:list", "loyalty:programme"]


def test_a_member_without_rights_sees_no_page() -> None:
    assert groups_for(frozenset(), "/") == ()


def test_one_link_is_current_the_one_with_the_longest_address() -> None:
    assert current_url(["/", "/customers/"], "/customers/abc") == "/customers/"
    assert current_url(["/", "/customers/"], "/") == "/"
    assert current_url(["/", "/customers/"], "/elsewhere") == ""

    groups = groups_for(RIGHTS, "/customers/abc")

    assert [link.is_current for group in groups for link in group.links] == [False, True]


def test_a_page_under_an_entry_makes_it_current_whatever_its_address() -> None:
    groups = groups_for(frozenset({"loyalty.view"}), "/loyalty/tiers/gold")

    assert [(str(one.label), one.is_current) for group in groups for one in group.links] == [
        ("Programme", True)
    ]
