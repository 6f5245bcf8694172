"""Whether the shop's customers have an account of their own, and where it may be shown."""

from __future__ import annotations

import json
from collections.abc import Sequence

from regulars.audit import actions as audit
from regulars.kernel import clock
from regulars.portal.records import SettingRecord
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

SAVE = """
INSERT INTO portal_setting AS kept (workspace_id, slug, is_open, origins, updated_at)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (workspace_id) DO UPDATE
SET slug = excluded.slug, is_open = excluded.is_open, origins = excluded.origins,
    updated_at = excluded.updated_at
WHERE (kept.slug, kept.is_open, kept.origins)
      IS DISTINCT FROM (excluded.slug, excluded.is_open, excluded.origins)
"""


def save_settings(workspace_id: int, *, is_open: bool, origins: Sequence[str]) -> SettingRecord:
    """Open or close the account; one that is closed lets nobody in, whoever was signed in."""
    workspace = workspaces.workspace(workspace_id)
    raw = cursor()
    raw.execute(
        SAVE, [workspace_id, workspace.slug, is_open, json.dumps(list(origins)), clock.now()]
    )
    if raw.rowcount:
        audit.note(workspace_id, "portal.settings_changed", "workspace", workspace.public_id)
    return SettingRecord(is_open, tuple(origins))
