"""Forms of landing pages: make one, put it into a page, see that it is filled in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.customers import queries as customers
from regulars.intake import words
from regulars.intake.forms import actions, queries
from regulars.intake.forms.actions import Wanted
from regulars.intake.forms.records import FieldType, FormField, FormKind, FormRecord
from regulars.intake.pages.access import member_of, workspace_of
from regulars.intake.pure import forms as rules
from regulars.kernel.errors import Invalid, Refused
from regulars.workspaces.records import Right, WorkspaceRecord

ROWS_SHOWN_MIN, ROWS_EMPTY = 5, 2
FIELD_OF = {
    "form_name": "name", "form_redirect": "redirect_url", "form_consent": "consent_text",
    "domain_malformed": "domains", "domains_many": "domains",
}  # fmt: skip
# So high is a form in a frame from the first moment: nothing jumps when it arrives.
HEIGHT_PX, ROW_PX, LONG_PX, CONSENT_PX = 150, 92, 150, 90


class FormForm(forms.Form):
    """What a marketer says about a form, apart from its questions."""

    name = forms.CharField(
        label=gettext_lazy("Heading"), max_length=actions.NAME_LENGTH_MAX,
        help_text=gettext_lazy("Visitors see it above the form."),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is for"),
        choices=[(kind.value, words.FORM_KINDS[kind.value]) for kind in FormKind],
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the visitors"), choices=settings.LANGUAGES
    )
    button = forms.CharField(
        label=gettext_lazy("Word on the button"), max_length=60, required=False
    )
    thanks = forms.CharField(
        label=gettext_lazy("Thanks"), max_length=actions.WORDS_LENGTH_MAX, required=False,
        help_text=gettext_lazy("What visitors read after they sent it."),
    )  # fmt: skip
    consent_text = forms.CharField(
        label=gettext_lazy("What visitors agree to"), required=False,
        max_length=actions.CONSENT_LENGTH_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Beside a box that is not ticked beforehand. Whoever ticks it gets a letter and agrees"
            " by following its link. Changed words get a new version; the old ones are kept."
        ),
    )  # fmt: skip
    topic = forms.ChoiceField(label=gettext_lazy("Topic"), required=False)
    product_sku = forms.CharField(
        label=gettext_lazy("Product that is asked for"), max_length=200, required=False,
        help_text=gettext_lazy("Its code in the catalogue, when the page sells one thing."),
    )  # fmt: skip
    redirect_url = forms.CharField(
        label=gettext_lazy("Page to go on to"), max_length=rules.URL_LENGTH_MAX, required=False,
        help_text=gettext_lazy("Instead of the thanks: a whole address with https."),
    )  # fmt: skip
    domains = forms.CharField(
        label=gettext_lazy("Domains"), max_length=4_000, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("Where the form may stand, one a line. Empty means anywhere."),
    )  # fmt: skip

    def __init__(self, *args: Any, topics: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        topic = self.fields["topic"]
        assert isinstance(topic, forms.ChoiceField)
        topic.choices = [("", _("All marketing letters")), *topics]


@login_required
@require_http_methods(["GET", "POST"])
def new_form(request: HttpRequest) -> HttpResponse:
    """Make a form."""
    workspace = workspace_of(request, Right.DATA_IMPORT)
    form = _form(request, workspace, {"kind": "lead", "language": workspace.language})
    rows = _rows(request, _first_questions())
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_form(
                workspace.id, _wanted(form, request), actor=member_of(request).email
            )
        except (Invalid, Refused) as error:
            _complain(form, error)
        else:
            return redirect("intake:form", made.public_id)
    return _edit_page(request, form, rows, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit_form(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change what a form asks and says."""
    workspace = workspace_of(request, Right.DATA_IMPORT)
    known = queries.form(workspace.id, public_id)
    form = _form(request, workspace, _initial(known))
    rows = _rows(request, known.fields)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_form(
                workspace.id, public_id, _wanted(form, request), actor=member_of(request).email
            )
        except Invalid as error:
            _complain(form, error)
        else:
            messages.success(request, _("The form is saved; visitors see it within seconds."))
            return redirect("intake:form", public_id)
    return _edit_page(request, form, rows, known)


@login_required
@require_GET
def one_form(request: HttpRequest, public_id: str) -> HttpResponse:
    """How to put the form into a page, by a frame or by a page of one's own."""
    workspace = workspace_of(request, Right.DATA_VIEW)
    known = queries.form(workspace.id, public_id)
    context = {
        "form": known,
        "address": settings.PUBLIC_URL,
        "kind": words.FORM_KINDS[known.kind.value],
        "height": _height(known),
        "has_email": any(one.type is FieldType.EMAIL for one in known.fields),
        "questions": [(one, words.FIELD_TYPES[one.type.value]) for one in known.fields],
    }
    return render(request, "intake/form.html", context)


