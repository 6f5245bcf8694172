"""Random rules and random pasts from one small vocabulary, so that they meet each other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from regulars.rules.facts import Attr, Column, Fact, OrdersAggregate
from regulars.rules.memory import (
    ConsentNow,
    History,
    ListEntry,
    PastEvent,
    PastLine,
    PastOrder,
    Pause,
)  # fmt: skip
from regulars.rules.windows import TICK, UNITS


def declared(name: str, kind: str, source: object) -> Fact:
    """A fact whose labels do not matter."""
    return Fact(name, kind, "", name, name, name, source)


FACTS = {
    fact.name: fact
    for fact in (
        declared("customer.city", "text", Column("city")),
        declared("customer.email", "text", Column("email")),
        declared("customer.birth_on", "date", Column("birth_on")),
        declared("customer.first_seen_at", "time", Column("first_seen_at")),
        declared("customer.attr.score", "number", Attr("score")),
        declared("customer.attr.tags", "list", Attr("tags")),
        declared("customer.attr.vip", "bool", Attr("vip")),
        declared("value.stage", "text", Column("stage", "scores")),
        declared("value.recency_fifth", "number", Column("recency_fifth", "scores")),
        declared("value.stage_since", "date", Column("stage_since", "scores")),
        declared("loyalty.tier", "text", Column("tier", "loyalty")),
        declared("loyalty.balance", "points", Column("balance", "loyalty")),
        declared("loyalty.next_expiry_on", "date", Column("next_expiry_on", "loyalty")),
        declared("loyalty.has_code", "bool", Column("has_code", "loyalty")),
        declared("order.count", "number", OrdersAggregate("count")),
        declared("order.total", "money", OrdersAggregate("sum", "total_minor")),
        declared("order.average", "money", OrdersAggregate("avg", "total_minor")),
        declared("order.first_at", "time", OrdersAggregate("min", "placed_at")),
        declared("order.last_at", "time", OrdersAggregate("max", "placed_at")),
    )
}

ZONES = ("UTC", "Europe/Kyiv", "America/New_York", "Asia/Kathmandu", "America/Sao_Paulo")
MOMENTS = (
    datetime(2026, 3, 31, 10, 30, 0, 5, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2024, 2, 29, 22, 15, tzinfo=UTC),
    datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
)
KINDS = ("order.paid", "order.returned", "Product Viewed", 'it\'s "odd"; --')
PROPS = ("category", "total", "when", "flag", "tags", "a/b~c", "x'); drop table events; --", "")
PROP_NAMES = tuple(name for name in PROPS if name)
WORDS = ("Tea", "tea", "ТЕА", "чай", "Чай", "İstanbul", "ΟΔΟΣ", "οδος", "οδοσ", "", "a'b", "5", "ß")
NUMBERS = (0, 1, 2, -1, 0.1, 0.3, 100, 2.5, 1000)
DURATIONS = ("0d", "1min", "36h", "1d", "7d", "30d", "2w", "1mo", "3mo", "1y", "100y")
DAY_DURATIONS = tuple(text for text in DURATIONS if not text.endswith(("min", "h")))
EVENTS_MAX = 8
LINE_PROPS = ("sku", "name", "category", "brand", "quantity", "unit_price", "total")
LISTS = ("guests-2026", "it's")
PLACES = ((50.4501, 30.5234), (50.45, 30.6), (49.84, 24.03), (-33.9, 151.2), (0.0, 179.9))
LENGTHS = ("1min", "36h", "1d", "7d", "30d", "1mo", "3mo", "1y")
CHANNELS, PURPOSES = ("email", "sms"), ("marketing", "profiling")
REGEXES = ("t.a", "^ча", "[[:alpha:]]+$", "(a|б)'?", "^$")

words = st.sampled_from(WORDS)
durations = st.sampled_from(DURATIONS)
days = st.dates(date(2023, 1, 1), date(2027, 12, 31)) | st.sampled_from(
    (date(2024, 2, 29), date(2026, 2, 28), date(2026, 3, 29), date(1990, 2, 28))
)


def instants(now: datetime) -> st.SearchStrategy[datetime]:
    """Times around the edges of windows, as well as anywhere near."""
    edges = [
        now + sign * timedelta(days=gap) + timedelta(microseconds=tick)
        for gap in (0, 1, 7, 14, 30, 31, 365)
        for tick in (-1, 0, 1)
        for sign in (1, -1)
    ]
    return st.sampled_from(edges) | st.integers(-86_400 * 500, 86_400 * 40).map(
        lambda seconds: now + timedelta(seconds=seconds)
    )


def iso(moment: datetime) -> str:
    """An instant as properties and rules carry it."""
    return moment.isoformat().replace("+00:00", "Z")


def json_values(now: datetime) -> st.SearchStrategy[object]:
    """Anything that a property may hold, right types and wrong ones."""
    return (
        words
        | st.sampled_from(NUMBERS)
        | st.integers(-(2**70), 2**70)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.booleans()
        | st.none()
        | st.lists(words | st.sampled_from(NUMBERS) | st.none() | st.just(["tea"]), max_size=3)
        | instants(now).map(iso)
        | days.map(date.isoformat)
        | st.sampled_from(("2026-02-30", "2026-03-29T25:00:00Z", "0000-01-01", "2026-03-29 1:00"))
        | st.just({"tea": "tea"})
    )


def props(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """The properties of one event, or the attributes of one customer."""
    names = st.sampled_from((*PROPS, "score", "vip"))
    return st.dictionaries(names, json_values(now), max_size=4)


@st.composite
def histories(
    draw: st.DrawFn, now: datetime, customer_id: int, kinds: tuple[str, ...] = KINDS
) -> History:
    """One customer's whole past; the fewer kinds of events, the more often they follow."""
    orders = [
        PastOrder(
            customer_id * 100 + index,
            draw(instants(now)),
            draw(st.integers(-500, 2000)),
            draw(st.integers(0, 3)),
            draw(st.sampled_from(("sale", "sale", "return", "adjustment"))),
            draw(st.sampled_from(("paid", "delivered", "new", "cancelled", "returned"))),
        )
        for index in range(draw(st.integers(0, 3)))
    ]
    subjects = st.sampled_from([None, *(order.id for order in orders)])
    ids = draw(st.permutations(range(1, EVENTS_MAX + 1)))
    times = draw(st.lists(instants(now), min_size=1, max_size=EVENTS_MAX))
    events = [
        # Fewer instants than events: several happen at once.
        PastEvent(
            draw(st.sampled_from(kinds)), draw(st.sampled_from(times)), draw(props(now)),
            draw(subjects), ids[index],
        )
        for index in range(draw(st.integers(0, EVENTS_MAX)))
    ]  # fmt: skip
    return History(
        customer_id,
        columns=draw(columns(now)),
        attrs=draw(props(now)),
        events=events,
        orders=orders,
        lines=draw(st.lists(lines([order.id for order in orders]), max_size=4)) if orders else [],
        consents=draw(consents(now)),
        suppressed=draw(st.frozensets(st.sampled_from(CHANNELS))),
        pauses=draw(pauses(now)),
        scores=draw(scores()),
        loyalty=draw(standings()),
        lists=draw(list_entries(now)),
    )


