"""The list of customers, and the same list as a file."""

from __future__ import annotations

import csv
import io
import tempfile

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.customers import queries
from regulars.customers.pages.access import workspace_of
from regulars.customers.records import ListFilter, ListPage, Profile
from regulars.kernel.cells import csv_cell
from regulars.workspaces.records import Right

SEARCH_LENGTH_MAX = 100
SORTS = ("-seen", "seen", "name", "-name")
EXPORTED = (
    "public_id", "external_id", "name", "first_name", "last_name", "email", "phone", "city",
    "country", "language", "gender", "birth_on", "first_seen_at",
)  # fmt: skip


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Customers of the filter, fifty a page."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    chosen = _filter(request.GET)
    way, _mark, key = request.GET.get("page", "").partition(".")
    after, before = (key if way == "a" else ""), (key if way == "b" else "")
    page = queries.page(workspace.id, chosen, after=after, before=before)
    ids = [profile.id for profile in page.rows]
    agreed = queries.marketing_channels(workspace.id, ids)
    context = {
        "page": page,
        "ids": ids,
        "rows": [(profile, sorted(agreed.get(profile.id, ()))) for profile in page.rows],
        "chosen": chosen,
        "is_filtered": chosen != ListFilter(sort=chosen.sort),
        "countries": queries.countries(workspace.id),
        "consent_choices": _consent_choices(),
        "has_choices": _has_choices(),
        **_neighbours(request.GET, page),
    }
    return render(request, "customers/list.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The customers of the filter as CSV."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    # Spreadsheets know UTF-8 by this mark alone.
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(EXPORTED)
    for batch in queries.export_rows(workspace.id, _filter(request.GET)):
        writer.writerows(_cells(profile) for profile in batch)
    text.detach().seek(0)
    return FileResponse(
        stream, as_attachment=True, filename="customers.csv", content_type="text/csv"
    )


def _cells(profile: Profile) -> list[str]:
    return [csv_cell(getattr(profile, name)) for name in EXPORTED]


def _filter(given: QueryDict) -> ListFilter:
    sort = given.get("sort", "")
    return ListFilter(
        search=given.get("search", "")[:SEARCH_LENGTH_MAX].strip(),
        country=given.get("country", ""),
        has=given.get("has", ""),
        consent=given.get("consent", ""),
        sort=sort if sort in SORTS else "-seen",
    )


def _neighbours(given: QueryDict, page: ListPage) -> dict[str, str]:
    return {
        "before_url": _with_page(given, f"b.{page.before}") if page.before else "",
        "after_url": _with_page(given, f"a.{page.after}") if page.after else "",
        "export_query": _with_page(given, ""),
    }


def _with_page(given: QueryDict, key: str) -> str:
    query = given.copy()
    query.pop("page", None)
    if key:
        query["page"] = key
    return "?" + query.urlencode()


def _consent_choices() -> list[tuple[str, str]]:
    return [
        ("", _("Any consent")),
        ("email", _("Agreed to e-mail")),
        ("no_email", _("Not agreed to e-mail")),
        ("sms", _("Agreed to SMS")),
        ("no_sms", _("Not agreed to SMS")),
    ]


def _has_choices() -> list[tuple[str, str]]:
    return [
        ("", _("Any address")),
        ("email", _("With an e-mail")),
        ("phone", _("With a phone")),
        ("no_email", _("Without an e-mail")),
        ("no_phone", _("Without a phone")),
    ]
