"""Templates: the list, and the editor with its preview, its problems and its test."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid, NotFound, RegularsError
from regulars.messaging import actions, placeholders, queries, words
from regulars.messaging.forms import TemplateForm, TestAddressForm
from regulars.messaging.pages.access import (
    customer_of,
    framed,
    member_of,
    some_customer,
    workspace_of,
)
from regulars.messaging.records import Preview, TemplateRecord
from regulars.messaging.starters import STARTERS, starter
from regulars.workspaces.records import Right

PROBLEMS_SHOWN = 20
Letter = dict[str, str]


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Templates in use."""
    workspace = workspace_of(request, Right.CAMPAIGNS_VIEW)
    context = {"templates": queries.templates(workspace.id)}
    return render(request, "messaging/templates.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A template that is not kept yet."""
    return _editor(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """A template; saving it makes a new version when it says something else."""
    workspace = workspace_of(request, Right.TEMPLATES_EDIT)
    return _editor(request, queries.template(workspace.id, public_id))


@require_POST
def archive(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take it from the list."""
    workspace = workspace_of(request, Right.TEMPLATES_EDIT)
    actions.archive_template(workspace.id, public_id)
    messages.success(request, _("The template is archived; what was sent with it stays."))
    return redirect("messaging:templates")


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Problems and facts of a letter being written: a part of the editor."""
    workspace = workspace_of(request, Right.TEMPLATES_EDIT)
    context = _looked_at(workspace.id, _letter(request), request.POST.get("customer", ""))
    return render(request, "messaging/parts/check.html", context)


@require_http_methods(["GET", "POST"])
@xframe_options_sameorigin
def look(request: HttpRequest) -> HttpResponse:
    """A letter being written as a customer would get it, for a frame that may do nothing."""
    workspace = workspace_of(request, Right.TEMPLATES_EDIT)
    given = request.POST if request.method == "POST" else request.GET
    letter = _letter(request)
    if request.method == "GET":
        chosen = request.GET.get("template", "")
        letter = _first(queries.template(workspace.id, chosen) if chosen else None, request)
    try:
        shown = _previewed(workspace.id, letter, given.get("customer", ""))
    except Invalid as error:
        return framed(format_html("<p>{}</p>", words.fault(error)))
    return framed(shown.html if shown else format_html("<p>{}</p>", _("Nobody to show it as.")))


def _editor(request: HttpRequest, template: TemplateRecord | None) -> HttpResponse:
    workspace = workspace_of(request, Right.TEMPLATES_EDIT)
    first = _first(template, request)
    form = TemplateForm(request.POST or None, initial=first)
    context: dict[str, Any] = {"form": form, "template": template}
    status = 200
    if request.method == "POST":
        first = _letter(request)
        if request.POST.get("action") == "test":
            context |= _tested(request, workspace.id, first)
            if request.headers.get("HX-Request"):
                return render(request, "messaging/parts/tested.html", context)
        else:
            saved = _saved(workspace.id, template, form, member_of(request).email)
            if saved is not None:
                messages.success(request, _("The template is saved."))
                return redirect("messaging:template", saved.public_id)
            status = 422
    customer = request.POST.get("customer", request.GET.get("customer", ""))
    context |= _looked_at(workspace.id, first, customer)
    context |= {
        "customer": customer,
        "start": request.GET.get("start", ""),
        "starters": list(STARTERS),
        "placeholders": placeholders.declared(),
        "test_form": TestAddressForm(
            initial={"address": request.POST.get("address") or member_of(request).email}
        ),
    }
    return render(request, "messaging/template.html", context, status=status)


def _first(template: TemplateRecord | None, request: HttpRequest) -> Letter:
    if template is None:
        return {"name": "", "subject": "", "source": starter(request.GET.get("start", "")),
                "text": ""}  # fmt: skip
    version = template.version
    text = version.text if version.is_own_text else ""
    return {"name": template.name, "subject": version.subject, "source": version.source,
            "text": text}  # fmt: skip


def _letter(request: HttpRequest) -> Letter:
    names = ("name", "subject", "source", "text")
    return {name: request.POST.get(name, "").replace("\r\n", "\n") for name in names}


def _saved(
    workspace_id: int, template: TemplateRecord | None, form: TemplateForm, author: str
) -> TemplateRecord | None:
    """The template kept, or None with what is wrong written into the form."""
    if not form.is_valid():
        return None
    try:
        if template is None:
            return actions.create_template(workspace_id, **form.cleaned_data, author=author)
        return actions.save_version(
            workspace_id, template.public_id, **form.cleaned_data, author=author
        )
    except Invalid as error:
        fields = {"template_name": "name", "template_subject": "subject"}
        form.add_error(fields.get(error.code, "source"), _with_line(error))
        return None


def _with_line(error: Invalid) -> str:
    line = error.details.get("line")
    text = words.fault(error)
    return _("Line %(line)s: %(text)s") % {"line": line, "text": text} if line else text


def _tested(request: HttpRequest, workspace_id: int, letter: Letter) -> dict[str, Any]:
    address = request.POST.get("address", "")
    customer_id = _customer(workspace_id, request.POST.get("customer", ""))
    if customer_id is None:
        return {"test_fault": words.FAULTS["customer_unknown"]}
    try:
        actions.send_test(
            workspace_id,
            subject=letter["subject"],
            source=letter["source"],
            text=letter["text"],
            customer_id=customer_id,
            address=address,
        )
    except RegularsError as error:
        return {"test_fault": words.fault(error)}
    return {"test_address": address}


def _customer(workspace_id: int, text: str) -> int | None:
    return customer_of(workspace_id, text) if text.strip() else some_customer(workspace_id)


def _previewed(workspace_id: int, letter: Letter, customer: str) -> Preview | None:
    customer_id = _customer(workspace_id, customer)
    if customer_id is None:
        return None
    return queries.preview(
        workspace_id,
        customer_id,
        subject=letter["subject"],
        source=letter["source"],
        text=letter["text"],
    )


def _looked_at(workspace_id: int, letter: Letter, customer: str) -> dict[str, Any]:
    """What the editor tells about the letter as it stands."""
    found = queries.check_source(
        workspace_id, subject=letter["subject"], source=letter["source"], text=letter["text"]
    )
    context: dict[str, Any] = {
        "checked": found,
        "problems": [
            (words.tone(one), words.PARTS[one.part], one.line, words.problem(one))
            for one in found.problems[:PROBLEMS_SHOWN]
        ],
        "as_customer": None,
    }
    customer_id = _customer(workspace_id, customer)
    if customer_id is None:
        context["fault"] = (
            words.FAULTS["customer_unknown"] if customer else _("There are no customers yet.")
        )
        return context
    context["as_customer"] = customers.profiles(workspace_id, [customer_id]).get(customer_id)
    try:
        context["preview"] = _previewed(workspace_id, letter, customer)
    except (Invalid, NotFound) as error:
        context["fault"] = words.fault(error)
    return context
