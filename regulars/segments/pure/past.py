"""The steps behind a form, carried in the form itself, so that a button takes one of them back.

Each step is the form's tree as it was. What comes from outside is only ever a draft of one's own:
anything that cannot be read is no past at all.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable

from regulars.segments.pure.fields import Tree

STEPS_KEPT_MAX = 30
PACKED_CHARS_MAX = 200_000
UNPACKED_BYTES_MAX = 4 << 20
DEEP_MAX = 24

Seen = Callable[[Tree], object]


def packed(steps: list[Tree]) -> str:
    """The last steps as one line of text."""
    kept = steps[-STEPS_KEPT_MAX:]
    while kept:
        raw = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
        found = base64.urlsafe_b64encode(zlib.compress(raw, 6)).decode()
        if len(raw) <= UNPACKED_BYTES_MAX and len(found) <= PACKED_CHARS_MAX:
            return found
        kept = kept[1:]
    return ""


def unpacked(text: str) -> list[Tree]:
    """The steps of such a line; none of any other text."""
    if not text or len(text) > PACKED_CHARS_MAX:
        return []
    try:
        raw = zlib.decompressobj().decompress(
            base64.b64decode(text, b"-_", validate=True), UNPACKED_BYTES_MAX
        )
        found = json.loads(raw)
    except (ValueError, binascii.Error, zlib.error, RecursionError):
        return []
    is_past = isinstance(found, list) and all(_is_tree(step, DEEP_MAX) for step in found)
    return found[-STEPS_KEPT_MAX:] if is_past else []


def _is_tree(value: object, deep: int) -> bool:
    if not isinstance(value, dict) or not deep:
        return False
    return all(isinstance(one, str) or _is_tree(one, deep - 1) for one in value.values())


def moved(steps: list[Tree], sent: Tree, made: Tree | None, seen: Seen) -> list[Tree]:
    """The past after a button: what was typed before it is a step of its own, then what it made.

    made  None when what was made is no form yet: it becomes a step when it is sent
    seen  what a tree shows; two that show the same are one step
    """
    found = list(steps)
    for tree in (sent, made):
        if tree is not None and not (found and seen(found[-1]) == seen(tree)):
            found.append(tree)
    return found[-STEPS_KEPT_MAX:]


def taken_back(steps: list[Tree], sent: Tree, seen: Seen) -> list[Tree]:
    """The past whose last step is to be shown now: what was typed since the last one goes first."""
    if steps and seen(steps[-1]) != seen(sent):
        return steps
    return steps[:-1] or [sent]
