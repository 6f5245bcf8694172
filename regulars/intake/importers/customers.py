"""Customers of a file: read, checked, identified set by set, their consents written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import Basis, ConsentState, Identity, NewConsent
from regulars.events import actions as events
from regulars.intake.importers import persons
from regulars.intake.importers.ahead import chunks_ahead
from regulars.intake.importers.pure.words import CONSENTS, sql_case
from regulars.intake.importers.stage import Progress, Stage
from regulars.intake.importers.tally import Tally
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord

CHUNK_ROWS = 5_000
FIELD_LENGTH_MAX = 2_000
ORIGIN = "import"
CONSENT_COLUMNS = {"consent_email": "email", "consent_sms": "sms"}
CONSENT_PURPOSE = "marketing"
ATTR_PREFIX = "attr."
# What a row of a file can say of a customer; its key must not change when identities learn more.
ROW_FIELDS = ("external_id", "email", "phone", "anonymous_id", "traits", "seen_at")
ROW_TEXT = json.JSONEncoder(sort_keys=True, default=str)

FAULTS = """
    WHEN is_broken THEN 'row_encoding'
    WHEN is_long THEN 'row_length'
    WHEN person_key IS NULL THEN 'identity_missing'
    WHEN p.reason IS NOT NULL THEN p.reason
    WHEN birth_text IS NOT NULL AND birth_on IS NULL THEN 'customer_birthday'
    WHEN seen_text IS NOT NULL AND first_seen_at IS NULL THEN 'customer_time'
    WHEN consent_text IS NOT NULL AND consent_at IS NULL THEN 'consent_time'
    WHEN consent_email = '?' OR consent_sms = '?' THEN 'consent_word'"""
# The first row of a customer is taken; a file that says two things of one id must be mended.
REPEATS = """
    INSERT INTO bad SELECT row_no, 'customer_repeated', CAST(first_row AS VARCHAR) FROM (
        SELECT row_no, min(row_no) OVER (PARTITION BY coalesce(external_id, email, phone))
            AS first_row FROM person_row WHERE row_no NOT IN (SELECT row_no FROM bad))
    WHERE row_no <> first_row"""


def prepare(stage: Stage, workspace: WorkspaceRecord) -> None:
    """Read the cells, find what cannot be taken, and number the rest."""
    stage.con.execute(
        f"""CREATE TABLE person_row AS
            SELECT *, {persons.key_sql(stage)} AS person_key FROM (SELECT row_no,
            {persons.columns_sql(stage)}, {stage.text("gender")} AS gender,
            CAST({stage.time("birth_on")} AS DATE) AS birth_on,
            {stage.text("birth_on")} AS birth_text,
            {stage.time("first_seen_at")} AS first_seen_at,
            {stage.text("first_seen_at")} AS seen_text,
            {stage.time("consent_at")} AS consent_at, {stage.text("consent_at")} AS consent_text,
            {_consent(stage, "consent_email")}, {_consent(stage, "consent_sms")},
            {_attrs(stage)} AS attrs,
            {stage.broken()} AS is_broken, {stage.too_long(FIELD_LENGTH_MAX)} AS is_long
            FROM raw)"""
    )
    persons.check(stage, "person_row", workspace.id)
    stage.con.execute("CREATE TABLE bad (row_no BIGINT, reason VARCHAR, detail VARCHAR)")
    stage.con.execute(
        f"""INSERT INTO bad SELECT row_no, reason, '' FROM (
            SELECT row_no, CASE {FAULTS} END AS reason
            FROM person_row LEFT JOIN person AS p USING (person_key)) WHERE reason IS NOT NULL"""
    )
    stage.con.execute(REPEATS)
    stage.reject_rows("SELECT row_no, reason, detail FROM bad")
    stage.con.execute(
        f"""CREATE TABLE ready AS
            SELECT *, (row_number() OVER (ORDER BY row_no) - 1) // {CHUNK_ROWS} AS chunk
            FROM person_row WHERE row_no NOT IN (SELECT row_no FROM bad) ORDER BY row_no"""
    )


def _consent(stage: Stage, target: str) -> str:
    if not stage.has(target):
        return f"CAST(NULL AS VARCHAR) AS {target}"
    return f"{sql_case(f'lower({stage.text(target)})', CONSENTS)} AS {target}"


def _attrs(stage: Stage) -> str:
    """SQL for the own attributes of a row as a list of texts, in the order of attr_names."""
    names = attr_names(stage)
    return f"[{', '.join(stage.text(ATTR_PREFIX + name) for name in names)}]" if names else "NULL"


def attr_names(stage: Stage) -> list[str]:
    """The own attributes the file fills."""
    return [t.removeprefix(ATTR_PREFIX) for t in stage.place if t.startswith(ATTR_PREFIX)]


def look_up(stage: Stage, workspace: WorkspaceRecord, tally: Tally) -> None:
    """Count what writing would do, and write nothing; what was brought before is not told."""
    tally.taken = stage.count("SELECT count(*) FROM ready")
    tally.counts["customers"] = tally.taken
    tally.counts["new_customers"] = 0
    for chunk in range(_chunks(stage)):
        with scope(workspace.id):
            known = customer_queries.known(workspace.id, [i for i, _ in _chunk(stage, chunk)])
        tally.counts["new_customers"] += sum(not is_known for is_known in known)


def write(stage: Stage, workspace: WorkspaceRecord, tally: Tally, progress: Progress) -> None:
    """Find or make the customers, some thousand a transaction, and write their consents."""
    done = 0
    for rows in chunks_ahead(lambda chunk: _keyed(_chunk(stage, chunk)), _chunks(stage)):
        with scope(workspace.id):
            fresh = _fresh(workspace.id, rows, stage.columns.source)
            identities = [identity for identity, _ in fresh]
            found, made = customers.identify_and_count(workspace.id, identities, origin=ORIGIN)
            consents = _consents(found, [said for _, said in fresh], stage)
            written = customers.record_consents(workspace.id, consents, origin=ORIGIN)
        tally.taken += len(fresh)
        tally.repeated += len(rows) - len(fresh)
        done += len(rows)
        tally.customers.update(found)
        tally.counts["new_customers"] += made
        tally.counts["consents"] += written
        progress("writing", done, stage.rows)


def _chunks(stage: Stage) -> int:
    return stage.count("SELECT coalesce(max(chunk) + 1, 0) FROM ready")


Said = tuple[datetime | None, str | None, str | None]


def _keyed(rows: Sequence[tuple[Identity, Said]]) -> list[tuple[Identity, Said, str]]:
    return [(*row, row_key(*row)) for row in rows]


def _fresh(
    workspace_id: int, rows: Sequence[tuple[Identity, Said, str]], source: str
) -> list[tuple[Identity, Said]]:
    """The rows that never came in before; from now on they have.

    What was put right by hand since a file came must not be undone by the same file.
    """
    is_new = events.mark_seen(workspace_id, [(source, key) for _, _, key in rows])
    return [(who, said) for (who, said, _), is_first in zip(rows, is_new, strict=True) if is_first]


def row_key(identity: Identity, said: Said) -> str:
    """The name of a row for ever: all it says, whatever the order of its columns."""
    named = {name: getattr(identity, name) for name in ROW_FIELDS}
    told = {name: value for name, value in named.items() if value is not None}
    text = ROW_TEXT.encode([told, said])
    return f"customer-row:{hashlib.sha256(text.encode()).hexdigest()}"


def _chunk(stage: Stage, chunk: int) -> list[tuple[Identity, Said]]:
    names = attr_names(stage)
    rows = (
        stage.con.cursor()
        .execute(
            f"""SELECT external_id, email, phone, anonymous_id, first_seen_at,
                   consent_at, consent_email, consent_sms, attrs, birth_on, gender,
                   {", ".join(persons.TOLD)} FROM ready WHERE chunk = ? ORDER BY row_no""",
            [chunk],
        )
        .fetchall()
    )
    return [(_identity(row, names), _said(row)) for row in rows]


def _identity(row: Sequence[Any], names: Sequence[str]) -> Identity:
    external_id, email, phone, anonymous_id, seen_at, _, _, _, attrs, birth_on, gender, *told = row
    traits: dict[str, str | date | None] = dict(zip(persons.TOLD, told, strict=True))
    traits |= {"gender": gender, "birth_on": birth_on}
    traits |= dict(zip(names, attrs or (), strict=True))
    return Identity(
        external_id=external_id,
        email=email,
        phone=phone,
        anonymous_id=anonymous_id,
        traits={name: value for name, value in traits.items() if value is not None},
        seen_at=seen_at.replace(tzinfo=UTC) if seen_at else None,
    )


def _said(row: Sequence[Any]) -> Said:
    at, email, sms = row[5:8]
    return (at.replace(tzinfo=UTC) if at else None, email, sms)


def _consents(found: Sequence[int], said: Sequence[Said], stage: Stage) -> list[NewConsent]:
    return [
        NewConsent(
            customer_id=customer_id,
            channel=channel,
            purpose=CONSENT_PURPOSE,
            state=ConsentState(word),
            source=stage.columns.source,
            at=at,
            basis=Basis(stage.columns.basis or Basis.CONSENT),
        )
        for customer_id, (at, *words) in zip(found, said, strict=True)
        for channel, word in zip(CONSENT_COLUMNS.values(), words, strict=True)
        if word in ("given", "withdrawn")
    ]
