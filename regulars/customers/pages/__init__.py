"""Screens of customers."""

from regulars.customers.pages.bulk import batch, batch_list, confirm, download, run
from regulars.customers.pages.card import card, personal_data
from regulars.customers.pages.companies import (
    companies,
    company,
    edit_company,
    join_company,
    leave_company,
    new_company,
)
from regulars.customers.pages.consents import allow_address, say_consent
from regulars.customers.pages.editing import edit, new
from regulars.customers.pages.happened import timeline
from regulars.customers.pages.jotting import (
    add_note,
    delete_note,
    edit_note,
    give_task,
    my_tasks,
    pin_note,
    settle_task,
)
from regulars.customers.pages.listing import change_view, choose_columns, listing, save_view

__all__ = [
    "add_note",
    "allow_address",
    "batch",
    "batch_list",
    "card",
    "change_view",
    "choose_columns",
    "companies",
    "company",
    "confirm",
    "delete_note",
    "download",
    "edit",
    "edit_company",
    "edit_note",
    "give_task",
    "join_company",
    "leave_company",
    "listing",
    "my_tasks",
    "new",
    "new_company",
    "personal_data",
    "pin_note",
    "run",
    "save_view",
    "say_consent",
    "settle_task",
    "timeline",
]
