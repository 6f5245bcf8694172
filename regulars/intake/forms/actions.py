"""Writes of forms."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from regulars.customers import actions as customers
from regulars.intake.forms import queries
from regulars.intake.forms.records import FormField, FormKind, FormRecord
from regulars.intake.forms.rows import record
from regulars.intake.models import Form
from regulars.intake.pure import domains as domain_rules
from regulars.intake.pure import forms as rules
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.ids import new_public_id

NAME_LENGTH_MAX = 80
WORDS_LENGTH_MAX = 300
CONSENT_LENGTH_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a marketer says about a form."""

    name: str
    kind: FormKind
    language: str
    fields: tuple[FormField, ...]
    button: str = ""
    thanks: str = ""
    consent_text: str = ""
    topic: str = ""
    product_sku: str = ""
    redirect_url: str = ""
    domains_text: str = ""


def create_form(workspace_id: int, wanted: Wanted, *, actor: str) -> FormRecord:
    """A new form with an address of its own.

    raises  Invalid(form_name | form_fields | form_redirect | form_consent | domain_malformed),
            Refused(forms_many)
    """
    values = _checked(wanted)
    # Two at once may end one above the limit, which guards against floods, not against two.
    if Form.objects.filter(workspace_id=workspace_id).count() >= queries.FORMS_MAX:
        raise Refused("forms_many", f"A workspace has at most {queries.FORMS_MAX} forms.")
    with transaction.atomic():
        row = Form.objects.create(
            workspace_id=workspace_id,
            public_id=new_public_id(),
            created_at=clock.now(),
            **values,
        )
        made = record(row)
        _keep_text(made, actor)
    return made


def change_form(workspace_id: int, public_id: str, wanted: Wanted, *, actor: str) -> None:
    """Let the form ask this from now on; other words of consent get a new version.

    raises  the errors of create_form, NotFound(form_unknown)
    """
    values = _checked(wanted)
    with transaction.atomic():
        rows = Form.objects.filter(workspace_id=workspace_id, public_id=public_id)
        before = rows.select_for_update().first()
        if before is not None and before.consent_text != values["consent_text"]:
            values["consent_version"] = before.consent_version + 1
        queries.form(workspace_id, public_id)
        rows.update(**values)
        _keep_text(queries.form(workspace_id, public_id), actor)


def close_form(workspace_id: int, public_id: str) -> None:
    """Take no more submissions."""
    queries.form(workspace_id, public_id)
    Form.objects.filter(
        workspace_id=workspace_id, public_id=public_id, closed_at__isnull=True
    ).update(closed_at=clock.now())


def note_submission(workspace_id: int, form_id: int, at: datetime) -> None:
    """Remember when the form was last sent."""
    Form.objects.filter(workspace_id=workspace_id, id=form_id).update(submitted_at=at)


def _keep_text(form: FormRecord, actor: str) -> None:
    # What people agreed to can be shown word by word for as long as the consent counts.
    if form.consent_text:
        customers.add_consent_text(
            form.workspace_id, form.text_version, form.consent_text, actor=actor
        )


def _checked(wanted: Wanted) -> dict[str, Any]:
    if not 0 < len(wanted.name.strip()) <= NAME_LENGTH_MAX:
        raise Invalid("form_name", f"Give the form a name of at most {NAME_LENGTH_MAX} characters.")
    rules.check_fields(wanted.fields, wanted.kind)
    rules.check_redirect(wanted.redirect_url.strip())
    words = (wanted.button, wanted.thanks, wanted.topic, wanted.product_sku)
    if any(len(text) > WORDS_LENGTH_MAX for text in words):
        raise Invalid("form_words", f"A text has at most {WORDS_LENGTH_MAX} characters.")
    consent = wanted.consent_text.replace("\r\n", "\n").strip()
    if len(consent) > CONSENT_LENGTH_MAX or (wanted.kind is FormKind.SUBSCRIBE and not consent):
        raise Invalid(
            "form_consent",
            f"Say what visitors agree to, in at most {CONSENT_LENGTH_MAX} characters.",
        )
    return {
        "name": wanted.name.strip(),
        "kind": wanted.kind.value,
        "language": wanted.language,
        "fields": [asdict(one) for one in wanted.fields],
        "button": wanted.button.strip(),
        "thanks": wanted.thanks.strip(),
        "consent_text": consent,
        "topic": wanted.topic.strip(),
        "product_sku": wanted.product_sku.strip(),
        "redirect_url": wanted.redirect_url.strip(),
        "domains": list(domain_rules.read(wanted.domains_text)),
    }
