"""The shapes of forms that pages, the door and the processor see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FormKind(StrEnum):
    """What a submission becomes."""

    LEAD = "lead"
    SUBSCRIBE = "subscribe"
    ORDER = "order"


class FieldType(StrEnum):
    """What a field asks for, and how it is checked."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of a form; `options` are those of a choice."""

    name: str
    label: str
    type: FieldType
    is_required: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormRecord:
    """A form as its owner made it."""

    id: int
    workspace_id: int
    public_id: str
    name: str
    kind: FormKind
    language: str
    fields: tuple[FormField, ...]
    button: str
    thanks: str
    consent_text: str
    consent_version: int
    topic: str
    product_sku: str
    redirect_url: str
    domains: tuple[str, ...]
    created_at: datetime
    closed_at: datetime | None
    submitted_at: datetime | None

    @property
    def text_version(self) -> str:
        """By which name the ledger of consents knows the words of this form."""
        return f"form-{self.public_id}-v{self.consent_version}"
