"""The list of orders: found, moved many at once, and as a file."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from regulars.audit import actions as audit
from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.kernel.cells import csv_cell
from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.money import decimal_string
from regulars.orders import actions, queries, words
from regulars.orders.actions.desk import BULK_MAX
from regulars.orders.actions.stages import progress_of
from regulars.orders.pages import access
from regulars.orders.pure import keys
from regulars.orders.pure.stages import check_step
from regulars.orders.queries import OrderFilter, desk
from regulars.orders.records import OrderRecord, OrderStatus, Stage
from regulars.workspaces.records import Right, WorkspaceRecord

EXPORT_ROWS_MAX = 200_000
EXPORT_BATCH_ROWS = 2_000
EXPORTED = (
    "number", "placed_at", "source", "kind", "stage", "is_late", "payment", "currency", "total",
    "paid", "refunded", "carrier", "tracking_number", "eta", "place", "responsible",
)  # fmt: skip
EXPORTED_PERSON = ("customer", "email", "phone")
Row = tuple[OrderRecord, Profile | None, str, tuple[str, str] | None, tuple[str, str] | None]


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The newest orders of the filter."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    chosen, customer = filter_of(request, workspace)
    before = keys.read(request.GET.get("page", ""), tuple[datetime, int])
    found = queries.page(workspace.id, chosen, before=before)
    shown = found[: queries.PAGE_ROWS]
    count = queries.count(workspace.id, chosen)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "rows": rows_of(workspace, shown),
        "given": request.GET,
        "customer": customer,
        "is_filtered": any(value for name, value in query.items() if name != "sort"),
        **_choices(workspace),
        "count": min(count, queries.COUNT_MAX),
        "is_capped": count > queries.COUNT_MAX,
        "all_count": count if len(shown) < count <= BULK_MAX else 0,
        "query": query.urlencode(),
        "after_url": access.next_url(request.GET, (shown[-1].placed_at, shown[-1].id))
        if len(found) > len(shown)
        else "",
        "before_url": "",
    }
    return render(request, "orders/list.html", context)


@login_required
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Move many orders: first what would happen with each, then what happened."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    stage = request.POST.get("stage", "")
    if stage not in list(Stage):
        raise Invalid("order_status", _("Choose a status of the list."))
    try:
        ids = _chosen_ids(request, workspace)
    except Invalid as error:
        messages.error(request, access.refusal(error))
        return redirect("orders:list")
    if request.POST.get("confirmed"):
        done = actions.move_many(
            workspace.id,
            ids,
            Stage(stage),
            actor_id=access.member_of(request).user_id,
            reason=access.text_of(request.POST, "reason", 500),
        )
        moved = sum(one.is_moved for one in done)
        text = ngettext("%(n)s order is moved on.", "%(n)s orders are moved on.", moved)
        messages.success(request, text % {"n": moved})
        outcomes = [(o.public_id, o.number, o.is_moved, _why(o.code, o.message)) for o in done]
    else:
        outcomes = _foreseen(workspace.id, ids, Stage(stage))
    context = {
        "stage": stage,
        "stage_name": words.stage(stage)[0],
        "is_done": bool(request.POST.get("confirmed")),
        "outcomes": outcomes,
        "moving": sum(is_moved for _id, _number, is_moved, _why_not in outcomes),
        "staying": sum(not is_moved for _id, _number, is_moved, _why_not in outcomes),
        "ids": ids,
        "needs_reason": stage in (Stage.CANCELLED, Stage.DELAYED),
    }
    return render(request, "orders/bulk.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> FileResponse:
    """The orders of the filter as CSV; who bought is told to those who may export customers."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    chosen, _customer = filter_of(request, workspace)
    has_people = access.may(request, Right.CUSTOMERS_EXPORT)
    if has_people:
        audit.note(
            workspace.id, "customers.exported", "customers", "orders", fields=EXPORTED_PERSON
        )
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    # Spreadsheets know UTF-8 by this mark alone.
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([*EXPORTED, *(EXPORTED_PERSON if has_people else ())])
    for cells in _exported(workspace, chosen, has_people=has_people):
        writer.writerow([csv_cell(cell) for cell in cells])
    text.detach().seek(0)
    return FileResponse(stream, as_attachment=True, filename="orders.csv", content_type="text/csv")


def filter_of(
    request: HttpRequest, workspace: WorkspaceRecord, given: QueryDict | None = None
) -> tuple[OrderFilter, Profile | None]:
    """What the address asks for, and the customer it names."""
    given = request.GET if given is None else given
    customer, customer_ids = _customer(workspace.id, given.get("customer", ""))
    keeper = given.get("responsible", "")
    places = {p.public_id: p.id for p in desk.places(workspace.id)}
    text = access.text_of(given, "text")
    chosen = OrderFilter(
        number=access.text_of(given, "number"),
        kind=given.get("kind", ""),
        status=given.get("status", ""),
        stage=given.get("stage", ""),
        payment=given.get("payment", ""),
        source=access.text_of(given, "source"),
        customer_ids=customer_ids,
        ids=_found(workspace.id, text) if text else None,
        responsible_id=int(keeper) if keeper.isdigit() and len(keeper) < 16 else None,
        is_free=keeper == access.NOBODY,
        place_id=places.get(given.get("place", ""), -1) if given.get("place") else None,
        since=access.day_of(given.get("since", ""), workspace),
        until=access.day_of(given.get("until", ""), workspace, is_end=True),
    )
    return chosen, customer


