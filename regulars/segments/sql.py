"""Tables of membership that are written by SQL alone; used by the second migration."""

from __future__ import annotations

TABLES = """
-- Who is in a segment. Only rows of the segment's live generation count: a full recomputation
-- writes the next one beside it, and naming it is the swap.
CREATE TABLE segments_member (
    workspace_id bigint NOT NULL,
    segment_id bigint NOT NULL,
    generation integer NOT NULL,
    customer_id bigint NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (segment_id, generation, customer_id)
);
CREATE INDEX segments_member_customer ON segments_member (customer_id);

-- When a customer must be asked about again although nothing happened: no later than the first
-- instant at which any of the workspace's segments may change its mind about them.
CREATE TABLE segments_due (
    workspace_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    next_change_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, customer_id)
);
CREATE INDEX segments_due_next ON segments_due (workspace_id, next_change_at);

-- How many were in a segment: the last number of each hour, later of each day.
CREATE TABLE segments_size (
    workspace_id bigint NOT NULL,
    segment_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    at timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (segment_id, hour)
);

-- How far the follower has read each table; one line each for all workspaces.
CREATE TABLE segments_cursor (
    source text PRIMARY KEY,
    xid xid8 NOT NULL,
    id bigint NOT NULL
);
"""

UNDO = "DROP TABLE segments_member, segments_due, segments_size, segments_cursor;"
