"""Writes of what advertising cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.store.scope import cursor

ROWS_MAX = 500_000
TEXT_LENGTH_MAX = 300
COUNT_MAX = 10**12
AMOUNT_MAX_MINOR = 10**15
EARLIEST_YEAR = 1990
LOCK_KIND = 4
# In the order of the key, so that two files wait in turn.
PUT = """
INSERT INTO orders_cost AS c (workspace_id, day, source, account, campaign, ad_group, currency,
  impressions, clicks, amount_minor, is_gone, updated_at)
SELECT %s, day, source, account, campaign, ad_group, currency, impressions, clicks, amount_minor,
       false, %s
FROM unnest(%s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
            %s::bigint[], %s::bigint[])
  AS given (day, source, account, campaign, ad_group, currency, impressions, clicks, amount_minor)
ORDER BY source, account, day, campaign, ad_group, currency
ON CONFLICT (workspace_id, source, account, day, campaign, ad_group, currency) DO UPDATE
SET impressions = excluded.impressions, clicks = excluded.clicks,
    amount_minor = excluded.amount_minor, is_gone = false, updated_at = excluded.updated_at
WHERE (c.impressions, c.clicks, c.amount_minor, c.is_gone)
   IS DISTINCT FROM (excluded.impressions, excluded.clicks, excluded.amount_minor, false)
RETURNING (xmax = 0)
"""
# Rows of before accounts were told are of an unknown one: those of a campaign that an account
# tells now would count twice.
DROP = """
UPDATE orders_cost AS c SET is_gone = true, updated_at = %s
WHERE c.workspace_id = %s AND NOT c.is_gone
  AND ((c.source, c.account, c.day) IN (SELECT DISTINCT source, account, day
         FROM unnest(%s::text[], %s::text[], %s::date[]) AS covered (source, account, day))
    OR c.account = '' AND (c.source, c.day, c.campaign) IN (SELECT DISTINCT source, day, campaign
         FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[])
           AS named (source, account, day, campaign) WHERE account <> ''))
  AND NOT EXISTS (
    SELECT 1 FROM unnest(%s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
      AS given (day, source, account, campaign, ad_group, currency)
    WHERE given.day = c.day AND given.source = c.source AND given.account = c.account
      AND given.campaign = c.campaign AND given.ad_group = c.ad_group
      AND given.currency = c.currency)
"""


@dataclass(frozen=True, slots=True)
class CostRow:
    """What a campaign, or a group of its ads, cost on a day.

    account  which of the shop's accounts at the source it is of; empty when that is not told
    """

    day: date
    source: str
    campaign: str
    currency: str
    amount_minor: int
    ad_group: str = ""
    impressions: int = 0
    clicks: int = 0
    account: str = ""


@dataclass(frozen=True, slots=True)
class CostOutcome:
    """rows = added + changed + same; gone are rows of these days that are told no more."""

    rows: int
    added: int
    changed: int
    same: int
    gone: int


def replace_costs(workspace_id: int, rows: Sequence[CostRow]) -> CostOutcome:
    """Write costs so that the days they cover, of their accounts, say this and nothing else.

    The same rows once more change nothing. What was told without an account stays, but for the
    campaigns that an account tells now.
    raises  Invalid(cost_rows | cost_repeated | cost_text | cost_currency | cost_day |
            cost_amount)
    """
    if not 0 < len(rows) <= ROWS_MAX:
        raise Invalid("cost_rows", f"Give 1 to {ROWS_MAX} rows of costs at once.")
    keys = {
        (row.day, row.source, row.account, row.campaign, row.ad_group, row.currency) for row in rows
    }
    if len(keys) < len(rows):
        raise Invalid("cost_repeated", "The same day, campaign and group stand there twice.")
    for row in rows:
        _check(row)
    raw, now = cursor(), clock.now()
    # Two files of the same days would each drop what the other brought.
    raw.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_KIND, workspace_id % (1 << 31)])
    days, sources = [row.day for row in rows], [row.source for row in rows]
    campaigns, groups = [row.campaign for row in rows], [row.ad_group for row in rows]
    currencies, accounts = [row.currency for row in rows], [row.account for row in rows]
    raw.execute(
        DROP,
        [
            now, workspace_id, sources, accounts, days, sources, accounts, days, campaigns,
            days, sources, accounts, campaigns, groups, currencies,
        ],
    )  # fmt: skip
    gone = raw.rowcount
    raw.execute(
        PUT,
        [
            workspace_id, now, days, sources, accounts, campaigns, groups, currencies,
            [row.impressions for row in rows], [row.clicks for row in rows],
            [row.amount_minor for row in rows],
        ],
    )  # fmt: skip
    written = [bool(row[0]) for row in raw.fetchall()]
    added = sum(written)
    return CostOutcome(
        rows=len(rows), added=added, changed=len(written) - added,
        same=len(rows) - len(written), gone=gone,
    )  # fmt: skip


def _check(row: CostRow) -> None:
    for text, shortest in (
        (row.source, 1), (row.account, 0), (row.campaign, 0), (row.ad_group, 0),
    ):  # fmt: skip
        if not shortest <= len(text) <= TEXT_LENGTH_MAX or "\x00" in text:
            raise Invalid("cost_text", f"A name has at most {TEXT_LENGTH_MAX} characters.")
    if not (len(row.currency) == 3 and row.currency.isascii() and row.currency.isupper()):
        raise Invalid("cost_currency", "A currency is three capital letters, such as UAH.")
    if not EARLIEST_YEAR <= row.day.year <= clock.now().year + 1:
        raise Invalid("cost_day", "A day of the costs lies too far away.")
    counts = (row.impressions, row.clicks)
    if any(not 0 <= count <= COUNT_MAX for count in counts) or (
        abs(row.amount_minor) > AMOUNT_MAX_MINOR
    ):
        raise Invalid("cost_amount", "A number of the costs is out of bounds.")
