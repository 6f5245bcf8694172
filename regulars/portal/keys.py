"""The key of a workspace's codes and limits: of this installation and this shop alone."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from regulars.workspaces import queries as workspaces


def key_of(workspace_id: int) -> bytes:
    """The key. It is made of two secrets, one of which is not in the database."""
    secret = workspaces.workspace(workspace_id).secret
    return hmac.digest(settings.SECRET_KEY.encode(), f"portal\x00{secret}".encode(), hashlib.sha256)
