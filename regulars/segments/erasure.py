"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.segments import handing
from regulars.store.persons import Person, Trace, Traces
from regulars.store.scope import cursor

MINE = "customer_id = ANY(%(ids)s)"

# Sizes are kept beside the rows that are counted. Nobody is told that somebody left by erasure.
_LEAVE_SEGMENTS = """
WITH gone AS (
  DELETE FROM segments_member WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(ids)s)
  RETURNING segment_id, generation),
counted AS (
  UPDATE segments_segment s SET size = s.size - g.rows
  FROM (SELECT segment_id, generation, count(*) AS rows FROM gone GROUP BY 1, 2) g
  WHERE s.id = g.segment_id AND s.generation = g.generation)
SELECT count(*) FROM gone"""
_LEAVE_LISTS = """
WITH gone AS (
  UPDATE segments_listmember SET is_gone = true
  WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(ids)s) AND NOT is_gone
  RETURNING list_id),
counted AS (
  UPDATE segments_list l SET size = l.size - g.rows
  FROM (SELECT list_id, count(*) AS rows FROM gone GROUP BY 1) g WHERE l.id = g.list_id)
SELECT count(*) FROM gone"""


def leave(person: Person) -> Mapping[str, int]:
    """Take the person out of every segment and list, which are smaller by one from now on."""
    found = {}
    for name, sql in (("segments", _LEAVE_SEGMENTS), ("lists", _LEAVE_LISTS)):
        raw = cursor()
        raw.execute(sql, person.values)
        row = raw.fetchone()
        found[name] = int(row[0]) if row else 0
    return found


def leave_messages(person: Person) -> Mapping[str, int]:
    """Take the person out of what webhooks are still to be told."""
    raw = cursor()
    raw.execute(
        "UPDATE segments_delivery SET customer_ids ="
        " ARRAY(SELECT unnest(customer_ids) EXCEPT SELECT unnest(%(ids)s::bigint[]) ORDER BY 1)"
        " WHERE workspace_id = %(workspace)s AND customer_ids && %(ids)s::bigint[]"
        " AND cardinality(customer_ids) > 1",
        person.values,
    )
    return {"webhook_messages": raw.rowcount}


TRACES = Traces(
    before=(leave, leave_messages),
    files=(handing.forget,),
    late=(handing.forget,),
    rows=(
        Trace(
            "segments_member",
            MINE,
            file="segments",
            key="",
            select="SELECT jsonb_build_object('segment', (SELECT s.name FROM segments_segment s"
            " WHERE s.id = segment_id), 'since', since) AS row FROM segments_member",
        ),
        Trace("segments_due", MINE, reason="When somebody is looked at again; nothing about them."),
        Trace("segments_listmember", MINE, file="lists", hidden=("xid",)),
        Trace(
            "segments_delivery",
            "customer_ids && %(ids)s::bigint[]",
            file="webhook_messages",
            hidden=("customer_ids",),
        ),
        Trace("segments_uploadreject", text="value", file="upload_rejects"),
    ),
    none={
        "segments_segment": "Rules of the marketer.",
        "segments_size": "Numbers.",
        "segments_list": "Names and sizes of lists.",
        "segments_upload": "Numbers and names of files.",
        "segments_hook": "Addresses of the shop's own systems.",
        "segments_audiencefile": "Numbers; the files themselves are removed.",
        "segments_cursor": "How far the follower has read.",
    },
)
