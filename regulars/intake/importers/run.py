"""Bringing a file in: open, lay out, check, write, and keep what was not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from regulars.customers.records import Basis
from regulars.intake import actions
from regulars.intake.importers import catalogue, customers, events, orders, read, stage
from regulars.intake.importers.pure import columns
from regulars.intake.importers.records import ColumnMap, ImportKind, ImportOutcome, Layout
from regulars.intake.importers.stage import Progress, Stage
from regulars.intake.importers.tally import Tally
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.store import place
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import WorkspaceRecord

SAMPLE_ROWS = 20
AHEAD_MAX = timedelta(days=2)
STAGE_FOLDER = "imports"


class Importer(Protocol):
    """What a kind of file needs; modules of this folder are such."""

    def prepare(self, stage: Stage, workspace: WorkspaceRecord) -> None: ...

    def look_up(self, stage: Stage, workspace: WorkspaceRecord, tally: Tally) -> None: ...

    def write(
        self, stage: Stage, workspace: WorkspaceRecord, tally: Tally, progress: Progress
    ) -> None: ...


IMPORTERS: dict[ImportKind, Importer] = {
    ImportKind.ORDERS: orders,
    ImportKind.CUSTOMERS: customers,
    ImportKind.EVENTS: events,
    ImportKind.CATALOGUE: catalogue,
}


def run_import(
    workspace_id: int,
    kind: ImportKind | str,
    path: Path | str,
    mapping: Mapping[str, Any] | None = None,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    import_id: int | None = None,
    actor: str = "",
    basis: str = "",
) -> ImportOutcome:
    """Bring the file into the workspace; call it outside any transaction, for it opens its own.

    mapping    see columns.parse; None recognises the columns by their headings
    dry_run    read and check everything, write nothing
    progress   called with (stage, rows done, rows in all or None)
    basis      the legal ground of consents in the file, when the map does not say
    import_id  the row of an import begun by a page; without it one is made, unless it is a trial
    raises     Invalid with what to do about the file or the map; then nothing was written
    """
    kind, path = ImportKind(kind), Path(path)
    with scope(workspace_id):
        workspace = workspaces.workspace(workspace_id)
        if import_id is None and not dry_run:
            import_id = actions.begin_import(workspace_id, kind.value, path.name, actor=actor)
    try:
        opened = _open(kind, path, mapping, basis)
        outcome = _run(workspace, kind, opened, dry_run, progress or _silent, import_id)
    except Invalid as error:
        if import_id is not None:
            with scope(workspace_id):
                actions.fail_import(workspace_id, import_id, error.code, error.message)
        raise
    if import_id is not None:
        with scope(workspace_id):
            actions.finish_import(workspace_id, import_id, outcome)
    return outcome


def _silent(_: str, __: int, ___: int | None) -> None:
    return None


def _run(
    workspace: WorkspaceRecord,
    kind: ImportKind,
    opened: tuple[ColumnMap, read.Source],
    dry_run: bool,
    progress: Progress,
    import_id: int | None,
) -> ImportOutcome:
    started_s = clock.monotonic_s()
    chosen, source = opened
    zone = _zone(chosen.time_zone or workspace.time_zone)
    tally = Tally()
    importer = IMPORTERS[kind]
    folder = place.data_folder() / STAGE_FOLDER
    with stage.opened(folder, chosen, zone, clock.now() + AHEAD_MAX) as laid:
        laid.load(source, progress)
        progress("checking", 0, laid.rows)
        importer.prepare(laid, workspace)
        if dry_run:
            importer.look_up(laid, workspace, tally)
        else:
            importer.write(laid, workspace, tally, progress)
        if import_id is not None:
            _keep_rejects(workspace.id, import_id, laid)
        return _outcome(kind, chosen, laid, tally, dry_run, import_id or 0, started_s)


def _open(
    kind: ImportKind, path: Path, mapping: Mapping[str, Any] | None, basis: str
) -> tuple[ColumnMap, read.Source]:
    given = columns.parse(kind, mapping) if mapping else None
    source = read.open_file(
        path,
        encoding=given.encoding if given else "",
        delimiter=given.delimiter if given else "",
    )
    chosen = given or columns.recognise(kind, source.headings)
    if basis and not chosen.basis:
        chosen = replace(chosen, basis=Basis(basis).value)
    columns.check(kind, chosen, source.headings)
    columns.check_basis(chosen)
    return chosen, source


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid("mapping_value", f"{name} is no time zone; give Europe/Kyiv.") from error


def _keep_rejects(workspace_id: int, import_id: int, laid: Stage) -> None:
    with scope(workspace_id):
        actions.forget_rejects(workspace_id, import_id)
    kept = 0
    for rows in laid.rejects():
        if kept >= actions.REJECTS_KEPT_MAX:
            return
        with scope(workspace_id):
            actions.keep_rejects(workspace_id, import_id, rows)
        kept += len(rows)


def _outcome(
    kind: ImportKind,
    chosen: ColumnMap,
    laid: Stage,
    tally: Tally,
    dry_run: bool,
    import_id: int,
    started_s: float,
) -> ImportOutcome:
    rejected = laid.count("SELECT count(*) FROM reject")
    assert laid.rows == tally.taken + tally.repeated + rejected, "every row has one fate"
    if tally.customers:
        tally.counts["customers"] = len(tally.customers)
    return ImportOutcome(
        import_id=import_id,
        kind=kind,
        is_dry_run=dry_run,
        layout=Layout(chosen.layout),
        headings=laid.headings,
        columns=dict(chosen.columns),
        ignored_columns=tuple(h for h in laid.headings if h not in chosen.columns),
        rows=laid.rows,
        taken=tally.taken,
        repeated=tally.repeated,
        rejected=rejected,
        counts=dict(tally.counts),
        reasons=laid.reasons(),
        seconds=round(clock.monotonic_s() - started_s, 3),
        sample=tuple(laid.sample(SAMPLE_ROWS)),
    )
