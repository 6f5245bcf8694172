"""Reads of segments, and what rules find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from regulars.kernel.errors import Invalid, NotFound
from regulars.lake import engine
from regulars.rules import checking, duck, language, sentences
from regulars.rules.duck import Compiled
from regulars.rules.tree import Node, Rule
from regulars.segments import dictionary, registry
from regulars.segments.models import Segment
from regulars.segments.pure import asking
from regulars.segments.pure.references import references_of
from regulars.segments.queries import lists
from regulars.segments.records import Count, SampleCustomer, SegmentRecord
from regulars.segments.rows import record_of, row_of
from regulars.workspaces import queries as workspaces

SEGMENTS_ASKED_MAX = 60


def segments(workspace_id: int) -> list[SegmentRecord]:
    """The segments in use, by name."""
    rows = Segment.objects.filter(workspace_id=workspace_id, archived_at=None)
    return [record_of(row) for row in sorted(rows, key=lambda row: (row.name.lower(), row.id))]


def archived(workspace_id: int) -> list[SegmentRecord]:
    """The segments that were taken out of the lists, newest first."""
    rows = Segment.objects.filter(workspace_id=workspace_id, archived_at__isnull=False)
    return [record_of(row) for row in rows.order_by("-archived_at")]


def segment(workspace_id: int, name: str | int) -> SegmentRecord:
    """The segment of this public id, or of this id; archived ones too. raises NotFound"""
    return record_of(row_of(workspace_id, name))


def segment_by_slug(workspace_id: int, slug: str) -> SegmentRecord:
    """The segment that rules call by this name. raises NotFound"""
    row = Segment.objects.filter(workspace_id=workspace_id, slug=slug).first()
    if row is None:
        raise NotFound("segment_unknown", "There is no such segment.")
    return record_of(row)


def names_by_slug(workspace_id: int) -> dict[str, str]:
    """What people call each segment, archived ones too."""
    rows = Segment.objects.filter(workspace_id=workspace_id)
    return dict(rows.order_by("name").values_list("slug", "name"))


def rules_by_slug(workspace_id: int) -> dict[str, Rule]:
    """Every segment's rule by the name that rules use for it."""
    rows = Segment.objects.filter(workspace_id=workspace_id).values_list("slug", "rule")
    return {slug: language.parse(rule) for slug, rule in rows}


def check(workspace_id: int, rule: Mapping[str, Any], *, slug: str = "") -> Rule:
    """The rule, when it can be asked in this workspace.

    slug    of the segment whose rule it would become, so that circles are seen
    raises  Invalid(rule_invalid, path=…)
    """
    found = language.parse(rule)
    rules = rules_by_slug(workspace_id) if references_of(found) else {}
    segments = {**rules, slug: found} if slug else rules
    checking.check(found, registry.facts(), segments, dictionary.known(workspace_id, found))
    return found


def compiled(workspace_id: int, rule: Mapping[str, Any], at: datetime) -> Compiled:
    """The question to the lake whose one column, customer, are the customers of the rule.

    raises  Invalid(rule_invalid, path=…)
    """
    found = language.parse(rule)
    return duck.compile(
        found,
        facts=registry.facts(),
        now=at,
        zone=workspaces.workspace(workspace_id).zone,
        segments=rules_by_slug(workspace_id) if references_of(found) else {},
    )


def audience(workspace_id: int, rule: Mapping[str, Any], at: datetime) -> list[int]:
    """The customers that the rule picks at the instant: root ids, distinct, ascending.

    raises  Invalid(rule_invalid, path=…), Outside(lake_busy)
    """
    asked = compiled(workspace_id, rule, at)
    ids = engine.customer_set(workspace_id, asked.sql, asked.params, since=asked.since)
    found: list[int] = ids.to_pylist()
    return found


def holding(workspace_id: int, customer_id: int, at: datetime) -> list[SegmentRecord]:
    """The segments that hold the customer at the instant, by name; a broken rule holds nobody.

    Each rule is asked for this person only, the first SEGMENTS_ASKED_MAX of them.
    raises  Outside(lake_busy)
    """
    found = []
    for one in segments(workspace_id)[:SEGMENTS_ASKED_MAX]:
        try:
            asked = compiled(workspace_id, one.rule, at)
        except Invalid:
            continue
        sql = f"select 1 from ({asked.sql}) where customer = $asked_customer limit 1"
        params = {**asked.params, "asked_customer": customer_id}
        if engine.query(workspace_id, sql, params, since=asked.since).num_rows:
            found.append(one)
    return found


def total(workspace_id: int, rule: Mapping[str, Any], at: datetime) -> int:
    """How many customers the rule picks at the instant. raises Invalid, Outside(lake_busy)"""
    asked = compiled(workspace_id, rule, at)
    return engine.count_customers(workspace_id, asked.sql, asked.params, since=asked.since)


def count(workspace_id: int, rule: Mapping[str, Any], at: datetime) -> Count:
    """How many customers the rule picks, how far channels reach them, and a few of them.

    raises  Invalid(rule_invalid, path=…), Outside(lake_busy)
    """
    asked = compiled(workspace_id, rule, at)
    params = {**asked.params, "asked_at": _naive(at)}
    sql = asking.COUNT_SQL.format(audience=asked.sql)
    counted = engine.query(workspace_id, sql, params, since=asked.since).to_pylist()[0]
    people = sorted(
        customers(workspace_id, counted["sample"] or [], at), key=lambda one: -one.orders
    )
    return asking.count_of(counted, tuple(people), at)


def customers(
    workspace_id: int, customer_ids: Sequence[int], at: datetime
) -> tuple[SampleCustomer, ...]:
    """These customers as lists show them, by id."""
    params = {"sample": list(customer_ids), "asked_at": _naive(at)}
    rows = engine.query(workspace_id, asking.SAMPLE_SQL, params).to_pylist()
    return tuple(SampleCustomer(**row) for row in rows)


def customers_by_id(
    workspace_id: int, customer_ids: Sequence[int], at: datetime
) -> dict[int, SampleCustomer]:
    """The same with their ids; without those whom the lake does not know yet."""
    return {one.id: one for one in customers(workspace_id, customer_ids, at)}


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def phrases(workspace_id: int, nodes: Sequence[Node], language_code: str) -> list[str]:
    """Conditions in words, as they stand inside the sentence of a rule."""
    named = {
        "segments": names_by_slug(workspace_id),
        "lists": {one.slug: one.name for one in lists.lists(workspace_id)},
    }
    currency = workspaces.workspace(workspace_id).currency
    return [
        sentences.phrase(node, language_code, registry.facts(), currency=currency, **named)
        for node in nodes
    ]


def sentence(workspace_id: int, rule: Mapping[str, Any], language_code: str) -> str:
    """The rule in words. raises Invalid(rule_invalid)"""
    return sentences_of(workspace_id, [rule], language_code)[0]


def sentences_of(
    workspace_id: int, rules: Sequence[Mapping[str, Any]], language_code: str
) -> list[str]:
    """Each rule in words; what they name is looked up once. raises Invalid(rule_invalid)"""
    named = {
        "segments": names_by_slug(workspace_id),
        "lists": {one.slug: one.name for one in lists.lists(workspace_id)},
    }
    currency = workspaces.workspace(workspace_id).currency
    return [
        sentences.sentence(
            language.parse(rule), language_code, registry.facts(), currency=currency, **named
        )
        for rule in rules
    ]
