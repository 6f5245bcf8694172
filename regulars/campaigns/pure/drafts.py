"""What a draft must be like to be kept, and what it still lacks to be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from regulars.campaigns.records import (
    CONTROL_SHARE_MAX,
    PACE_PER_HOUR_MAX,
    WINDOW_DAYS_MAX,
    Draft,
)
from regulars.kernel.errors import Invalid

NAME_CHARS_MAX = 120
SUBJECT_CHARS_MAX = 500
SOURCE_CHARS_MAX = 200_000

CAME_LATER = frozenset({"topic", "code_series_id"})

RECIPIENTS_MISSING = "recipients_missing"
SEGMENT_ARCHIVED = "segment_archived"
SUBJECT_MISSING = "subject_missing"
MESSAGE_MISSING = "message_missing"


def check(draft: Draft) -> None:
    """Nothing when the draft can be kept.

    raises  Invalid(draft_invalid, path=…) naming the first field that is out of its bounds
    """
    _within("name", 1 <= len(draft.name.strip()) <= NAME_CHARS_MAX,
            f"Give the campaign a name of at most {NAME_CHARS_MAX} characters.")  # fmt: skip
    _within("subject", len(draft.subject) <= SUBJECT_CHARS_MAX,
            f"The subject has at most {SUBJECT_CHARS_MAX} characters.")  # fmt: skip
    _within("subject", draft.subject.isprintable(),
            "The subject is one line without control characters.")  # fmt: skip
    _within("source", len(draft.source) <= SOURCE_CHARS_MAX,
            f"The message has at most {SOURCE_CHARS_MAX} characters.")  # fmt: skip
    _within("source", "\x00" not in draft.source,
            "The message has a character that cannot be kept.")  # fmt: skip
    _within("control_share", 0 <= draft.control_share <= CONTROL_SHARE_MAX,
            "The control group is from 0 to 50 % of the recipients.")  # fmt: skip
    _within("window_days", 1 <= draft.window_days <= WINDOW_DAYS_MAX,
            f"The window is from 1 to {WINDOW_DAYS_MAX} days.")  # fmt: skip
    _within("pace_per_hour", 0 <= draft.pace_per_hour <= PACE_PER_HOUR_MAX,
            f"The pace is from 0 to {PACE_PER_HOUR_MAX} messages an hour.")  # fmt: skip


def _within(path: str, is_good: bool, message: str) -> None:
    if not is_good:
        raise Invalid("draft_invalid", message, path=path)


def lacks(draft: Draft) -> tuple[str, ...]:
    """What is missing before the campaign may be sent, in the order of its pages."""
    found = []
    if draft.segment_id is None and draft.rule is None:
        found.append(RECIPIENTS_MISSING)
    if not draft.subject.strip():
        found.append(SUBJECT_MISSING)
    if not draft.source.strip():
        found.append(MESSAGE_MISSING)
    return tuple(found)


def content_hash(content: Mapping[str, Any]) -> str:
    """The same for equal contents, whatever the order of their keys.

    A campaign without what came later has the hash it had before.
    """
    told = {name: value for name, value in content.items() if name not in CAME_LATER or value}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return sha256(text.encode()).hexdigest()
