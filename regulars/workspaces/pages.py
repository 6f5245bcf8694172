"""Settings of the workspace, its team, its keys, and the switch between workspaces."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.workspaces import actions, queries
from regulars.workspaces.middleware import SESSION_KEY
from regulars.workspaces.records import KeyScope, Member, Right, Role, WorkspaceRecord

ROLE_NAMES = {
    Role.OWNER: gettext_lazy("Owner"),
    Role.MARKETER: gettext_lazy("Marketer"),
    Role.ANALYST: gettext_lazy("Analyst"),
    Role.SHOP_MANAGER: gettext_lazy("Shop manager"),
    Role.CASHIER: gettext_lazy("Cashier"),
    Role.SUPPORT: gettext_lazy("Support agent"),
    Role.ORDER_MANAGER: gettext_lazy("Order manager"),
}
ROLE_HINTS = {
    Role.OWNER: gettext_lazy("Everything, settings, team and keys included."),
    Role.MARKETER: gettext_lazy("Customers, segments, campaigns, templates and imports."),
    Role.ANALYST: gettext_lazy("Sees reports, customers and campaigns; builds segments, exports."),
    Role.SHOP_MANAGER: gettext_lazy("Sees reports and orders; edits customers."),
    Role.CASHIER: gettext_lazy("Finds customers."),
    Role.SUPPORT: gettext_lazy("Sees orders; edits customers."),
    Role.ORDER_MANAGER: gettext_lazy("Sees customers; works on orders."),
}
SCOPE_NAMES = {
    KeyScope.INTAKE: gettext_lazy("Intake: sends events"),
    KeyScope.API: gettext_lazy("API: reads and writes"),
    KeyScope.POS: gettext_lazy("Till"),
}
PASSWORD_LENGTH_MIN = 10


class SettingsForm(forms.Form):
    """What an owner may change about the workspace."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Three letters, such as UAH. Amounts kept so far stay as they are."),
        error_messages={"invalid": gettext_lazy("Give three capital letters, such as UAH.")},
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=[(name, name) for name in sorted(available_timezones())],
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of messages"),
        choices=[
            ("en", gettext_lazy("English")),
            ("uk", gettext_lazy("Ukrainian")),
            ("ru", gettext_lazy("Russian")),
        ],
    )
    region = forms.RegexField(
        r"^[A-Z]{2}$",
        label=gettext_lazy("Country of phone numbers"),
        help_text=gettext_lazy("Two letters, such as UA: reads numbers written without a code."),
        error_messages={"invalid": gettext_lazy("Give two capital letters, such as UA.")},
    )


class MemberForm(forms.Form):
    """A new member."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[(r.value, n) for r, n in ROLE_NAMES.items()],
        initial=Role.MARKETER.value,
    )
    password = forms.CharField(
        label=gettext_lazy("First password"),
        min_length=PASSWORD_LENGTH_MIN,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 10 characters; not needed for someone who has one."),
        required=False,
    )


class KeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    scope = forms.ChoiceField(
        label=gettext_lazy("What it opens"), choices=[(s.value, n) for s, n in SCOPE_NAMES.items()]
    )


def settings_page(request: HttpRequest) -> HttpResponse:
    """Show and change the workspace."""
    workspace = _workspace(request, Right.SETTINGS_EDIT)
    first = {n: getattr(workspace, n) for n in SettingsForm.base_fields}
    form = SettingsForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        actions.update_workspace(workspace.id, **form.cleaned_data)
        messages.success(request, _("The settings are saved."))
        return redirect("workspaces:settings")
    return render(
        request,
        "workspaces/settings.html",
        {"form": form, "now": clock.now()},
        status=422 if form.errors else 200,
    )


def team(request: HttpRequest) -> HttpResponse:
    """Members and their roles; adding one."""
    workspace = _workspace(request, Right.TEAM_EDIT)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _add_member(workspace.id, form.cleaned_data)
        except Invalid as error:
            form.add_error("password", error.message)
        else:
            messages.success(request, _("The member is added."))
            return redirect("workspaces:team")
    members = [(m, ROLE_NAMES[m.role]) for m in queries.members(workspace.id)]
    roles = [(role.value, name, ROLE_HINTS[role]) for role, name in ROLE_NAMES.items()]
    return render(
        request,
        "workspaces/team.html",
        {"form": form, "members": members, "roles": roles},
        status=422 if form.errors else 200,
    )


def _add_member(workspace_id: int, given: dict[str, str]) -> None:
    user_id = queries.user_by_email(given["email"])
    if user_id in {member.user_id for member in queries.members(workspace_id)}:
        raise Invalid(
            "member_exists", _("This person is in the team: change the role in the list.")
        )
    if user_id is None:
        if not given["password"]:
            raise Invalid("password_missing", _("Give a new member a first password."))
        user_id = actions.ensure_user(given["email"], given["password"])
    actions.add_member(workspace_id, user_id, Role(given["role"]))


@require_POST
def change_role(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a member another role."""
    workspace = _workspace(request, Right.TEAM_EDIT)
    role = request.POST.get("role", "")
    if user_id not in {member.user_id for member in queries.members(workspace.id)}:
        raise NotFound("member_unknown", _("This person is not a member."))
    if role not in ROLE_NAMES:
        raise Invalid("role_unknown", _("Choose one of the roles in the list."))
    try:
        actions.add_member(workspace.id, user_id, Role(role))
    except Invalid as error:
        messages.error(request, _(error.message))
    else:
        messages.success(request, _("The role is changed."))
    return redirect("workspaces:team")


@require_POST
def remove_member(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take a membership away."""
    workspace = _workspace(request, Right.TEAM_EDIT)
    try:
        actions.remove_member(workspace.id, user_id)
    except Invalid as error:
        messages.error(request, _(error.message))
    else:
        messages.success(request, _("The member is removed."))
    return redirect("workspaces:team")


@never_cache
def keys(request: HttpRequest) -> HttpResponse:
    """Keys of programs; a new one is shown once."""
    workspace = _workspace(request, Right.SETTINGS_EDIT)
    form = KeyForm(request.POST or None)
    made = ""
    if request.method == "POST" and form.is_valid():
        made = actions.create_key(
            workspace.id, KeyScope(form.cleaned_data["scope"]), name=form.cleaned_data["name"]
        )
        form = KeyForm()
    shown = [(key, SCOPE_NAMES[key.scope]) for key in queries.keys(workspace.id)]
    return render(
        request,
        "workspaces/keys.html",
        {"form": form, "keys": shown, "made": made},
        status=422 if form.errors else 200,
    )


@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Close a key."""
    workspace = _workspace(request, Right.SETTINGS_EDIT)
    actions.revoke_key(workspace.id, key_id)
    messages.success(request, _("The key is closed."))
    return redirect("workspaces:keys")


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Work in another workspace of the member."""
    wanted = request.POST.get("workspace", "")
    mine: list[WorkspaceRecord] = getattr(request, "workspaces", [])
    if wanted not in {w.public_id for w in mine}:
        raise NotFound("workspace_unknown", _("You have no membership there."))
    request.session[SESSION_KEY] = wanted
    return redirect("/")


def _workspace(request: HttpRequest, right: Right) -> WorkspaceRecord:
    member: Member = request.member  # type: ignore[attr-defined]
    queries.require(member, right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace
