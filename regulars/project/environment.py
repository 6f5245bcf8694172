"""Readers of the environment that fail loudly with the variable's name."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str) -> str:
    """The variable, or the content of the file that NAME_FILE points to."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text().strip()
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    """A yes or a no."""
    word = os.environ.get(name)
    if word is None:
        return default
    if word.lower() in TRUE_WORDS:
        return True
    if word.lower() in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, 0, yes, no; it is {word!r}")


def number(name: str, default: int) -> int:
    """A whole number."""
    word = os.environ.get(name)
    if word is None:
        return default
    try:
        return int(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number; it is {word!r}") from None


def words(name: str, default: list[str]) -> list[str]:
    """A list separated by commas."""
    given = os.environ.get(name)
    return default if given is None else [w.strip() for w in given.split(",") if w.strip()]


def secret(name: str, folder: Path) -> str:
    """The secret given, else one made once and kept in the data folder for its owner only."""
    given = text(name, "")
    if given:
        return given
    path = folder / "secret.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as stream:
        made = secrets.token_urlsafe(48)
        stream.write(made)
        stream.flush()
        os.fsync(stream.fileno())
    return made
