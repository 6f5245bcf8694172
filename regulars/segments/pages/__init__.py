"""Screens of segments."""

from regulars.segments.pages.builder import count, draft, edit, new, values
from regulars.segments.pages.exports import begin_export, export_file, exports
from regulars.segments.pages.history import history, overlap
from regulars.segments.pages.hooks import change_hook, hook, new_hook, send_again
from regulars.segments.pages.lists import listing, recount
from regulars.segments.pages.of_customer import of_customer
from regulars.segments.pages.one import (
    archive,
    delete,
    now,
    people,
    rename,
    restore,
    segment,
)
from regulars.segments.pages.static_lists import (
    archive_list,
    choose_list,
    list_rejects,
    lists,
    new_list,
    one_list,
    remove_from_list,
    rename_list,
    upload_list,
)
from regulars.segments.pages.why import why

__all__ = [
    "archive",
    "archive_list",
    "begin_export",
    "change_hook",
    "choose_list",
    "count",
    "delete",
    "draft",
    "edit",
    "export_file",
    "exports",
    "history",
    "hook",
    "list_rejects",
    "listing",
    "lists",
    "new",
    "new_hook",
    "new_list",
    "now",
    "of_customer",
    "one_list",
    "overlap",
    "people",
    "recount",
    "remove_from_list",
    "rename",
    "rename_list",
    "restore",
    "segment",
    "send_again",
    "upload_list",
    "values",
    "why",
]