def pauses(now: datetime) -> st.SearchStrategy[list[Pause]]:
    """Pauses that are over, that last, and that end at the very instant."""
    ends = instants(now) | st.sampled_from((0, 1, 10**11)).map(lambda us: now + us * TICK)
    every = st.builds(Pause, st.sampled_from(("", *CHANNELS)), ends)
    return st.just([]) | st.lists(every, max_size=2, unique_by=lambda one: one.channel)


def list_entries(now: datetime) -> st.SearchStrategy[list[ListEntry]]:
    """The uploaded lists that the customer stands in."""
    entries = st.builds(ListEntry, st.sampled_from(LISTS), instants(now))
    return st.lists(entries, max_size=2, unique_by=lambda one: one.name)


def scores() -> st.SearchStrategy[dict[str, object]]:
    """The customer's row of scores, with gaps, or none at all."""
    fifths = st.none() | st.integers(1, 5)
    return st.just({}) | st.fixed_dictionaries(
        {"stage": st.none() | words, "recency_fifth": fifths, "stage_since": st.none() | days}
    )


def standings() -> st.SearchStrategy[dict[str, object]]:
    """Where the customer stands in the programme, with gaps, or nowhere at all."""
    points = {"balance": st.sampled_from([0, 1, 100, 50_000]), "next_expiry_on": st.none() | days}
    return st.just({}) | st.fixed_dictionaries(
        {"tier": st.none() | words, **points, "has_code": st.booleans()}
    )


