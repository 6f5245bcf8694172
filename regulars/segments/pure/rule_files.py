"""Rules as files hold them, in either of the two languages."""

from __future__ import annotations

from regulars.kernel.errors import Invalid
from regulars.rules import language, text
from regulars.rules.tree import Rule


def read_rule(raw: bytes) -> Rule:
    """A rule as JSON or as text. raises Invalid(rule_invalid | rule_text_invalid)"""
    if raw.lstrip()[:1] == b"{":
        return language.loads(raw)
    try:
        return text.read(raw.decode())
    except UnicodeDecodeError as error:
        raise Invalid("rule_invalid", "A rule is JSON or text in UTF-8.", path="$") from error
