"""The statements that take a person out of the tables, unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from regulars.kernel.mentions import is_named, names_of
from regulars.privacy.registry import all_traces
from regulars.store.persons import Fate, Person, Step, Trace
from regulars.store.scope import cursor

LOOKED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of the work, a transaction of its own; it answers with counts by table."""

    name: str
    run: Callable[[Person], Mapping[str, int]]
    is_last: bool = False


def units() -> list[Unit]:
    """All the work, in order.

    What belongs to nobody yet is found by the identifiers, so they and the customer go last, and
    what was found by ids once more after them: something may have come in meanwhile.
    """
    rooms = all_traces()
    found = [Unit(trace.table, _of(trace)) for room in rooms for trace in room.rows if trace.text]
    found += [Unit(step.__name__, step) for room in rooms for step in room.files]
    found += [Unit(trace.table, _of(trace)) for room in rooms for trace in room.rows if trace.mine]
    found.append(Unit("person", _person, is_last=True))
    return found


def again(person: Person) -> dict[str, int]:
    """Everything that is found by ids, once more."""
    counts: dict[str, int] = {}
    for room in all_traces():
        for trace in (*room.rows, *room.last):
            if trace.mine and trace.fate is not Fate.KEEP and trace.mine != "true":
                add(counts, erase(trace, person))
    return counts


def files_again(person: Person) -> dict[str, int]:
    """Files that were begun before the person was gone and finished after."""
    counts: dict[str, int] = {}
    for step in (step for room in all_traces() for step in room.late):
        add(counts, step(person))
    return counts


def at_once(person: Person) -> dict[str, int]:
    """What has to be true from the moment of the request."""
    counts: dict[str, int] = {}
    for step in (step for room in all_traces() for step in room.before):
        add(counts, step(person))
    return counts


def add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Count in; nothing is not worth a line."""
    for name, number in more.items():
        if number:
            counts[name] = counts.get(name, 0) + number


def erase(trace: Trace, person: Person) -> dict[str, int]:
    """Delete or empty what the trace finds; counts by table or partition."""
    if trace.fate is Fate.KEEP:
        return {}
    values = dict(person.values)
    condition = trace.mine
    if trace.text:
        values["found"] = list(named_rows(trace, person))
        condition = "id = ANY(%(found)s)"
    table = trace.table
    do = f"DELETE FROM {table}" if trace.fate is Fate.DELETE else f"UPDATE {table} SET {trace.sets}"
    raw = cursor()
    raw.execute(
        f"WITH done AS ({do} WHERE {table}.workspace_id = %(workspace)s AND ({condition})"
        f" RETURNING {table}.tableoid::regclass::text AS part)"
        " SELECT part, count(*) FROM done GROUP BY 1",
        values,
    )
    return dict(raw.fetchall())


def named_rows(trace: Trace, person: Person) -> Iterator[int]:
    """Ids of rows whose text names the person."""
    names, last = names_of(person.identifiers), 0
    if not names:
        return
    while True:
        raw = cursor()
        raw.execute(
            f"SELECT id, {trace.text} FROM {trace.table} WHERE workspace_id = %s AND id > %s"
            " ORDER BY id LIMIT %s",
            [person.workspace_id, last, LOOKED_AT_ONCE],
        )
        rows = raw.fetchall()
        yield from (row_id for row_id, text in rows if is_named(names, _plain(text)))
        if len(rows) < LOOKED_AT_ONCE:
            return
        last = rows[-1][0]


def _plain(text: object) -> str | bytes:
    return text if isinstance(text, str) else bytes(text or b"")  # type: ignore[call-overload]


def _of(trace: Trace) -> Step:
    return lambda person: erase(trace, person)


def _person(person: Person) -> dict[str, int]:
    counts: dict[str, int] = {}
    for room in all_traces():
        for trace in room.last:
            add(counts, erase(trace, person))
    return counts
