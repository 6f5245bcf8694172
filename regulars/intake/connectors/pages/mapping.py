"""What the parts of a webhook mean: the form that asks, the map it gives, and the trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.intake.connectors import actions, queries, words
from regulars.intake.connectors.pure import paths, reading
from regulars.intake.connectors.pure.statuses import parse_words, written_words
from regulars.intake.connectors.records import (
    ConnectionKind,
    ConnectionRecord,
    Context,
    CustomerNews,
    EventNews,
    News,
    OrderNews,
)
from regulars.intake.connectors.webhook import mapping
from regulars.intake.connectors.webhook.provider import read_by
from regulars.intake.pages.access import workspace_of
from regulars.kernel import clock
from regulars.kernel.errors import Invalid

NEWS_SHOWN_MAX = 20
PART_HINTS = ("customer", "order", "lines", "event")


def read_map(given: QueryDict) -> dict[str, Any]:
    """The map as the form tells it. raises Invalid(status_line)"""
    told: dict[str, Any] = {
        "each": given.get("each", "").strip()[: paths.PATH_LENGTH_MAX],
        "lines_each": given.get("lines_each", "").strip()[: paths.PATH_LENGTH_MAX],
    }
    for part, names in mapping.FIELDS.items():
        rules: dict[str, Any] = {}
        for name in names:
            path = given.get(f"{part}-{name}-path", "").strip()[: paths.PATH_LENGTH_MAX]
            const = given.get(f"{part}-{name}-const", "").strip()[: mapping.CONST_LENGTH_MAX]
            if path or const:
                rules[name] = {"path": path, "const": const}
        told[part] = rules
    if "status" in told["order"]:
        told["order"]["status"]["values"] = parse_words(given.get("statuses", ""))
    return told


def map_context(record: ConnectionRecord, given: QueryDict | None) -> dict[str, Any]:
    """The form as it was sent, else as it was kept, beside the last body received."""
    kept = _kept(record, given)
    body, has_sample = _sample(record)
    status = _rule(kept, "order", "status")
    return {
        "map": {
            "each": kept.get("each", ""),
            "lines_each": kept.get("lines_each", ""),
            "statuses": given.get("statuses", "")
            if given is not None
            else written_words(status.get("values") or {}),
        },
        "parts": [
            {
                "name": part,
                "label": words.PARTS[part],
                "is_open": bool(kept.get(part)),
                "fields": [
                    {
                        "name": name,
                        "label": words.FIELDS[name],
                        "path": _rule(kept, part, name).get("path", ""),
                        "const": _rule(kept, part, name).get("const", ""),
                    }
                    for name in names
                ],
            }
            for part, names in mapping.FIELDS.items()
        ],
        "sample_leaves": paths.leaves(body) if has_sample else [],
        "sample_lists": paths.lists(body) if has_sample else [],
        "has_sample": has_sample,
    }


def _kept(record: ConnectionRecord, given: QueryDict | None) -> Mapping[str, Any]:
    if given is not None and "each" in given:
        try:
            return read_map(given)
        except Invalid:
            return read_map(_without_statuses(given))
    return reading.mapping(record.settings.get("mapping"))


def _without_statuses(given: QueryDict) -> QueryDict:
    copy = given.copy()
    copy["statuses"] = ""
    return copy


def _rule(kept: Mapping[str, Any], part: str, name: str) -> Mapping[str, Any]:
    return reading.mapping(reading.mapping(kept.get(part)).get(name))


def _sample(record: ConnectionRecord) -> tuple[Any, bool]:
    text = reading.mapping(record.sample).get("text")
    if not isinstance(text, str):
        return None, False
    try:
        return reading.parse(text.encode()), True
    except Invalid:
        return None, False


@login_required
@require_POST
def save_map(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep the map, or show what it would make of the last body."""
    from regulars.intake.connectors.pages.connections import connection_page

    workspace = workspace_of(request)
    record = queries.connection(workspace.id, public_id)
    if record.kind is not ConnectionKind.WEBHOOK:
        raise queries.unknown()
    try:
        told = read_map(request.POST)
        checked = mapping.parse(told)
        if "try" in request.POST:
            context = Context(record.source, workspace.currency, clock.now(), record.settings)
            return connection_page(
                request, workspace, record, trial=_trial(record, checked, context)
            )
        actions.change_connection(workspace.id, public_id, settings={"mapping": told})
    except Invalid as error:
        return connection_page(request, workspace, record, error=error)
    messages.success(request, _("The map is saved; what comes from now on is read by it."))
    return redirect("connectors:connection", public_id)


def _trial(
    record: ConnectionRecord, checked: mapping.WebhookMap, context: Context
) -> dict[str, Any]:
    body, has_sample = _sample(record)
    if not has_sample:
        raise Invalid("sample_missing", "Nothing was received yet to try the map on.")
    news = read_by(checked, body, context)
    return {"made": [_made(one) for one in news[:NEWS_SHOWN_MAX]], "count": len(news)}


def _made(news: News) -> dict[str, Any]:
    if isinstance(news, OrderNews):
        return {
            "kind": "order", "title": news.number, "order": news, "status": news.status.value,
            "identity": news.identity,
        }  # fmt: skip
    if isinstance(news, CustomerNews):
        return {"kind": "customer", "title": news.key, "identity": news.identity}
    if isinstance(news, EventNews):
        return {
            "kind": "event", "title": news.kind, "identity": news.identity,
            "props": dict(news.props), "time": news.time,
        }  # fmt: skip
    return {"kind": "nothing", "title": ""}
