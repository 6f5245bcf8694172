"""The statements that write the ledger. Few and large: a round trip costs more than a plan."""

from __future__ import annotations

LOCK = """
SELECT member_id, currency, available, pending, held, debt, due_at
FROM loyalty_balance WHERE workspace_id = %s AND member_id = ANY(%s::bigint[])
ORDER BY member_id, currency FOR UPDATE
"""
# Of one member the plan is kept; for a list PostgreSQL makes a new one every time.
LOCK_ONE = LOCK.replace("= ANY(%s::bigint[])", "= %s")
FIND_KEYS = """
SELECT t.id, t.kind, t.natural_key, t.body_hash
FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS g (kind, key)
JOIN loyalty_txn t ON t.workspace_id = %(workspace)s AND t.kind = g.kind AND t.natural_key = g.key
"""
# A key that is taken gives no fresh head, and nothing is written that hangs on it. A hold that was
# settled, or a transaction taken back before, is told apart by the caller: no such key is found.
POST = """
WITH t AS MATERIALIZED (
    SELECT nextval('loyalty_txn_id_seq') AS id, g.*
    FROM unnest(%(t0)s::int[], %(t1)s::text[], %(t2)s::text[], %(t3)s::bytea[], %(t4)s::text[],
                %(t5)s::timestamptz[], %(t6)s::bigint[], %(t7)s::text[], %(t8)s::text[],
                %(t9)s::bigint[], %(t10)s::bigint[])
        AS g (no, kind, key, said, actor, occurred_at, version, reason, purchase, reverses,
              resolves)),
written AS (
    INSERT INTO loyalty_txn (id, workspace_id, kind, natural_key, body_hash, actor, occurred_at,
        recorded_at, rules_version, reason, purchase_id, reverses_id, resolves_id)
    SELECT id, %(workspace)s, kind, key, said, actor, occurred_at, %(now)s, version, reason,
           purchase, reverses, resolves
    FROM t ORDER BY kind, key
    ON CONFLICT DO NOTHING RETURNING id),
fresh AS MATERIALIZED (SELECT t.id, t.no FROM t JOIN written ON written.id = t.id),
l AS MATERIALIZED (
    SELECT nextval('loyalty_lot_id_seq') AS id, fresh.id AS txn_id, g.*
    FROM unnest(%(l0)s::int[], %(l1)s::int[], %(l2)s::bigint[], %(l3)s::text[], %(l4)s::bigint[],
                %(l5)s::timestamptz[], %(l6)s::timestamptz[], %(l7)s::boolean[], %(l8)s::text[],
                %(l9)s::bigint[], %(l10)s::bigint[], %(l11)s::text[], %(l12)s::text[],
                %(l13)s::bigint[])
        AS g (no, txn_no, member, currency, amount, activates_at, expires_at, slides, waits_for,
              partner, cost, purchase, line, source)
    JOIN fresh ON fresh.no = g.txn_no
    ORDER BY g.no),
e AS MATERIALIZED (
    SELECT fresh.id AS txn_id, g.place, g.account, g.owner, g.unit,
           split_part(g.unit, ':', 2) AS currency, coalesce(g.lot, l.id) AS lot,
           l.id IS NOT NULL AS is_new, g.amount, g.activates_at, g.expires_at
    FROM unnest(%(e0)s::int[], %(e1)s::text[], %(e2)s::bigint[], %(e3)s::text[], %(e4)s::bigint[],
                %(e5)s::int[], %(e6)s::bigint[], %(e7)s::timestamptz[], %(e8)s::timestamptz[])
        WITH ORDINALITY AS g (txn_no, account, owner, unit, lot, lot_no, amount, activates_at,
                              expires_at, place)
    JOIN fresh ON fresh.no = g.txn_no
    LEFT JOIN l ON l.no = g.lot_no),
entries AS (
    INSERT INTO loyalty_entry (workspace_id, txn_id, account, owner_id, unit, lot_id, amount,
        activates_at, expires_at)
    SELECT %(workspace)s, txn_id, account, owner, unit, lot, amount, activates_at, expires_at
    FROM e ORDER BY place),
parts AS MATERIALIZED (
    SELECT lot, is_new,
           coalesce(sum(amount) FILTER (WHERE account = 'member:available'), 0) AS available,
           coalesce(sum(amount) FILTER (WHERE account = 'member:pending'), 0) AS pending,
           coalesce(sum(amount) FILTER (WHERE account = 'member:held'), 0) AS held,
           max(activates_at) AS activates_at, max(expires_at) AS expires_at
    FROM e WHERE lot IS NOT NULL AND account LIKE 'member:%%' GROUP BY 1, 2),
opened AS (
    INSERT INTO loyalty_lot (id, workspace_id, member_id, currency, source_txn, amount, available,
        pending, held, activates_at, expires_at, slides, waits_for, partner_id, cost_minor,
        purchase_id, line_id, source_lot)
    SELECT l.id, %(workspace)s, l.member, l.currency, l.txn_id, l.amount, p.available, p.pending,
           p.held, l.activates_at, l.expires_at, l.slides, l.waits_for, l.partner, l.cost,
           l.purchase, l.line, l.source
    FROM l JOIN parts p ON p.lot = l.id),
moved AS (
    UPDATE loyalty_lot AS old SET available = old.available + p.available,
        pending = old.pending + p.pending, held = old.held + p.held,
        activates_at = coalesce(p.activates_at, old.activates_at),
        expires_at = coalesce(p.expires_at, old.expires_at)
    FROM parts p WHERE old.id = p.lot AND NOT p.is_new AND old.workspace_id = %(workspace)s),
d AS MATERIALIZED (
    SELECT owner AS member, currency,
           coalesce(sum(amount) FILTER (WHERE account = 'member:available'), 0) AS available,
           coalesce(sum(amount) FILTER (WHERE account = 'member:pending'), 0) AS pending,
           coalesce(sum(amount) FILTER (WHERE account = 'member:held'), 0) AS held,
           -coalesce(sum(amount) FILTER (WHERE account = 'member:debt'), 0) AS debt,
           max(expires_at) FILTER (WHERE account = 'member:active') AS slides_until,
           least(min(activates_at) FILTER (WHERE account = 'member:pending'),
                 min(expires_at)) AS due_at
    FROM e WHERE account LIKE 'member:%%' GROUP BY 1, 2),
changed AS (
    UPDATE loyalty_balance AS old SET available = old.available + d.available,
        pending = old.pending + d.pending, held = old.held + d.held, debt = old.debt + d.debt,
        version = old.version + 1, slides_until = greatest(d.slides_until, old.slides_until),
        due_at = least(old.due_at, d.due_at)
    FROM d WHERE old.member_id = d.member AND old.currency = d.currency
        AND old.workspace_id = %(workspace)s
    RETURNING old.member_id, old.currency),
begun AS (
    INSERT INTO loyalty_balance AS old (workspace_id, member_id, currency, available, pending, held,
        debt, version, slides_until, due_at)
    SELECT %(workspace)s, d.member, d.currency, d.available, d.pending, d.held, d.debt, 1,
           d.slides_until, d.due_at
    FROM d WHERE NOT EXISTS (
        SELECT FROM changed c WHERE c.member_id = d.member AND c.currency = d.currency)
    ORDER BY 2, 3
    ON CONFLICT (member_id, currency) DO UPDATE SET available = old.available + excluded.available,
        pending = old.pending + excluded.pending, held = old.held + excluded.held,
        debt = old.debt + excluded.debt, version = old.version + 1,
        slides_until = greatest(excluded.slides_until, old.slides_until),
        due_at = least(old.due_at, excluded.due_at)),
waiting AS (
    INSERT INTO loyalty_unsealed (txn_id, workspace_id) SELECT id, %(workspace)s FROM fresh)
SELECT fresh.no, fresh.id, ARRAY(SELECT l.id FROM l WHERE l.txn_no = fresh.no ORDER BY l.no)
FROM fresh
"""
_HEADS = """
heads AS MATERIALIZED (
    SELECT nextval('loyalty_txn_id_seq') AS id, g.* FROM grouped g),
written AS (
    INSERT INTO loyalty_txn (id, workspace_id, kind, natural_key, body_hash, occurred_at,
        recorded_at)
    SELECT id, %(workspace)s, '{kind}', key, ''::bytea, %(now)s, %(now)s FROM heads),
waiting AS (
    INSERT INTO loyalty_unsealed (txn_id, workspace_id) SELECT id, %(workspace)s FROM heads)
"""
# Points that become active repay the member's debt first, the oldest lot first.
ACTIVATE = f"""
WITH late AS MATERIALIZED (
    SELECT l.id AS lot, l.member_id AS member, l.currency, l.pending AS points, b.debt,
           sum(l.pending) OVER (PARTITION BY l.member_id, l.currency ORDER BY l.id) AS upto
    FROM loyalty_lot l
    JOIN loyalty_balance b ON b.member_id = l.member_id AND b.currency = l.currency
    WHERE l.workspace_id = %(workspace)s AND l.member_id = ANY(%(members)s::bigint[])
      AND l.pending > 0 AND l.activates_at <= %(now)s),
due AS MATERIALIZED (
    SELECT lot, member, currency, points,
           least(points, greatest(0, debt - (upto - points))) AS repaid FROM late),
grouped AS (
    SELECT member, currency, min(lot)::text AS key, sum(points)::bigint AS points,
           sum(repaid)::bigint AS repaid
    FROM due GROUP BY 1, 2),
{_HEADS.format(kind="activate")},
e AS MATERIALIZED (
    SELECT h.id AS txn_id, part.* FROM heads h
    JOIN due ON due.member = h.member AND due.currency = h.currency
    CROSS JOIN LATERAL (VALUES ('member:pending', due.lot, -due.points),
                               ('member:available', due.lot, due.points - due.repaid))
        AS part (account, lot, amount)
    WHERE part.amount <> 0
    UNION ALL
    SELECT id, 'member:debt', NULL, repaid FROM heads WHERE repaid > 0),
entries AS (
    INSERT INTO loyalty_entry (workspace_id, txn_id, account, owner_id, unit, lot_id, amount)
    SELECT %(workspace)s, e.txn_id, e.account, h.member, 'points:' || h.currency, e.lot, e.amount
    FROM e JOIN heads h ON h.id = e.txn_id ORDER BY e.txn_id, e.lot NULLS LAST, e.amount),
moved AS (
    UPDATE loyalty_lot AS old SET pending = 0, available = old.available + due.points - due.repaid
    FROM due WHERE old.id = due.lot),
changed AS (
    UPDATE loyalty_balance AS old SET pending = old.pending - h.points,
        available = old.available + h.points - h.repaid, debt = old.debt - h.repaid,
        version = old.version + 1
    FROM heads h WHERE old.member_id = h.member AND old.currency = h.currency)
SELECT member, currency, points, id FROM heads ORDER BY member, currency
"""
# What still waits for its event past the day until which it may wait ends as well.
EXPIRE = f"""
WITH due AS MATERIALIZED (
    SELECT l.id AS lot, l.member_id AS member, l.currency, l.available,
           CASE WHEN l.activates_at IS NULL THEN l.pending ELSE 0 END AS pending,
           coalesce(l.expires_at, b.slides_until) AS at
    FROM loyalty_lot l
    JOIN loyalty_balance b ON b.member_id = l.member_id AND b.currency = l.currency
    WHERE l.workspace_id = %(workspace)s AND l.member_id = ANY(%(members)s::bigint[])
      AND (l.available > 0 OR l.pending > 0 AND l.activates_at IS NULL)
      AND coalesce(l.expires_at, CASE WHEN l.slides THEN b.slides_until END) <= %(now)s),
grouped AS (
    SELECT member, currency, sum(available + pending)::bigint AS points,
           sum(available)::bigint AS available, sum(pending)::bigint AS pending,
           min(lot) || ':' || extract(epoch FROM max(at))::text AS key
    FROM due GROUP BY 1, 2),
{_HEADS.format(kind="expire")},
e AS MATERIALIZED (
    SELECT h.id AS txn_id, part.account, h.member AS owner, due.lot, part.amount
    FROM heads h JOIN due ON due.member = h.member AND due.currency = h.currency
    CROSS JOIN LATERAL (VALUES ('member:available', -due.available),
                               ('member:pending', -due.pending)) AS part (account, amount)
    WHERE part.amount <> 0
    UNION ALL
    SELECT id, 'expired', NULL, NULL, points FROM heads),
entries AS (
    INSERT INTO loyalty_entry (workspace_id, txn_id, account, owner_id, unit, lot_id, amount)
    SELECT %(workspace)s, e.txn_id, e.account, e.owner, 'points:' || h.currency, e.lot, e.amount
    FROM e JOIN heads h ON h.id = e.txn_id ORDER BY e.txn_id, e.lot NULLS LAST),
moved AS (
    UPDATE loyalty_lot AS old SET available = 0, pending = old.pending - due.pending
    FROM due WHERE old.id = due.lot),
changed AS (
    UPDATE loyalty_balance AS old SET available = old.available - h.available,
        pending = old.pending - h.pending, version = old.version + 1
    FROM heads h WHERE old.member_id = h.member AND old.currency = h.currency)
SELECT member, currency, points, id FROM heads ORDER BY member, currency
"""
# A lot that is held whole counts too: it can come back, and then its date matters again.
NEXT_DUE = """
UPDATE loyalty_balance AS b SET due_at = (
    SELECT min(least(
        CASE WHEN l.pending > 0 THEN l.activates_at END,
        CASE WHEN coalesce(l.expires_at, CASE WHEN l.slides THEN b.slides_until END) > %(now)s
             THEN coalesce(l.expires_at, b.slides_until) END))
    FROM loyalty_lot l WHERE l.member_id = b.member_id AND l.currency = b.currency
        AND (l.available > 0 OR l.pending > 0 OR l.held > 0))
WHERE b.workspace_id = %(workspace)s AND b.member_id = ANY(%(members)s::bigint[])
    AND b.due_at <= %(now)s
"""
