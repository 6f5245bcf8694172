"""What no text column can hold, taken out before it is stored."""

from __future__ import annotations

import re

ESCAPED_NUL = "\\u0000"
# An even run of backslashes before it is text of its own; only an odd one makes the escape.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def json_without_nul(text: str) -> str:
    """The JSON text without the character NUL, which neither text nor jsonb can hold.

    The six letters "\\u0000" written by a person stay as they are.
    """
    return _NUL.sub(r"\1", text) if ESCAPED_NUL in text else text
