"""Who asks, where, and which customer they mean."""

from __future__ import annotations

from django.http import HttpResponse

from regulars.customers import queries as customers
from regulars.customers.records import Identity, ListFilter
from regulars.kernel.errors import NotFound
from regulars.workspaces.asking import member_of as member_of
from regulars.workspaces.asking import workspace_of as workspace_of

# E-mail HTML needs inline styles and remote pictures; it may never run or reach anything else.
PREVIEW_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:;"
    " frame-ancestors 'self'"
)


def customer_of(workspace_id: int, text: str) -> int | None:
    """The customer meant by an id, an e-mail address, a phone or an own number; else None."""
    text = text.strip()
    try:
        return customers.customer_id_of(workspace_id, text)
    except NotFound:
        pass
    named = [Identity(external_id=text), Identity(phone=text)]
    for identity in [Identity(email=text)] if "@" in text else named:
        if customers.identity_faults(workspace_id, [identity]) == [None]:
            found = customers.find(workspace_id, identity)
            if found is not None:
                return found
    return None


def some_customer(workspace_id: int) -> int | None:
    """Anybody, with an address if there is one, to show a letter as; None in an empty base."""
    for chosen in (ListFilter(has="email"), ListFilter()):
        rows = customers.page(workspace_id, chosen).rows
        if rows:
            return rows[0].id
    return None


def framed(body: str, policy: str = PREVIEW_POLICY) -> HttpResponse:
    """HTML of a letter for a frame that may do nothing else."""
    response = HttpResponse(body)
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
