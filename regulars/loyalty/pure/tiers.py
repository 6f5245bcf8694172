"""Which tier a member stands in: one step of looking, and the same from the first day on.

A look has a moment. Looks happen when something that counts arrives and at the local midnights
that an earlier look has named, in the order of time; so whoever looks, and however late, the
outcome is that of a look on time. Tiers are named by slug; "" is none.
"""

from __future__ import annotations

from bisect import bisect_right
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
    return _names(policy).index(slug) + 1 if slug in _names(policy) else 0


def _names(policy: TierPolicy) -> list[str]:
    return [tier.slug for tier in sorted(policy.tiers, key=lambda tier: tier.least)]


def qualified(policy: TierPolicy, counted: int) -> str:
    """The highest tier this much is enough for; "" when it is enough for none."""
    return ["", *_names(policy)][sum(counted >= tier.least for tier in policy.tiers)]


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
    """Where the member stands now that so much counts; see Looking."""
    return Looking(policy, at, zone).look(before, counted, oldest)


class Looking:
    """One moment's look at many members: what is the same for all of them is worked out once."""

    def __init__(self, policy: TierPolicy, at: datetime, zone: tzinfo) -> None:
        self.policy, self.at, self.zone = policy, at, zone
        self.names = ["", *_names(policy)]
        self.places = {slug: place for place, slug in enumerate(self.names)}
        self.leasts = sorted(tier.least for tier in policy.tiers)
        self.kept = kept_until(policy, at, zone)
        self.span_end = rounded(after(at, policy.span, zone), "day_end", zone)
        start = period_start(policy, at.astimezone(zone).date())
        self.period_end = None if start is None else midnight(_later(start, policy, 1), zone)
        self._ends: dict[datetime, datetime] = {}
        self._drops: dict[date, datetime] = {}

    def look(self, before: Standing, counted: int, oldest: date | None = None) -> Standing:
        """Where the member stands now that so much counts.

        oldest  in a rolling window the first day that counts something
        """
        own, earned = self.places.get(before.slug, 0), bisect_right(self.leasts, counted)
        slug, since, until = before.slug, before.since, before.until
        if earned > own:
            slug, since, until = self.names[earned], self.at, self.kept
        elif earned == own:
            until = max(self.kept, until) if self.kept and until else self.kept or until
        elif self.policy.downgrade != "none":
            slug, since, until = self._falling(before, own, earned)
        return Standing(slug, since, until, counted, self._due(slug, until, oldest))

    def _falling(
        self, before: Standing, own: int, earned: int
    ) -> tuple[str, datetime | None, datetime | None]:
        """Less counts than the tier asks: it is kept to its end and through the grace."""
        until = before.until or self.at
        if self.at < self._end(until):
            return before.slug, before.since, until
        is_stepwise = self.policy.downgrade == "one_down"
        target = max(own - 1, earned) if is_stepwise else earned
        kept = self.kept
        if kept is None and target > earned:
            # Step by step: the next tier down is kept for a span too.
            kept = self.span_end
        return self.names[target], self.at, kept if target else None

    def _end(self, until: datetime) -> datetime:
        """When a tier kept until then is lost: after the days of grace, at a midnight."""
        if not self.policy.grace_days:
            return until
        if until not in self._ends:
            days = timedelta(days=self.policy.grace_days)
            day = rounded(until, "day_end", self.zone).astimezone(self.zone).date()
            self._ends[until] = midnight(day + days, self.zone)
        return self._ends[until]

    def _due(self, slug: str, until: datetime | None, oldest: date | None) -> datetime | None:
        """When time alone may change something next."""
        due = self.period_end
        if slug and until is not None and self.policy.downgrade != "none":
            end = self._end(until)
            if end > self.at and (due is None or end < due):
                due = end
        if self.policy.period == "rolling" and oldest is not None:
            if oldest not in self._drops:
                self._drops[oldest] = drops_at(self.policy, oldest, self.zone)
            drop = self._drops[oldest]
            if drop > self.at and (due is None or drop < due):
                due = drop
        return due


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
