"""Screens of segments."""

from regulars.segments.pages.builder import count, draft, edit, new, values
from regulars.segments.pages.lists import listing, recount
from regulars.segments.pages.of_customer import of_customer
from regulars.segments.pages.one import archive, now, people, restore, segment

__all__ = [
    "archive",
    "count",
    "draft",
    "edit",
    "listing",
    "new",
    "now",
    "of_customer",
    "people",
    "recount",
    "restore",
    "segment",
    "values",
]
