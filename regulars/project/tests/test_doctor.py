"""The doctor notices what it looks for, and is quiet about the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from regulars.project import doctor
from regulars.project.doctor import Level
from regulars.store import place
from regulars.store.roles import Role


@pytest.fixture
def engine(as_engine: None) -> Iterator[doctor.Connection]:
    with psycopg.connect(place.conninfo_for(Role.ENGINE)) as connection:
        yield connection
        connection.rollback()


def test_it_tells_the_version_and_finds_the_fences_up(engine: doctor.Connection) -> None:
    told = doctor.CHECKS["database"](engine)

    assert told.level is Level.OK
    assert told.text.startswith("PostgreSQL ")
    assert doctor.CHECKS["fences"](engine) == doctor.FINE
    assert doctor.CHECKS["roles"](engine) == doctor.FINE
    assert doctor.CHECKS["clock"](engine) == doctor.FINE


def test_it_notices_a_request_that_nobody_takes(engine: doctor.Connection) -> None:
    engine.execute(
        "INSERT INTO events_inbox (workspace_id, kind, source, received_at, is_gzip, body)"
        " VALUES (1, 'segment', '', clock_timestamp() - interval '5 minutes', false, '')"
    )

    found = doctor.CHECKS["inbox"](engine)

    assert found.level is Level.BAD
    assert "waits 300 s" in found.text


def test_it_notices_failed_and_parked_events(engine: doctor.Connection) -> None:
    engine.execute(
        "INSERT INTO events_parked (workspace_id, consumer, event_id, event_xid, event_time,"
        " next_try_at, reason) VALUES (1, 'x', 1, '3', now(), now(), 'broken')"
    )
    engine.execute(
        "INSERT INTO events_failedevent (workspace_id, source, inbox_kind, received_at, failed_at,"
        " stage, reason, detail, payload, attempts)"
        " VALUES (1, '', 'segment', now(), now(), 'decode', 'json_malformed', '', '', 1)"
    )

    assert doctor.CHECKS["consumers"](engine).level in (Level.NOTE, Level.BAD)
    assert doctor.CHECKS["failed events"](engine).level is Level.NOTE


def test_it_tells_parked_events_that_are_given_up_from_those_tried_again(
    engine: doctor.Connection,
) -> None:
    engine.execute("DELETE FROM events_lane")
    engine.execute("DELETE FROM events_parked")
    engine.execute(
        "INSERT INTO events_parked (workspace_id, consumer, customer_id, event_id, event_xid,"
        " event_time, next_try_at, reason, attempts) VALUES"
        " (1, 'x', 7, 1, '3', now(), now(), 'broken', 12),"
        " (1, 'x', 8, 2, '3', now(), now(), 'broken', 12),"
        " (1, 'x', 8, 3, '3', now(), now(), 'behind_parked', 0)"
    )

    assert doctor.CHECKS["consumers"](engine).text == (
        "3 events are parked, 2 of them are tried again; 1 are given up: see “Failed events”,"
        " mend and try them again"
    )

    engine.execute("DELETE FROM events_parked WHERE customer_id = 7")
    assert doctor.CHECKS["consumers"](engine).text == (
        "2 events are parked, 2 of them are tried again"
    )


def test_it_notices_a_consumer_that_stands_still(engine: doctor.Connection) -> None:
    engine.execute("SELECT events_ensure_month(current_date)")
    engine.execute(
        "INSERT INTO events_lane (consumer, lane_from, lane_to, cursor_xid, cursor_id)"
        " VALUES ('asleep', 0, 63, '0', 0)"
    )
    engine.execute(
        "INSERT INTO events_event (xid, workspace_id, time, received_at, kind, origin, source,"
        " props) VALUES ('1', 1, now(), now() - interval '10 minutes', 'x', 'live', '', '{}')"
    )

    found = doctor.CHECKS["consumers"](engine)

    assert found.level is Level.BAD
    assert "asleep by 600 s" in found.text


def test_it_notices_mail_that_does_not_leave(engine: doctor.Connection) -> None:
    from tests.town import workspace

    shop = workspace("post")
    engine.execute(
        "INSERT INTO messaging_sender (workspace_id, public_id, from_address, host, port, security,"
        " from_name, reply_to, username, password_sealed, dkim_domain, dkim_selector,"
        " dkim_key_sealed, next_dkim_selector, next_dkim_key_sealed, bounce_domain,"
        " connections_max, messages_max, is_enabled, faults, last_error, updated_at)"
        " VALUES (%s, 'x', 'a@b.example', 'mail.example', 25, 'none', '', '', '', '', '', '', '',"
        " '', '', '', 1, 1, true, 3, '535 no', now())",
        [shop.id],
    )

    found = doctor.CHECKS["mail"](engine)

    assert found.level is Level.BAD
    assert f"{shop.slug}: 535 no" in found.text


def test_it_notices_a_secret_that_others_may_read(
    engine: doctor.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_DATA", str(tmp_path))
    assert doctor.CHECKS["secret"](engine) == doctor.FINE
    (tmp_path / "secret.key").write_text("x")
    (tmp_path / "secret.key").chmod(0o644)

    assert doctor.CHECKS["secret"](engine).level is Level.BAD


def test_it_notices_a_full_disk(engine: doctor.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.CHECKS["disk"](engine) == doctor.FINE
    monkeypatch.setattr(doctor, "DISK_FREE_MIN_BYTES", 1 << 60)

    assert doctor.CHECKS["disk"](engine).level is Level.BAD
