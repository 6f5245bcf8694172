"""Tables the hot paths write by SQL; used by the first migration."""

from __future__ import annotations

SEEN_PARTITIONS = 16

TABLES = """
CREATE TABLE events_inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    is_gzip boolean NOT NULL,
    body bytea NOT NULL
);
-- Bodies arrive compressed or short; trying to compress them again only costs time.
ALTER TABLE events_inbox ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE events_seen (
    workspace_id bigint NOT NULL,
    hash uuid NOT NULL,
    PRIMARY KEY (workspace_id, hash)
) PARTITION BY HASH (hash);

CREATE TABLE events_event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    workspace_id bigint NOT NULL,
    customer_id bigint,
    subject_id bigint,
    time timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL,
    origin text NOT NULL,
    source text NOT NULL,
    props jsonb NOT NULL
) PARTITION BY RANGE (time);
CREATE INDEX events_event_version ON events_event (xid, id);
CREATE INDEX events_event_timeline ON events_event (workspace_id, customer_id, time DESC, id DESC);

CREATE TABLE events_lane (
    consumer text NOT NULL,
    lane_from smallint NOT NULL,
    lane_to smallint NOT NULL,
    cursor_xid xid8 NOT NULL,
    cursor_id bigint NOT NULL,
    PRIMARY KEY (consumer, lane_from)
);

CREATE TABLE events_parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    consumer text NOT NULL,
    customer_id bigint,
    event_id bigint NOT NULL,
    event_xid xid8 NOT NULL,
    event_time timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    reason text NOT NULL,
    UNIQUE (consumer, event_id)
);
CREATE INDEX events_parked_customer ON events_parked (consumer, workspace_id, customer_id);
CREATE INDEX events_parked_due ON events_parked (next_try_at);

-- Owned by the owner role so that the app may need a month that nobody has seen yet.
CREATE FUNCTION events_ensure_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    name text := 'events_event_' || to_char(date_trunc('month', month), 'YYYYMM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('events_ensure_month'));
    IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
    -- Attaching a ready table takes a weaker lock than creating it as a partition.
    EXECUTE format(
        'CREATE TABLE %I (LIKE events_event INCLUDING DEFAULTS INCLUDING INDEXES)', name);
    EXECUTE format('ALTER TABLE %I ALTER COLUMN id DROP DEFAULT', name);
    EXECUTE format(
        'ALTER TABLE events_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        name, first::timestamp AT TIME ZONE 'UTC',
        (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
END $$;
""" + "\n".join(
    f"CREATE TABLE events_seen_{n} PARTITION OF events_seen"
    f" FOR VALUES WITH (MODULUS {SEEN_PARTITIONS}, REMAINDER {n});"
    for n in range(SEEN_PARTITIONS)
)

UNDO = """
DROP FUNCTION events_ensure_month(date);
DROP TABLE events_parked, events_lane, events_event, events_seen, events_inbox CASCADE;
"""
