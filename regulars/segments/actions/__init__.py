"""Writes of segments and lists."""

from regulars.segments.actions.lists import (
    add_to_list,
    archive_list,
    create_list,
    recount_lists,
    remove_from_list,
    rename_list,
    upload_to_list,
)
from regulars.segments.actions.segments import (
    archive_segment,
    change_segment,
    create_segment,
    delete_segment,
    record_count,
    rename_segment,
    rename_slug,
    restore_segment,
    save_segment,
)

__all__ = [
    "add_to_list",
    "archive_list",
    "archive_segment",
    "change_segment",
    "create_list",
    "create_segment",
    "delete_segment",
    "record_count",
    "recount_lists",
    "remove_from_list",
    "rename_list",
    "rename_segment",
    "rename_slug",
    "restore_segment",
    "save_segment",
    "upload_to_list",
]