@login_required
@require_POST
def close_form(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take no more submissions."""
    workspace = workspace_of(request, Right.DATA_IMPORT)
    actions.close_form(workspace.id, public_id)
    messages.success(request, _("The form is closed; visitors are told so."))
    return redirect("intake:sources")


def _form(request: HttpRequest, workspace: WorkspaceRecord, initial: dict[str, Any]) -> FormForm:
    language = request.LANGUAGE_CODE
    topics = [(topic.key, topic.name_in(language)) for topic in customers.topics(workspace.id)]
    return FormForm(request.POST or None, initial=initial, topics=topics)


def _edit_page(
    request: HttpRequest, form: FormForm, rows: list[dict[str, Any]], known: FormRecord | None
) -> HttpResponse:
    context = {
        "form": form,
        "rows": rows,
        "known": known,
        "types": [(kind.value, words.FIELD_TYPES[kind.value]) for kind in FieldType],
    }
    return render(request, "intake/form_edit.html", context, status=422 if form.errors else 200)


def _first_questions() -> tuple[FormField, ...]:
    return (
        FormField("name", _("Your name"), FieldType.NAME),
        FormField("phone", _("Phone"), FieldType.PHONE),
        FormField("email", _("E-mail"), FieldType.EMAIL, True),
    )


def _rows(request: HttpRequest, known: tuple[FormField, ...]) -> list[dict[str, Any]]:
    """Questions as the page shows them, those sent or those known, and some empty ones."""
    fields = _questions(request) if request.method == "POST" else known
    count = min(max(len(fields) + ROWS_EMPTY, ROWS_SHOWN_MIN), rules.FIELDS_MAX)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        one = fields[number] if number < len(fields) else None
        rows.append(
            {
                "number": number,
                "ordinal": number + 1,
                "name": one.name if one else "",
                "label": one.label if one else "",
                "type": one.type.value if one else FieldType.TEXT.value,
                "is_required": one.is_required if one else False,
                "options": ", ".join(one.options) if one else "",
            }
        )
    return rows


def _questions(request: HttpRequest) -> tuple[FormField, ...]:
    found: list[FormField] = []
    taken: set[str] = set()
    for number in range(rules.FIELDS_MAX):
        label = request.POST.get(f"label_{number}", "").strip()
        kind = request.POST.get(f"type_{number}", "text")
        if not label or kind not in list(FieldType):
            continue
        options = [text.strip() for text in request.POST.get(f"options_{number}", "").split(",")]
        given = request.POST.get(f"name_{number}", "")
        name = _name_for(given, FieldType(kind), number, taken)
        taken.add(name)
        found.append(
            FormField(
                name,
                label,
                FieldType(kind),
                bool(request.POST.get(f"required_{number}")),
                tuple(dict.fromkeys(text for text in options if text)),
            )
        )
    return tuple(found)


def _name_for(given: str, kind: FieldType, number: int, taken: set[str]) -> str:
    """The name stays once given, for pages that post to the form know it."""
    if rules.NAME.match(given) and given not in taken:
        return given
    name = kind.value if kind in rules.ALWAYS_ONE else f"answer_{number + 1}"
    return name if name not in taken else f"{name}_{number + 1}"


def _wanted(form: FormForm, request: HttpRequest) -> Wanted:
    given = form.cleaned_data
    return Wanted(
        name=given["name"],
        kind=FormKind(given["kind"]),
        language=given["language"],
        fields=_questions(request),
        button=given["button"],
        thanks=given["thanks"],
        consent_text=given["consent_text"],
        topic=given["topic"],
        product_sku=given["product_sku"],
        redirect_url=given["redirect_url"],
        domains_text=given["domains"],
    )


def _initial(known: FormRecord) -> dict[str, Any]:
    return {
        "name": known.name,
        "kind": known.kind.value,
        "language": known.language,
        "button": known.button,
        "thanks": known.thanks,
        "consent_text": known.consent_text,
        "topic": known.topic,
        "product_sku": known.product_sku,
        "redirect_url": known.redirect_url,
        "domains": "\n".join(known.domains),
    }


def _complain(form: FormForm, error: Invalid | Refused) -> None:
    form.add_error(FIELD_OF.get(error.code), words.site_problem(error))


def _height(known: FormRecord) -> int:
    rows = sum(LONG_PX if one.type is FieldType.LONG else ROW_PX for one in known.fields)
    return HEIGHT_PX + rows + (CONSENT_PX if known.consent_text else 0)
