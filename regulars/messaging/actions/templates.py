"""Templates and their versions."""

from __future__ import annotations

from typing import TypedDict

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.messaging import letters
from regulars.messaging.models import Template, TemplateVersion
from regulars.messaging.pure.mime import SUBJECT_CHARS_MAX
from regulars.messaging.pure.mjml import html_from_mjml, is_mjml
from regulars.messaging.pure.rendering import compile_html, compile_text, try_out
from regulars.messaging.queries.templates import template
from regulars.messaging.records import TemplateRecord
from regulars.store.scope import cursor

NAME_CHARS_MAX = 120
# Keeps our advisory locks apart from those of other rooms.
ROLE_LOCK_CLASS = 0x6D75 + 1


class VersionFields(TypedDict):
    """The content of a version."""

    subject: str
    source: str
    html: str
    text: str
    is_own_text: bool


def create_template(
    workspace_id: int,
    *,
    name: str,
    subject: str,
    source: str,
    text: str = "",
    author: str = "",
) -> TemplateRecord:
    """A new template with its first version.

    source  MJML or HTML, with Liquid
    text    the text part; taken from the HTML when empty
    raises  Invalid(template_name | template_subject), TemplateInvalid
    """
    now = clock.now()
    fields = version_fields(subject, source, text)
    made = Template.objects.create(
        workspace_id=workspace_id,
        public_id=new_public_id(),
        name=_checked_name(name),
        created_at=now,
        updated_at=now,
    )
    _add_version(made, 1, fields, author)
    return template(workspace_id, made.public_id)


def template_of_role(
    workspace_id: int, role: str, *, name: str, subject: str, source: str
) -> TemplateRecord:
    """The template the product writes a kind of letter with, made from this when there is none.

    role  such as "confirm:uk"; the words are the workspace's to change afterwards
    """
    row = Template.objects.filter(workspace_id=workspace_id, role=role).first()
    if row is None:
        _lock_roles(workspace_id)
        row = Template.objects.filter(workspace_id=workspace_id, role=role).first()
    if row is not None:
        return template(workspace_id, row.public_id)
    made = create_template(workspace_id, name=name, subject=subject, source=source)
    Template.objects.filter(workspace_id=workspace_id, id=made.id).update(role=role)
    return made


def _lock_roles(workspace_id: int) -> None:
    cursor().execute(
        "SELECT pg_advisory_xact_lock(%s, %s)", [ROLE_LOCK_CLASS, workspace_id % (1 << 31)]
    )


def save_version(
    workspace_id: int,
    template_public_id: str,
    *,
    name: str,
    subject: str,
    source: str,
    text: str = "",
    author: str = "",
) -> TemplateRecord:
    """The template renamed and, when its content differs, with a new version.

    raises  NotFound(template_unknown) and what create_template raises
    """
    fields = version_fields(subject, source, text)
    row = _locked(workspace_id, template_public_id)
    row.name, row.updated_at = _checked_name(name), clock.now()
    row.save()
    newest = row.versions.order_by("-number").first()
    assert newest is not None
    if any(getattr(newest, key) != value for key, value in fields.items()):
        _add_version(row, newest.number + 1, fields, author)
    return template(workspace_id, template_public_id)


def archive_template(workspace_id: int, template_public_id: str) -> None:
    """Take the template from the list; messages planned with it keep their version."""
    row = _locked(workspace_id, template_public_id)
    row.archived_at = clock.now()
    row.save()


def _locked(workspace_id: int, public_id: str) -> Template:
    row = (
        Template.objects.select_for_update()
        .filter(workspace_id=workspace_id, public_id=public_id)
        .first()
    )
    if row is None:
        raise NotFound("template_unknown", "There is no such template.")
    return row


def _add_version(row: Template, number: int, fields: VersionFields, author: str) -> None:
    TemplateVersion.objects.create(
        workspace_id=row.workspace_id,
        public_id=new_public_id(),
        template=row,
        number=number,
        author=author,
        created_at=clock.now(),
        **fields,
    )


def _checked_name(name: str) -> str:
    if not 0 < len(name.strip()) <= NAME_CHARS_MAX:
        message = f"Give the template a name of at most {NAME_CHARS_MAX} characters."
        raise Invalid("template_name", message)
    return name.strip()


def version_fields(subject: str, source: str, text: str) -> VersionFields:
    """What a version keeps, compiled and tried once to see that it can be."""
    source, text = (words.replace("\r\n", "\n") for words in (source, text))
    if not 0 < len(subject.strip()) <= SUBJECT_CHARS_MAX or not subject.strip().isprintable():
        message = f"Write a subject in one line of at most {SUBJECT_CHARS_MAX} characters."
        raise Invalid("template_subject", message)
    if not source.strip():
        raise Invalid("template_empty", "Write the letter as MJML or HTML.")
    html = html_from_mjml(source) if is_mjml(source) else source
    is_own_text = bool(text.strip())
    words = text if is_own_text else letters.text_of(html)
    for compiled in (compile_text(subject), compile_html(html), compile_text(words)):
        try_out(compiled)
    return {
        "subject": subject.strip(),
        "source": source,
        "html": html,
        "text": words,
        "is_own_text": is_own_text,
    }