def rows_of(workspace: WorkspaceRecord, orders: Sequence[OrderRecord]) -> list[Row]:
    """Orders with their customer and their states in words; a return has no payment of its own."""
    people = access.people_of(workspace.id, [order.customer_id for order in orders])
    return [
        (
            order,
            people.get(order.customer_id or 0),
            words.kind(order.kind),
            None if is_only_paid(order) else words.stage(order.stage_now),
            words.payment_of(order) if order.kind == "sale" else None,
        )
        for order in orders
    ]


def is_only_paid(order: OrderRecord) -> bool:
    """Whether history says no more than that it was paid: where the goods went is not known."""
    return order.origin == "import" and order.stage is None and order.status == OrderStatus.PAID


def _found(workspace_id: int, text: str) -> tuple[int, ...]:
    people = [profile.id for profile in access.customers_found(workspace_id, text)]
    return queries.orders_of_text(workspace_id, text, people)


def _customer(workspace_id: int, public_id: str) -> tuple[Profile | None, tuple[int, ...] | None]:
    """The customer of a filter with every id of theirs."""
    if not public_id:
        return None, None
    card = customers.card(workspace_id, customers.customer_id_of(workspace_id, public_id))
    return card.profile, (card.profile.id, *card.merged_ids)


def _choices(workspace: WorkspaceRecord) -> dict[str, Any]:
    staff = access.names_of_staff(workspace.id)
    return {
        "kinds": words.kind_choices(),
        "stages": words.choices(words.STAGES, _("Any status")),
        "payments": words.choices(words.PAYMENTS, _("Any payment")),
        "sources": [("", _("Any source"))]
        + [(name, words.source(name)) for name in desk.sources(workspace.id)],
        "keepers": [("", _("Anybody's")), (access.NOBODY, _("Nobody's"))]
        + [(str(user_id), name) for user_id, name in staff.items()],
        "places": [("", _("Any place"))]
        + [(p.public_id, p.name) for p in desk.places(workspace.id)],
        "moves": [(stage.value, words.stage(stage)[0]) for stage in Stage if stage != "returned"],
    }


def _chosen_ids(request: HttpRequest, workspace: WorkspaceRecord) -> list[str]:
    if request.POST.get("all"):
        chosen, _customer = filter_of(request, workspace, QueryDict(request.POST.get("query", "")))
        rows = queries.page(workspace.id, chosen, limit=BULK_MAX + 1)
        ids = [order.public_id for order in rows]
    else:
        ids = list(dict.fromkeys(request.POST.getlist("order")))
    if not 0 < len(ids) <= BULK_MAX:
        raise Invalid("bulk_size", f"Choose 1 to {BULK_MAX} orders at once.")
    return ids


def _foreseen(
    workspace_id: int, ids: Sequence[str], stage: Stage
) -> list[tuple[str, str, bool, str]]:
    known = queries.ids_of(workspace_id, ids)
    orders = {
        order.public_id: order
        for order in queries.page(
            workspace_id, OrderFilter(ids=tuple(known.values())), limit=BULK_MAX
        )
    }
    outcomes = []
    for public_id in ids:
        order = orders.get(public_id)
        if order is None:
            outcomes.append((public_id, "", False, _why("order_unknown", "")))
            continue
        why = ""
        try:
            if order.kind != "sale":
                raise Refused("order_not_sale", "")
            check_step(progress_of(order), stage)
        except Refused as error:
            why = _why(error.code, error.message)
        outcomes.append((public_id, order.number, not why, why))
    return outcomes


def _why(code: str, message: str) -> str:
    return str(access.REFUSALS.get(code, message))


def _exported(
    workspace: WorkspaceRecord, chosen: OrderFilter, *, has_people: bool
) -> Iterator[list[object]]:
    staff = access.names_of_staff(workspace.id)
    places = {place.id: place.name for place in desk.places(workspace.id)}
    before: tuple[datetime, int] | None = None
    written = 0
    while written < EXPORT_ROWS_MAX:
        orders = queries.page(workspace.id, chosen, before=before, limit=EXPORT_BATCH_ROWS)
        if not orders:
            return
        sent = desk.deliveries(workspace.id, [order.id for order in orders])
        people = (
            access.people_of(workspace.id, [o.customer_id for o in orders]) if has_people else {}
        )
        for order in orders:
            yield _cells(workspace, order, sent, places, staff) + (
                _person(people.get(order.customer_id or 0)) if has_people else []
            )
        written += len(orders)
        before = (orders[-1].placed_at, orders[-1].id)


def _cells(
    workspace: WorkspaceRecord, order: OrderRecord, sent: Any, places: Any, staff: Any
) -> list[object]:
    travels = sent.get(order.id)
    return [
        order.number, order.placed_at.astimezone(workspace.zone).isoformat(timespec="seconds"),
        order.source, order.kind, order.stage_now, "yes" if order.delayed_at else "",
        order.payment_now if order.kind == "sale" else "", order.currency,
        *(decimal_string(minor, order.currency)
          for minor in (order.total_minor, order.paid_minor, order.refunded_minor)),
        travels.carrier if travels else "", travels.tracking_number if travels else "",
        order.eta_at.isoformat(timespec="minutes") if order.eta_at else "",
        places.get(order.place_id, ""), staff.get(order.responsible_id, ""),
    ]  # fmt: skip


def _person(profile: Profile | None) -> list[object]:
    if profile is None:
        return ["", "", ""]
    return [profile.title, profile.email, profile.phone]
