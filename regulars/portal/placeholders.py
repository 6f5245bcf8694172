"""What the account says in letters: the code of the letter that carries one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from regulars.messaging import queries as messaging
from regulars.messaging.records import Asked, Placeholder
from regulars.portal import queries
from regulars.portal.keys import key_of
from regulars.portal.pure.codes import code_of
from regulars.portal.senders import OCCURRENCE_PREFIX
from regulars.workspaces import queries as workspaces

PLACEHOLDERS = (
    Placeholder("portal.url", _("Address of the customers’ own account"), ""),
    Placeholder("portal.code", _("Code to sign in, in its own letter only"), "123456"),
)


def values(workspace_id: int, asked: Sequence[Asked]) -> list[Mapping[str, object]]:
    """The address of the account, while it is open; a code for messages that carry one."""
    own, key = _address(workspace_id), key_of(workspace_id)
    carried = messaging.occurrences(
        workspace_id, [one.message_public_id for one in asked], prefix=OCCURRENCE_PREFIX
    )
    return [
        {**own, **_code(key, carried[one.message_public_id])}
        if one.message_public_id in carried
        else own
        for one in asked
    ]


def _address(workspace_id: int) -> Mapping[str, object]:
    if not queries.settings_of(workspace_id).is_open:
        return {}
    slug = workspaces.workspace(workspace_id).slug
    return {"url": settings.PUBLIC_URL + reverse("portal:home", args=[slug])}


def _code(key: bytes, occurrence: str) -> Mapping[str, object]:
    return {"code": code_of(key, occurrence.removeprefix(OCCURRENCE_PREFIX))}
