"""What the screens of classes, stages and clusters share: the row of tabs, links, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.kernel.cells import csv_cell
from regulars.kernel.money import decimal_string
from regulars.value import queries as value
from regulars.workspaces.records import WorkspaceRecord

TABS = ("rfm", "migration", "stages", "clusters")


def frame(workspace: WorkspaceRecord, tab: str) -> dict[str, Any]:
    """The tabs, and as of when the stored scores are true."""
    labels = {
        "rfm": _("Grid"),
        "migration": _("Migration"),
        "stages": _("Stages"),
        "clusters": _("Clusters"),
    }
    return {
        "tabs": [(reverse(f"reports:{name}"), labels[name], name == tab) for name in TABS],
        "standing": value.settings(workspace.id),
    }


def people_url(**conditions: str) -> str:
    """The list of customers narrowed to these."""
    return f"{reverse('customers:list')}?{urlencode({**conditions, 'view': 'all'})}"


def wants_csv(request: HttpRequest) -> bool:
    """Whether the figures are asked for as a file."""
    return request.GET.get("format") == "csv"


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A file of the figures."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([[csv_cell(cell) for cell in row] for row in rows])
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def money(minor: int, workspace: WorkspaceRecord) -> str:
    """Money in a file: plain digits."""
    return decimal_string(minor, workspace.currency)
