"""Why a customer is in a segment or not: found by a few letters, told condition by condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.rules.explaining import Found, Reason
from regulars.rules.facts import EVENT_FIELDS, POINT_DIGITS, find_fact
from regulars.rules.tree import Did, Edge, Either, Everyone, FactIs, Figure, Node, Not
from regulars.segments import faults, queries, registry, words
from regulars.segments.pages.access import language, tabs, workspace_of
from regulars.workspaces.records import Right

FOUND_MAX = 10
SEARCH_CHARS_MAX = 100
VALUES_SHOWN_MAX = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One condition as the page tells it.

    form   how the template writes the value: text, number, money, moment, day, times, km, state
    value  None where nothing is known
    at     the instant that belongs to a state
    """

    said: words.Text
    holds: bool
    form: str = ""
    value: object = None
    at: datetime | None = None
    parts: tuple[Line, ...] = ()


@login_required
@require_GET
def why(request: HttpRequest, public_id: str) -> HttpResponse:
    """A search for a customer, and the answer about the one chosen."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    workspace_of(request, Right.CUSTOMERS_VIEW)
    one = queries.segment(workspace.id, public_id)
    search = request.GET.get("search", "")[:SEARCH_CHARS_MAX].strip()
    found = customers.found(workspace.id, search, FOUND_MAX) if search else []
    chosen = request.GET.get("customer", "")
    context: dict[str, object] = {
        "segment": one, "search": search, "found": found, "tabs": tabs(one, "why"),
    }  # fmt: skip
    if not chosen and len(found) == 1:
        chosen = found[0].public_id
    if chosen:
        customer_id = customers.customer_id_of(workspace.id, chosen)
        context["person"] = customers.profiles(workspace.id, [customer_id]).get(customer_id)
        context |= _answer(workspace.id, one.rule, customer_id)
        context["passages"] = queries.history_of(workspace.id, customer_id, one.id)[:FOUND_MAX]
        context["reasons"] = words.REASONS
    return render(request, "segments/why.html", context)


def _answer(workspace_id: int, rule: object, customer_id: int) -> dict[str, object]:
    try:
        reason = queries.why(workspace_id, rule, customer_id, clock.now())  # type: ignore[arg-type]
    except Invalid as error:
        return {"fault": faults.told(error)}
    except Outside:
        return {"is_busy": True}
    return {"line": lines_of(workspace_id, reason) if reason else None, "is_known": bool(reason)}


def lines_of(workspace_id: int, reason: Reason) -> Line:
    """The reason with every condition in the reader's words."""
    nodes = list(_leaves(reason))
    said = queries.phrases(workspace_id, nodes, language())
    return _line(reason, dict(zip(map(id, nodes), said, strict=True)))


def _leaves(reason: Reason) -> Iterator[Node]:
    if not isinstance(reason.node, Everyone | Either | Not):
        yield reason.node
    for part in reason.parts:
        yield from _leaves(part)


def _line(reason: Reason, said: dict[int, str]) -> Line:
    parts = tuple(_line(part, said) for part in reason.parts)
    group = words.GROUPS.get(type(reason.node).__name__)
    if group is not None:
        return Line(group, reason.holds, parts=parts)
    form, value, at = _found(reason.node, reason.found)
    return Line(said[id(reason.node)], reason.holds, form, value, at, parts)


def _found(node: Node, found: Found | None) -> tuple[str, object, datetime | None]:
    if found is None:
        return "", None, None
    if found.kind == "state" and isinstance(found.value, tuple):
        state, at = found.value
        return "state", words.FOUND_STATES.get(state, state), _aware(at)
    if found.kind == "last":
        return "moment", _aware(found.value), None
    if found.kind in ("times", "km"):
        return found.kind, found.value, None
    return _valued(node, found.value)


def _valued(node: Node, value: object) -> tuple[str, object, datetime | None]:
    if isinstance(value, bool):
        return "text", words.YES if value else words.NO, None
    if isinstance(value, datetime):
        return "moment", _aware(value), None
    if isinstance(value, date):
        return "day", value, None
    if isinstance(value, list | tuple | set | frozenset):
        shown = [str(item) for item in value][:VALUES_SHOWN_MAX]
        return "text", ", ".join(shown), None
    if isinstance(value, str) or value is None:
        return "text", value, None
    kind = _type_of(node)
    if kind == "points" and isinstance(value, int | float):
        return "number", value / 10**POINT_DIGITS, None
    return ("money" if kind == "money" else "number"), value, None


def _type_of(node: Node) -> str:
    if isinstance(node, FactIs):
        fact = find_fact(node.fact, registry.facts())
        return fact.type if fact is not None else ""
    if isinstance(node, Did) and isinstance(node.measure, Figure):
        is_counted = node.measure.function == "distinct"
        return "" if is_counted else EVENT_FIELDS.get(node.kind, {}).get(node.measure.prop, "")
    return EVENT_FIELDS.get(node.kind, {}).get(node.prop, "") if isinstance(node, Edge) else ""


def _aware(at: object) -> datetime | None:
    if not isinstance(at, datetime):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
