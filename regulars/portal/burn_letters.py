"""The letter with the one-time code that a member tells at the till before points are burnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.loyalty.queries.burn_codes import code_of
from regulars.messaging import actions as messaging
from regulars.messaging import queries as messages
from regulars.messaging.actions.templates import template_of_role
from regulars.messaging.records import Asked, Placeholder
from regulars.workspaces import queries as workspaces

OCCURRENCE_PREFIX = "till.code:"
CHANNEL = "email"
LETTER = """\
<html>
<body style="font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:24px">
<p>{hello}</p>
<p style="font-size:32px;line-height:40px;letter-spacing:4px"><b>{{{{ till.code }}}}</b></p>
<p>{minutes}</p>
<p>{ignore}</p>
<p>{{{{ workspace.name }}}}</p>
</body>
</html>
"""
PLACEHOLDERS = (
    Placeholder(
        "till.code", gettext_noop("Code to spend points, in its own letter only"), "123456"
    ),
)


def send(workspace_id: int, customer_id: int, challenge: str, until: datetime) -> None:
    """Plan the letter; the code is put into it when it is written and is kept nowhere."""
    messaging.plan_messages(
        workspace_id,
        occurrence=f"{OCCURRENCE_PREFIX}{challenge}",
        campaign_id=None,
        customer_ids=[customer_id],
        template_version_id=_version(workspace_id, customer_id),
        due_at=clock.now(),
        is_marketing=False,
        channel=CHANNEL,
        expires_at=until,
    )


def values(workspace_id: int, asked: Sequence[Asked]) -> list[Mapping[str, object]]:
    """The code for each message that was planned to carry one; nothing for all others."""
    return [_values(workspace_id, one.message_public_id) for one in asked]


def _values(workspace_id: int, message_public_id: str) -> Mapping[str, object]:
    found = messages.message(workspace_id, message_public_id) if message_public_id else None
    if found is None or not found.occurrence.startswith(OCCURRENCE_PREFIX):
        return {}
    return {"code": code_of(workspace_id, found.occurrence.removeprefix(OCCURRENCE_PREFIX))}


def _version(workspace_id: int, customer_id: int) -> int:
    profile = customers.profiles(workspace_id, [customer_id]).get(customer_id)
    spoken = (profile.language if profile else "") or workspaces.workspace(workspace_id).language
    code = spoken if spoken in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(code):
        source = LETTER.format(
            hello=_("Your code to pay with points at {{ workspace.name }}:"),
            minutes=_("Tell it to the cashier within five minutes."),
            ignore=_("If you are not at the till, tell it to nobody: your points stay yours."),
        )
        name, subject = _("Code to pay with points"), _("{{ till.code }}: your code at the till")
    made = template_of_role(
        workspace_id, f"till-code:{code}", name=f"{name} ({code})", subject=subject, source=source
    )
    return made.version.id
