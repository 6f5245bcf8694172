"""Which tier a member stands in: one step of looking, and the same from the first day on.

A look has a moment. Looks happen when something that counts arrives and at the local midnights
that an earlier look has named, in the order of time; so whoever looks, and however late, the
outcome is that of a look on time. Tiers are named by slug; "" is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from regulars.loyalty.pure.programme import TierPolicy
from regulars.loyalty.pure.terms import after, midnight, months_later, rounded

LOOKS_MAX = 10_000
GIVEN = "given"
FOR_GOOD = datetime(3000, 1, 1, tzinfo=UTC)
MONTHS_OF = {"month": 1, "quarter": 3, "half": 6, "year": 12}


class Row(NamedTuple):
    """What counted: on which local day, how much, and when it was taken note of."""

    day: date
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """A tier somebody or a promotion gave, outside the count; no end means that of a period."""

    slug: str
    until: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands.

    until    the tier is kept till then whatever counts
    counted  what counted at the last look
    due      when time alone may change something; None: never
    """

    slug: str = ""
    since: datetime | None = None
    until: datetime | None = None
    counted: int = 0
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Days that count: from `start` on, and before `end`; None leaves a side open."""

    start: date | None = None
    end: date | None = None

    def holds(self, day: date) -> bool:
        return (self.start is None or day >= self.start) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Change:
    """A step from a tier to another."""

    at: datetime
    old: str
    new: str
    counted: int
    why: str


def period_start(policy: TierPolicy, day: date) -> date | None:
    """The first day of the calendar period; None when the policy knows none."""
    months = MONTHS_OF.get(policy.period)
    if months is None:
        return None
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _later(start: date, policy: TierPolicy, periods: int) -> date:
    return months_later(start, periods * MONTHS_OF[policy.period])


def window(policy: TierPolicy, at: datetime, zone: tzinfo) -> Window:
    """The days that count at a moment."""
    today = at.astimezone(zone).date()
    start = period_start(policy, today)
    if start is not None:
        if policy.starts == "next_period":
            return Window(_later(start, policy, -1), start)
        return Window(start)
    if policy.period == "rolling":
        return Window(_first_rolling(policy, today, zone))
    return Window()


def _first_rolling(policy: TierPolicy, today: date, zone: tzinfo) -> date:
    """The first day whose span has not passed today."""
    days = {"d": 1, "w": 7}.get(policy.span.unit)
    if days is not None:
        return today - timedelta(days=policy.span.number * days - 1)
    months = policy.span.number * (12 if policy.span.unit == "y" else 1)
    day = months_later(today, -months)
    # The last days of a month drop out together where the later month is shorter.
    while months_later(day, months) <= today:
        day += timedelta(days=1)
    return day


def drops_at(policy: TierPolicy, day: date, zone: tzinfo) -> datetime:
    """The midnight at which a day stops to count in a rolling window."""
    return rounded(after(midnight(day, zone), policy.span, zone), "day_start", zone)


def rank(policy: TierPolicy, slug: str) -> int:
    """0 for none, then the tiers by what they ask."""
    names = [tier.slug for tier in sorted(policy.tiers, key=lambda tier: tier.least)]
    return names.index(slug) + 1 if slug in names else 0


def slug_of(policy: TierPolicy, place: int) -> str:
    """The tier of a rank."""
    names = [tier.slug for tier in sorted(policy.tiers, key=lambda tier: tier.least)]
    return names[place - 1] if place else ""


def qualified(policy: TierPolicy, counted: int) -> str:
    """The highest tier this much is enough for."""
    return slug_of(policy, sum(counted >= tier.least for tier in policy.tiers))


def kept_until(policy: TierPolicy, at: datetime, zone: tzinfo) -> datetime | None:
    """Until when a tier reached now is kept; None: only as long as it is earned."""
    if policy.keeps == "span":
        return rounded(after(at, policy.span, zone), "day_end", zone)
    start = period_start(policy, at.astimezone(zone).date())
    if start is None:
        return None
    return midnight(_later(start, policy, 1 if policy.keeps == "period" else 2), zone)


def look(
    policy: TierPolicy,
    before: Standing,
    counted: int,
    at: datetime,
    zone: tzinfo,
    oldest: date | None = None,
) -> Standing:
    """Where the member stands now that so much counts.

    oldest  in a rolling window the first day that counts something
    """
    own, earned = rank(policy, before.slug), rank(policy, qualified(policy, counted))
    now = replace(before, counted=counted)
    if earned > own:
        until = kept_until(policy, at, zone)
        now = Standing(slug_of(policy, earned), at, until, counted)
    elif earned == own:
        until = kept_until(policy, at, zone)
        later = max(until, before.until) if until and before.until else until or before.until
        now = replace(now, until=later)
    elif policy.downgrade != "none":
        now = _falling(policy, now, own, earned, at, zone)
    return replace(now, due=_due(policy, now, at, zone, oldest))


def _falling(
    policy: TierPolicy, now: Standing, own: int, earned: int, at: datetime, zone: tzinfo
) -> Standing:
    """Less counts than the tier asks: it is kept to its end and through the grace."""
    until = now.until or at
    if at < _ends(policy, until, zone):
        return replace(now, until=until)
    target = max(own - 1, earned) if policy.downgrade == "one_down" else earned
    kept = kept_until(policy, at, zone)
    if kept is None and target > earned:
        # Step by step: the next tier down is kept for a span too.
        kept = rounded(after(at, policy.span, zone), "day_end", zone)
    return Standing(slug_of(policy, target), at, kept if target else None, now.counted)


def _ends(policy: TierPolicy, until: datetime, zone: tzinfo) -> datetime:
    if not policy.grace_days:
        return until
    day = until.astimezone(zone).date() + timedelta(days=policy.grace_days)
    ends = midnight(day, zone)
    return ends if midnight(until.astimezone(zone).date(), zone) == until else _next(ends, zone)


def _next(at: datetime, zone: tzinfo) -> datetime:
    return midnight(at.astimezone(zone).date() + timedelta(days=1), zone)


def _due(
    policy: TierPolicy, now: Standing, at: datetime, zone: tzinfo, oldest: date | None
) -> datetime | None:
    moments: list[datetime] = []
    if now.slug and now.until is not None and policy.downgrade != "none":
        moments.append(_ends(policy, now.until, zone))
    start = period_start(policy, at.astimezone(zone).date())
    if start is not None:
        moments.append(midnight(_later(start, policy, 1), zone))
    if policy.period == "rolling" and oldest is not None:
        moments.append(drops_at(policy, oldest, zone))
    ahead = [moment for moment in moments if moment > at]
    return min(ahead) if ahead else None


def counted(
    policy: TierPolicy, rows: Iterable[Row], at: datetime, zone: tzinfo
) -> tuple[int, date | None]:
    """What counts at a moment of all that was taken note of by then, and the oldest day of it."""
    chosen = window(policy, at, zone)
    found = [row for row in rows if row.at <= at and chosen.holds(row.day)]
    oldest = min((row.day for row in found), default=None)
    return sum(row.amount for row in found), oldest


def replay(
    policy: TierPolicy,
    rows: Sequence[Row],
    joined_at: datetime,
    now: datetime,
    zone: tzinfo,
    given: Sequence[Given] = (),
) -> tuple[Standing, list[Change]]:
    """Where the member stands by the whole history, look by look, and every step on the way."""
    standing = Standing()
    changes: list[Change] = []
    # What counted before the member joined is looked at when they join.
    moments = sorted({joined_at, *(max(r.at, joined_at) for r in rows), *(g.at for g in given)})
    for moment in (one for one in moments if one <= now):
        standing = _wait(policy, standing, rows, moment, zone, changes)
        for one in given:
            if one.at == moment:
                why = given_why(one.until)
                changes.append(Change(moment, standing.slug, one.slug, standing.counted, why))
                standing = given_standing(policy, standing, one, zone)
        standing = _look(policy, standing, rows, moment, zone, changes)
    return _wait(policy, standing, rows, now, zone, changes), changes


def given_standing(policy: TierPolicy, before: Standing, one: Given, zone: tzinfo) -> Standing:
    """The standing with a tier that was given; where no period ends it, it is given for good."""
    until = one.until or kept_until(policy, one.at, zone) or FOR_GOOD
    return replace(before, slug=one.slug, since=one.at, until=until)


def given_why(until: datetime | None) -> str:
    """How the history calls a tier that was given."""
    return GIVEN if until is None else f"{GIVEN}:{until.astimezone(UTC).isoformat()}"


def given_of(slug: str, at: datetime, why: str) -> Given:
    """What the history says of a tier that was given."""
    _, _, until = why.partition(":")
    return Given(slug, datetime.fromisoformat(until) if until else None, at)


def _wait(
    policy: TierPolicy,
    standing: Standing,
    rows: Sequence[Row],
    until: datetime,
    zone: tzinfo,
    changes: list[Change],
) -> Standing:
    """Every look that time alone asks for before or at a moment."""
    for _ in range(LOOKS_MAX):
        if standing.due is None or standing.due > until:
            return standing
        standing = _look(policy, standing, rows, standing.due, zone, changes)
    raise AssertionError("a tier is looked at without end")


def _look(
    policy: TierPolicy,
    standing: Standing,
    rows: Sequence[Row],
    at: datetime,
    zone: tzinfo,
    changes: list[Change],
) -> Standing:
    amount, oldest = counted(policy, rows, at, zone)
    after_look = look(policy, standing, amount, at, zone, oldest)
    change = change_of(policy, standing, after_look, at)
    changes.extend([change] if change else [])
    return after_look


def change_of(policy: TierPolicy, before: Standing, now: Standing, at: datetime) -> Change | None:
    """The step between two looks, if there was one."""
    if before.slug == now.slug:
        return None
    why = "reached" if rank(policy, now.slug) > rank(policy, before.slug) else "not_kept"
    return Change(at, before.slug, now.slug, now.counted, why)
