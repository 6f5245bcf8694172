"""Commands about persons, and a restored database that forgets again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid, NotFound
from regulars.privacy import files, queries
from regulars.project import rights
from regulars.store.scope import cursor, scope
from tests.town import town


def test_an_erased_person_is_told_of_and_forgotten_again_after_a_restore(
    as_engine: None, capsys: pytest.CaptureFixture[str]
) -> None:
    people = town()
    workspace = people.bakery
    with scope(workspace.id):
        profiles = customers.profiles(workspace.id, [people.mira, people.oleg])
    mira, oleg = profiles[people.mira].public_id, profiles[people.oleg].public_id
    options = argparse.Namespace(workspace=workspace.slug, customer=mira, now=True)

    code = rights.erase(options)

    report = json.loads(capsys.readouterr().out)
    assert code in (0, 3)
    assert report["state"] in ("settling", "done")
    assert report["counts"]["customers_customer"] == 1
    assert mira in [name for line in files.erasures() for name in line["customers"]]
    # An older backup brings the customer back, and knows nothing of the erasure.
    with scope(workspace.id):
        raw = cursor()
        raw.execute("DELETE FROM privacy_tombstone WHERE workspace_id = %s", [workspace.id])
        raw.execute("DELETE FROM privacy_erasure WHERE workspace_id = %s", [workspace.id])
        raw.execute(
            "INSERT INTO customers_customer (workspace_id, public_id, name, attrs, first_seen_at,"
            " created_at, updated_at, trigrams, sort_name) SELECT workspace_id, %s, 'Mira', '{}',"
            " now(), now(), now(), '{}', 'mira' FROM customers_customer WHERE id = %s",
            [mira, people.oleg],
        )

    again = rights.erase_again()

    assert again[workspace.slug] == 1
    with scope(workspace.id):
        with pytest.raises(NotFound):
            customers.customer_id_of(workspace.id, mira)
        assert customers.customer_id_of(workspace.id, oleg) == people.oleg
        assert queries.erasure(workspace.id, mira).customer_public_id == mira
    assert rights.erase_again() == {}


def test_verifying_ends_with_1_when_a_line_was_altered(
    as_engine: None, capsys: pytest.CaptureFixture[str], database: str
) -> None:
    import psycopg

    from regulars.audit import actions as audit

    workspace = town().bakery
    with scope(workspace.id):
        audit.note(workspace.id, "customer.viewed", "customer", "abc")
    options = argparse.Namespace(workspace=workspace.slug, anchor=None)

    assert rights.verify_audit(options) == 0
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(
            "UPDATE audit_entry SET object_id = 'x' WHERE workspace_id = %s AND object_id = 'abc'",
            [workspace.id],
        )
    capsys.readouterr()
    assert rights.verify_audit(options) == 1

    (fault,) = json.loads(capsys.readouterr().out)[workspace.slug]["faults"]
    assert fault["fault"] == "altered"


def test_an_anchor_file_shows_a_trail_that_was_wiped(
    as_engine: None, capsys: pytest.CaptureFixture[str], database: str, tmp_path: Path
) -> None:
    import psycopg

    from regulars.audit import actions as audit

    workspace = town().bakery
    with scope(workspace.id):
        audit.note(workspace.id, "customer.viewed", "customer", "abc")
    kept = tmp_path / "anchor.json"
    anchored = argparse.Namespace(file=str(kept))
    checked = argparse.Namespace(workspace=workspace.slug, anchor=str(kept))

    assert rights.anchor_audit(anchored) == 0
    assert rights.verify_audit(checked) == 0
    with psycopg.connect(database, autocommit=True) as owner:
        for table in ("link", "head", "entry"):
            owner.execute(f"DELETE FROM audit_{table} WHERE workspace_id = %s", [workspace.id])
    capsys.readouterr()
    assert rights.verify_audit(checked) == 1

    told = json.loads(capsys.readouterr().out)[workspace.slug]
    assert [fault["fault"] for fault in told["faults"]] == ["set_back"]
    with pytest.raises(Invalid, match="File exists"):
        rights.anchor_audit(anchored)
    kept.write_text("[]")
    with pytest.raises(Invalid) as refused:
        rights.verify_audit(checked)
    assert refused.value.code == "anchor_malformed"
