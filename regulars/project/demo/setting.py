"""What a shop has besides its history: people who sign in, a mail server, letters, segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.campaigns import actions as campaigns
from regulars.campaigns.records import Draft
from regulars.kernel import clock
from regulars.messaging import actions as messaging
from regulars.messaging.records import SenderRecord
from regulars.project.demo.letters import ensure_template
from regulars.project.demo.texts import LETTERS
from regulars.segments import actions as segments
from regulars.segments import queries as saved
from regulars.segments.records import SegmentRecord
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces import queries
from regulars.workspaces.records import Role, WorkspaceRecord

Json = dict[str, Any]
CATCHER_HOST = "127.0.0.1"
DOMAIN = "tea-and-bean.example"
# Colleagues who never sign in, so that the page of the team shows the roles.
TEAM = (
    ("taras", "Taras Bilyk", Role.MARKETER),
    ("sofia", "Sofia Papadaki", Role.ANALYST),
    ("ihor", "Ihor Kushnir", Role.SHOP_MANAGER),
)
OFTEN = 3
SILENT = "75d"


def _bought(**test: object) -> Json:
    return {"fact": "order.count", **test}


def _where(*parts: Json) -> Json:
    return {"version": 1, "where": {"all": list(parts)}}


AT_RISK = _where(
    _bought(op="gte", value=OFTEN),
    {"fact": "order.last_at", "op": "older_than", "value": SILENT},
)
# The segments of any shop, whatever it sells.
COMMON: dict[str, Json] = {
    "Regulars": _where(
        _bought(op="gte", value=OFTEN),
        {"fact": "order.last_at", "op": "in_last", "value": SILENT},
    ),
    "Regulars about to leave": AT_RISK,
    "Bought once": _where(_bought(op="eq", value=1)),
}
# And those that need what only the generated shop knows.
OWN: dict[str, Json] = {
    "Never bought": _where({"not": {"did": "order.paid"}}),
    "Left a full cart this week": _where(
        {"did": "Product Added", "within": {"last": "7d"}},
        {"not": {"did": "order.paid", "within": {"last": "7d"}}},
    ),
    "Coffee drinkers of Kyiv": _where(
        {"fact": "customer.city", "op": "eq", "value": "Kyiv"},
        {
            "did": "order.paid",
            "where": [{"line": [{"prop": "category", "op": "eq", "value": "Coffee"}]}],
            "count": {"gte": 2},
        },
    ),
    "Leaves burn in the next 60 days": _where(
        {"fact": "loyalty.next_expiry_on", "op": "in_next", "value": "60d"},
        {"fact": "loyalty.next_expiry_points", "op": "gte", "value": 2_000},
        {"reachable": "email"},
    ),
    "Birthday in the next seven days": _where(
        {"fact": "customer.birth_on", "op": "anniversary_in_next", "value": "7d"},
        {"reachable": "email"},
    ),
    "Read our letters but did not buy lately": _where(
        {"did": "message.clicked", "within": {"last": "180d"}},
        {"not": {"did": "order.paid", "within": {"last": "60d"}}},
    ),
}
DRAFT_SEGMENT = "Regulars about to leave"


def ensure_workspace(slug: str, **fields: str) -> WorkspaceRecord:
    """The workspace of this name."""
    return queries.workspace_by_slug(slug) or workspaces.create_workspace(slug, **fields)


def ensure_team(workspace_id: int, email: str, password: str) -> None:
    """The owner who can sign in, and colleagues who cannot."""
    owner = workspaces.ensure_user(email, password, name="Anna Shevchenko")
    workspaces.add_member(workspace_id, owner, Role.OWNER)
    for name, full_name, role in TEAM:
        user = workspaces.ensure_user(f"{name}@{DOMAIN}", None, name=full_name)
        workspaces.add_member(workspace_id, user, role)


def ensure_sender(workspace: WorkspaceRecord, port: int) -> SenderRecord:
    """Letters go to the catcher of this machine and nowhere else."""
    return messaging.save_sender(
        workspace.id,
        messaging.NewSender(
            from_address=f"hello@{DOMAIN}",
            from_name=workspace.name,
            host=CATCHER_HOST,
            port=port,
            security="none",
        ),
        may_be_private=True,
    )


def ensure_segments(workspace_id: int, rules: Mapping[str, Json]) -> dict[str, SegmentRecord]:
    """Segments by name, made when there are none."""
    found = {one.name: one for one in saved.segments(workspace_id)}
    for name, rule in rules.items():
        if name not in found:
            found[name] = segments.create_segment(workspace_id, name=name, rule=rule, actor="demo")
    return found


def count_segments(workspace_id: int) -> None:
    """So that the list shows how large each segment is; the lake must be filled."""
    with scope(workspace_id):
        for one in saved.segments(workspace_id):
            now = clock.now()
            segments.record_count(
                workspace_id, one.id, saved.total(workspace_id, one.rule, now), now
            )


def ensure_letters(workspace_id: int) -> None:
    """Templates to start from."""
    ensure_template(workspace_id, "Welcome", "Welcome to Tea & Bean", LETTERS["welcome"].source())


def ensure_draft(workspace_id: int, segment: SegmentRecord) -> None:
    """A campaign that only waits for somebody to press the button."""
    campaigns.create_draft(
        workspace_id,
        Draft(
            name="A tin for those who keep coming back",
            segment_id=segment.id,
            subject="{{ customer.first_name | default: 'Hello' }}, a tin with your name",
            source=LETTERS["regulars"].source(),
        ),
        key="demo:draft",
    )
