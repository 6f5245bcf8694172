"""Filling a workspace, stage by stage; every stage may be done again and changes nothing then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from regulars.customers import actions as customers
from regulars.customers.records import ConsentState, Identity, NewConsent, Purpose
from regulars.intake.importers.records import ImportKind
from regulars.intake.importers.run import run_import
from regulars.kernel import clock
from regulars.kernel.shares import share_of
from regulars.lake import engine
from regulars.project.demo import letters, loyalty, note, retail, setting, whole, writing
from regulars.project.demo.note import Note, Shop
from regulars.project.demo.progress import Bar
from regulars.project.demo.records import CURRENCY, ZONE, Plan
from regulars.project.demo.writing import Progress
from regulars.store.scope import scope
from regulars.value import actions as value
from regulars.workspaces.records import WorkspaceRecord

# Stages and roughly the seconds each takes on two cores.
RETAIL_STAGES = {
    "Moving dates": 3.0,
    "Orders and customers": 30.0,
    "Files for analysis": 6.0,
    "Addresses and consents": 3.0,
    "Segments, letters, people": 2.0,
}
RETAIL_AGREED_SHARE = 0.7


def fill(folder: Path, slug: str) -> None:
    """Fill the shop of this name as the note in the folder says, and note that it is done.

    A filled one is left alone; the senders of all are pointed to where letters are caught now.
    """
    found = note.read(folder)
    _point_senders(found)
    shop = found.shop(slug)
    assert shop is not None
    if shop.is_filled:
        return
    summary = _generated(found, shop) if shop.data is None else _imported(folder, found, shop)
    note.write(folder, found.with_shop(replace(shop, is_filled=True, summary=summary)))


def _point_senders(found: Note) -> None:
    for shop in found.shops:
        if shop.is_filled:
            workspace = setting.ensure_workspace(shop.slug)
            with scope(workspace.id):
                setting.ensure_sender(workspace, settings.CATCHER_PORT)


def _generated(found: Note, shop: Shop) -> str:
    bar = Bar(whole.STAGES)
    workspace = setting.ensure_workspace(
        shop.slug, name="Tea & Bean", currency=CURRENCY, time_zone=ZONE, language="uk", region="UA"
    )
    plan = Plan(shop.seed, shop.customers, shop.end)
    truth = whole.write_shop(workspace.id, plan, bar).history.truth
    whole.open_lanes()
    with bar.stage("Segments, letters, people"), scope(workspace.id):
        _settle(found, workspace, {**setting.COMMON, **setting.OWN})
    with bar.stage("Files for analysis") as progress:
        whole.drain(progress)
        _score(workspace.id, progress)
        setting.count_segments(workspace.id)
    bar.end()
    return (
        f"{truth.customers:,} customers, {truth.orders:,} orders,"
        f" {truth.visits:,} visits, {len(truth.mailings)} past campaigns"
    )


def _score(workspace_id: int, progress: Progress) -> None:
    """Class, stage and cluster of everybody, so that the first page shows them."""
    value.score(workspace_id, clock.now())
    whole.drain(progress)
    value.find_clusters(workspace_id, clock.now())
    whole.drain(progress)


def _settle(found: Note, workspace: WorkspaceRecord, rules: dict[str, setting.Json]) -> None:
    setting.ensure_team(workspace.id, found.email, found.password)
    setting.ensure_sender(workspace, settings.CATCHER_PORT)
    setting.ensure_letters(workspace.id)
    segments = setting.ensure_segments(workspace.id, rules)
    setting.ensure_draft(workspace.id, segments[setting.DRAFT_SEGMENT])
    loyalty.ensure_programme(workspace)


def _imported(folder: Path, found: Note, shop: Shop) -> str:
    assert shop.data is not None
    bar = Bar(RETAIL_STAGES)
    workspace = setting.ensure_workspace(
        shop.slug, currency=retail.CURRENCY, time_zone=retail.ZONE, region=retail.REGION
    )
    moved = folder / "imports" / f"{shop.slug}.parquet"
    moved.parent.mkdir(parents=True, exist_ok=True)
    with bar.stage("Moving dates"):
        by = retail.shift(Path(shop.data), moved, shop.end)
    with bar.stage("Orders and customers") as progress:
        outcome = run_import(
            workspace.id, ImportKind.ORDERS, moved,
            progress=lambda _, done, rows: progress(done / rows if rows else 0.0),
        )  # fmt: skip
    moved.unlink()
    with bar.stage("Files for analysis") as progress:
        whole.drain(progress)
    with bar.stage("Addresses and consents") as progress:
        people = _give_addresses(workspace.id, progress)
        whole.drain(progress)
        _score(workspace.id, progress)
    with bar.stage("Segments, letters, people"), scope(workspace.id):
        _settle(found, workspace, setting.COMMON)
        setting.count_segments(workspace.id)
    bar.end()
    return (
        f"{outcome.taken:,} of {outcome.rows:,} lines taken, {people:,} customers,"
        f" dates moved by {by.days:,} days"
    )


def _give_addresses(workspace_id: int, progress: Progress) -> int:
    """Example addresses and consents, for such a file has none and letters need some."""
    known = engine.query(
        workspace_id, "SELECT id, external_id FROM customers WHERE external_id IS NOT NULL", {}
    ).to_pylist()
    for start, chunk in writing.chunks(known, writing.CHUNK_PEOPLE):
        with scope(workspace_id):
            customers.identify_many(
                workspace_id,
                [
                    Identity(external_id=row["external_id"], email=_address(row["external_id"]))
                    for row in chunk
                ],
                origin=writing.ORIGIN,
            )
            agreed = [row["id"] for row in chunk if _agrees(row["id"])]
            customers.record_consents(workspace_id, _consents(agreed), origin=writing.ORIGIN)
        progress(0.5 * (start + len(chunk)) / len(known))
    return len(known)


def _address(external_id: str) -> str:
    word = "".join(letter for letter in external_id.lower() if letter.isalnum() and letter < "{")
    return f"customer.{word}@example.com"


def _agrees(customer_id: int) -> bool:
    return share_of(customer_id, "demo consents") < RETAIL_AGREED_SHARE


def _consents(customer_ids: Sequence[int]) -> list[NewConsent]:
    return [
        NewConsent(
            customer_id=customer_id,
            channel=letters.CHANNEL,
            purpose=Purpose.MARKETING.value,
            state=ConsentState.GIVEN,
            source="invented for the demo",
        )
        for customer_id in customer_ids
    ]
