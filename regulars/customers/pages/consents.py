"""Consents on the card: shown by channel and purpose, given and withdrawn by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.customers import actions, queries, words
from regulars.customers.records import (
    ADDRESS_COLUMNS,
    CHANNELS_SHOWN,
    Basis,
    Card,
    ConsentState,
    Purpose,
)
from regulars.kernel.errors import Invalid
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right

SOURCE_LENGTH_MAX = 200
BY_HAND = "page"


def consent_rows(card: Card) -> list[dict[str, Any]]:
    """A line for each channel of marketing, and for whatever else was ever said."""
    said = {(entry.channel, entry.purpose): entry for entry in card.consents}
    wanted = [(channel, Purpose.MARKETING.value) for channel in CHANNELS_SHOWN]
    wanted += [pair for pair in said if pair not in wanted]
    rows = []
    for channel, purpose in wanted:
        entry = said.get((channel, purpose))
        column = ADDRESS_COLUMNS.get(channel)
        rows.append(
            {
                "channel": channel,
                "purpose": purpose,
                "label": words.channel(channel),
                "purpose_label": words.purpose(purpose),
                "icon": words.CHANNEL_ICONS.get(channel, "radio"),
                "entry": entry,
                "source": words.source(entry.source) if entry else "",
                "is_given": entry is not None and entry.state is ConsentState.GIVEN,
                "is_addressless": bool(column and not getattr(card.profile, column)),
                "is_suppressed": channel in card.suppressed_channels,
            }
        )
    return rows


@login_required
@require_POST
def say_consent(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write down what the customer told a member of the team."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    customer_id = queries.customer_id_of(workspace.id, public_id)
    state = request.POST.get("state", "")
    if state not in list(ConsentState):
        raise Invalid("consent_state", _("Choose whether the consent is given or withdrawn."))
    said: dict[str, Any] = {
        "channel": request.POST.get("channel", ""),
        "purpose": request.POST.get("purpose", ""),
        "source": request.POST.get("source", "").strip()[:SOURCE_LENGTH_MAX] or BY_HAND,
        "actor": member_of(request).email,
        "text_version": request.POST.get("text_version", "").strip()[:SOURCE_LENGTH_MAX],
    }
    if state == ConsentState.GIVEN:
        ground = request.POST.get("basis") or Basis.CONSENT
        if ground not in list(Basis):
            raise Invalid("consent_basis", _("Choose one of the legal grounds."))
        actions.give_consent(workspace.id, customer_id, **said, basis=Basis(ground))
    else:
        actions.withdraw_consent(workspace.id, customer_id, **said)
    told = _("The consent is written down.")
    if state == ConsentState.WITHDRAWN:
        told = _("The withdrawal is written down; nothing more is sent there.")
    messages.success(request, told)
    return redirect("customers:card", public_id)


@login_required
@require_POST
def allow_address(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let messages go again to an address that bounced or complained."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    channel = request.POST.get("channel", "")
    column = ADDRESS_COLUMNS.get(channel)
    customer_id = queries.customer_id_of(workspace.id, public_id)
    profile = queries.profiles(workspace.id, [customer_id])[customer_id]
    address = getattr(profile, column) if column else None
    if not address:
        raise Invalid("address_missing", _("The customer has no address for this channel."))
    actions.lift_suppression(
        workspace.id,
        channel=channel,
        address=address,
        actor=member_of(request).email,
        note=request.POST.get("note", ""),
    )
    messages.success(request, _("Messages may go to this address again."))
    return redirect("customers:card", public_id)
