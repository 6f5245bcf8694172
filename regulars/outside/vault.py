"""Secrets of workspaces, sealed with a key derived from the installation's own."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from regulars.kernel.errors import Invalid


class SecretUnreadable(Invalid):
    """The secret was sealed with another key; it must be entered again."""


def seal_secret(text: str) -> str:
    """The secret as it may be stored; an empty one stays empty."""
    return _box().encrypt(text.encode()).decode() if text else ""


def open_secret(sealed: str) -> str:
    """The secret itself; raises SecretUnreadable when the installation's key has changed."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        message = "The stored password cannot be read; enter it again."
        raise SecretUnreadable("secret_unreadable", message) from error


def _box() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"regulars messaging secrets")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
