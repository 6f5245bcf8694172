"""Ways by which a one-time code reaches its owner; each is a line of wiring."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel import clock
from regulars.messaging import actions as messaging
from regulars.messaging.actions.templates import template_of_role
from regulars.portal.records import ChallengeRecord

OCCURRENCE_PREFIX = "portal.code:"
NOBODY = 0
LETTER = """\
<html>
<body style="font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:24px">
<p>{hello}</p>
<p style="font-size:32px;line-height:40px;letter-spacing:4px"><b>{{{{ portal.code }}}}</b></p>
<p>{minutes}</p>
<p>{ignore}</p>
<p>{{{{ workspace.name }}}}</p>
</body>
</html>
"""


class EmailSender:
    """Codes by letter, through the shop's own mail server."""

    channel = "email"

    def hint(self, workspace_id: int, typed: str) -> str:
        """The address in the one spelling it is kept in. raises Invalid(email_syntax | …)"""
        return customers.address_as_kept(workspace_id, typed, channel=self.channel)

    def owner_of(self, workspace_id: int, address: str) -> int | None:
        """The customer whose letters go to the address.

        One whose address it once was does not count: somebody else may read it by now.
        """
        found = customers.find(workspace_id, Identity(email=address))
        # Asked for also when nobody was found, so that both answers take as long.
        profile = customers.profiles(workspace_id, [found or NOBODY]).get(found or NOBODY)
        return found if profile is not None and profile.email == address else None

    def send(self, workspace_id: int, challenge: ChallengeRecord, code: str) -> None:
        """Plan the letter. The code is put into it when it is written: it is kept nowhere."""
        assert challenge.customer_id is not None and code
        messaging.plan_messages(
            workspace_id,
            occurrence=f"{OCCURRENCE_PREFIX}{challenge.public_id}",
            campaign_id=None,
            customer_ids=[challenge.customer_id],
            template_version_id=_version(workspace_id, challenge.language),
            due_at=clock.now(),
            is_marketing=False,
            channel=self.channel,
            expires_at=challenge.expires_at,
        )


def _version(workspace_id: int, language: str) -> int:
    code = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(code):
        source = LETTER.format(
            hello=_("Your code to sign in at {{ workspace.name }}:"),
            minutes=_("It works for ten minutes, in the window where you asked for it."),
            ignore=_("If it was not you who asked, do nothing: without the code nobody comes in."),
        )
        name, subject = _("Code to sign in"), _("{{ portal.code }}: your code")
    made = template_of_role(
        workspace_id, f"portal-code:{code}", name=f"{name} ({code})", subject=subject,
        source=source,
    )  # fmt: skip
    return made.version.id
