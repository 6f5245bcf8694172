"""Adding a customer and changing one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from regulars.customers import actions, queries
from regulars.customers.records import Identity, Profile
from regulars.kernel.errors import Conflict, Invalid
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right

NAMED_BY = ("external_id", "email", "phone")
FAULTS = {
    "email_syntax": gettext_lazy("Write the e-mail as name@example.com."),
    "email_line_break": gettext_lazy("The e-mail holds a line break; write it in one line."),
    "phone_syntax": gettext_lazy(
        "This is not a number that can be called; begin with + and the country code."
    ),
    "identifier_empty": gettext_lazy("This word stands for nobody; leave the field empty."),
    "identifier_syntax": gettext_lazy("Use at most 200 characters in one line."),
}


class CustomerForm(forms.Form):
    """What a member of the team may write about a customer."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=200, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=200, required=False)
    name = forms.CharField(
        label=gettext_lazy("Name in one line"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For a company, or when first and last name are not known apart."),
    )
    email = forms.CharField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    external_id = forms.CharField(
        label=gettext_lazy("Id in the shop"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("How your shop or till calls the customer."),
    )
    city = forms.CharField(label=gettext_lazy("City"), max_length=200, required=False)
    country = forms.CharField(label=gettext_lazy("Country"), max_length=200, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[
            ("", "—"),
            ("en", gettext_lazy("English")),
            ("uk", gettext_lazy("Ukrainian")),
            ("ru", gettext_lazy("Russian")),
        ],
    )
    gender = forms.ChoiceField(
        label=gettext_lazy("Gender"),
        required=False,
        choices=[
            ("", "—"),
            ("female", gettext_lazy("Female")),
            ("male", gettext_lazy("Male")),
        ],
    )
    birth_on = forms.DateField(
        label=gettext_lazy("Birthday"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
    )

    def keep_unknown_choices(self, profile: Profile) -> None:
        """Leave words that came from elsewhere as they are instead of refusing them."""
        for name in ("language", "gender"):
            choice, value = self.fields[name], getattr(profile, name)
            assert isinstance(choice, forms.ChoiceField)
            if value and value not in dict(choice.choices):  # type: ignore[arg-type]
                choice.choices = [*choice.choices, (value, value)]  # type: ignore[misc]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(given.get(name) for name in NAMED_BY):
            raise forms.ValidationError(
                _("Give an e-mail, a phone or an id: by something the customer must be known.")
            )
        return given


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A customer who asked in person or by phone."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    form = CustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        public_id = _add(workspace.id, form, member_of(request).email)
        if public_id:
            messages.success(request, _("The customer is added."))
            return redirect("customers:card", public_id)
    return _page(request, form, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what is known about a customer."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    customer_id = queries.customer_id_of(workspace.id, public_id)
    profile = queries.profiles(workspace.id, [customer_id])[customer_id]
    first = {name: getattr(profile, name) for name in CustomerForm.base_fields}
    form = CustomerForm(request.POST or None, initial=first)
    form.keep_unknown_choices(profile)
    actor = member_of(request).email
    if form.is_valid() and _change(workspace.id, customer_id, form, actor):
        messages.success(request, _("The customer is saved."))
        return redirect("customers:card", profile.public_id)
    return _page(request, form, profile)


def _page(request: HttpRequest, form: CustomerForm, profile: Profile | None) -> HttpResponse:
    return render(
        request,
        "customers/edit.html",
        {"form": form, "profile": profile},
        status=422 if form.errors else 200,
    )


def _add(workspace_id: int, form: CustomerForm, actor: str) -> str:
    """The public id of the new customer; empty when the form has errors now."""
    given = form.cleaned_data
    for name in NAMED_BY:
        if not given[name]:
            continue
        identity = Identity(**{name: given[name]})
        (fault,) = queries.identity_faults(workspace_id, [identity])
        if fault:
            form.add_error(name, FAULTS.get(fault, fault))
            continue
        owner_id = queries.find(workspace_id, identity)
        if owner_id is not None:
            owner = queries.profiles(workspace_id, [owner_id])[owner_id]
            form.add_error(name, _taken(owner.public_id))
    if form.errors:
        return ""
    named = Identity(
        external_id=given["external_id"] or None,
        email=given["email"] or None,
        phone=given["phone"] or None,
    )
    (customer_id,) = actions.identify_many(workspace_id, [named])
    actions.change_profile(workspace_id, customer_id, given, actor=actor)
    return queries.profiles(workspace_id, [customer_id])[customer_id].public_id


def _change(workspace_id: int, customer_id: int, form: CustomerForm, actor: str) -> bool:
    try:
        with transaction.atomic():
            actions.change_profile(workspace_id, customer_id, form.cleaned_data, actor=actor)
    except Conflict as error:
        form.add_error(str(error.details["field"]), _taken(str(error.details["owner"])))
    except Invalid as error:
        form.add_error(str(error.details["field"]), FAULTS.get(error.code, error.message))
    return not form.errors


def _taken(public_id: str) -> str:
    return format_html(
        '<a href="{}">{}</a>',
        reverse("customers:card", args=[public_id]),
        _("Another customer has this already; open their card."),
    )
