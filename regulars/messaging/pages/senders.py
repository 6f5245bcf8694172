"""The mail settings: server, test, signing key."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from regulars.kernel.errors import NotFound, RegularsError
from regulars.messaging import actions, queries, words
from regulars.messaging.forms import SenderForm, TestAddressForm
from regulars.messaging.pages.access import member_of, workspace_of
from regulars.messaging.records import SenderRecord
from regulars.workspaces.records import Right

FIELD_OF = {
    "address_invalid": "from_address",
    "sender_host": "host",
    "host_unknown": "host",
    "host_private": "host",
    "sender_limits": "connections_max",
    "sender_security": "security",
    "secret_unreadable": "password",
}


@require_http_methods(["GET", "POST"])
def sender(request: HttpRequest) -> HttpResponse:
    """How the workspace's mail leaves."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    known = _known(workspace.id)
    form = SenderForm(
        request.POST or None,
        initial=_first(known) if known else {"from_name": workspace.name},
        has_password=known is not None and known.has_password,
    )
    if request.method == "POST" and form.is_valid() and _is_saved(workspace.id, known, form):
        messages.success(request, _("The mail settings are saved."))
        return redirect("messaging:sender")
    context = {"form": form, **_beside(request, workspace.id, known)}
    return render(request, "messaging/sender.html", context, status=422 if form.errors else 200)


@require_POST
def test_sender(request: HttpRequest) -> HttpResponse:
    """A short letter to the member through the server as it is saved."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    form = TestAddressForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(words.FAULTS["address_invalid"]))
        return redirect("messaging:sender")
    address = form.cleaned_data["address"]
    try:
        actions.try_sender(workspace.id, address=address)
    except RegularsError as error:
        messages.error(request, words.fault(error))
    else:
        text = _("The mail server took the letter to %(address)s. Look into that inbox.")
        messages.success(request, text % {"address": address})
    return redirect("messaging:sender")


@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """A new signing key, used once its record is published."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    actions.make_dkim_key(workspace.id)
    messages.success(request, _("The key is made. Publish its record in DNS, then check it here."))
    return redirect("messaging:sender")


@require_POST
def check_key(request: HttpRequest) -> HttpResponse:
    """Look whether the record stands in DNS."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    try:
        tone, text = words.DKIM_STATES[actions.check_dkim(workspace.id)]
    except RegularsError as error:
        messages.error(request, words.fault(error))
        return redirect("messaging:sender")
    say = messages.success if tone == "good" else messages.warning
    say(request, str(text))
    return redirect("messaging:sender")


def _known(workspace_id: int) -> SenderRecord | None:
    try:
        return queries.sender(workspace_id)
    except NotFound:
        return None


def _first(known: SenderRecord) -> dict[str, Any]:
    return {name: getattr(known, name) for name in SenderForm.base_fields if name != "password"}


def _is_saved(workspace_id: int, known: SenderRecord | None, form: SenderForm) -> bool:
    """True when the settings are stored; else the form says what is wrong."""
    given = dict(form.cleaned_data)
    if known is not None:
        # Signing has a card of its own and stays as it is.
        given |= {"dkim_domain": known.dkim_domain, "dkim_selector": known.dkim_selector,
                  "messages_max": known.messages_max}  # fmt: skip
    try:
        actions.save_sender(workspace_id, actions.NewSender(**given))
    except RegularsError as error:
        form.add_error(FIELD_OF.get(error.code), words.fault(error))
        return False
    return True


def _beside(request: HttpRequest, workspace_id: int, known: SenderRecord | None) -> dict[str, Any]:
    """The cards beside the form, for settings that are saved."""
    context: dict[str, Any] = {
        "sender": known,
        "test_form": TestAddressForm(initial={"address": member_of(request).email}),
    }
    if known is None:
        return context
    try:
        context["signing"] = queries.signing(workspace_id)
    except RegularsError as error:
        context["signing_fault"] = words.fault(error)
    return context