def columns(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """The customer's row."""
    return st.fixed_dictionaries(
        {
            "city": st.none() | words,
            "email": st.none() | st.just("Mira@Example.com"),
            "phone": st.none() | st.just("+380501112233"),
            "birth_on": st.none() | days,
            "first_seen_at": st.none() | instants(now),
        }
    ).flatmap(placed)


def placed(row: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """The row with a place, half of a place or none."""
    places = st.sampled_from(((None, None), (50.0, None), *PLACES))
    return places.map(lambda place: {**row, "latitude": place[0], "longitude": place[1]})


def lines(order_ids: list[int]) -> st.SearchStrategy[PastLine]:
    """A line of one of the orders."""
    return st.builds(
        PastLine,
        st.sampled_from(order_ids),
        st.none() | words,
        st.none() | words,
        st.none() | words,
        st.sampled_from((0.5, 1.0, 2.0, -1.0)),
        st.sampled_from((Decimal("0.1"), Decimal("2.5"), Decimal("1000"))),
        st.integers(-100, 2000),
        st.none() | words,
    )


def consents(now: datetime) -> st.SearchStrategy[list[ConsentNow]]:
    """At most one state for each channel and purpose."""
    states = st.builds(
        ConsentNow,
        st.sampled_from(CHANNELS),
        st.sampled_from(PURPOSES),
        st.sampled_from(("given", "withdrawn")),
        instants(now),
    )
    return st.lists(states, max_size=4, unique_by=lambda one: (one.channel, one.purpose))


def _pair(values: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    return st.lists(values, min_size=2, max_size=2).map(sorted)


def moment_tests(*, is_day: bool, now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """Tests of dates; a day has neither hours nor instants."""
    written = days.map(date.isoformat)
    lengths = DAY_DURATIONS
    if not is_day:
        written |= instants(now).map(iso)
        lengths = DURATIONS
    pairs = _pair(days.map(date.isoformat))
    return (
        _test(("before", "after"), written)
        | _test(("between",), pairs)
        | _test(("in_last", "in_next", "older_than"), st.sampled_from(lengths))
        | _test(("anniversary_in_next", "anniversary_in_last"), st.sampled_from(DAY_DURATIONS))
        | st.just({"op": "anniversary_today"})
        | _test(("month_is",), st.integers(1, 12))
    )


def _test(
    operators: tuple[str, ...], values: st.SearchStrategy[object]
) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({"op": st.sampled_from(operators), "value": values})


def tests_of(family: str, now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """Tests that a value of the family may be put to."""
    numbers = st.sampled_from(NUMBERS)
    found = {
        "text": _test(("eq", "ne", "contains", "not_contains", "starts", "ends"), words)
        | _test(("in", "not_in"), st.lists(words, min_size=1, max_size=3))
        | _test(("regex",), st.sampled_from(REGEXES)),
        "number": _test(("eq", "ne", "gt", "gte", "lt", "lte"), numbers)
        | _test(("in", "not_in"), st.lists(numbers, min_size=1, max_size=3))
        | _test(("between",), _pair(numbers)),
        "bool": _test(("eq", "ne"), st.booleans()),
        "date": moment_tests(is_day=True, now=now),
        "time": moment_tests(is_day=False, now=now),
        "list": _test(("has",), words)
        | _test(("has_any", "has_all", "has_none"), st.lists(words, min_size=1, max_size=3))
        | _test(("size_eq", "size_ne", "size_gt", "size_gte", "size_lt", "size_lte"), numbers)
        | _test(("size_between",), _pair(numbers)),
    }
    return found[family] | st.sampled_from(({"op": "set"}, {"op": "not_set"}))


def any_test(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """A test of any family, as properties get."""
    return st.sampled_from(("text", "number", "bool", "time", "list")).flatmap(
        lambda family: tests_of(family, now)
    )


@st.composite
def facts(draw: st.DrawFn, now: datetime) -> dict[str, object]:
    """A condition on a declared fact or on an undeclared attribute."""
    family_of = {"money": "number", "points": "number"}
    name = draw(st.sampled_from((*FACTS, "customer.attr.category", "customer.attr.total")))
    if name in FACTS:
        kind = FACTS[name].type
        return {"fact": name, **draw(tests_of(family_of.get(kind, kind), now))}
    return {"fact": name, **draw(any_test(now))}


def windows(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """Stretches of time of every kind."""
    units = st.sampled_from(UNITS)
    edges = _pair(days.map(date.isoformat)) | _pair(instants(now)).map(
        lambda pair: [iso(side) for side in pair]
    )
    return (
        durations.map(lambda text: {"last": text})
        | durations.map(lambda text: {"before_last": text})
        | units.map(lambda unit: {"this": unit})
        | units.map(lambda unit: {"previous": unit})
        | edges.map(lambda pair: {"from": pair[0], "to": pair[1]})
        | edges.map(lambda pair: {"from": pair[0]})
        | edges.map(lambda pair: {"to": pair[0]})
        | st.sampled_from((["30d", "7d"], ["1mo", "1d"], ["1y", "36h"])).map(
            lambda pair: {"between_ago": pair}
        )
    )


def measures() -> st.SearchStrategy[dict[str, object]]:
    """Counts and sums; mostly small numbers, zero among them."""
    counts = st.sampled_from((0, 1, 2, 3, 0.5))
    sums = st.sampled_from(NUMBERS)

    def compared(values: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
        plain = st.tuples(st.sampled_from(("eq", "gt", "gte", "lt", "lte")), values)
        pairs = st.tuples(st.just("between"), _pair(values))
        return (plain | pairs).map(lambda pair: dict([pair]))

    return compared(counts).map(lambda test: {"count": test}) | st.builds(
        lambda function, prop, test: {function: {"of": prop, **test}},
        st.sampled_from(("sum", "avg", "min", "max", "distinct")),
        st.sampled_from(("total", "a/b~c", "category")),
        compared(sums),
    )


def line_filters(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """One filter of an order line."""

    def filters(prop: str) -> st.SearchStrategy[dict[str, object]]:
        family = "text" if prop in ("sku", "name", "category", "brand") else "number"
        return tests_of(family, now).map(lambda test: {"prop": prop, **test})

    return st.sampled_from(LINE_PROPS).flatmap(filters)


def wheres(kind: str, now: datetime, most: int = 2) -> st.SearchStrategy[dict[str, object]]:
    """Filters of events of the kind, perhaps none."""
    plain = st.builds(
        lambda prop, test: {"prop": prop, **test}, st.sampled_from(PROP_NAMES), any_test(now)
    )
    if kind.startswith("order."):
        plain |= st.lists(line_filters(now), min_size=1, max_size=2).map(
            lambda found: {"line": found}
        )
    return st.lists(plain, max_size=most).map(lambda found: {"where": found} if found else {})


def withins(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """A window, perhaps none."""
    return st.just({}) | windows(now).map(lambda window: {"within": window})


@st.composite
def dids(draw: st.DrawFn, now: datetime) -> dict[str, object]:
    """A condition on events."""
    kind = draw(st.sampled_from(KINDS))
    measure = draw(st.just({}) | measures())
    return {"did": kind, **draw(wheres(kind, now)), **measure, **draw(withins(now))}


@st.composite
def edges(draw: st.DrawFn, now: datetime) -> dict[str, object]:
    """A property of the last or the first event."""
    kind, prop = draw(st.sampled_from(KINDS)), draw(st.sampled_from(PROP_NAMES))
    which = draw(st.sampled_from(("last", "first")))
    test = draw(any_test(now))
    where = draw(wheres(kind, now, most=1))
    return {which: kind, "prop": prop, **test, **where, **draw(withins(now))}


def gaps() -> st.SearchStrategy[dict[str, object]]:
    """How long ago, by the calendar or by one's own habit."""
    kinds = st.sampled_from(KINDS)
    plain = st.tuples(
        st.sampled_from(("since_last", "since_first")), kinds,
        st.sampled_from(("gt", "gte", "lt", "lte")), durations,
    ).map(lambda one: {one[0]: one[1], one[2]: one[3]})  # fmt: skip
    own = st.tuples(kinds, st.sampled_from((0.5, 1, 1.5, 3)))
    return plain | own.map(lambda one: {"overdue": {"of": one[0], "times_own_gap": one[1]}})


@st.composite
def funnels(draw: st.DrawFn, now: datetime) -> dict[str, object]:
    """Two or three steps, now and then of one kind."""
    kinds = draw(st.lists(st.sampled_from(KINDS[:3]), min_size=2, max_size=3))
    steps = [{"did": kind, **draw(wheres(kind, now, most=1))} for kind in kinds]
    number = draw(st.integers(0, len(steps)))
    reached = draw(st.sampled_from(({}, {"reached": number}, {"reached": {"gte": number}})))
    length = draw(st.sampled_from(LENGTHS))
    return {"funnel": steps, "in": length, **draw(withins(now)), **reached}


def timely(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """Conditions on the order and the time of events."""
    return edges(now) | gaps() | funnels(now) | funnels(now) | dids(now)


def list_leaves(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """Places in uploaded lists."""
    return st.builds(
        lambda name, within: {"list": name, **within}, st.sampled_from(LISTS), withins(now)
    )


def nears() -> st.SearchStrategy[dict[str, object]]:
    """Circles on the map."""
    return st.builds(
        lambda place, km: {"near": {"lat": place[0], "lon": place[1], "km": km}},
        st.sampled_from(PLACES),
        st.sampled_from((0, 1, 5.5, 500, 20_000)),
    )


def consent_leaves(now: datetime) -> st.SearchStrategy[dict[str, object]]:
    """Conditions on what the customer agreed to."""
    topics = st.fixed_dictionaries(
        {"channel": st.sampled_from(CHANNELS), "purpose": st.sampled_from(PURPOSES)}
    )
    states = st.sampled_from(("given", "withdrawn"))
    return (
        st.builds(lambda topic, state: {"consent": topic, "is": state}, topics, states)
        | st.builds(
            lambda topic, state, within: {"consent": topic, "is": state, "within": within},
            topics,
            states,
            windows(now),
        )
        | topics.map(lambda topic: {"consent": topic, "is": "never"})
    )


def shares() -> st.SearchStrategy[dict[str, object]]:
    """Stable parts of everyone."""
    salts = st.sampled_from(("spring", "x'y", "літо"))
    fractions = st.sampled_from((0, 0.1, 0.25, 0.5, 1))
    return st.builds(
        lambda salt, of: {"share": {"of": of, "salt": salt}}, salts, fractions
    ) | st.builds(
        lambda salt, pair: {"share": {"from": pair[0], "to": pair[1], "salt": salt}},
        salts,
        _pair(fractions),
    )


def nodes(now: datetime, segments: tuple[str, ...] = ()) -> st.SearchStrategy[dict[str, object]]:
    """Any tree of the language."""
    leaves = facts(now) | dids(now) | consent_leaves(now) | shares()
    leaves |= edges(now) | gaps() | funnels(now) | list_leaves(now) | nears()
    leaves |= st.sampled_from(CHANNELS).map(lambda channel: {"reachable": channel})
    if segments:
        leaves |= st.sampled_from(segments).map(lambda name: {"segment": name})
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda parts: {"all": parts})
            | st.lists(inner, max_size=3).map(lambda parts: {"any": parts})
            | inner.map(lambda part: {"not": part})
        ),
        max_leaves=5,
    ).filter(lambda node: _depth(node) <= 6)


def _depth(node: dict[str, object]) -> int:
    for key in ("all", "any"):
        if key in node:
            return 1 + max((_depth(part) for part in node[key]), default=0)
    return 1 + _depth(node["not"]) if "not" in node else 0


def rules(now: datetime, segments: tuple[str, ...] = ()) -> st.SearchStrategy[dict[str, object]]:
    """A whole rule as a JSON document."""
    return nodes(now, segments).map(lambda node: {"version": 1, "where": node})


zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.sampled_from(MOMENTS)
