"""The ledger of points: what happened, to whom, why, and every entry of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from regulars.customers import queries as customers
from regulars.kernel.errors import NotFound
from regulars.loyalty import point_words as words
from regulars.loyalty.pure.ledger import currency_of
from regulars.loyalty.queries import history, members
from regulars.loyalty.queries import programme as programmes
from regulars.loyalty.queries.history import NEWEST, PAGE_ROWS, Moved, Wanted
from regulars.loyalty.queries.members import MemberKey, MemberRecord
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

TEXT_CHARS_MAX = 200
DIGITS_MAX = 18
# How somebody may be named in the field of the page, tried in this order.
KEYS = ("member", "customer", "email", "phone", "card", "external_id")


@login_required
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Transactions, the newest first, of one member, kind or purchase, or of all."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    asked = {name: request.GET.get(name, "").strip()[:TEXT_CHARS_MAX] for name in FIELDS}
    member = _member(workspace.id, asked["q"])
    is_missing = bool(asked["q"]) and member is None
    wanted = Wanted(
        member_id=member.id if member else 0,
        kind=asked["kind"],
        purchase_id=asked["purchase"],
        actor=asked["actor"],
        since=_day(asked["since"], workspace.zone),
        until=_day(asked["until"], workspace.zone, after=timedelta(days=1)),
    )
    before = int(asked["before"]) if _is_number(asked["before"]) else NEWEST
    rows = [] if is_missing else history.page(workspace.id, wanted, before=before)
    numbers = list(dict.fromkeys(row.txn_id for row in rows))
    context = {
        "rows": shown(workspace, rows),
        "asked": asked,
        "is_missing": is_missing,
        "is_filtered": any(asked.values()),
        "member": member,
        "kinds": [(name, text) for name, (text, _icon, _tone) in words.KINDS.items()],
        "older": numbers[-1] if len(numbers) == PAGE_ROWS else None,
    }
    return render(request, "loyalty/ledger.html", context)


FIELDS = ("q", "kind", "purchase", "actor", "since", "until", "before")


@login_required
@require_safe
def transaction(request: HttpRequest, number: int) -> HttpResponse:
    """One transaction with its entries, and what settles or takes it back."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    try:
        head, lines, linked = history.transaction(workspace.id, number)
    except LookupError as error:
        raise NotFound("transaction_unknown", "There is no such transaction.") from error
    owners = {
        line.owner_id for line in lines if line.owner_id and line.account.startswith("member:")
    }
    people = named(workspace.id, sorted(owners))
    names = {one.slug: one.name for one in programmes.programme(workspace.id).programme.currencies}
    context = {
        "head": head,
        "kind": words.kind(head.kind),
        "entries": [
            {
                "line": line,
                "account": words.account(line.account),
                "person": people.get(line.owner_id or 0)
                if line.account.startswith("member:")
                else None,
                "currency": names.get(currency_of(line.unit) or "", currency_of(line.unit)),
                "is_money": currency_of(line.unit) is None,
            }
            for line in lines
        ],
        "linked": [(one, words.kind(kind)[0]) for one, kind in linked],
        "back": [one for one in (head.reverses_id, head.resolves_id) if one],
        "person": people.get(next(iter(owners), 0)),
    }
    return render(request, "loyalty/transaction.html", context)


def shown(workspace: WorkspaceRecord, rows: list[Moved]) -> list[dict[str, Any]]:
    """Rows of the ledger with their words and the people behind them."""
    people = named(workspace.id, sorted({row.member_id for row in rows if row.member_id}))
    names = {one.slug: one.name for one in programmes.programme(workspace.id).programme.currencies}
    return [
        {
            "row": row,
            "kind": words.kind(row.kind),
            "person": people.get(row.member_id or 0),
            "currency": names.get(row.currency, row.currency),
        }
        for row in rows
    ]


def named(workspace_id: int, member_ids: list[int]) -> dict[int, dict[str, str]]:
    """The customers behind these members: how they are called, and their public id."""
    owners = members.customers_of(workspace_id, member_ids)
    profiles = customers.profiles(workspace_id, sorted(set(owners.values())))
    return {
        member_id: {
            "title": profiles[customer_id].title or profiles[customer_id].public_id,
            "public_id": profiles[customer_id].public_id,
        }
        for member_id, customer_id in owners.items()
        if customer_id in profiles
    }


def _member(workspace_id: int, text: str) -> MemberRecord | None:
    for kind in KEYS if text else ():
        found = members.find(workspace_id, MemberKey(kind, text))  # type: ignore[arg-type]
        if found is not None:
            return found
    return None


def _day(text: str, zone: ZoneInfo, after: timedelta = timedelta(0)) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), zone) + after if day else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
