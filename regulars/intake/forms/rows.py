"""Forms as they lie in their table, read into what the room sees."""

from __future__ import annotations

from typing import Any

from regulars.intake.forms.records import FieldType, FormField, FormKind, FormRecord
from regulars.intake.models import Form

COLUMNS = (
    "id, workspace_id, public_id, name, kind, language, fields, button, thanks, consent_text,"
    " consent_version, topic, product_sku, redirect_url, domains, created_at, closed_at,"
    " submitted_at"
)


def record(row: Form) -> FormRecord:
    """The row as the rest of the room sees it."""
    return form_of(tuple(getattr(row, name.strip()) for name in COLUMNS.split(",")))


def form_of(row: tuple[Any, ...]) -> FormRecord:
    """The form of a row of COLUMNS."""
    id_, workspace_id, public_id, name, kind, language, fields, *rest = row
    *words, redirect_url, domains, created_at, closed_at, submitted_at = rest
    button, thanks, consent_text, consent_version, topic, product_sku = words
    return FormRecord(
        id=id_,
        workspace_id=workspace_id,
        public_id=public_id,
        name=name,
        kind=FormKind(kind),
        language=language,
        fields=tuple(
            FormField(
                one["name"],
                one["label"],
                FieldType(one["type"]),
                one["is_required"],
                tuple(one["options"]),
            )
            for one in fields
        ),
        button=button,
        thanks=thanks,
        consent_text=consent_text,
        consent_version=consent_version,
        topic=topic,
        product_sku=product_sku,
        redirect_url=redirect_url,
        domains=tuple(domains),
        created_at=created_at,
        closed_at=closed_at,
        submitted_at=submitted_at,
    )
