"""What the account says in letters: the code of the letter that carries one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_noop as _

from regulars.messaging import queries as messaging
from regulars.messaging.records import Asked, Placeholder
from regulars.portal.keys import key_of
from regulars.portal.pure.codes import code_of
from regulars.portal.senders import OCCURRENCE_PREFIX

PLACEHOLDERS = (Placeholder("portal.code", _("Code to sign in, in its own letter only"), "123456"),)


def values(workspace_id: int, asked: Sequence[Asked]) -> list[Mapping[str, object]]:
    """The code for each message that was planned to carry one; nothing for all others."""
    key = key_of(workspace_id)
    return [_values(workspace_id, key, one.message_public_id) for one in asked]


def _values(workspace_id: int, key: bytes, message_public_id: str) -> Mapping[str, object]:
    found = messaging.message(workspace_id, message_public_id) if message_public_id else None
    if found is None or not found.occurrence.startswith(OCCURRENCE_PREFIX):
        return {}
    return {"code": code_of(key, found.occurrence.removeprefix(OCCURRENCE_PREFIX))}
