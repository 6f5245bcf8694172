"""The segments whose members are kept, and the rules their members answer to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.rules import checking, language
from regulars.rules.facts import Facts
from regulars.rules.tree import Rule
from regulars.segments import registry
from regulars.segments.pure.resolving import EVENTS, reads_of, resolved
from regulars.store.scope import cursor

COLUMNS = "id, slug, generation, kept"
RULES_REMEMBERED = 4_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment and the rule that decides who is in it, free of references.

    reads  relations, and kinds of events as "events:order.paid"
    """

    id: int
    slug: str
    generation: int
    rule: Rule
    reads: frozenset[str]

    def is_touched_by(self, changed: Iterable[str]) -> bool:
        """Whether what changed can matter; merges matter for everything."""
        return any(name in self.reads or name == "merges" for name in changed)


def kept_segments(workspace_id: int) -> list[Kept]:
    """The segments whose stored members count, each with the rule they answer to."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM segments_segment WHERE workspace_id = %s"
        " AND archived_at IS NULL AND kept IS NOT NULL AND problem = '' ORDER BY id",
        [workspace_id],
    )
    return [
        Kept(segment_id, slug, generation, *read_rule(document))
        for segment_id, slug, generation, document in raw.fetchall()
    ]


def document_of(slug: str, rules: Mapping[str, Rule], zone: str) -> dict[str, Any]:
    """What a segment's members are computed for, as it is stored beside them."""
    needed = checking.reachable_segments(rules[slug], rules)
    return {
        "rule": language.to_json(rules[slug]),
        "segments": {name: language.to_json(rules[name]) for name in needed},
        "zone": zone,
    }


def read_rule(document: Mapping[str, Any]) -> tuple[Rule, frozenset[str]]:
    """The rule without references, and what it reads."""
    return _read(json.dumps(document, sort_keys=True))


@lru_cache(maxsize=RULES_REMEMBERED)
def _read(text: str) -> tuple[Rule, frozenset[str]]:
    document = json.loads(text)
    segments = {name: language.parse(one) for name, one in document["segments"].items()}
    rule = resolved(language.parse(document["rule"]), segments)
    return rule, reads_of(rule, registry.facts())


def fault_of(rule: Rule, facts: Facts) -> str:
    """Why the rule can not be asked any more: a code, "" when it can."""
    try:
        checking.check(rule, facts, {})
    except Invalid as error:
        return error.code
    return ""


def relations_of(kept: Iterable[Kept]) -> set[str]:
    """The relations that the rules read."""
    names = {name for one in kept for name in one.reads}
    return {"events" if name.startswith(EVENTS) else name for name in names}


def kinds_of(kept: Iterable[Kept]) -> list[str]:
    """The kinds of events that the rules read."""
    names = {name for one in kept for name in one.reads if name.startswith(EVENTS)}
    return sorted(name.removeprefix(EVENTS) for name in names)
