"""The whole generated shop, written stage by stage into a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regulars.fields import discovery as fields
from regulars.project import lake, loops
from regulars.project.demo import history, letters, writing
from regulars.project.demo.history import History, Sent
from regulars.project.demo.mailings import MAILINGS
from regulars.project.demo.progress import Bar
from regulars.project.demo.records import Person, Plan
from regulars.project.demo.writing import Progress
from regulars.workspaces import queries as workspaces

# Stages and roughly the seconds each takes for 20,000 customers on two cores.
STAGES = {
    "Inventing two years": 4.0,
    "Customers and consents": 8.0,
    "Past campaigns": 9.0,
    "Orders": 40.0,
    "Visits to the site": 20.0,
    "Segments, letters, people": 2.0,
    "Files for analysis": 8.0,
}


@dataclass(frozen=True, slots=True)
class Written:
    """The shop as it stands in the database; ids are customer ids by place."""

    people: Sequence[Person]
    ids: Sequence[int]
    sent: Sequence[Sent]
    history: History


def write_shop(workspace_id: int, plan: Plan, bar: Bar) -> Written:
    """Write everything that happened in the shop; doing it again changes nothing."""
    with bar.stage("Inventing two years"):
        opened = history.open_shop(plan)
    with bar.stage("Customers and consents") as progress:
        ids = writing.write_people(workspace_id, plan, opened.people, progress)
    sent: list[Sent] = []
    with bar.stage("Past campaigns") as progress:
        for mailing in MAILINGS:
            part = _part(progress, len(sent), len(MAILINGS))
            sent.append(letters.write_mailing(workspace_id, opened, mailing, sent, ids, part))
    told = history.tell(opened, sent)
    with bar.stage("Orders") as progress:
        writing.write_orders(workspace_id, plan, told, ids, progress)
    with bar.stage("Visits to the site") as progress:
        writing.write_visits(workspace_id, plan, told, ids, progress)
    return Written(opened.people, ids, sent, told)


def _part(progress: Progress, number: int, count: int) -> Progress:
    return lambda done: progress((number + done) / count)


def drain(progress: Progress) -> None:
    """Let every consumer read the log, and copy everything to the lake."""
    keeper = lake.Keeper(lake.open_engine(lake.WORKER_MEMORY_MB))
    progress(0.1)
    loops.drain(keeper)
    for workspace in workspaces.all_workspaces():
        fields.discover(workspace.id, is_settled=True)
    progress(1.0)


def open_lanes() -> None:
    """Let consumers that read from now on begin here: what follows is theirs to take."""
    loops.ConsumerStep()
